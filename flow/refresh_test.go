package flow_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"rapport"
	"rapport/flow"
	"rapport/journey"
	"rapport/store"
	"rapport/store/memory"
)

// moved tells the entries and exits in a customer's timeline, old to new.
func (w *world) moved(user string) (told []string) {
	w.t.Helper()
	events, err := flow.Events(context.Background(), w.store, w.person(user))
	if err != nil {
		w.t.Fatal(err)
	}
	for _, e := range events {
		if e.Name() == flow.SegmentEntered || e.Name() == flow.SegmentLeft {
			p := e.Properties()
			told = append(told, e.Name()+" "+p.Get("segment").Text()+" by "+p.Get("cause").Text())
		}
	}
	return told
}

// A customer who is met before her facts are built stays where she is: nothing is
// answered from half a past, and her history is not read for it.
func TestRuleOnFactsThatAreBeingBuiltWaits(t *testing.T) {
	t.Parallel()
	w := newWorld(t, build(t, 1, map[string]string{"big": `events("Order Completed").within("30d").sum(e, e.total) >= 10`}, nil))
	w.admit(track("ana", "", "Order Completed", `{"total":20}`), track("ana", "", "Order Completed", `{"total":1}`))
	next := build(t, 2, map[string]string{
		"big":    `events("Order Completed").within("90d").sum(e, e.total) >= 20`, // kept for too short a time
		"three":  `events("Order Completed").where(e, e.total > 0).count() >= 3`,  // not kept at all
		"either": `segment("three") || customer.tier == "gold"`,
		"new":    `customer.tier == "gold"`,
	}, map[string]journey.Doc{
		"greet": {
			Entry: journey.Entry{Event: []string{"Order Completed"}, Where: `events("Order Completed").where(e, e.total > 0).count() >= 3`},
			Steps: []journey.Step{{Name: "wait", Wait: journey.Wait{For: "10d"}}},
		},
		"ask": {
			Entry: journey.Entry{Event: []string{"Order Completed"}, Where: `event.total == 2`},
			Steps: []journey.Step{
				{Name: "fork", Branch: []journey.Case{{When: `events("Order Completed").where(e, e.total > 0).count() >= 3`, Steps: []journey.Step{{Name: "long", Wait: journey.Wait{For: "20d"}}}}}},
				{Name: "short", Wait: journey.Wait{For: "10d"}},
			},
		},
	})
	next.Providers = w.engine.Workspace().Providers
	w.engine.Apply(next)
	w.now = w.now.Add(time.Second)
	w.admit(track("ana", "", "Order Completed", `{"total":2}`), identify("ana", "", `{"tier":"gold"}`))
	want := []string{"Segment Entered big by event", "Segment Entered new by event"}
	if got := w.moved("ana"); !slices.Equal(got, want) {
		t.Fatalf("while it is being built: %q, wanted %q", got, want)
	}
	if _, _, exact := w.engine.Sizes(); exact {
		t.Error("sizes are said to be exact")
	}
	if w.counter("journey/greet/entered") != 0 || w.counter("journey/ask/entered") != 1 || w.counter("journey/ask/moved/fork") != 0 {
		t.Error("a journey went on although what it asks is not known")
	}
	w.restart()
	w.advance(2 * time.Minute)
	want = append(want, "Segment Entered three by definition", "Segment Entered either by definition")
	if got := w.moved("ana"); !slices.Equal(got, want) {
		t.Errorf("once it is built: %q, wanted %q", got, want)
	}
	if w.counter("journey/ask/moved/fork") != 1 {
		t.Error("the run did not go on once its branch could be answered")
	}
	if _, _, exact := w.engine.Sizes(); !exact {
		t.Error("sizes are not exact though everything is built")
	}
	w.checkSizes(t)
	w.admit(track("ana", "", "Order Completed", `{"total":2}`))
	if w.counter("journey/greet/entered") != 1 {
		t.Error("nobody enters once it is built")
	}
}

// What was done by somebody who was forgotten since is not the past of who comes
// back on the same device.
func TestFactsAreNotBuiltFromAForgottenPast(t *testing.T) {
	t.Parallel()
	w := newWorld(t, build(t, 1, nil, nil))
	w.admit(track("", "web", "Order Completed", `{"total":1}`), track("", "web", "Order Completed", `{"total":1}`))
	w.advance(ninety + 48*time.Hour)
	if len(w.records()) != 0 {
		t.Fatal("not forgotten")
	}
	w.admit(track("", "web", "Order Completed", `{"total":1}`))
	w.apply(ledger(t, 2))
	if h := w.records()[0].Facts[0].History; h.Count != 1 {
		t.Errorf("%d orders count", h.Count)
	}
}

// meanwhile is a store in which something happens between two reads.
type meanwhile struct {
	*memory.Store
	happens func()
}

func (m meanwhile) Scan(ctx context.Context, after rapport.CustomerID, limit int) ([]store.Record, error) {
	m.happens()
	return m.Store.Scan(ctx, after, limit)
}

// Events that are admitted while a span is being read count once, whichever read
// saw them.
func TestEventsMetWhileASpanIsReadCountOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, build(t, 1, nil, nil))
	w.admit(track("", "web", "Order Completed", `{"total":1}`), track("bob", "", "Order Completed", `{"total":1}`))
	w.admit(track("ana", "web", "Order Completed", `{"total":1}`)) // linked: two chains of entries
	next := ledger(t, 2)
	next.Providers = w.engine.Workspace().Providers
	w.engine.Apply(next)
	happened := 0
	s := w.engine.NextSpan()
	err := s.Read(context.Background(), meanwhile{w.store, func() {
		if happened++; happened == 1 {
			w.admit(track("ana", "", "Order Completed", `{"total":1}`), track("bob", "", "Order Completed", `{"total":1}`))
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	w.admit(track("ana", "", "Order Completed", `{"total":1}`), track("bob", "", "Order Completed", `{"total":1}`))
	if _, err := w.engine.Install(context.Background(), w.now, s, nil); err != nil {
		t.Fatal(err)
	}
	w.advance(0)
	for user, want := range map[string]int64{"ana": 4, "bob": 3} {
		if got := w.person(user).Facts[0].History.Count; got != want {
			t.Errorf("%s has %d orders, wanted %d", user, got, want)
		}
	}
}

// What changes nothing about customers, such as another text in a template, visits
// nobody; other journeys visit those who have runs; a new segment leaves the sizes of
// the others exact.
func TestOnlyWhoIsConcernedIsVisited(t *testing.T) {
	t.Parallel()
	rules := map[string]string{"buyers": `events("Order Completed").exists()`, "golden": `customer.tier == "gold"`}
	walk := func(days string) map[string]journey.Doc {
		return map[string]journey.Doc{"wait": {Entry: journey.Entry{Event: []string{"Signed Up"}}, Steps: []journey.Step{{Name: "pause", Wait: journey.Wait{For: days}}}}}
	}
	w := newWorld(t, build(t, 1, rules, walk("3d")))
	w.admit(track("ana", "", "Order Completed", ""), track("bob", "", "Signed Up", ""), identify("cat", "", `{"tier":"gold"}`))
	visited := func(next *flow.Workspace) (exact bool, written int) {
		next.Providers = w.engine.Workspace().Providers
		w.engine.Apply(next)
		_, _, exact = w.engine.Sizes()
		before := map[rapport.CustomerID]string{}
		for _, row := range w.rows() {
			before[row.Customer] = string(row.Data)
		}
		w.advance(0)
		for _, row := range w.rows() {
			if string(row.Data) != before[row.Customer] {
				written++
			}
		}
		return exact, written
	}
	if exact, n := visited(build(t, 2, rules, walk("3d"))); !exact || n != 0 {
		t.Errorf("another version of the same: sizes exact %v, %d records written", exact, n)
	}
	if exact, n := visited(build(t, 3, rules, walk("4d"))); exact || n != 1 {
		t.Errorf("another journey: sizes exact %v, %d records written", exact, n)
	}
	more := map[string]string{"new": `events("Order Completed").count() >= 1`}
	for name, text := range rules {
		more[name] = text
	}
	next := build(t, 4, more, walk("4d"))
	next.Providers = w.engine.Workspace().Providers
	w.engine.Apply(next)
	var sizes flow.Sizes
	w.run(flow.Count(&sizes))
	if sizes.Exact || !sizes.Building["new"] || sizes.Building["buyers"] || sizes.Building["golden"] || sizes.Progress != 0 {
		t.Errorf("with a new segment: %+v", sizes)
	}
	w.advance(0)
	w.run(flow.Count(&sizes))
	if !sizes.Exact || sizes.Building["new"] || sizes.Progress != 1 || sizes.Segments["new"] != 1 {
		t.Errorf("once everybody was visited: %+v", sizes)
	}
}

func (w *world) rows() []store.Record {
	w.t.Helper()
	rows, err := w.store.Scan(context.Background(), rapport.CustomerID{}, 1000)
	if err != nil {
		w.t.Fatal(err)
	}
	return rows
}

// elsewhere is a world in which everybody lives in another zone.
type elsewhere struct{ zone *time.Location }

func (e elsewhere) Zone(flow.Traits) *time.Location { return e.zone }

// Markets that move to another zone move their customers' calendars, though no rule
// is another.
func TestAnotherZoneOfAMarketIsNoticed(t *testing.T) {
	t.Parallel()
	rules := map[string]string{"today": `events("Order Completed").this("day").exists()`}
	w := newWorld(t, build(t, 1, rules, nil))
	w.admit(track("ana", "", "Order Completed", ""))
	w.advance(3 * time.Hour)
	next := build(t, 2, rules, nil)
	next.Places, next.Homes = elsewhere{time.FixedZone("far east", 14*3600)}, 7 // where it is past midnight
	w.apply(next)
	want := []string{"Segment Entered today by event", "Segment Left today by definition"}
	if got := w.moved("ana"); !slices.Equal(got, want) {
		t.Errorf("%q, wanted %q", got, want)
	}
	w.checkSizes(t)
}

// Who is not in a segment is not known while the facts that it reads are still to be built:
// nobody enters a journey for not being in it, or takes a way that only others take: a branch
// waits until it can be told.
func TestNobodyIsOutsideASegmentThatIsBeingBuilt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, build(t, 1, nil, nil))
	w.admit(track("ana", "", "Bought", `{}`), identify("ben", "", `{}`))
	step := []journey.Step{{Name: "rest", Wait: journey.Wait{For: "1d"}}}
	w.engine.Apply(build(t, 2, map[string]string{"buyers": `events("Bought").exists()`, "others": `!segment("buyers")`}, map[string]journey.Doc{
		"first-buy":   {Entry: journey.Entry{Event: []string{"Visited"}, Where: `!segment("buyers")`}, Steps: step},
		"first-buy-2": {Entry: journey.Entry{Event: []string{"Visited"}, Where: `segment("others")`}, Steps: step},
		"open-to-all": {Entry: journey.Entry{Event: []string{"Visited"}, Where: `!segment("buyers") || event.way == "door"`}, Steps: step},
		"fork": {Entry: journey.Entry{Event: []string{"Visited"}}, Steps: []journey.Step{{Name: "way", Branch: []journey.Case{
			{When: `segment("buyers")`, Steps: step}, {Otherwise: true, Steps: []journey.Step{{Name: "first", Wait: journey.Wait{For: "1d"}}}},
		}}}},
	}))
	began := func() (counts [3]int64) {
		for i, name := range []string{"first-buy", "first-buy-2", "open-to-all"} {
			counts[i] = w.counter("journey/" + name + "/entered")
		}
		return counts
	}
	w.admit(track("ana", "", "Visited", `{"way":"door"}`), track("ben", "", "Visited", `{"way":"web"}`))
	if got := began(); got != [3]int64{0, 0, 1} {
		t.Errorf("while it is built %v began", got)
	}
	if n := w.counter("journey/fork/moved/way"); n != 0 {
		t.Errorf("while it is built %d runs passed the branch", n)
	}
	w.advance(2 * time.Minute)
	if again, first := w.counter("journey/fork/took/1/way"), w.counter("journey/fork/took/otherwise/way"); again != 1 || first != 1 {
		t.Errorf("once it is built, %d went as buyers and %d as others", again, first)
	}
	w.admit(track("ana", "", "Visited", `{"way":"web"}`), track("ben", "", "Visited", `{"way":"web"}`))
	if got := began(); got != [3]int64{1, 1, 2} {
		t.Errorf("once it is built %v began", got)
	}
}
