package flow_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"rapport"
	"rapport/flow"
	"rapport/mirror"
	"rapport/rule"
	"rapport/store"
)

// tiers is a world in which the tier says where one lives.
type tiers struct{ zones map[string]*time.Location }

func (p tiers) Zone(c flow.Traits) *time.Location {
	if zone := p.zones[c.Trait("tier").Text()]; zone != nil {
		return zone
	}
	return time.UTC
}

func newTiers(t testing.TB) tiers {
	t.Helper()
	p := tiers{map[string]*time.Location{}}
	for tier, name := range map[string]string{"t1": "Asia/Seoul", "t2": "America/New_York"} {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		p.zones[tier] = zone
	}
	return p
}

// tiered is a workspace of that world.
func tiered(t testing.TB) *flow.Workspace {
	t.Helper()
	ws := build(t, 1, columnSets()[4], nil)
	ws.Places = newTiers(t)
	return ws
}

// previewed are rules that may be asked about, whatever is in force.
func previewed() []string {
	return []string{
		`customer.tier == "t1"`, `customer.tier != "t2"`, `has(customer.tier)`, `has(customer.email) || customer.tier in ["t2", "t3"]`,
		`events("Order Completed").count() >= 1`, `events("Order Completed").count() >= 2 && customer.tier == "t3"`,
		`events("Order Completed").within("1h").exists()`, `events("Page Seen").within("20m").exists()`,
		`events("Order Completed").within("1d").count() >= 1`, `events("Order Completed").sum(e, e.total) > 3`,
		`segment("recents") && !segment("golden")`, `segment("nowhere") || segment("buyers")`, `segment("plain")`, `!segment("dailies")`,
	}
}

// columnSets are workspaces whose rules read this and that.
func columnSets() []map[string]string {
	return append(movingSets(), map[string]string{
		"dailies": `events("Order Completed").within("1d").exists()`, "spenders": `events("Order Completed").sum(e, e.total) >= 4`,
		"plain": `segment("dailies") && customer.tier == "t1"`,
	})
}

func (w *world) columns(limit int64) *flow.Columns {
	do := func(ctx context.Context, work flow.Work) error {
		errs, err := w.engine.Run(ctx, w.now, work)
		if err == nil {
			err = errs[0]
		}
		return err
	}
	return flow.NewColumns(limit, do, source{w})
}

// source reads from whatever store the world has by now.
type source struct{ *world }

func (s source) Entry(ctx context.Context, chunk uint64, id rapport.CustomerID) (store.Entry, bool, error) {
	return s.store.Entry(ctx, chunk, id)
}

func (s source) Load(ctx context.Context, ids []rapport.CustomerID) ([]store.Record, error) {
	return s.store.Load(ctx, ids)
}

func (s source) Walk(ctx context.Context, after store.Place, limit int) ([]store.Record, store.Place, error) {
	return s.store.Walk(ctx, after, limit)
}

func never() bool { return false }

func (w *world) ask(c *flow.Columns, r *rule.Rule) (mirror.Counted, bool) {
	w.t.Helper()
	counted, _, ok, err := c.Count(context.Background(), flow.Question{
		Workspace: w.engine.Workspace(), Rule: r, Now: w.now, Sample: 100, Patience: flow.Patience{Reading: never, Whole: never},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return counted, ok
}

// holds returns for whom a rule holds by a look at everybody's record.
func (w *world) holds(r *rule.Rule) (ids []rapport.CustomerID) {
	w.t.Helper()
	rows, err := w.store.Scan(context.Background(), rapport.CustomerID{}, 1000)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, row := range rows {
		look, err := flow.LookAt(context.Background(), w.store, w.engine.Workspace(), row, w.now)
		if err != nil {
			w.t.Fatal(err)
		}
		if r.Eval(look.Subject(nil), w.now) == rule.Yes {
			ids = append(ids, row.Customer)
		}
	}
	return ids
}

func compile(t testing.TB, where string) *rule.Rule {
	t.Helper()
	r, err := rule.Compile(where, rule.Env{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// differs compares what the columns say with a look at everybody; "" if they agree.
func (w *world) differs(c *flow.Columns, where string) string {
	w.t.Helper()
	r := compile(w.t, where)
	counted, ok := w.ask(c, r)
	if ok != flow.Keeps(r, w.engine.Workspace().Facts) {
		return fmt.Sprintf("%s: answered %v", where, ok)
	}
	want, people := w.holds(r), len(w.records())
	got := slices.SortedFunc(slices.Values(counted.Sample), func(a, b rapport.CustomerID) int { return slices.Compare(a[:], b[:]) })
	if ok && (!slices.Equal(got, want) || counted.Count != int64(len(want)) || !counted.Whole || counted.LookedAt != int64(people)) {
		return fmt.Sprintf("%s: %+v, a look at all %d customers finds %v", where, counted, people, want)
	}
	return ""
}

// TestColumnsSayWhatALookSays lets everything happen that changes records and asks
// any rule in between.
func TestColumnsSayWhatALookSays(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorldWith(t, tiered(t), flow.Config{AnonymousFor: 3 * time.Hour})
		c := w.columns(1 << 30)
		w.disturb(rt, func() {
			if rapid.Bool().Draw(rt, "ask") {
				if told := w.differs(c, rapid.SampledFrom(previewed()).Draw(rt, "where")); told != "" {
					rt.Fatal(told)
				}
			}
		})
	})
}

// Under a workspace that nobody was brought up to yet, facts are built as asked for.
func TestColumnsUnderANewWorkspace(t *testing.T) {
	t.Parallel()
	w := newWorld(t, build(t, 1, nil, nil))
	w.admit(track("ana", "", "Order Completed", `{"total":9}`), track("bob", "", "Order Completed", `{"total":1}`), track("ana", "web", "Page Seen", ""))
	c := w.columns(1 << 30)
	for range 2 {
		for _, where := range previewed() {
			if told := w.differs(c, where); told != "" {
				t.Fatal(told)
			}
		}
		w.engine.Apply(tiered(t))
	}
	if counted, ok := w.ask(c, compile(t, `events("Order Completed").sum(e, e.total) > 3`)); !ok || counted.Count != 1 {
		t.Errorf("%+v, %v", counted, ok)
	}
}

// A mirror that is not told of a change is found out by the comparison above.
func TestStaleColumnsAreNoticed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, tiered(t))
	c := w.columns(1 << 30)
	w.admit(identify("ana", "", `{"tier":"t1"}`), track("bob", "", "Order Completed", `{"total":9}`))
	for _, where := range previewed() {
		if told := w.differs(c, where); told != "" {
			t.Fatal(told)
		}
	}
	w.admit(identify("ana", "", `{"tier":"t2"}`))
	w.engine.ForgetTouched()
	if w.differs(c, `customer.tier == "t1"`) == "" {
		t.Error("nobody noticed that the mirror is stale")
	}
}

func TestColumnsKeepToTheirMemory(t *testing.T) {
	t.Parallel()
	w := newWorld(t, tiered(t))
	for i := range 300 {
		w.admit(identify(fmt.Sprint("u", i), "", fmt.Sprintf(`{"tier":"tier %d","email":"u%d@example.com"}`, i, i)))
	}
	small, large := w.columns(20_000), w.columns(10_000_000)
	r := compile(t, `customer.tier == "tier 7"`)
	if counted, ok := w.ask(small, r); ok {
		t.Errorf("answered %+v from less memory than it takes", counted)
	}
	if counted, ok := w.ask(large, r); !ok || counted.Count != 1 {
		t.Errorf("answered %+v, %v", counted, ok)
	}
}

// Who runs out of patience says how many were looked at, and goes on there.
func TestColumnsAnswerForWhomTheyLookedAt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, tiered(t))
	var orders []rapport.Event
	for i := range 2300 {
		orders = append(orders, track(fmt.Sprint("u", i), "", "Order Completed", `{"total":1}`))
	}
	w.admit(orders...)
	c, r := w.columns(1<<30), compile(t, `events("Order Completed").within("1d").exists()`)
	for i, want := range []int64{1000, 2000, 2300} {
		reads := 0
		q := flow.Question{Workspace: w.engine.Workspace(), Rule: r, Now: w.now, Sample: 3}
		q.Patience = flow.Patience{Whole: never, Reading: func() bool { reads++; return reads > 1 && i < 2 }}
		counted, customers, ok, err := c.Count(context.Background(), q)
		if err != nil || !ok || counted.Count != want || counted.LookedAt != want || counted.Whole != (i == 2) || customers != 2300 || len(counted.Sample) != 3 {
			t.Errorf("%+v of %d, %v, %v; wanted %d", counted, customers, ok, err, want)
		}
	}
}
