package flow_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"rapport"
	"rapport/flow"
	"rapport/rule"
)

func busyRules(t *testing.T, version uint64) *flow.Workspace {
	return build(t, version, map[string]string{
		"many":      `events("Page Seen").within("30d").count() >= 6000`,
		"most":      `events("Page Seen").within("40d").sum(e, e.n) > 29000`,
		"different": `events("Page Seen").within("40d").distinct(e, e.page) >= 3000`,
	}, nil)
}

// busy is a customer whose record has long been too large for one row.
type busy struct {
	*world
	events []rapport.Event
}

func (b *busy) live(batches, size int) {
	for i := range batches {
		var batch []rapport.Event
		for range size {
			b.now = b.now.Add(time.Minute)
			n := len(b.events)
			e := track("ana", "", "Page Seen", fmt.Sprintf(`{"n":%d,"page":"p%d"}`, n%9, n*n%4001))
			e.Timestamp = b.now
			if n%50 == 7 {
				e.Timestamp = b.now.Add(-time.Duration(n*7919%5000) * time.Minute) // late
			}
			b.events = append(b.events, e)
			batch = append(batch, e)
		}
		b.admit(batch...)
		if i%3 == 0 {
			b.restart()
		}
	}
}

// within returns the events of the last days.
func (b *busy) within(days int) (in []rapport.Event) {
	for _, e := range b.events {
		if e.Timestamp > b.now.Add(-time.Duration(days)*24*time.Hour) {
			in = append(in, e)
		}
	}
	return in
}

func (b *busy) check() {
	b.t.Helper()
	sum, pages := 0, map[string]bool{}
	for _, e := range b.within(40) {
		var n, page int
		if _, err := fmt.Sscanf(string(e.Properties), `{"n":%d,"page":"p%d"}`, &n, &page); err != nil {
			b.t.Fatal(err)
		}
		sum += n
		pages[fmt.Sprint(page)] = true
	}
	want := map[string]bool{"many": len(b.within(30)) >= 6000, "most": sum > 29000, "different": len(pages) >= 3000}
	rows, err := b.store.Scan(context.Background(), rapport.CustomerID{}, 10)
	if err != nil || len(rows) != 1 || len(rows[0].Data) > 20<<10 {
		b.t.Fatalf("%d records, the first of %d bytes, %v", len(rows), len(rows[0].Data), err)
	}
	look, err := flow.LookAt(context.Background(), b.store, b.engine.Workspace(), rows[0], b.now)
	if err != nil {
		b.t.Fatal(err)
	}
	got := map[string]bool{}
	for _, m := range look.Memberships() {
		got[m.Segment] = true
	}
	for name := range want {
		if got[name] != want[name] {
			b.t.Errorf("after %d events: %q is %v, wanted %v (%d in 30 days, sum %d, %d pages)",
				len(b.events), name, got[name], want[name], len(b.within(30)), sum, len(pages))
		}
	}
}

// Of a customer with thousands of events nothing is lost, and what is written with
// each batch stays small.
func TestBusyCustomerIsExact(t *testing.T) {
	t.Parallel()
	b := &busy{world: newWorld(t, busyRules(t, 1))}
	for range 8 {
		b.live(5, 200)
		b.check()
	}
	rows, err := b.store.Scan(context.Background(), rapport.CustomerID{}, 10)
	if err != nil || len(rows[0].Pages) < 5 || b.counter("records/shrunk") != 0 {
		t.Fatalf("%d pages, %d times something was left out, %v", len(rows[0].Pages), b.counter("records/shrunk"), err)
	}
	b.now = b.now.Add(29 * 24 * time.Hour)
	b.live(1, 1)
	b.check()
	b.now = b.now.Add(50 * 24 * time.Hour)
	b.live(1, 1)
	b.check()
	if rows, _ = b.store.Scan(context.Background(), rapport.CustomerID{}, 10); len(rows[0].Pages) != 0 {
		t.Errorf("all is long past, and %d pages are kept", len(rows[0].Pages))
	}
}

func TestBusyCustomerIsBuiltAnewAndJoined(t *testing.T) {
	t.Parallel()
	b := &busy{world: newWorld(t, busyRules(t, 1))}
	b.live(20, 200)
	before := b.within(40)
	b.apply(busyRules(t, 2))
	b.check()
	b.apply(build(t, 3, map[string]string{"other": `events("Page Seen").within("40d").where(e, e.n > 3).sum(e, e.n) > 1000`}, nil))
	rows, err := b.store.Scan(context.Background(), rapport.CustomerID{}, 10)
	if err != nil || len(rows) != 1 {
		t.Fatal(err)
	}
	want := 0
	for _, e := range before {
		if e.Properties[len(`{"n":`)] > '3' { // n has one digit
			want++
		}
	}
	if got := len(b.person("ana").Facts[0].History.Points); got != want {
		t.Errorf("built anew there are %d points, wanted %d", got, want)
	}
	b.admit(track("bob", "", "Page Seen", `{"n":8}`), rapport.Event{
		Type: rapport.Alias, MessageID: "alias", UserID: "ana", PreviousID: "bob", Timestamp: b.now, ReceivedAt: b.now,
	})
	if got := len(b.records()); got != 1 {
		t.Fatalf("%d customers", got)
	}
	b.restart()
	if got := len(b.records()[0].Facts[0].History.Points); got != want+1 {
		t.Errorf("joined there are %d points, wanted %d", got, want+1)
	}
	if kept := b.records()[0]; !slices.IsSortedFunc(kept.Facts[0].History.Points, func(x, y rule.Point) int { return int(x.At - y.At) }) {
		t.Error("the points are out of order")
	}
}
