package flow_test

import (
	"context"
	"maps"
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

// stays returns a customer's stays, and her look.
func (w *world) stays(id rapport.CustomerID) ([]flow.Stay, *flow.Look) {
	w.t.Helper()
	rows, err := w.store.Load(context.Background(), []rapport.CustomerID{id})
	if err != nil {
		w.t.Fatal(err)
	}
	look, err := flow.LookAt(context.Background(), w.store, w.engine.Workspace(), rows[0], w.now)
	if err != nil {
		w.t.Fatal(err)
	}
	stays, err := flow.Stays(context.Background(), w.store, look)
	if err != nil {
		w.t.Fatal(err)
	}
	return stays, look
}

// sighting is a customer who was seen in a segment, or not, at an instant.
type sighting struct {
	who     rapport.CustomerID
	seat    uint32 // who comes back after she was gone has no past, and another seat
	segment string
	at      rapport.Instant
}

// see writes down who is where; of one instant the last counts.
func (w *world) see(seen map[sighting]bool) {
	var sizes flow.Sizes
	w.run(flow.Count(&sizes)) // what is due is done
	there := w.seats()
	maps.DeleteFunc(seen, func(s sighting, _ bool) bool { return s.at == w.now || there[s.who] != s.seat })
	if !sizes.Exact {
		return // somebody is still to be brought up to the workspace, as of this instant
	}
	for _, name := range w.engine.Workspace().Segments.Names() {
		in := w.scanned(name)
		for _, r := range w.records() {
			seen[sighting{r.ID, r.Seat, name, w.now}] = slices.Contains(in, r.ID)
		}
	}
}

// TestStaysAreWhereSheWas writes down who is where as time goes by and compares
// what the timelines tell afterwards: of those who were always one profile.
func TestStaysAreWhereSheWas(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorldWith(t, build(t, 1, movingSets()[0], nil), flow.Config{AnonymousFor: -1})
		seen := map[sighting]bool{}
		w.disturb(rt, func() { w.see(seen) })
		for _, r := range w.records() {
			stays, look := w.stays(r.ID)
			w.checkOpen(rt, stays, look)
			if w.everJoined(r) {
				continue
			}
			for s, in := range seen {
				if s.who == r.ID && in != slices.ContainsFunc(stays, func(stay flow.Stay) bool {
					return stay.Segment == s.segment && stay.EnteredAt <= s.at && (stay.LeftAt == 0 || s.at < stay.LeftAt)
				}) {
					rt.Fatalf("%+v was seen %v, but %+v", s, in, stays)
				}
			}
		}
	})
}

// everJoined reports whether events changed hands: profiles became one or two, or
// a device turned out to be somebody else's.
func (w *world) everJoined(r *profile.Record) (joined bool) {
	w.t.Helper()
	err := flow.History(context.Background(), w.store, r.ID, r.Head, func(entry store.Entry) bool {
		for _, e := range entry.Events {
			joined = joined || e.Name == flow.ProfilesMerged || e.Name == flow.ProfilesSplit || !r.Owns(&e)
		}
		return !joined
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return joined
}

// checkOpen sees to it that the open stays are where she is, one in each segment,
// and that no two stays in a segment overlap.
func (w *world) checkOpen(rt *rapid.T, stays []flow.Stay, look *flow.Look) {
	var open, in []string
	for i, s := range stays {
		if s.LeftBy.Cause == 0 {
			open = append(open, s.Segment)
		}
		for _, later := range stays[i+1:] {
			if later.Segment == s.Segment && (s.LeftAt > later.EnteredAt || s.LeftAt == 0 && s.LeftBy.Cause == 0) {
				rt.Fatalf("two stays overlap: %+v, %+v", s, later)
			}
		}
	}
	for _, m := range look.Memberships() {
		in = append(in, m.Segment)
	}
	slices.Sort(open)
	if !slices.Equal(open, in) {
		rt.Fatalf("open are the stays in %v, she is in %v: %+v", open, in, stays)
	}
}

// A device's stays go on as those of the customer it turns out to be.
func TestStaysAcrossAJoin(t *testing.T) {
	t.Parallel()
	w := newWorld(t, build(t, 1, map[string]string{
		"buyers":  `events("Order Completed").exists()`,
		"lookers": `events("Page Seen").within("2h").exists()`,
	}, nil))
	w.admit(track("ana", "", "Order Completed", ""))
	w.advance(30 * time.Minute)
	w.admit(track("", "web", "Page Seen", ""))
	w.advance(30 * time.Minute)
	w.admit(track("", "web", "Order Completed", ""))
	w.advance(time.Hour)
	w.admit(track("ana", "web", "Logged In", ""))
	w.advance(3 * time.Hour)
	stays, _ := w.stays(w.person("ana").ID)
	by := func(name, id string) flow.Reason {
		return flow.Reason{Cause: segment.ByEvent, Event: name, MessageID: id}
	}
	want := []flow.Stay{
		{Segment: "buyers", EnteredAt: start, EnteredBy: by("Order Completed", "m1")},
		{
			Segment: "lookers", EnteredAt: start.Add(30 * time.Minute), EnteredBy: by("Page Seen", "m2"),
			LeftAt: start.Add(150 * time.Minute), LeftBy: flow.Reason{Cause: segment.ByTime},
		},
	}
	if diff := cmp.Diff(want, stays); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
