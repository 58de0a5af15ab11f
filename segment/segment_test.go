package segment_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rapport"
	"rapport/rule"
	"rapport/segment"
)

func set(t testing.TB, rules ...string) *segment.Set {
	t.Helper()
	docs := map[string]segment.Doc{}
	for i := 0; i < len(rules); i += 2 {
		docs[rules[i]] = segment.Doc{Where: rules[i+1]}
	}
	s, problems := segment.Compile(docs, nil)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return s
}

func TestCompileSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	plan := &rule.Plan{Customer: rule.Noun{Fields: map[string]rule.Type{"country": {Kind: rule.Text}}, Strict: true}}
	for name, c := range map[string]struct {
		docs map[string]string
		want []string
	}{
		"unknown trait": {
			map[string]string{"a": `customer.contry == "SG"`},
			[]string{`a: where+9: unknown property of customer "contry", did you mean "country"?`},
		},
		"unknown segment": {
			map[string]string{"loyal": `has(customer.country)`, "b": `segment("loyl")`},
			[]string{`b: where+8: there is no segment "loyl", did you mean "loyal"?`},
		},
		"an event at hand": {
			map[string]string{"a": `event.total > 5`},
			[]string{`a: where+0:`},
		},
		"itself": {
			map[string]string{"a": `segment("a")`},
			[]string{`a: where+0: the segment reads itself: "a" reads "a", take one of these out of its rule`},
		},
		"circle": {
			map[string]string{"a": `segment("b")`, "b": `!segment("c") && segment("d")`, "c": `segment("a")`, "d": `true`, "e": `segment("a")`},
			[]string{`a: where+0: the segment reads itself: "a" reads "b", which reads "c", which reads "a", take one of these out of its rule`},
		},
		"several": {
			map[string]string{"b": `customer.country = "SG"`, "a": ``},
			[]string{`a: where+0:`, `b: where+17:`},
		},
	} {
		docs := map[string]segment.Doc{}
		for name, where := range c.docs {
			docs[name] = segment.Doc{Where: where}
		}
		set, problems := segment.Compile(docs, plan)
		if set != nil {
			t.Errorf("%s: compiled", name)
		}
		if len(problems) != len(c.want) {
			t.Errorf("%s: %v", name, problems)
			continue
		}
		for i, p := range problems {
			text := fmt.Sprintf("%s: %s+%d: %s", p.Segment, p.Path, p.Offset, p.Message)
			if p.Suggestion != "" {
				text += ", " + p.Suggestion
			}
			if !strings.HasPrefix(text, c.want[i]) {
				t.Errorf("%s:\n got %s\nwant %s", name, text, c.want[i])
			}
		}
	}
}

func TestNamesComeAfterWhatTheyRead(t *testing.T) {
	t.Parallel()
	s := set(t, "a", `segment("b")`, "b", `segment("c")`, "c", `true`)
	if diff := cmp.Diff([]string{"c", "b", "a"}, s.Names()); diff != "" {
		t.Error(diff)
	}
}

// One event changes a chain of segments at once, and each is told once.
func TestChainMovesInOnePass(t *testing.T) {
	t.Parallel()
	s := set(t, "a", `segment("b") && !segment("c")`, "b", `customer.x == "1"`, "c", `customer.x == "2"`)
	c, st := newCustomer(nil), new(segment.State)
	c.fold(happening{trait: "x", value: "1"})
	want := []segment.Change{
		{Segment: "b", Entered: true, At: start, Cause: segment.ByEvent},
		{Segment: "a", Entered: true, At: start, Cause: segment.ByEvent},
	}
	if diff := cmp.Diff(want, s.Update(st, c, segment.Touched{Traits: []string{"x"}}, start)); diff != "" {
		t.Error(diff)
	}
	c.fold(happening{trait: "x", value: "2"})
	want = []segment.Change{
		{Segment: "b", At: start + 1, Cause: segment.ByEvent},
		{Segment: "c", Entered: true, At: start + 1, Cause: segment.ByEvent},
		{Segment: "a", At: start + 1, Cause: segment.ByEvent},
	}
	got := s.Update(st, c, segment.Touched{Traits: []string{"x"}}, start+1)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// zoned is a customer who has moved.
type zoned struct {
	*customer
	zone *time.Location
}

func (z zoned) Zone() *time.Location { return z.zone }

// Moving to another time zone is looked at by the rules that read the calendar.
func TestAnotherZoneIsAnotherCalendar(t *testing.T) {
	t.Parallel()
	singapore, err := time.LoadLocation("Asia/Singapore")
	if err != nil {
		t.Skip("no time zones on this machine: ", err)
	}
	noon, _ := rapport.ParseInstant("2026-11-22T20:00:00Z") // the 23rd in Singapore
	s := set(t, "birthday", `customer.birthday.anniversary_in("1d")`)
	c, st := newCustomer(nil), new(segment.State)
	c.fold(happening{trait: "birthday", value: "1990-11-24"})
	if got := s.Update(st, zoned{c, time.UTC}, segment.Touched{All: true}, noon); len(got) != 0 {
		t.Fatalf("in UTC: %v", got)
	}
	if got := s.Update(st, zoned{c, singapore}, segment.Touched{Zone: true}, noon); len(got) != 1 || !got[0].Entered {
		t.Fatalf("in Singapore: %v", got)
	}
}

// Of rules that stayed, what fell due before the definitions changed keeps its
// instant and its cause, and is not the definitions' doing.
func TestRebaseKeepsTheCauseOfWhatWasDue(t *testing.T) {
	t.Parallel()
	recent := `events("A").within("1h").exists()`
	old := set(t, "recent", recent, "gone", `true`, "other", recent)
	fresh := set(t, "recent", recent, "new", `events("A").exists()`, "other", `events("A").within("2h").exists() || segment("recent")`)
	c, st := newCustomer(slices.Concat(old.Facts(), fresh.Facts())), new(segment.State)
	old.Update(st, c, c.fold(happening{at: start, event: "A", stamp: start}), start)

	later := rapport.Instant(start + 3*hourMillis)
	want := []segment.Change{
		{Segment: "recent", At: start + hourMillis, Cause: segment.ByTime},
		{Segment: "new", Entered: true, At: later, Cause: segment.ByDefinition},
		{Segment: "other", At: later, Cause: segment.ByDefinition},
	}
	if diff := cmp.Diff(want, fresh.Rebase(st, c, later)); diff != "" {
		t.Error(diff)
	}
	if st.Member("gone") {
		t.Error("a segment that is gone is kept")
	}
}

// A new customer is evaluated also for what reads a segment that holds for whom nothing
// is known of, and not for her.
func TestNewCustomerIsNotInWhatHoldsForNobody(t *testing.T) {
	t.Parallel()
	s := set(t, "a", `segment("quiet")`, "b", `!segment("a")`, "quiet", `!events("A").exists()`)
	c, st := newCustomer(s.Facts()), new(segment.State)
	want := []segment.Change{{Segment: "b", Entered: true, At: start, Cause: segment.ByEvent}}
	if diff := cmp.Diff(want, s.Update(st, c, c.fold(happening{at: start, event: "A", stamp: start}), start)); diff != "" {
		t.Error(diff)
	}
}

// What had fallen due is not the doing of a workspace in which other things changed.
func TestRefreshKeepsTheCauseOfWhatWasDue(t *testing.T) {
	t.Parallel()
	s := set(t, "recent", `events("A").within("1d").exists()`)
	c, st := newCustomer(s.Facts()), new(segment.State)
	s.Update(st, c, c.fold(happening{at: start, event: "A", stamp: start}), start)
	want := []segment.Change{{Segment: "recent", At: start + 24*hourMillis, Cause: segment.ByTime}}
	if diff := cmp.Diff(want, s.Refresh(st, c, segment.Touched{Zone: true}, start+30*hourMillis)); diff != "" {
		t.Error(diff)
	}
}

func TestRefreshIsTheDefinitionsDoing(t *testing.T) {
	t.Parallel()
	s := set(t, "buyer", `events("A").exists()`)
	c, st := newCustomer(s.Facts()), new(segment.State)
	s.Update(st, c, segment.Touched{}, start)
	touched := c.fold(happening{at: start - 5, event: "A", stamp: start - 5})
	want := []segment.Change{{Segment: "buyer", Entered: true, At: start + 1, Cause: segment.ByDefinition}}
	if diff := cmp.Diff(want, s.Refresh(st, c, touched, start+1)); diff != "" {
		t.Error(diff)
	}
}

// Two halves of a customer become one: the earlier entry counts, and what does
// not hold for the whole is left.
func TestMergeThenUpdateIsTheWhole(t *testing.T) {
	t.Parallel()
	s := set(t, "buyer", `events("A").exists()`, "once", `events("A").count() == 1`, "both", `events("A").count() == 2`)
	one, two, both := newCustomer(s.Facts()), newCustomer(s.Facts()), newCustomer(s.Facts())
	a, b := new(segment.State), new(segment.State)
	for i, half := range []*customer{one, two} {
		at := int64(start + i)
		h := happening{at: at, event: "A", stamp: at}
		s.Update([]*segment.State{a, b}[i], half, half.fold(h), rapport.Instant(at))
		both.fold(h)
	}
	now := rapport.Instant(start + 10)
	merged := segment.Merge(b, a)
	want := []segment.Change{
		{Segment: "both", Entered: true, At: now, Cause: segment.ByEvent},
		{Segment: "once", At: now, Cause: segment.ByEvent},
	}
	got := s.Update(merged, both, segment.Touched{All: true}, now)
	slices.SortFunc(got, func(x, y segment.Change) int { return strings.Compare(x.Segment, y.Segment) })
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if since, ok := merged.Since("buyer"); !ok || since != start {
		t.Errorf("a buyer since %s, %v", since, ok)
	}
	if !a.Member("once") || !b.Member("once") {
		t.Error("merging changed a half")
	}
}

// A state that was never evaluated has no say in which set the merged one is of.
func TestMergeWithANewCustomerIsNoNewDefinition(t *testing.T) {
	t.Parallel()
	s := set(t, "all", `true`)
	c, st := newCustomer(nil), new(segment.State)
	s.Update(st, c, segment.Touched{}, start)
	for _, merged := range []*segment.State{segment.Merge(st, new(segment.State)), segment.Merge(new(segment.State), st)} {
		if !merged.Evaluated(s) || !merged.Member("all") {
			t.Error("the merged state is not the one half's")
		}
	}
}

// However many segments there are, an event is looked at by those that read what
// it changed.
func TestAnEventTouchesOnlyItsReaders(t *testing.T) {
	t.Parallel()
	asked := map[int]int{}
	for _, n := range []int{10, 1000, 2000} {
		s := many(t, n)
		c, st := newCustomer(s.Facts()), new(segment.State)
		s.Update(st, c, c.fold(happening{at: start, event: "E3", stamp: start, total: 5}), start)
		c.asked = 0
		s.Update(st, c, c.fold(happening{at: start + 1, event: "E3", stamp: start + 1, total: 5}), start+1)
		asked[n] = c.asked
	}
	if asked[10] == 0 || asked[10] != asked[1000] || asked[10] != asked[2000] {
		t.Errorf("looks at the record by number of segments: %v", asked)
	}
}

// A new customer is looked at by the readers of what came of her first event, and
// by the rules that nobody in particular fulfils.
func TestANewCustomerCostsFewEvaluations(t *testing.T) {
	t.Parallel()
	asked := map[int]int{}
	for _, n := range []int{10, 1000} {
		s := many(t, n)
		c := newCustomer(s.Facts())
		s.Update(new(segment.State), c, c.fold(happening{at: start, event: "E3", stamp: start, total: 5}), start)
		asked[n] = c.asked
	}
	if asked[10] == 0 || asked[10] != asked[1000] {
		t.Errorf("looks at the record by number of segments: %v", asked)
	}
}

// What holds for somebody of whom nothing is known, or depends on the time, on who
// she is or on where she lives, is found out for a new customer as for any other.
func TestANewCustomerIsAnsweredForByEveryRule(t *testing.T) {
	t.Parallel()
	for _, where := range []string{
		`true`, `events("A").count() == 0`, `!events("A").within("1h").exists()`, `!has(customer.x)`,
		`now > timestamp("2026-01-01T00:00:00Z")`, `now < timestamp("2026-01-01T00:00:00Z")`, `now < timestamp("2027-01-16T00:00:00Z")`, `bucket("test", 100) < 50`, `!(bucket("test", 100) < 50)`,
		`!segment("none")`, `customer.x == "1"`,
	} {
		docs := map[string]segment.Doc{"it": {Where: where}, "none": {Where: `customer.none == "1"`}, "reader": {Where: `segment("it")`}, "other": {Where: `!segment("it")`}}
		s, problems := segment.Compile(docs, nil)
		if len(problems) > 0 {
			t.Errorf("%s: %v", where, problems)
			continue
		}
		for id := range byte(20) {
			c := &somebody{newCustomer(s.Facts()), rapport.CustomerID{id}}
			few, all := new(segment.State), new(segment.State)
			s.Update(few, c, segment.Touched{}, start)
			s.Update(all, c, segment.Touched{All: true}, start)
			if diff := cmp.Diff(s.Memberships(all), s.Memberships(few)); diff != "" || few.Next() != all.Next() {
				t.Errorf("%s: %s (next %s and %s)", where, diff, all.Next(), few.Next())
			}
		}
	}
}

// somebody is a customer with an id of her own.
type somebody struct {
	*customer
	id rapport.CustomerID
}

func (s *somebody) ID() rapport.CustomerID { return s.id }

// many returns n segments, each on an event of its own.
func many(t testing.TB, n int) *segment.Set {
	rules := make([]string, 0, 2*n)
	for i := range n {
		rules = append(rules, fmt.Sprintf("s%d", i), fmt.Sprintf(`events("E%d").within("720h").where(e, e.total >= 1).count() >= 2 && !segment("none")`, i))
	}
	return set(t, append(rules, "none", `customer.country == "none"`)...)
}

func TestDecodeRefusesDamage(t *testing.T) {
	t.Parallel()
	s := set(t, "all", `true`, "recent", `events("A").within("1h").exists()`)
	c, st := newCustomer(s.Facts()), new(segment.State)
	s.Update(st, c, c.fold(happening{at: start, event: "A", stamp: start}), start)
	whole := st.AppendBinary(nil)
	for n := 1; n < len(whole); n++ {
		if _, err := segment.Decode(whole[:n]); rapport.KindOf(err) != rapport.Internal || err == nil {
			t.Errorf("%d of %d bytes were read: %v", n, len(whole), err)
		}
	}
	if _, err := segment.Decode([]byte{99}); !errors.As(err, new(*rapport.Error)) {
		t.Errorf("a later version was read: %v", err)
	}
	if st, err := segment.Decode(append(whole, 1, 2, 3)); err != nil || !st.Member("all") {
		t.Errorf("what a later version appends is not passed over: %v", err)
	}
	if b := new(segment.State).AppendBinary(nil); len(b) != 0 {
		t.Errorf("a new customer takes %d bytes", len(b))
	}
}

// What was written by the first version must be read for ever.
const firstVersion = "\x01\x9c\xbf\x04\xe31\xd8p*\x03\vb\xabq=\\\x1av\x02\x80\xb4ь\xe3hy\xbe\x84T\xcd\xc8.J\x01\x80\xc0\xe2\x85\xe3h\x9e\x0e\xad\x8f\xecn\x11\x92\x03\x80\xc0\xe2\x85\xe3h\x80\xfa\x99\x89\xe3h"

func TestDecodeReadsTheFirstVersion(t *testing.T) {
	t.Parallel()
	s := set(t, "all", `true`, "recent", `events("A").within("1h").exists()`, "lapsed", `events("A").exists() && !events("A").within("2h").exists()`)
	st, err := segment.Decode([]byte(firstVersion))
	if err != nil {
		t.Fatal(err)
	}
	want := []segment.Membership{{Segment: "all", Since: start}, {Segment: "recent", Since: start}}
	if diff := cmp.Diff(want, s.Memberships(st)); diff != "" {
		t.Error(diff)
	}
	if st.Next() != start+hourMillis || string(st.AppendBinary(nil)) != firstVersion {
		t.Errorf("next %s, bytes %q", st.Next(), st.AppendBinary(nil))
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(firstVersion))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		st, err := segment.Decode(data)
		if err != nil {
			return
		}
		again, err := segment.Decode(st.AppendBinary(nil))
		if err != nil {
			t.Fatal(err)
		}
		if string(again.AppendBinary(nil)) != string(st.AppendBinary(nil)) {
			t.Error("what is written is not what is read")
		}
		s := set(t, "all", `true`)
		s.Rebase(st, newCustomer(nil), start)
		if !st.Member("all") {
			t.Error("a state that was read cannot be rebased")
		}
	})
}

// After another set only what is new or other than it was is asked again, also of a
// customer who missed one or more sets in between.
func TestOnlyWhatChangedIsAskedAgain(t *testing.T) {
	t.Parallel()
	sets := []*segment.Set{
		set(t, "a", `customer.city == "x"`, "b", `events("A").exists()`, "c", `segment("a") || segment("b")`),
		set(t, "a", `customer.city == "y"`, "b", `events("A").exists()`, "c", `segment("a") || segment("b")`),
		set(t, "a", `customer.city == "y"`, "b", `events("A").exists()`, "d", `segment("b") && customer.plan == "x"`),
		set(t, "a", `customer.city == "x"`, "b", `events("A").count() >= 2`, "d", `segment("b") && customer.plan == "x"`),
	}
	for i := 1; i < len(sets); i++ {
		sets[i] = sets[i].After(sets[i-1])
	}
	for from := range sets {
		for to := from; to < len(sets); to++ {
			c, st := newCustomer(sets[0].Facts()), new(segment.State)
			c.facts = rule.NewFactSet(append(sets[0].Facts(), sets[3].Facts()...)...)
			sets[from].Update(st, c, c.fold(happening{at: start, event: "A", stamp: start}), start)
			sets[from].Update(st, c, c.fold(happening{at: start, trait: "city", value: "y"}), start)
			sets[from].Update(st, c, c.fold(happening{at: start, trait: "plan", value: "x"}), start)
			c.asked = 0
			sets[to].Rebase(st, c, start)
			asked, fresh := c.asked, new(segment.State)
			sets[to].Update(fresh, c, segment.Touched{All: true}, start)
			if diff := cmp.Diff(sets[to].Memberships(fresh), sets[to].Memberships(st)); diff != "" {
				t.Errorf("from %d to %d:\n%s", from, to, diff)
			}
			if from == to && asked > 0 || from+1 == to && asked > 3 {
				t.Errorf("from %d to %d she was asked %d times", from, to, asked)
			}
		}
	}
}
