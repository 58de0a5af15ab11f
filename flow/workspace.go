package flow

import (
	"slices"
	"time"

	"rapport"
	"rapport/decide"
	"rapport/internal/calendar"
	"rapport/journey"
	"rapport/profile"
	"rapport/promotion"
	"rapport/rule"
	"rapport/segment"
)

// Workspace is what flow runs: one version of what the marketer built, compiled.
// It is immutable.
type Workspace struct {
	Version    uint64
	Facts      *rule.FactSet
	Segments   *segment.Set
	Journeys   *journey.Set
	Policy     *decide.Policy
	Places     Places
	Markets    Markets // what schedules ask of them; nil: there is one, and its zone is UTC
	Homes      uint64  // changes whenever Places may say another zone of somebody
	Renderer   Renderer
	Promotions *promotion.Set // offers
	// Providers carry the messages of each channel. A channel without one keeps
	// its messages waiting.
	Providers map[rapport.Channel]Provider
}

// holds reports whether somebody has been brought up to the workspace: to its
// markets, to its segments and, if she has runs, to its journeys. What else there is
// in a workspace changes nothing about her.
func (w *Workspace) holds(homes, walks uint64, walking bool, segments *segment.State) bool {
	return homes == w.Homes && w.Segments.Evaluated(segments) && (!walking || walks == w.walks())
}

// judgesAs reports whether another workspace has the same rules, facts and markets.
func (w *Workspace) judgesAs(o *Workspace) bool {
	return w.Homes == o.Homes && w.Facts.Hash() == o.Facts.Hash() && w.Segments.Hash() == o.Segments.Hash()
}

// walks is a hash of the journeys that takes few bytes.
func (w *Workspace) walks() uint64 { return w.Journeys.Hash() >> 16 }

// audienceReads returns the facts by which it is told whether a turn of a journey falls to
// a customer, those of the segments that it asks for among them.
func (w *Workspace) audienceReads(j *journey.Journey) []rule.Fact {
	facts, segments := j.AudienceReads()
	return append(facts, w.segmentsRead(segments...)...)
}

// segmentsRead returns the facts that the rules of segments read, also through others.
func (w *Workspace) segmentsRead(segments ...string) (facts []rule.Fact) {
	for i := 0; i < len(segments); i++ {
		r := w.Segments.Rule(segments[i])
		if r == nil {
			continue
		}
		facts = append(facts, r.Facts()...)
		for _, name := range r.Reads().Segments {
			if !slices.Contains(segments, name) {
				segments = append(segments, name)
			}
		}
	}
	return facts
}

// Places says where a customer is at home.
type Places interface {
	// Zone returns the time zone of the customer's market.
	Zone(traits Traits) *time.Location
}

// Markets says where people are at home, and which feasts are kept there.
type Markets interface {
	journey.Feasts
	// HasFeast reports whether a day is a feast in a customer's market.
	HasFeast(c Traits, feast string, day calendar.Day) bool
	// Currency returns what is paid with in a customer's market.
	Currency(c Traits) string
	// Zones returns the time zones of all markets, each once.
	Zones() []*time.Location
}

// markets returns the workspace's markets.
func (w *Workspace) markets() Markets {
	if w.Markets == nil {
		return nowhere{}
	}
	return w.Markets
}

// nowhere is a workspace without markets.
type nowhere struct{}

// NextFeast returns false: there are no feasts.
func (nowhere) NextFeast(string, calendar.Day) (calendar.Day, bool) { return 0, false }

// HasFeast returns false.
func (nowhere) HasFeast(Traits, string, calendar.Day) bool { return false }

// Currency returns dollars.
func (nowhere) Currency(Traits) string { return "USD" }

// Zones returns UTC.
func (nowhere) Zones() []*time.Location { return []*time.Location{time.UTC} }

// Traits is a customer as markets and templates see her.
type Traits interface {
	Trait(name string) rapport.Value
}

// Renderer turns a message into what a provider is handed.
type Renderer interface {
	// Render fills in a message's content and sender for a customer at an
	// instant. An error of kind Invalid means that this message can't be rendered
	// for this customer, now or later.
	Render(m *rapport.Message, c *profile.Record, zone *time.Location, now rapport.Instant) (rapport.Delivery, error)
}

// Provider hands messages to the world. See package channel.
type Provider interface {
	// Deliver answers for each delivery, in their order. It may block.
	Deliver(deliveries []rapport.Delivery) []rapport.Outcome
	// Again says when a message that met a passing fault is to be tried again,
	// or that it is to be given up.
	Again(m *rapport.Message, now rapport.Instant) (at rapport.Instant, giveUp bool)
}
