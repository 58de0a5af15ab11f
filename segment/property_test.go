package segment_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"rapport"
	"rapport/rule"
	"rapport/segment"
)

// customer is a record as small as the tests need it.
type customer struct {
	facts     *rule.FactSet
	histories map[rule.FactID]*rule.History
	traits    map[string]rapport.Value
	asked     int // how often a rule looked at her
}

func newCustomer(facts []rule.Fact) *customer {
	return &customer{facts: rule.NewFactSet(facts...), histories: map[rule.FactID]*rule.History{}, traits: map[string]rapport.Value{}}
}

func (c *customer) ID() rapport.CustomerID { return rapport.CustomerID{1} }
func (c *customer) Zone() *time.Location   { return time.UTC }

func (c *customer) Trait(name string) rapport.Value {
	c.asked++
	return c.traits[name]
}

func (c *customer) History(id rule.FactID) *rule.History {
	c.asked++
	return c.histories[id]
}

func (c *customer) Segment(string) rule.Truth { panic("a segment is asked of the set, not of her") }

func (c *customer) Field(string, string) rapport.Value { return rapport.Value{} }

// fold takes a happening into the record and says what it touched.
func (c *customer) fold(h happening) (touched segment.Touched) {
	if h.trait != "" {
		c.traits[h.trait] = rapport.TextOf(h.value)
		touched.Traits = append(touched.Traits, h.trait)
	}
	for _, f := range c.facts.ByEvent(h.event) {
		point, ok := f.Observe(seen(h))
		if !ok {
			continue
		}
		if c.histories[f.ID] == nil {
			c.histories[f.ID] = new(rule.History)
		}
		c.histories[f.ID].Add(point, f.Keep, rapport.Instant(h.at))
		touched.Facts = append(touched.Facts, f.ID)
		if point.Value < 0 {
			touched.Fell = append(touched.Fell, f.ID)
		}
	}
	return touched
}

// seen is a happening as a fact reads it.
type seen happening

func (s seen) Name() string               { return s.event }
func (s seen) Timestamp() rapport.Instant { return rapport.Instant(s.stamp) }
func (s seen) Property(name string) rapport.Value {
	if name != "total" {
		return rapport.Value{}
	}
	return rapport.NumberOf(s.total)
}

const start = 1_800_000_000_000

func drawClauses(t *rapid.T, label string) map[string]clause {
	clauses := map[string]clause{}
	var names []string
	for i := range rapid.IntRange(1, 8).Draw(t, label) {
		c := clause{
			form:  rapid.SampledFrom([]string{"count", "count", "few", "older", "older-lapsed", "recently", "spent", "lapsed", "lapsed-after", "trait", "not-trait", "and", "and-not", "recent-or"}).Draw(t, "form"),
			event: rapid.SampledFrom([]string{"A", "B"}).Draw(t, "event"),
			hours: rapid.SampledFrom([]int64{1, 2, 24, 50}).Draw(t, "hours"),
			total: rapid.SampledFrom([]float64{0, 10}).Draw(t, "total"),
			n:     rapid.IntRange(0, 3).Draw(t, "n"),
			trait: rapid.SampledFrom([]string{"city", "plan"}).Draw(t, "trait"),
			value: rapid.SampledFrom([]string{"x", "y"}).Draw(t, "value"),
		}
		if len(names) == 0 && (strings.HasPrefix(c.form, "and") || c.form == "recent-or") {
			c.form = "lapsed"
		}
		if len(names) > 0 {
			c.one = rapid.SampledFrom(names).Draw(t, "one")
			c.two = rapid.SampledFrom(names).Draw(t, "two")
		}
		name := fmt.Sprintf("%c%d", rapid.RuneFrom([]rune("abc")).Draw(t, "initial"), i)
		names = append(names, name)
		clauses[name] = c
	}
	return clauses
}

func drawHappenings(t *rapid.T) (list []happening) {
	at := int64(start)
	for range rapid.IntRange(1, 20).Draw(t, "happenings") {
		at += rapid.SampledFrom([]int64{0, 0, 1, 1000, hourMillis - 1, hourMillis, hourMillis + 1, 7 * hourMillis, 49 * hourMillis}).Draw(t, "pause")
		h := happening{at: at}
		if rapid.IntRange(0, 3).Draw(t, "kind") == 0 {
			h.trait = rapid.SampledFrom([]string{"city", "plan"}).Draw(t, "trait")
			h.value = rapid.SampledFrom([]string{"x", "y", "z"}).Draw(t, "value")
		} else {
			h.event = rapid.SampledFrom([]string{"A", "B"}).Draw(t, "event")
			h.total = rapid.SampledFrom([]float64{5, 10, 20, -10}).Draw(t, "total")
			h.stamp = at - rapid.SampledFrom([]int64{0, 0, 0, 1, hourMillis, hourMillis + 1, 30 * hourMillis}).Draw(t, "late")
		}
		list = append(list, h)
	}
	return list
}

func compile(t interface {
	Helper()
	Fatalf(string, ...any)
}, clauses map[string]clause) *segment.Set {
	t.Helper()
	docs := map[string]segment.Doc{}
	for name, c := range clauses {
		docs[name] = segment.Doc{Where: c.text()}
	}
	set, problems := segment.Compile(docs, nil)
	if len(problems) > 0 {
		t.Fatalf("%v", problems)
	}
	return set
}

// passages are changes as the oracle writes them, in the order of the names where
// several happen at once.
func passages(changes []segment.Change) (list []passage) {
	for _, c := range changes {
		list = append(list, passage{c.Segment, c.Entered, int64(c.At), c.Cause.String()})
	}
	slices.SortStableFunc(list, func(a, b passage) int {
		if a.At != b.At {
			return int(a.At - b.At)
		}
		return strings.Compare(a.Segment, b.Segment)
	})
	return list
}

// Every entry and every exit, its instant and its cause are what counting all
// events anew says, whether time passes in one step or in many and however often
// the state is written and read in between.
func TestChangesAreThoseOfBruteForce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		clauses := drawClauses(t, "segments")
		set, st := compile(t, clauses), new(segment.State)
		o := &oracle{clauses: clauses, members: map[string]bool{}, since: map[string]int64{}}
		c := newCustomer(set.Facts())
		last := int64(start)
		for i, h := range append(drawHappenings(t), happening{at: start + 1<<40}) {
			if i > 0 {
				same(t, "as time passes", o.wait(last, h.at), passages(wait(t, set, st, c, rapport.Instant(h.at))))
			}
			if last = h.at; h.event+h.trait == "" {
				break
			}
			touched := c.fold(h)
			same(t, "as something happens", o.admit(h), passages(set.Update(st, c, touched, rapport.Instant(h.at))))
			memberships(t, o, set, st)
			if rapid.Bool().Draw(t, "written and read") {
				st = reread(t, st)
			}
		}
		if next := st.Next(); next != rapport.Never {
			t.Fatalf("everything has left its window, yet something is due at %s", next)
		}
	})
}

func wait(t *rapid.T, set *segment.Set, st *segment.State, c *customer, until rapport.Instant) (changes []segment.Change) {
	if rapid.Bool().Draw(t, "at once") {
		return set.Due(st, c, until)
	}
	for st.Next() <= until && st.Next() != rapport.Never {
		changes = append(changes, set.Due(st, c, st.Next())...)
	}
	return changes
}

func same(t *rapid.T, what string, want, got []passage) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("%s (-oracle +segment):\n%s", what, diff)
	}
}

func memberships(t *rapid.T, o *oracle, set *segment.Set, st *segment.State) {
	t.Helper()
	got := map[string]bool{}
	for _, m := range set.Memberships(st) {
		got[m.Segment] = true
		if since, ok := o.since[m.Segment]; ok && since != int64(m.Since) {
			t.Fatalf("member of %s since %s, should be since %s", m.Segment, m.Since, rapport.Instant(since))
		}
	}
	for name := range o.clauses {
		if st.Member(name) != o.members[name] || got[name] != o.members[name] {
			t.Fatalf("member of %s: %v and %v, should be %v", name, st.Member(name), got[name], o.members[name])
		}
	}
}

func reread(t *rapid.T, st *segment.State) *segment.State {
	t.Helper()
	read, err := segment.Decode(st.AppendBinary(nil))
	if err != nil {
		t.Fatal(err)
	}
	return read
}

// After definitions changed, members are those of the new definitions; what was
// due before is told as of its own instant where its rule stayed, and everything
// else is the definitions' doing.
func TestRebaseIsEvaluatingAnew(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		before, after := drawClauses(t, "segments before"), drawClauses(t, "segments after")
		old, fresh := compile(t, before), compile(t, after)
		o := &oracle{clauses: before, members: map[string]bool{}, since: map[string]int64{}}
		c, st := newCustomer(slices.Concat(old.Facts(), fresh.Facts())), new(segment.State)
		at := int64(start)
		for _, h := range drawHappenings(t) {
			wait(t, old, st, c, rapport.Instant(h.at))
			old.Update(st, c, c.fold(h), rapport.Instant(h.at))
			o.wait(at, h.at)
			o.admit(h)
			at = h.at
		}
		at += rapid.Int64Range(0, 100*hourMillis).Draw(t, "later")
		members := map[string]bool{}
		for name := range after {
			members[name] = st.Member(name)
		}
		for _, change := range fresh.Rebase(st, c, rapport.Instant(at)) {
			if members[change.Segment] == change.Entered {
				t.Fatalf("entered or left twice: %v", change)
			}
			members[change.Segment] = change.Entered
			if change.Cause == segment.ByDefinition && int64(change.At) != at || change.Cause == segment.ByEvent {
				t.Fatalf("odd change: %v", change)
			}
		}
		o.clauses = after
		o.members, o.since = map[string]bool{}, map[string]int64{}
		o.settle(at, "definition")
		o.since = nil
		memberships(t, o, fresh, st)
		for name := range after {
			if members[name] != o.members[name] {
				t.Fatalf("the changes of %s lead to %v, should be %v", name, members[name], o.members[name])
			}
		}
		if again := fresh.Rebase(st, c, rapport.Instant(at+1)); len(again) > 0 || !st.Evaluated(fresh) {
			t.Fatalf("rebased twice: %v", again)
		}
	})
}
