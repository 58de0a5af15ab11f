package rule

import (
	"testing"
	"time"
	_ "time/tzdata" // the tests know their time zones on any machine

	"rapport"
)

// customer is a Subject made of plain maps.
type customer struct {
	id       rapport.CustomerID
	traits   rapport.Value
	segments map[string]Truth
	roots    map[string]rapport.Value
	zone     *time.Location
	facts    map[FactID]*History
}

func (c *customer) ID() rapport.CustomerID                { return c.id }
func (c *customer) Trait(name string) rapport.Value       { return c.traits.Get(name) }
func (c *customer) History(id FactID) *History            { return c.facts[id] }
func (c *customer) Segment(name string) Truth             { return c.segments[name] }
func (c *customer) Field(root, name string) rapport.Value { return c.roots[root].Get(name) }
func (c *customer) Zone() *time.Location                  { return c.zone }

// happening is an Event.
type happening struct {
	name       string
	at         rapport.Instant
	properties rapport.Value
}

func (h happening) Name() string                       { return h.name }
func (h happening) Timestamp() rapport.Instant         { return h.at }
func (h happening) Property(name string) rapport.Value { return h.properties.Get(name) }

// observe folds an event into the customer's facts, as of now.
func (c *customer) observe(facts *FactSet, e happening, now rapport.Instant) {
	for _, f := range facts.ByEvent(e.name) {
		p, ok := f.Observe(e)
		if !ok {
			continue
		}
		h := c.facts[f.ID]
		if h == nil {
			h = new(History)
			c.facts[f.ID] = h
		}
		h.Add(p, f.Keep, now)
	}
}

func newCustomer(zone string, t testing.TB) *customer {
	t.Helper()
	location, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	return &customer{zone: location, facts: map[FactID]*History{}, segments: map[string]Truth{}, roots: map[string]rapport.Value{}}
}

func instant(t testing.TB, s string) rapport.Instant {
	t.Helper()
	at, err := rapport.ParseInstant(s)
	if err != nil {
		t.Fatalf("%s: %v", s, err)
	}
	return at
}

func object(t testing.TB, s string) rapport.Value {
	t.Helper()
	v, err := rapport.ParseJSON([]byte(s))
	if err != nil {
		t.Fatalf("%s: %v", s, err)
	}
	return v
}

func mustCompile(t testing.TB, text string, in Env) *Rule {
	t.Helper()
	r, err := Compile(text, in)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return r
}

// everywhere has all roots and rates, and declares nothing.
func everywhere() Env {
	return Env{Plan: &Plan{Rates: shopRates()}, Roots: []string{"event", "entry", "order"}}
}
