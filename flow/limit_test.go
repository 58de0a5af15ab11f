package flow_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"rapport"
	"rapport/flow"
	"rapport/journey"
	"rapport/profile"
)

func (w *world) counter(name string) int64 {
	w.t.Helper()
	totals, err := w.store.Counters(context.Background(), name)
	if err != nil {
		w.t.Fatal(err)
	}
	sum := int64(0)
	for _, total := range totals {
		if total.Name == name {
			sum += total.Sum
		}
	}
	return sum
}

// told counts what the timelines hold that came from outside, quarantined or not.
func (w *world) told(name string) int {
	w.t.Helper()
	n := 0
	for _, r := range w.records() {
		events, err := flow.Events(context.Background(), w.store, r)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, e := range events {
			if e.Name() == name {
				n++
			}
		}
	}
	return n
}

func TestMachineIsQuarantinedUntilTheNextDay(t *testing.T) {
	t.Parallel()
	w := newWorldWith(t, ledger(t, 1), flow.Config{EventsPerDay: 10})
	burst := func(n int) {
		for range n {
			w.admit(track("bot", "", "Order Completed", `{"total":1}`))
		}
	}
	orders := func() int64 { return w.person("bot").Facts[0].History.Count }
	burst(13)
	w.admit(track("ana", "", "Order Completed", `{"total":1}`))
	if r := w.person("bot"); orders() != 10 || r.QuarantinedUntil(w.now) != rapport.InstantOf(time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC)) {
		t.Fatalf("%d orders count, quarantined until %v", orders(), r.QuarantinedUntil(w.now))
	}
	if n := w.counter("events/quarantined"); n != 3 || w.counter("events") != 14 || w.told("Order Completed") != 14 {
		t.Errorf("counted %d quarantined of %d, %d stand in timelines", n, w.counter("events"), w.told("Order Completed"))
	}
	if w.person("ana").QuarantinedUntil(w.now) != 0 {
		t.Error("somebody else is quarantined too")
	}
	w.restart()
	burst(1)
	if orders() != 10 {
		t.Errorf("after a restart %d orders count", orders())
	}
	next := build(t, 2, map[string]string{"buyers": `events("Order Completed").first() < ago("1h")`}, nil) // other facts
	next.Providers = w.engine.Workspace().Providers
	w.engine.Apply(next)
	w.advance(24 * time.Hour)
	burst(2)
	if r := w.person("bot"); orders() != 12 || r.QuarantinedUntil(w.now) != 0 {
		t.Errorf("the next day, facts built anew: %d orders count, quarantined until %v", orders(), r.QuarantinedUntil(w.now))
	}
}

func TestImportOfThePastIsNoOnslaught(t *testing.T) {
	t.Parallel()
	w := newWorldWith(t, ledger(t, 1), flow.Config{EventsPerDay: 10})
	for i := range 40 {
		e := track("ana", "", "Order Completed", `{"total":1}`)
		e.Timestamp = start.Add(-time.Duration(i*7919%40) * 6 * time.Hour)
		w.admit(e)
	}
	if n := w.counter("events/quarantined"); n != 0 {
		t.Errorf("%d events of ten days were quarantined", n)
	}
}

const ninety = 90 * 24 * time.Hour

func TestDeviceThatIsNotMetAgainIsForgotten(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ledger(t, 1))
	w.admit(identify("", "web", `{"email":"who@example.com","tier":"t3"}`), track("ana", "", "Page Seen", ""))
	w.advance(30 * 24 * time.Hour)
	w.admit(track("", "web", "Page Seen", ""))
	w.advance(ninety)
	if len(w.records()) != 2 {
		t.Fatal("forgotten too early")
	}
	w.advance(24 * time.Hour)
	stats, err := w.store.Stats(context.Background())
	sizes, customers, _ := w.engine.Sizes()
	if err != nil || stats.Customers != 1 || stats.Addresses != 0 || stats.Identifiers != 1 || customers != 1 || sizes["golden"] != 0 {
		t.Fatalf("not forgotten: %+v, sizes %v of %d, %v", stats, sizes, customers, err)
	}
	if w.person("ana") == nil || w.counter("customers/expired") != 1 {
		t.Error("somebody who is known was forgotten")
	}
	w.admit(track("", "web", "Page Seen", ""))
	w.checkSizes(t)
	for _, r := range w.records() {
		if !r.Known() && (r.Events != 1 || len(r.Traits) != 0 || r.FirstSeen != w.now) {
			t.Errorf("she is remembered: %+v", r)
		}
	}
}

func TestDeviceWithAJourneyUnderWayIsNotForgotten(t *testing.T) {
	t.Parallel()
	w := newWorld(t, build(t, 1, nil, map[string]journey.Doc{"long": {
		Entry: journey.Entry{Event: []string{"Signed Up"}}, Steps: []journey.Step{{Name: "wait", Wait: journey.Wait{For: "120d"}}},
	}}))
	w.admit(track("", "web", "Signed Up", ""))
	w.advance(120*24*time.Hour - time.Millisecond)
	if len(w.records()) != 1 {
		t.Fatal("forgotten while a journey was under way")
	}
	w.advance(time.Millisecond)
	if len(w.records()) != 0 {
		t.Fatal("not forgotten once the journey has ended")
	}
}

func TestWhoComesBackTooLateIsNew(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ledger(t, 1))
	w.admit(track("", "web", "Order Completed", `{"total":1}`))
	w.now = w.now.Add(ninety + 48*time.Hour) // no wake-up came in between
	w.admit(track("", "web", "Order Completed", `{"total":2}`))
	if got := w.customers(); len(got) != 1 || !strings.HasSuffix(got[0], "events m2; ; 1 orders of 2") {
		t.Errorf("%q", got)
	}
	w.checkSizes(t)
}

func TestSharedDeviceIsStillSharedAfterItsOwnRecordIsForgotten(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ledger(t, 1))
	w.admit(track("ana", "web", "Page Seen", ""), track("bob", "web", "Page Seen", ""), track("", "web", "Page Seen", ""))
	w.advance(ninety + 48*time.Hour)
	if len(w.records()) != 2 {
		t.Fatalf("%q", w.customers())
	}
	early, late := track("", "web", "Page Seen", ""), track("", "web", "Page Seen", "")
	early.Timestamp = start - 1 // before it was shared
	w.admit(early, late)
	if len(w.records()) != 3 {
		t.Fatalf("what was done on a shared device was taken for somebody's: %q", w.customers())
	}
	for _, r := range w.records() {
		if !r.Known() && r.Events != 1 {
			t.Errorf("%d events are taken for the device's", r.Events)
		}
	}
}

func TestRecordStaysWithinItsSize(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shop(t, 1))
	long := strings.Repeat("x", 900)
	for i := range 3 {
		var traits strings.Builder
		for j := range 400 {
			fmt.Fprintf(&traits, `"trait-%d-%d":%q,`, i, j, long)
		}
		w.admit(identify("ana", "", "{"+traits.String()+`"z":1}`))
	}
	for i := range 300 {
		w.now = w.now.Add(time.Second)
		w.admit(
			track("ana", fmt.Sprint("device-", i, long[:200]), "Product Added", fmt.Sprintf(`{"cart_id":"c%d%s","product_id":"p%s","note":%q}`, i%9, long[:100], long[:120], long)),
			track("ana", "", "Order Refunded", fmt.Sprintf(`{"order_id":"o%d","reason":%q,"products":[{"id":%q}]}`, i, long, long)))
	}
	rows, err := w.store.Scan(context.Background(), rapport.CustomerID{}, 10)
	if err != nil || len(rows) != 1 || len(rows[0].Data) > profile.MaxRecord {
		t.Fatalf("%d records, the first of %d bytes, %v", len(rows), len(rows[0].Data), err)
	}
	if w.counter("records/shrunk") == 0 {
		t.Error("nothing says that parts were left out")
	}
	if w.told("Product Added") != 300 || w.person("ana").OpenCart() == nil {
		t.Error("the timeline or the newest cart is not whole")
	}
}
