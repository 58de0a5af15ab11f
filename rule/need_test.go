package rule

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"rapport"
)

// said is an event with some properties.
type said map[string]rapport.Value

func (said) Name() string                         { return "E" }
func (said) Timestamp() rapport.Instant           { return 5 }
func (s said) Property(name string) rapport.Value { return s[name] }

// The facts that are tried on an event are all that it adds to.
func TestNoFactIsPassedOver(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var facts []Fact
		for range rapid.IntRange(1, 8).Draw(t, "facts") {
			text := `events("E")`
			for range rapid.IntRange(0, 2).Draw(t, "filters") {
				p, v := pick(t, "property", "a", "b"), pick(t, "value", `"x"`, `"y"`, "1", "true")
				text += pick(t, "filter",
					fmt.Sprintf(".where(e, e.%s == %s)", p, v), fmt.Sprintf(".where(q, %s == q.%s)", v, p), fmt.Sprintf(".where(e, e.%s in [\"x\", \"z\", \"x\"])", p),
					fmt.Sprintf(".where(e, e.%s != %s)", p, v), fmt.Sprintf(".where(e, e.%s == %s || e.b == \"x\")", p, v),
					fmt.Sprintf(".where(e, e.%s == %s && has(e.b))", p, v), fmt.Sprintf(".where(e, !(e.%s == %s))", p, v),
					`.where(e, e.a == e.b)`, `.where(e, e.o.a == "x")`, fmt.Sprintf(`.where(e, "x" in e.l && e.%s.lower() == "x")`, p))
			}
			r, err := Compile(text+".exists()", Env{})
			if err != nil {
				t.Fatal(err)
			}
			facts = append(facts, r.Facts()...)
		}
		set := NewFactSet(facts...)
		e := said{"l": rapport.ListOf([]rapport.Value{rapport.TextOf("x")}), "o": rapport.ObjectOf([]rapport.Value{rapport.TextOf("a"), rapport.TextOf("x")})}
		for _, p := range []string{"a", "b"} {
			e[p] = pick(t, "said", rapport.Value{}, rapport.TextOf("x"), rapport.TextOf("y"), rapport.TextOf("z"), rapport.TextOf("X"), rapport.NumberOf(1), rapport.BoolOf(true))
		}
		var want, got []string
		for _, f := range set.ByEvent("E") {
			if _, ok := f.Observe(e); ok {
				want = append(want, f.Key)
			}
		}
		for f := range set.Of(e) {
			if _, ok := f.Observe(e); ok {
				got = append(got, f.Key)
			}
		}
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Fatalf("of %v: got %q, want %q", e, got, want)
		}
	})
}

// What a rule needs is what it asks in any case, and it asks a time for no text.
func TestNeed(t *testing.T) {
	t.Parallel()
	plan := &Plan{Customer: Noun{Fields: map[string]Type{"born": {Kind: Time}}}, Events: map[string]Noun{"E": {Fields: map[string]Type{"due": {Kind: Time}}}}}
	for text, want := range map[string]*Need{
		`customer.tier == "gold"`:                                                           {"tier", []string{"gold"}},
		`customer.age > 3 && "gold" == customer.tier`:                                       {"tier", []string{"gold"}},
		`customer.age > 3 && customer.tier in ["gold", "tin"]`:                              {"tier", []string{"gold", "tin"}},
		`(customer.a == "x" || customer.age > 3) && (has(customer.b) && customer.c == "y")`: {"c", []string{"y"}},
		`customer.tier != "gold"`:                                                           nil,
		`customer.tier > "gold"`:                                                            nil,
		`!(customer.tier == "gold")`:                                                        nil,
		`customer.tier.lower() == "gold"`:                                                   nil,
		`customer.address.city == "Oslo"`:                                                   nil,
		`customer.tier == customer.other`:                                                   nil,
		`customer.born == "2000-02-29"`:                                                     nil,
		`event.tier == "gold"`:                                                              nil,
		`customer.a == "x" || customer.a == "y"`:                                            nil,
	} {
		r, err := Compile(text, Env{Plan: plan, Roots: []string{"event"}})
		if err != nil {
			t.Fatal(err)
		}
		if got := r.Need("customer"); !reflect.DeepEqual(got, want) {
			t.Errorf("%s needs %+v, not %+v", text, got, want)
		}
	}
	r, err := Compile(`events("E").where(e, e.due == "2026-11-11").exists()`, Env{Plan: plan})
	if err != nil {
		t.Fatal(err)
	}
	if need := r.Facts()[0].need; need != nil {
		t.Errorf("a fact asks a time for %v", need)
	}
}

func TestFactsAboutOtherTextsAreNotTried(t *testing.T) {
	t.Parallel()
	var facts []Fact
	for i := range 100 {
		r, err := Compile(fmt.Sprintf(`events("E").where(e, e.n > 3 && e.a == "c%d").exists()`, i), Env{})
		if err != nil {
			t.Fatal(err)
		}
		facts = append(facts, r.Facts()...)
	}
	tried := 0
	for f := range NewFactSet(facts...).Of(said{"a": rapport.TextOf("c7")}) {
		if tried++; f.Key != `events("E").where(e, e.a == "c7" && e.n > 3)` {
			t.Errorf("tried %s", f.Key)
		}
	}
	if tried != 1 {
		t.Errorf("%d facts are tried", tried)
	}
}

func TestWithin(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`segment("a")`: "a",
		`segment("a") && (segment("b") && customer.x == 1)`: "a b",
		`segment("a") || segment("b")`:                      "",
		`!segment("a")`:                                     "",
		`true`:                                              "",
	} {
		r, err := Compile(text, Env{})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(r.Within(), " "); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}
