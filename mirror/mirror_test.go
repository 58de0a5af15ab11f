package mirror_test

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"rapport"
	"rapport/mirror"
	"rapport/rule"
)

// start is two hours after the clocks of New York went back.
var start = rapport.InstantOf(time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC))

// person is a customer as somebody else would keep her.
type person struct {
	id       rapport.CustomerID
	zone     *time.Location
	traits   map[string]rapport.Value
	past     map[rule.FactID]*rule.History
	segments func(string) *rule.Rule
	now      rapport.Instant
}

func (p *person) ID() rapport.CustomerID                 { return p.id }
func (p *person) Zone() *time.Location                   { return p.zone }
func (p *person) Trait(name string) rapport.Value        { return p.traits[name] }
func (p *person) History(id rule.FactID) *rule.History   { return p.past[id] }
func (p *person) Field(string, string) (v rapport.Value) { return v }
func (p *person) Segment(name string) rule.Truth {
	r := p.segments(name)
	return rule.TruthOf(r != nil && r.Eval(p, p.now) == rule.Yes)
}

// event is an order.
type event struct {
	at    rapport.Instant
	total float64
}

func (e event) Name() string                       { return "Order" }
func (e event) Timestamp() rapport.Instant         { return e.at }
func (e event) Property(name string) rapport.Value { return rapport.NumberOf(e.total) }

// house is some segments, and rules to be asked beside them.
type house struct {
	segments map[string]*rule.Rule
	rules    []*rule.Rule
	facts    *rule.FactSet
}

func (h *house) rule(name string) *rule.Rule { return h.segments[name] }

func newHouse(t testing.TB) *house {
	t.Helper()
	h := &house{segments: map[string]*rule.Rule{}}
	compile := func(where string) *rule.Rule {
		r, err := rule.Compile(where, rule.Env{})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	for name, where := range map[string]string{
		"today": `events("Order").within("1d").exists()`, "many": `events("Order").count() >= 3`, "rich": `events("Order").within("30d").sum(e, e.total) > 100`,
		"thais": `customer.country == "TH"`, "both": `segment("today") && segment("thais")`,
	} {
		h.segments[name] = compile(where)
	}
	for _, where := range []string{
		`segment("both")`, `segment("many") || customer.age > 40`, `!segment("rich") && has(customer.tags)`, `customer.tags.exists(t, t == "a")`,
		`events("Order").within("1d").count() >= 2`, `events("Order").within("30d").sum(e, e.total) > customer.age`, `segment("nowhere")`, `customer.country != "KR"`,
	} {
		h.rules = append(h.rules, compile(where))
	}
	var facts []rule.Fact
	for _, r := range append(slices.Collect(maps.Values(h.segments)), h.rules...) {
		facts = append(facts, r.Facts()...)
	}
	h.facts = rule.NewFactSet(facts...)
	return h
}

func (h *house) mirror(limit int64) *mirror.Mirror {
	return mirror.New(mirror.Config{Facts: h.facts, Segments: h.rule, Traits: []string{"country", "age", "tags"}, Limit: limit})
}

func zones(t testing.TB) []*time.Location {
	t.Helper()
	newYork, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	return []*time.Location{time.UTC, newYork}
}

// draw makes somebody up.
func (h *house) draw(rt *rapid.T, n int, zones []*time.Location) *person {
	p := &person{
		id: rapport.CustomerID{1, byte(n)}, zone: rapid.SampledFrom(zones).Draw(rt, "zone"), traits: map[string]rapport.Value{}, past: map[rule.FactID]*rule.History{},
		segments: h.rule,
	}
	p.traits["country"] = rapport.TextOf(rapid.SampledFrom([]string{"TH", "KR", "SG"}).Draw(rt, "country"))
	if rapid.Bool().Draw(rt, "told") {
		p.traits["age"] = rapport.NumberOf(float64(rapid.IntRange(30, 50).Draw(rt, "age")))
		p.traits["tags"] = rapport.ListOf([]rapport.Value{rapport.TextOf(rapid.SampledFrom([]string{"a", "b"}).Draw(rt, "tag"))})
	}
	orders := rapid.SampledFrom([]int{0, 1, 2, 3, 5, 300}).Draw(rt, "orders")
	for range orders {
		h.order(p, event{start.Add(-time.Duration(rapid.IntRange(0, 60).Draw(rt, "hours")) * time.Hour), float64(rapid.IntRange(0, 60).Draw(rt, "total"))})
	}
	return p
}

func (h *house) order(p *person, e event) {
	for _, f := range h.facts.ByEvent("Order") {
		if point, ok := f.Observe(e); ok {
			if p.past[f.ID] == nil {
				p.past[f.ID] = new(rule.History)
			}
			p.past[f.ID].Add(point, f.Keep, start)
		}
	}
}

func never() bool { return false }

// TestMirrorSaysWhatEachWouldSay tells a mirror of people who come, change and go, and
// compares its answers with each one's own.
func TestMirrorSaysWhatEachWouldSay(t *testing.T) {
	t.Parallel()
	h, places := newHouse(t), zones(t)
	rapid.Check(t, func(rt *rapid.T) {
		m, people := h.mirror(1<<30), map[uint32]*person{}
		for range rapid.IntRange(1, 40).Draw(rt, "acts") {
			seat := uint32(rapid.IntRange(1, 8).Draw(rt, "seat"))
			if rapid.IntRange(0, 4).Draw(rt, "gone") == 0 {
				m.Remove(seat)
				delete(people, seat)
				continue
			}
			p := h.draw(rt, int(seat), places)
			m.Put(seat, p.id, p.zone, p)
			people[seat] = p
		}
		now := start.Add(time.Duration(rapid.IntRange(0, 30).Draw(rt, "later")) * time.Hour)
		for _, r := range h.rules {
			var want []rapport.CustomerID
			for _, seat := range slices.Sorted(maps.Keys(people)) {
				p := people[seat]
				if p.now = now; r.Eval(p, now) == rule.Yes {
					want = append(want, p.id)
				}
			}
			got := m.Count(r, now, 100, never)
			if !m.Holds(r) || !got.Whole || got.LookedAt != int64(len(people)) || got.Count != int64(len(want)) || !slices.Equal(got.Sample, want) {
				rt.Fatalf("%s: %+v, they say %v of %d", r.Text(), got, want, len(people))
			}
		}
	})
}

// A day is one of the customer's own zone.
func TestMirrorKnowsWhereEachLives(t *testing.T) {
	t.Parallel()
	h, places := newHouse(t), zones(t)
	m := h.mirror(1 << 30)
	for i, zone := range places {
		p := &person{id: rapport.CustomerID{byte(i + 1)}, zone: zone, past: map[rule.FactID]*rule.History{}}
		h.order(p, event{start.Add(-16 * time.Hour), 1})
		m.Put(uint32(i+1), p.id, p.zone, p)
	}
	// The day on which the clocks of New York went back has 25 hours.
	got := m.Count(h.segments["today"], start.Add(8*time.Hour+30*time.Minute), 9, never)
	if got.Count != 1 || got.Sample[0] != (rapport.CustomerID{2}) {
		t.Errorf("%+v", got)
	}
}

func TestMirrorHoldsWhatItWasAskedToKeep(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	m := h.mirror(1 << 30)
	for where, want := range map[string]bool{
		`customer.country == "TH"`: true, `customer.city == "Seoul"`: false, `events("Page").exists()`: false, `segment("both")`: true, `events("Order").within("60d").exists()`: true,
		`events("Order").within("60d").count() > 1`: false,
	} {
		r, err := rule.Compile(where, rule.Env{})
		if err != nil {
			t.Fatal(err)
		}
		if m.Holds(r) != want {
			t.Errorf("%s: holds %v", where, !want)
		}
	}
}

func TestMirrorIsAskedWhileItIsTold(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	m := h.mirror(1 << 30)
	var all sync.WaitGroup
	for part := range uint32(4) {
		all.Go(func() {
			for i := range uint32(500) {
				seat := 1 + part + 4*i
				p := &person{id: rapport.CustomerID{1, byte(seat), byte(seat >> 8)}, zone: time.UTC, past: map[rule.FactID]*rule.History{}}
				h.order(p, event{start - 1, 1})
				m.Put(seat, p.id, p.zone, p)
			}
		})
		all.Go(func() {
			for range 20 {
				if got := m.Count(h.segments["today"], start, 5, never); got.Count != got.LookedAt || !got.Whole {
					t.Errorf("%+v", got)
				}
			}
		})
	}
	all.Wait()
	if got := m.Count(h.segments["today"], start, 5, never); got.Count != 2000 {
		t.Errorf("%+v", got)
	}
}

// A mirror that changes all the time takes no more memory for it.
func TestMirrorTakesItsMemoryBack(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	m := h.mirror(1 << 30)
	var once int64
	for round := range 100 {
		for seat := uint32(1); seat <= 2000; seat++ {
			p := &person{id: rapport.CustomerID{1, byte(seat), byte(seat >> 8)}, zone: time.UTC, past: map[rule.FactID]*rule.History{}, traits: map[string]rapport.Value{
				"country": rapport.TextOf(fmt.Sprint("country ", round, " of ", seat)), "age": rapport.NumberOf(float64(round)),
			}}
			for i := range 8 {
				h.order(p, event{start - rapport.Instant(i*1000*round), float64(i)})
			}
			m.Put(seat, p.id, p.zone, p)
		}
		if round == 3 {
			once = m.Size()
		}
	}
	if size := m.Size(); size > 3*once {
		t.Errorf("%d bytes, after three rounds it was %d", size, once)
	}
}

func TestFullMirrorIsEmpty(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	m := h.mirror(2 << 20)
	r := h.segments["thais"]
	for seat := uint32(1); !m.Full(); seat++ {
		if seat > 100_000 {
			t.Fatal("never full")
		}
		p := &person{id: rapport.CustomerID{1, byte(seat)}, zone: time.UTC, traits: map[string]rapport.Value{"country": rapport.TextOf(fmt.Sprint("country ", seat))}}
		m.Put(seat, p.id, p.zone, p)
	}
	if m.Holds(r) || m.Size() > 1000 {
		t.Errorf("holds %v, takes %d bytes", m.Holds(r), m.Size())
	}
	m.Put(1, rapport.CustomerID{1}, time.UTC, &person{})
	m.Remove(1)
	if got := m.Count(r, start, 1, never); got.Count != 0 || got.LookedAt != 0 {
		t.Errorf("%+v", got)
	}
}
