package flow_test

import (
	"bytes"
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
	"rapport/journey"
	"rapport/store"
)

// shop is a workspace in which much happens by itself.
func shop(t testing.TB, version uint64) *flow.Workspace {
	return build(t, version, map[string]string{
		"buyers":  `events("Order Completed").count() >= 1`,
		"recents": `events("Order Completed").within("1h").exists()`,
		"quiet":   `events("Product Added").exists() && !events("Product Added").within("30m").exists()`,
	}, map[string]journey.Doc{
		"cart": {
			Entry: journey.Entry{Event: []string{"Product Added"}}, Reentry: journey.Reentry{Running: "restart"},
			Exit: []journey.Exit{{Event: []string{"Order Completed"}}},
			Steps: []journey.Step{
				{Name: "pause", Wait: journey.Wait{For: "1h"}},
				{Name: "remind", Send: &journey.Send{Template: "cart", Channel: "email", Class: "promotional", Purpose: "marketing"}},
			},
		},
		"thanks": {
			Entry: journey.Entry{Event: []string{"Order Completed"}}, Reentry: journey.Reentry{After: "1m"},
			Steps: []journey.Step{{Name: "thank", Send: &journey.Send{Template: "thanks", Channel: "email", Class: "transactional"}}},
		},
		"back": {
			Entry: journey.Entry{Segment: "quiet"}, Reentry: journey.Reentry{After: "1m"},
			Steps: []journey.Step{{Name: "hello", Send: &journey.Send{Template: "back", Channel: "email", Class: "promotional", Purpose: "marketing"}}},
		},
	})
}

// dump tells all that is in a store.
func (w *world) dump() string {
	w.t.Helper()
	ctx := context.Background()
	var b bytes.Buffer
	rows, err := w.store.Scan(ctx, rapport.CustomerID{}, 1000)
	for _, row := range rows {
		fmt.Fprintf(&b, "record %v wakes %v: %x\n", row.Customer, row.Wake, row.Data)
		for _, page := range row.Pages {
			fmt.Fprintf(&b, "page %d: %x\n", page.Number, page.Data)
		}
		decisions, err := w.store.Decisions(ctx, store.DecisionFilter{Customer: row.Customer, Limit: 1000})
		if err != nil {
			w.t.Fatal(err)
		}
		fmt.Fprintf(&b, "decisions %+v\n", decisions)
	}
	chunks, err2 := w.store.Chunks(ctx, 0, 1000)
	for _, chunk := range chunks {
		fmt.Fprintf(&b, "chunk %d of %v:", chunk.Number, chunk.At)
		for _, block := range chunk.Blocks {
			fmt.Fprintf(&b, " %x", block.Data)
		}
		fmt.Fprintln(&b)
	}
	totals, err3 := w.store.Counters(ctx, "")
	stats, err4 := w.store.Stats(ctx)
	for _, err := range []error{err, err2, err3, err4} {
		if err != nil {
			w.t.Fatal(err)
		}
	}
	sizes, customers, exact := w.engine.Sizes()
	fmt.Fprintf(&b, "messages %+v\ncounters %+v\nstats %+v\nsizes %v of %d, exact %v\n", w.messages(), totals, stats, sizes, customers, exact)
	return b.String()
}

// act is something that happens to a world: a batch of events, a yes, or time.
type act struct {
	events  []rapport.Event
	pass    time.Duration
	consent string // a user who says yes to marketing
}

func drawActs(t *rapid.T) []act {
	var acts []act
	for _, batch := range batches(t, append(drawEvents(t),
		rapport.Event{Type: rapport.Identify, MessageID: "i1", UserID: "ana", Timestamp: start - 900, Properties: []byte(`{"email":"ana@example.com"}`)},
		rapport.Event{Type: rapport.Identify, MessageID: "i2", UserID: "bob", Timestamp: start - 900, Properties: []byte(`{"email":"bob@example.com"}`)},
	)) {
		acts = append(acts, act{events: batch})
		acts = append(acts, act{pass: time.Duration(rapid.IntRange(0, 50).Draw(t, "minutes")) * time.Minute})
		acts = append(acts, act{consent: rapid.SampledFrom([]string{"", "ana", "bob"}).Draw(t, "consent")})
	}
	return append(acts, act{pass: 2 * time.Hour})
}

func (w *world) do(a act) error {
	w.t.Helper()
	var work flow.Work
	switch {
	case a.pass > 0:
		w.now = w.now.Add(a.pass)
		return w.engine.Advance(context.Background(), w.now, nil)
	case a.consent != "":
		id := userKey(a.consent).CustomerID()
		work = flow.Record(id, rapport.Consent{Purpose: "marketing", State: rapport.ConsentGranted, Source: "test", At: w.now})
	default:
		events := slices.Clone(a.events)
		for i := range events {
			events[i].ReceivedAt = w.now
		}
		work = flow.Admit(events)
	}
	_, err := w.engine.Run(context.Background(), w.now, work)
	return err
}

func (w *world) doAll(acts []act) {
	w.t.Helper()
	for _, a := range acts {
		if err := w.do(a); err != nil {
			w.t.Fatal(err)
		}
	}
}

func TestTheSameInputsGiveTheSameStore(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		acts := drawActs(rt)
		w, small := newWorld(t, shop(t, 1)), newWorldWith(t, shop(t, 1), flow.Config{Customers: 1})
		w.doAll(acts)
		restart := rapid.IntRange(0, len(acts)).Draw(rt, "restart")
		small.doAll(acts[:restart])
		small.restart()
		small.doAll(acts[restart:])
		if diff := cmp.Diff(w.dump(), small.dump()); diff != "" {
			rt.Fatalf("one that forgets and restarts differs (-never +does):\n%s", diff)
		}
		w.checkSizes(rt)
	})
}

func TestFailedBatchChangesNothing(t *testing.T) {
	t.Parallel()
	full := errors.New("the disk is full")
	rapid.Check(t, func(rt *rapid.T) {
		acts := drawActs(rt)
		well, ill := newWorld(t, shop(t, 1)), newWorld(t, shop(t, 1))
		for _, a := range acts {
			if err := well.do(a); err != nil {
				rt.Fatal(err)
			}
			before := ill.now
			for range rapid.IntRange(0, 2).Draw(rt, "failures") {
				ill.store.FailNext(full)
				if err := ill.do(a); err != nil && !errors.Is(err, full) {
					rt.Fatal(err)
				}
				ill.store.FailNext(nil)
				ill.now = before
			}
			if err := ill.do(a); err != nil {
				rt.Fatal(err)
			}
			ill.outbox.handed = nil
		}
		if diff := cmp.Diff(well.dump(), ill.dump()); diff != "" {
			rt.Fatalf("one whose store failed differs (-never +did):\n%s", diff)
		}
	})
}

func TestEventCountsOnce(t *testing.T) {
	t.Parallel()
	order := func(user, device string) rapport.Event {
		e := track(user, device, "Order Completed", `{"total":1}`)
		e.MessageID, e.Timestamp = "order", start
		return e
	}
	for _, test := range []struct {
		name  string
		play  func(w *world)
		count int
	}{
		{"sent twice in one batch", func(w *world) { w.admit(order("ana", ""), order("ana", "")) }, 1},
		{"sent again", func(w *world) { w.admit(order("ana", "")); w.admit(order("ana", "")) }, 1},
		{"sent again a day later", func(w *world) {
			w.admit(order("ana", ""))
			w.advance(24*time.Hour - time.Millisecond)
			w.admit(order("ana", ""))
		}, 1},
		{"sent again after a restart", func(w *world) {
			w.admit(order("ana", ""))
			w.advance(20 * time.Hour)
			w.restart()
			w.admit(order("ana", ""))
		}, 1},
		{"sent again under another id of hers", func(w *world) {
			w.admit(order("", "web"))
			w.admit(track("ana", "web", "Page Seen", ""))
			w.admit(order("ana", ""))
		}, 1},
		{"sent again after two became one", func(w *world) {
			w.admit(order("ana", ""))
			w.admit(alias("bob", "ana"))
			w.restart()
			w.admit(order("ana", ""))
			w.admit(order("bob", ""))
		}, 1},
		{"sent again after it turned out to be another's", func(w *world) {
			w.admit(order("", "web"))
			w.admit(track("ana", "web", "Page Seen", ""))
			late := track("bob", "web", "Page Seen", "")
			late.Timestamp = start - 5
			early := track("cat", "web", "Page Seen", "")
			early.Timestamp = start - 4
			w.admit(late, early)
			w.restart()
			w.admit(order("", "web"))
		}, 1},
		{"sent again after an undo", func(w *world) {
			w.admit(order("ana", ""), track("bob", "", "Page Seen", ""), alias("bob", "ana"))
			w.undo("ana", rapport.UserID)
			w.admit(order("ana", ""))
		}, 1},
		{"of two people", func(w *world) { w.admit(order("ana", ""), order("bob", "")) }, 2},
		{"sent again two days later", func(w *world) {
			w.admit(order("ana", ""))
			w.advance(36*time.Hour + time.Millisecond)
			w.admit(order("ana", ""))
		}, 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, ledger(t, 1))
			test.play(w)
			facts, told := 0, 0
			for _, r := range w.records() {
				for _, f := range r.Facts {
					if f.History.Sum.Number() > 0 {
						facts += int(f.History.Count)
					}
				}
				events, err := flow.Events(context.Background(), w.store, r)
				if err != nil {
					t.Fatal(err)
				}
				for _, e := range events {
					if e.MessageID == "order" {
						told++
					}
				}
			}
			if facts != test.count || told != test.count {
				t.Errorf("counted %d times in rules, %d times in timelines; wanted %d: %q", facts, told, test.count, w.customers())
			}
		})
	}
}

func TestLateWakeUpDoesWhatWasDueAsOfItsInstant(t *testing.T) {
	t.Parallel()
	for _, late := range []string{"an event comes first", "the wake-up comes late"} {
		w := newWorld(t, shop(t, 1))
		w.admit(identify("ana", "", `{"email":"ana@example.com"}`), track("ana", "", "Product Added", `{"product_id":"p"}`))
		if err := w.do(act{consent: "ana"}); err != nil {
			t.Fatal(err)
		}
		w.now = w.now.Add(5 * time.Hour)
		if late == "an event comes first" {
			w.admit(track("ana", "", "Order Completed", `{"total":1}`))
		} else {
			w.run(flow.Wake([]rapport.CustomerID{userKey("ana").CustomerID()}))
		}
		var at []string
		for _, m := range slices.Backward(w.messages()) {
			at = append(at, m.Template+" "+m.CreatedAt.Sub(start).String())
		}
		want := []string{"back 30m0s", "cart 1h0m0s"}
		if late == "an event comes first" {
			want = append(want, "thanks 5h0m0s")
		}
		if diff := cmp.Diff(want, at); diff != "" {
			t.Errorf("%s (-want +got):\n%s", late, diff)
		}
	}
}

// TestWhoIsNotWokenStaysDue: when much falls due at one instant and others wait, a
// batch may do a part of it. The rest stays due, and is done as of that instant, also
// for one who is met before.
func TestWhoIsNotWokenStaysDue(t *testing.T) {
	t.Parallel()
	const crowd = 250
	w := newWorld(t, build(t, 1, map[string]string{"fresh": `events("A").within("1h").exists()`}, nil))
	for i := range crowd {
		w.admit(track(fmt.Sprintf("user-%d", i), "", "A", ""))
	}
	w.restart() // nobody is in memory
	due := w.now.Add(time.Hour)
	w.now = due.Add(time.Second)
	wakes, err := w.store.Due(t.Context(), w.now, 2*crowd)
	if err != nil || len(wakes) != crowd {
		t.Fatal(len(wakes), err)
	}
	ids := make([]rapport.CustomerID, len(wakes))
	for i := range wakes {
		ids[i] = wakes[i].Customer
	}
	w.run(flow.WakeUntil(ids, func() bool { return true }))
	left, err := w.store.Due(t.Context(), w.now, 2*crowd)
	if err != nil || len(left) == 0 || len(left) >= crowd {
		t.Fatalf("%d of %d are still due, %v", len(left), crowd, err)
	}
	w.admit(track("user-7", "", "B", ""))
	w.advance(time.Second)
	sizes, _, _ := w.engine.Sizes()
	if got := w.leftAt(due); got != crowd || sizes["fresh"] != 0 {
		t.Errorf("%d of %d left at that instant, %d are still in", got, crowd, sizes["fresh"])
	}
}

// leftAt returns how often somebody left a segment at an instant.
func (w *world) leftAt(at rapport.Instant) (n int) {
	w.t.Helper()
	chunks, err := w.store.Chunks(context.Background(), 0, 1000)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, chunk := range chunks {
		for _, block := range chunk.Blocks {
			entries, err := store.DecodeBlock(block.Data)
			if err != nil {
				w.t.Fatal(err)
			}
			for _, entry := range entries {
				for i := range entry.Events {
					if e := &entry.Events[i]; e.Name == flow.SegmentLeft && e.Timestamp == at {
						n++
					}
				}
			}
		}
	}
	return n
}

func TestWakeUpsAreNeverEarly(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shop(t, 1))
	w.admit(identify("ana", "", `{"email":"ana@example.com"}`), track("ana", "", "Product Added", `{"product_id":"p"}`))
	var reached []string
	w.now = w.now.Add(3 * time.Hour)
	if err := w.engine.Advance(context.Background(), w.now, func(at rapport.Instant) { reached = append(reached, at.Sub(start).String()) }); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"30m0s", "1h0m0s"}, reached); diff != "" {
		t.Errorf("instants at which something was done (-want +got):\n%s", diff)
	}
}

// sweepSome brings somebody, everybody or nobody up to the workspace, from spans
// that were read now or before what was admitted last.
func (w *world) sweepSome(t *rapid.T) {
	w.t.Helper()
	ctx := context.Background()
	if w.span == nil || rapid.Bool().Draw(t, "read anew") {
		if w.span = w.engine.NextSpan(); w.span == nil {
			return
		}
		if err := w.span.Read(ctx, w.store); err != nil {
			w.t.Fatal(err)
		}
	}
	for range rapid.IntRange(0, 3).Draw(t, "installed") {
		if rapid.IntRange(0, 4).Draw(t, "full") == 0 {
			w.store.FailNext(errors.New("the disk is full"))
			_, _ = w.engine.Install(ctx, w.now, w.span, nil)
			w.store.FailNext(nil)
		}
		more, err := w.engine.Install(ctx, w.now, w.span, func() bool { return true })
		if err != nil {
			w.t.Fatal(err)
		}
		if !more {
			w.span = nil
			return
		}
	}
	if rapid.IntRange(0, 9).Draw(t, "restart") == 0 {
		w.restart()
	}
}

// TestAnotherWorkspaceIsAsIfItHadAlwaysBeen puts a workspace with other facts in
// force in the middle and compares with a world that had it from the start.
func TestAnotherWorkspaceIsAsIfItHadAlwaysBeen(t *testing.T) {
	t.Parallel()
	plain := func(t testing.TB, version uint64) *flow.Workspace {
		return build(t, version, map[string]string{"golden": `customer.tier == "t3"`, "buyers": `customer.tier == "t1"`}, nil)
	}
	rapid.Check(t, func(rt *rapid.T) {
		order := batches(rt, drawEvents(rt))
		cut := rapid.IntRange(0, len(order)).Draw(rt, "cut")
		changed, always := newWorldWith(t, plain(t, 1), flow.Config{Span: rapid.IntRange(1, 3).Draw(rt, "span")}), newWorld(t, ledger(t, 2))
		always.admitAll(order)
		changed.admitAll(order[:cut])
		next := ledger(t, 2)
		next.Providers = changed.engine.Workspace().Providers
		changed.engine.Apply(next)
		if rapid.Bool().Draw(rt, "restart") {
			changed.restart()
		}
		for _, batch := range order[cut:] {
			changed.sweepSome(rt)
			changed.admitAll([][]rapport.Event{batch})
		}
		changed.advance(0)
		if diff := cmp.Diff(always.customers(), changed.customers()); diff != "" {
			rt.Fatalf("(-always +changed):\n%s", diff)
		}
		a, b := always.records(), changed.records()
		for i := range a {
			if !bytes.Equal(bare(a[i]), bare(b[i])) {
				rt.Fatalf("record %v differs", a[i].ID)
			}
		}
		wanted, _, _ := always.engine.Sizes()
		sizes, _, exact := changed.engine.Sizes()
		if diff := cmp.Diff(wanted, sizes); diff != "" || !exact {
			rt.Fatalf("sizes (-always +changed):\n%s exact %v", diff, exact)
		}
		changed.checkSizes(rt)
	})
}
