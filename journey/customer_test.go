package journey_test

import (
	"fmt"
	"testing"
	"time"

	"rapport"
	"rapport/internal/strictyaml"
	"rapport/journey"
	"rapport/rule"
)

// customer is a record as simple as can be: what rules read of a person.
type customer struct {
	traits   map[string]rapport.Value
	segments map[string]bool
	zone     *time.Location
	facts    *rule.FactSet
	past     map[rule.FactID]*rule.History
}

func newCustomer(journeys ...*journey.Journey) *customer {
	var facts []rule.Fact
	for _, j := range journeys {
		facts = append(facts, j.Facts()...)
	}
	return &customer{
		traits: map[string]rapport.Value{}, segments: map[string]bool{},
		facts: rule.NewFactSet(facts...), past: map[rule.FactID]*rule.History{},
	}
}

func (c *customer) ID() rapport.CustomerID               { return rapport.CustomerID{1} }
func (c *customer) Trait(name string) rapport.Value      { return c.traits[name] }
func (c *customer) History(id rule.FactID) *rule.History { return c.past[id] }
func (c *customer) Segment(name string) rule.Truth       { return rule.TruthOf(c.segments[name]) }
func (c *customer) Zone() *time.Location                 { return c.zone }
func (c *customer) Field(string, string) rapport.Value   { return rapport.Value{} }

// Cart returns what a story says is in a cart: is cart:ID {…}.
func (c *customer) Cart(id string) rapport.Value { return c.traits["cart:"+id] }

// fold keeps what the rules' facts ask for of an event.
func (c *customer) fold(e journey.Event, now rapport.Instant) {
	for _, f := range c.facts.ByEvent(e.Name()) {
		if p, ok := f.Observe(e); ok {
			h := c.past[f.ID]
			if h == nil {
				h = &rule.History{}
				c.past[f.ID] = h
			}
			h.Add(p, f.Keep, now)
		}
	}
}

// maxDo is how much one input of a test may set off.
const maxDo = 20

// step gives one input and carries out what runs stand ready for, as the flow does: the
// event of an update, then the changes of traits. It returns all effects.
func (c *customer) step(t interface{ Fatal(...any) }, x *journey.Set, st *journey.State, in journey.Input, now rapport.Instant) []journey.Effect {
	all := x.Step(st, in, c, now)
	for n := 0; ; n++ {
		at, ready := st.Ready()
		if !ready {
			return all
		}
		if n == maxDo {
			return append(all, x.Step(st, journey.Input{Halt: true}, c, at)...)
		}
		for _, f := range x.Step(st, journey.Input{Do: true}, c, at) {
			all = append(all, f)
			if f.Kind == journey.Updated {
				all = append(all, c.update(t, x, st, f)...)
			}
		}
	}
}

// update sets the traits that an effect asks for, and tells of it.
func (c *customer) update(t interface{ Fatal(...any) }, x *journey.Set, st *journey.State, f journey.Effect) (all []journey.Effect) {
	traits, _ := rapport.ParseJSON(f.Change.Traits)
	var told []*testEvent
	for i := range traits.Len() {
		name, v := traits.Pair(i)
		if !v.Equal(c.traits[name]) {
			told = append(told, newEvent(t, fmt.Sprint(f.Run, f.Step, name), rapport.TraitChanged, f.At, fmt.Sprintf(`{"trait":%q,"to":%s}`, name, v.AppendJSON(nil))))
		}
		c.traits[name] = v
	}
	told = append([]*testEvent{newEvent(t, fmt.Sprint(f.Run, f.Step), rapport.TraitsUpdated, f.At, "")}, told...)
	if f.Change.Event != "" {
		told = append(told, newEvent(t, fmt.Sprint(f.Run, f.Step, "own"), f.Change.Event, f.At, string(f.Change.Properties)))
	}
	for _, e := range told {
		c.fold(e, f.At)
		all = append(all, x.Step(st, journey.Input{Event: e}, c, f.At)...)
	}
	return all
}

// happening in the tests: an event with its properties as JSON.
type testEvent struct {
	name  string
	id    string
	at    rapport.Instant
	json  []byte
	value rapport.Value
}

func newEvent(t interface{ Fatal(...any) }, id, name string, at rapport.Instant, json string) *testEvent {
	e := &testEvent{name: name, id: id, at: at, json: []byte(json)}
	if json != "" {
		v, err := rapport.ParseJSON([]byte(json))
		if err != nil {
			t.Fatal(err)
		}
		e.value = v
	}
	return e
}

func (e *testEvent) Name() string                       { return e.name }
func (e *testEvent) ID() string                         { return e.id }
func (e *testEvent) Timestamp() rapport.Instant         { return e.at }
func (e *testEvent) Property(name string) rapport.Value { return e.value.Get(name) }
func (e *testEvent) JSON() []byte                       { return e.json }

// parseDoc reads a document as the workspace will.
func parseDoc(text string) (journey.Doc, []strictyaml.Problem) {
	var doc journey.Doc
	tree, problems := strictyaml.Parse(strictyaml.Source{File: "journey.yaml", Text: []byte(text)})
	if tree != nil {
		problems = append(problems, tree.Decode(&doc, "kind", "name")...)
	}
	return doc, problems
}

func mustCompile(t testing.TB, name, text string) *journey.Journey {
	t.Helper()
	return compileAs(t, name, text, 1)
}

// compileAs compiles a journey as a version of the workspace has made it.
func compileAs(t testing.TB, name, text string, version uint64) *journey.Journey {
	t.Helper()
	doc, problems := parseDoc(text)
	for _, p := range problems {
		t.Fatal(p)
	}
	j, wrong := journey.Compile(name, doc, journey.Env{Version: version})
	for _, p := range wrong {
		t.Fatal(p)
	}
	return j
}
