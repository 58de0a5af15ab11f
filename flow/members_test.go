package flow_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"rapport"
	"rapport/flow"
	"rapport/profile"
	"rapport/segment"
	"rapport/store"
)

// listed returns the members of a segment as the bitmaps say it, page by page,
// and whether they are exact.
func (w *world) listed(name string) (ids []rapport.CustomerID, exact bool) {
	w.t.Helper()
	for after := uint32(0); ; {
		var some flow.Members
		if _, err := w.engine.Run(context.Background(), w.now, flow.List(name, after, 3, &some)); err != nil {
			w.t.Fatal(err)
		}
		ids = append(ids, some.Customers...)
		if !some.More {
			return ids, some.Exact
		}
		after = some.Seats[len(some.Seats)-1]
	}
}

// scanned returns the members of a segment by what each record says.
func (w *world) scanned(name string) (ids []rapport.CustomerID) {
	w.t.Helper()
	for _, r := range w.records() {
		state, err := segment.Decode(r.Segments)
		if err != nil {
			w.t.Fatal(err)
		}
		if state.Member(name) {
			ids = append(ids, r.ID)
		}
	}
	return ids
}

// checkMembers compares the bitmaps with the records, and looks for two customers
// on one seat.
func (w *world) checkMembers(t interface{ Fatalf(string, ...any) }) {
	w.t.Helper()
	for _, name := range w.engine.Workspace().Segments.Names() {
		ids, exact := w.listed(name)
		sizes, _, _ := w.engine.Sizes() // what is due was done first
		slices.SortFunc(ids, func(a, b rapport.CustomerID) int { return slices.Compare(a[:], b[:]) })
		if want := w.scanned(name); exact && !slices.Equal(ids, want) || int64(len(want)) != sizes[name] {
			t.Fatalf("segment %s: listed %v, exact %v, of a size of %d, the records say %v", name, ids, exact, sizes[name], want)
		}
	}
	taken := map[uint32]bool{}
	for _, r := range w.records() {
		if r.Seat == 0 || taken[r.Seat] || int(r.Seat) > 1000 {
			t.Fatalf("%v has seat %d", r.ID, r.Seat)
		}
		taken[r.Seat] = true
	}
}

// movingSets are workspaces that know some of the same segments, by other rules too.
func movingSets() []map[string]string {
	return []map[string]string{
		{"buyers": `events("Order Completed").count() >= 1`, "golden": `customer.tier == "t3"`, "recents": `events("Order Completed").within("1h").exists()`},
		{"buyers": `events("Order Completed").count() >= 2`, "plain": `!segment("buyers")`},
		{"recents": `events("Order Completed").within("1h").exists()`, "golden": `customer.tier == "t1"`},
		{"buyers": `events("Order Completed").count() >= 1`, "golden": `customer.tier == "t3"`, "recents": `events("Order Completed").within("1h").exists()`, "seen": `events("Page Seen").within("20m").exists()`},
	}
}

// TestMembersAreWhatTheRecordsSay lets everything happen that moves customers in
// and out: events that join profiles, undone joins, time, devices that are
// forgotten, other workspaces, restarts, batches that fail.
func TestMembersAreWhatTheRecordsSay(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorldWith(t, build(t, 1, movingSets()[0], nil), flow.Config{AnonymousFor: 3 * time.Hour, Customers: rapid.SampledFrom([]int{1, 1000}).Draw(rt, "cache")})
		w.disturb(rt, func() { w.checkMembers(rt) })
		if _, exact := w.listed("golden"); !exact {
			rt.Fatalf("never exact")
		}
		if left := w.engine.Remembered(); left > len(w.engine.Workspace().Segments.Names()) {
			rt.Fatalf("%d segments are remembered of %d", left, len(w.engine.Workspace().Segments.Names()))
		}
	})
}

// disturb does all that moves customers in and out, and calls visit after each, in
// each hour once more at its end. At last everybody is brought up to the workspace.
func (w *world) disturb(rt *rapid.T, visit func()) {
	for _, batch := range batches(rt, drawEvents(rt)) {
		if rapid.IntRange(0, 3).Draw(rt, "failure") == 0 {
			w.store.FailNext(errors.New("the disk is full"))
			_, _ = w.engine.Run(context.Background(), w.now, flow.Admit(batch))
			w.store.FailNext(nil)
			visit()
		}
		w.admit(slices.Clone(batch)...)
		visit()
		switch rapid.IntRange(0, 7).Draw(rt, "act") {
		case 0, 1:
			w.pass(time.Duration(rapid.IntRange(1, 300).Draw(rt, "minutes"))*time.Minute, visit)
		case 2:
			w.restart()
		case 3, 4:
			set := rapid.SampledFrom(columnSets()).Draw(rt, "set")
			next := build(w.t, w.engine.Workspace().Version+1, set, nil)
			next.Places = w.engine.Workspace().Places
			w.engine.Apply(next)
		case 5:
			if _, err := w.engine.Sweep(context.Background(), w.now); err != nil {
				rt.Fatal(err)
			}
		case 6:
			w.undoSome(rapid.IntRange(0, 5).Draw(rt, "whom"))
		}
		visit()
	}
	w.advance(0)
	visit()
}

// pass lets time go by and stops at the end of each hour.
func (w *world) pass(d time.Duration, visit func()) {
	w.t.Helper()
	for end := w.now.Add(d); w.now < end; {
		last := rapport.InstantOf(w.now.Time().Truncate(time.Hour).Add(time.Hour)) - 1
		if last <= w.now {
			last = w.now + 1
		}
		w.advance(min(last, end).Sub(w.now))
		visit()
	}
}

// undoSome takes back the newest join of one of those who were joined.
func (w *world) undoSome(n int) {
	w.t.Helper()
	var joined []*profile.Record
	for _, r := range w.records() {
		if len(r.Merges) > 0 {
			joined = append(joined, r)
		}
	}
	if len(joined) > 0 {
		r := joined[n%len(joined)]
		w.run(flow.Undo(r.ID, r.Merges[len(r.Merges)-1].From))
	}
}

// reseat writes other seats into the records, as a program did that knew of none.
func (w *world) reseat(seats ...uint32) {
	w.t.Helper()
	rows, err := w.store.Scan(context.Background(), rapport.CustomerID{}, 1000)
	if err != nil {
		w.t.Fatal(err)
	}
	for i, r := range w.records() {
		r.Seat = seats[i]
		rows[i].Data = r.AppendBinary(nil)
	}
	state := w.store.State()
	if err := w.store.Commit(context.Background(), &store.Batch{Position: state.Position, Epoch: state.Epoch, At: state.At, Records: rows}); err != nil {
		w.t.Fatal(err)
	}
	w.restart()
}

func TestRecordsWithoutASeatGetOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ledger(t, 1))
	for i := range 6 {
		w.admit(track(fmt.Sprintf("u%d", i), "", "Order Completed", `{"total":4}`))
	}
	w.reseat(0, 3, 3, 0, 1<<31, 5) // some none, two the same, one beyond all reason
	if ids, exact := w.listed("buyers"); len(ids) != 6 || !exact {
		t.Fatalf("listed %v, exact %v", ids, exact)
	}
	w.restart()
	for i := range 6 {
		w.admit(track(fmt.Sprintf("u%d", i), "", "Order Completed", `{"total":4}`))
	}
	w.checkMembers(t)
	before := w.seats()
	w.restart()
	if diff := cmp.Diff(before, w.seats()); diff != "" {
		t.Errorf("seats changed hands (-before +after):\n%s", diff)
	}
	w.checkMembers(t)
}

func (w *world) seats() map[rapport.CustomerID]uint32 {
	seats := map[rapport.CustomerID]uint32{}
	for _, r := range w.records() {
		seats[r.ID] = r.Seat
	}
	return seats
}
