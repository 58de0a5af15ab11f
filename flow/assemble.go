package flow

import (
	"time"

	"rapport"
	"rapport/decide"
	"rapport/internal/calendar"
	"rapport/render"
	"rapport/workspace"
)

// Assemble turns a compiled workspace into what an Engine runs. Unsubscribe returns
// the page where a message can be answered with leaving; nil if there is none.
func Assemble(c *workspace.Compiled, providers map[rapport.Channel]Provider, unsubscribe func(rapport.MessageID) string) (*Workspace, error) {
	policy, err := decide.NewPolicy(decide.Settings{})
	if err != nil {
		return nil, err
	}
	at := places{c.Markets}
	return &Workspace{
		Version: c.Version, Facts: c.Facts, Segments: c.Segments, Journeys: c.Journeys,
		Policy: policy, Places: at, Markets: at, Homes: c.Markets.Hash() >> 16, Providers: providers,
		Promotions: c.Offers,
		Renderer:   Templates{Set: c.Templates, Market: at.market, Unsubscribe: unsubscribe},
	}, nil
}

// places finds a customer's market.
type places struct{ markets *workspace.Markets }

// Zone returns the time zone of the customer's market.
func (p places) Zone(c Traits) *time.Location { return p.markets.Of(c).Zone }

// NextFeast returns the first day after one on which any market has a feast.
func (p places) NextFeast(feast string, after calendar.Day) (calendar.Day, bool) {
	return p.markets.NextFeast(feast, after)
}

// HasFeast reports whether a day is a feast in a customer's market.
func (p places) HasFeast(c Traits, feast string, day calendar.Day) bool {
	return p.markets.HasFeast(c, feast, day)
}

// Currency returns what is paid with in a customer's market.
func (p places) Currency(c Traits) string { return p.markets.Of(c).Currency.String() }

// Zones returns the time zones of all markets, each once.
func (p places) Zones() []*time.Location { return p.markets.Zones() }

func (p places) market(c Traits) render.Market { return p.markets.ForTemplates(c) }
