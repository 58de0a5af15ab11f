package flow_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"rapport"
	"rapport/flow"
	"rapport/segment"
	"rapport/store"
)

func (w *world) curve(name string, width time.Duration) []flow.Size {
	w.t.Helper()
	sizes, err := flow.Curve(context.Background(), w.store, name, start-1, w.now+1, width)
	if err != nil {
		w.t.Fatal(err)
	}
	return sizes
}

// TestCurveIsHowTheSizesWent writes down the sizes as time goes by and compares
// what the counters say of each hour afterwards.
func TestCurveIsHowTheSizesWent(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorldWith(t, build(t, 1, movingSets()[0], nil), flow.Config{AnonymousFor: 3 * time.Hour})
		seen := map[string]map[rapport.Instant]int64{"buyers": {}, "golden": {}, "recents": {}, "plain": {}, "seen": {}}
		w.disturb(rt, func() {
			var sizes flow.Sizes
			w.run(flow.Count(&sizes))
			for name := range seen { // one that is not in force has nobody
				seen[name][rapport.InstantOf(w.now.Time().Truncate(time.Hour))] = sizes.Segments[name]
			}
		})
		for name := range seen {
			w.checkCurve(rt, name, seen[name])
		}
	})
}

func (w *world) checkCurve(rt *rapid.T, name string, seen map[rapport.Instant]int64) {
	hours, size := w.curve(name, time.Hour), int64(0)
	changed := map[rapport.Instant]int64{}
	for _, hour := range hours {
		if want, ok := seen[hour.At]; !ok || hour.Size != want {
			rt.Fatalf("%s in the hour of %v: %d, it was %d (%v)", name, hour.At, hour.Size, want, hours)
		}
		if size += sum(hour.Entered) - sum(hour.Left); size != hour.Size {
			rt.Fatalf("%s in the hour of %v: %d by the changes, %d by the size", name, hour.At, size, hour.Size)
		}
		changed[rapport.InstantOf(hour.At.Time().Truncate(24*time.Hour))] += sum(hour.Entered) + sum(hour.Left)
	}
	days := w.curve(name, 24*time.Hour)
	if days[len(days)-1].Size != size {
		rt.Fatalf("%s: by days %d, by hours %d", name, days[len(days)-1].Size, size)
	}
	for _, day := range days {
		if n := sum(day.Entered) + sum(day.Left); n != changed[day.At] {
			rt.Fatalf("%s on the day of %v: %d changes, by hours %d", name, day.At, n, changed[day.At])
		}
	}
}

func sum(changes map[segment.Cause]int64) (n int64) {
	for _, one := range changes {
		n += one
	}
	return n
}

func TestCurveSaysWhy(t *testing.T) {
	t.Parallel()
	rules := map[string]string{"recents": `events("Order Completed").within("90m").exists()`}
	w := newWorld(t, build(t, 1, rules, nil))
	w.admit(track("ana", "", "Order Completed", ""), track("bob", "", "Order Completed", ""))
	w.advance(30 * time.Minute)
	w.admit(track("bob", "", "Order Completed", ""))
	w.advance(time.Hour)
	next := build(t, 2, map[string]string{"recents": `events("Order Completed").exists()`}, nil)
	w.engine.Apply(next)
	w.advance(time.Hour)
	w.engine.Apply(build(t, 3, nil, nil))
	w.advance(time.Hour)
	w.engine.Apply(build(t, 4, rules, nil))
	w.advance(time.Hour)
	want := []flow.Size{
		{At: start, Size: 2, Entered: map[segment.Cause]int64{segment.ByEvent: 2}},
		{At: start.Add(time.Hour), Size: 2, Entered: map[segment.Cause]int64{segment.ByDefinition: 1}, Left: map[segment.Cause]int64{segment.ByTime: 1}},
		{At: start.Add(2 * time.Hour), Left: map[segment.Cause]int64{segment.ByDefinition: 2}},
		{At: start.Add(3 * time.Hour)},
		{At: start.Add(4 * time.Hour)},
	}
	if diff := diffSizes(want, w.curve("recents", time.Hour)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// A store that was written before there were counters has members all the same.
func TestCurveOfBeforeThereWereCounters(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ledger(t, 1))
	w.admit(track("ana", "", "Order Completed", `{"total":40}`), track("bob", "", "Order Completed", `{"total":4}`))
	w.dropCounters("segment-size/buyers", "segment/buyers/entered/event")
	w.advance(5 * time.Hour)
	sizes := w.curve("buyers", time.Hour)
	if last, next := sizes[len(sizes)-1], sizes[1]; last.Size != 2 || next.Entered[segment.ByDefinition] != 2 || sizes[0].Size != 0 {
		t.Errorf("%+v", sizes)
	}
}

func diffSizes(want, got []flow.Size) string {
	return cmp.Diff(want, got, cmpopts.EquateEmpty())
}

// dropCounters makes the store forget counters, and opens it again.
func (w *world) dropCounters(names ...string) {
	w.t.Helper()
	state := w.store.State()
	batch := store.Batch{Position: state.Position, Epoch: state.Epoch, At: state.At}
	for _, name := range names {
		totals, err := w.store.Counters(context.Background(), name)
		if err != nil || len(totals) != 1 {
			w.t.Fatal(name, totals, err)
		}
		batch.Counters = append(batch.Counters, store.Counter{Name: name, Bucket: totals[0].Bucket, Delta: -totals[0].Sum})
	}
	if err := w.store.Commit(context.Background(), &batch); err != nil {
		w.t.Fatal(err)
	}
	w.restart()
}
