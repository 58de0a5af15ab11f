package profile

import (
	"slices"
	"strings"

	"github.com/cespare/xxhash/v2"

	"rapport"
	"rapport/rule"
)

// Event is an event as rules read it. Its properties are parsed when they are
// first asked for, once.
type Event struct {
	*rapport.Event
	Tie    uint64 // hash of the messageId: orders events of one instant
	name   string
	props  rapport.Value
	parsed bool
	told   []*Event
	asked  bool
}

// Read returns an event ready to be folded and matched.
func Read(e *rapport.Event) *Event {
	return &Event{Event: e, Tie: xxhash.Sum64String(e.MessageID), name: e.RuleName()}
}

// Name returns the name by which rules and journeys know the event.
func (e *Event) Name() string { return e.name }

// Timestamp returns when it happened.
func (e *Event) Timestamp() rapport.Instant { return e.Event.Timestamp }

// Told returns what the event tells besides its own name, each as an event of its
// own: the consents that its context carries.
func (e *Event) Told() []*Event {
	if !e.asked {
		e.asked, e.told = true, preferences(e)
	}
	return e.told
}

// ID returns the sender's name for the event.
func (e *Event) ID() string { return e.MessageID }

// JSON returns the properties as they came; may be nil.
func (e *Event) JSON() []byte { return e.Event.Properties }

// Properties returns the properties, or the traits of identify and group, as an
// object; Unset if there are none or they are not JSON.
func (e *Event) Properties() rapport.Value {
	if !e.parsed {
		e.parsed = true
		if len(e.Event.Properties) > 2 {
			e.props, _ = rapport.ParseJSON(e.Event.Properties)
		}
	}
	return e.props
}

// Property returns one property. Besides the event's own, a rule may read
// "name" of a page or screen call where the properties have none.
func (e *Event) Property(name string) rapport.Value {
	v := e.Properties().Get(name)
	if !v.IsSet() && name == "name" && e.Event.Name != "" && (e.Type == rapport.Page || e.Type == rapport.Screen) {
		return rapport.TextOf(e.Event.Name)
	}
	return v
}

// Touched is what a fold changed, for those who keep answers that rest on it.
// It is filled, not cleared: one may collect over several events.
type Touched struct {
	Traits  []string        // in the order they changed; may repeat
	Were    []rapport.Value // what each of them was before
	Facts   []rule.FactID   // to which it was added
	Fell    []rule.FactID   // of these, those for which it measured something below zero
	Ignored int             // traits left out for their size
}

// Reset empties t and keeps its memory.
func (t *Touched) Reset() {
	t.Traits, t.Were, t.Facts, t.Fell, t.Ignored = t.Traits[:0], t.Were[:0], t.Facts[:0], t.Fell[:0], 0
}

// Fold takes an event into the record. Now is the instant at which it is
// admitted; it decides only what is too old to be kept.
func (r *Record) Fold(e *Event, facts *rule.FactSet, now rapport.Instant, touched *Touched) {
	if r.Events == 0 {
		r.FactSet = facts.Hash()
	}
	r.see(e, now)
	switch e.Type {
	case rapport.Identify:
		r.foldTraits(e.Properties(), e.Timestamp(), e.Tie, touched)
	case rapport.Group:
		r.joinGroup(e.GroupID)
	case rapport.Track:
		if r.foldCart(e) || couldBeOrder(e.name) {
			r.foldOrder(e)
		}
	case rapport.Derived:
		r.foldDerived(e, touched)
	}
	r.foldFacts(e, facts, now, touched)
	for _, told := range e.Told() {
		r.foldConsent(told.Properties(), told.Timestamp())
		r.foldFacts(told, facts, now, touched)
	}
}

// see takes when and by which identifier she was met. The first instant that
// counts is 1: 0 stands for none.
func (r *Record) see(e *Event, now rapport.Instant) {
	at := max(e.Timestamp(), 1)
	if e.Type != rapport.Derived {
		r.Events++
		r.FirstSeen, r.LastSeen = earliest(r.FirstSeen, at), max(r.LastSeen, at)
	}
	if e.Type != rapport.Derived || e.name == rapport.JourneyRequested {
		r.Admitted = max(r.Admitted, now)
	}
	if e.UserID != "" || e.AnonymousID == "" {
		return
	}
	if id := r.Identity(rapport.Identifier{Kind: rapport.AnonymousID, Value: e.AnonymousID}); id != nil {
		id.FirstAnonymous, id.LastAnonymous = earliest(id.FirstAnonymous, at), max(id.LastAnonymous, at)
	}
}

// earliest returns the earlier of two instants of which 0 stands for none.
func earliest(a, b rapport.Instant) rapport.Instant {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

func couldBeOrder(name string) bool {
	return strings.HasPrefix(name, "Order ") || strings.HasPrefix(name, "Product ")
}

func (r *Record) foldDerived(e *Event, touched *Touched) {
	switch e.name {
	case ConsentChanged:
		r.foldConsent(e.Properties(), e.Timestamp())
	case AddressSuppressed:
		r.foldSuppression(e.Properties(), e.Timestamp())
	case rapport.TraitsUpdated:
		r.foldUpdate(e.Properties().Get("traits"), e.Timestamp(), e.Tie, touched)
	}
}

func (r *Record) foldFacts(e *Event, facts *rule.FactSet, now rapport.Instant, touched *Touched) {
	for f := range facts.Of(e) {
		point, ok := f.Observe(e)
		if !ok {
			continue
		}
		i, found := findFact(r.Facts, f.ID)
		if !found {
			r.Facts = slices.Insert(r.Facts, i, Fact{ID: f.ID, History: new(rule.History)})
		}
		r.Facts[i].History.Add(point, f.Keep, now)
		touched.Facts = append(touched.Facts, f.ID)
		if point.Value < 0 {
			touched.Fell = append(touched.Fell, f.ID)
		}
	}
}
