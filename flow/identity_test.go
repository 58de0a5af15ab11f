package flow_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/cespare/xxhash/v2"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"rapport"
	"rapport/flow"
	"rapport/profile"
)

var key = rapport.Key{1}

func userKey(user string) rapport.IdentifierKey {
	return key.Identifier(rapport.Identifier{Kind: rapport.UserID, Value: user})
}

// lowerUser orders users as devices do who were first seen at one instant.
func lowerUser(a, b string) bool {
	x, y := userKey(a), userKey(b)
	return bytes.Compare(x[:], y[:]) < 0
}

// deedOf reads an event for the oracle.
func deedOf(e rapport.Event) deed {
	d := deed{
		id: e.MessageID, at: int64(e.Timestamp), tie: xxhash.Sum64String(e.MessageID),
		user: e.UserID, device: e.AnonymousID, previous: e.PreviousID,
	}
	var properties struct {
		Cart    string `json:"cart_id"`
		Product string `json:"product_id"`
		Total   int
	}
	switch _ = json.Unmarshal(e.Properties, &properties); {
	case e.Type == rapport.Identify:
		_ = json.Unmarshal(e.Properties, &d.traits)
	case e.Name == "Product Added":
		d.cart, d.added = properties.Cart, properties.Product
	case e.Name == "Product Removed":
		d.cart, d.removed = properties.Cart, properties.Product
	case e.Name == "Order Completed":
		d.cart, d.ordered, d.total = properties.Cart, true, properties.Total
	}
	return d
}

func expect(events []rapport.Event) []string {
	deeds := make([]deed, len(events))
	for i, e := range events {
		deeds[i] = deedOf(e)
	}
	return judge(deeds, lowerUser).customers()
}

// records returns all records, by id.
func (w *world) records() []*profile.Record {
	w.t.Helper()
	rows, err := w.store.Scan(context.Background(), rapport.CustomerID{}, 1000)
	if err != nil {
		w.t.Fatal(err)
	}
	records := make([]*profile.Record, len(rows))
	for i, row := range rows {
		if records[i], err = profile.Decode(row.Customer, row.Data); err != nil {
			w.t.Fatal(err)
		}
		var pages []profile.Page
		for _, p := range row.Pages {
			pages = append(pages, profile.Page(p))
		}
		if err := records[i].Restore(pages); err != nil {
			w.t.Fatal(err)
		}
	}
	return records
}

// customers describes everybody as the oracle does.
func (w *world) customers() []string {
	var all []string
	for _, r := range w.records() {
		all = append(all, w.describe(r))
	}
	slices.Sort(all)
	return all
}

func (w *world) describe(r *profile.Record) string {
	w.t.Helper()
	events, err := flow.Events(context.Background(), w.store, r)
	if err != nil {
		w.t.Fatal(err)
	}
	var ids, names []string
	for _, e := range events {
		if e.Type < rapport.Derived {
			ids = append(ids, e.MessageID)
		}
	}
	for _, id := range r.Identifiers {
		name := id.Value
		if id.Kind == rapport.AnonymousID {
			name = "@" + id.Value + intervalOf(id)
		}
		names = append(names, name)
	}
	slices.Sort(ids)
	slices.Sort(names)
	return fmt.Sprintf("names %s; events %s; %s", strings.Join(names, " "), strings.Join(ids, " "), w.tellOf(r))
}

func intervalOf(id profile.Identity) string {
	switch {
	case id.Until == 0:
		return "[never]"
	case id.From == 0 && id.Until == rapport.Never:
		return "[always]"
	case id.From == 0:
		return fmt.Sprintf("[..%d)", int64(id.Until))
	}
	return fmt.Sprintf("[%d..)", int64(id.From))
}

func (w *world) tellOf(r *profile.Record) string {
	var lines []string
	for _, t := range r.Traits {
		lines = append(lines, t.Name+"="+t.Value.Text())
	}
	for i := range r.Carts {
		for _, l := range r.Carts[i].Lines() {
			lines = append(lines, fmt.Sprintf("cart %q has %v %s", r.Carts[i].ID, l.Quantity, l.Product))
		}
	}
	slices.Sort(lines)
	count, sum := int64(0), 0.0
	for _, f := range r.Facts {
		count, sum = f.History.Count, f.History.Sum.Number()
	}
	return fmt.Sprintf("%s; %d orders of %v", strings.Join(lines, ", "), count, sum)
}

// drawEvents draws a small world of three people and three devices, with ties.
func drawEvents(t *rapid.T) []rapport.Event {
	users, devices := []string{"ana", "bob", "cat"}, []string{"phone", "web", "kiosk"}
	pick := func(names []string, label string) string { return rapid.SampledFrom(names).Draw(t, label) }
	events := make([]rapport.Event, rapid.IntRange(1, 14).Draw(t, "events"))
	for i := range events {
		e := rapport.Event{
			Type: rapport.Track, MessageID: fmt.Sprint("m", i),
			Timestamp: start - 1000 + rapport.Instant(rapid.IntRange(0, 8).Draw(t, "at")),
		}
		switch rapid.IntRange(0, 9).Draw(t, "kind") {
		case 0, 1, 2, 3:
			e.AnonymousID = pick(devices, "device")
		case 4, 5:
			e.UserID, e.AnonymousID = pick(users, "user"), pick(devices, "device")
		case 6:
			e.UserID = pick(users, "user")
		case 7:
			e.Type, e.UserID = rapport.Identify, pick(users, "user")
			e.AnonymousID = pick(append(devices, ""), "device")
		default:
			e.Type, e.UserID, e.PreviousID = rapport.Alias, pick(users, "user"), pick(append(users, devices...), "previous")
			e.AnonymousID = pick(append(devices, "", ""), "device")
			if e.PreviousID == e.UserID {
				e.PreviousID = "web"
			}
		}
		drawDeed(t, &e)
		events[i] = e
	}
	return events
}

func drawDeed(t *rapid.T, e *rapport.Event) {
	cart := rapid.SampledFrom([]string{"", `"cart_id":"c1",`}).Draw(t, "cart")
	switch {
	case e.Type == rapport.Identify:
		e.Properties = fmt.Appendf(nil, `{"first_name":"n%d","tier":"t%d"}`, rapid.IntRange(0, 3).Draw(t, "name"), rapid.IntRange(0, 3).Draw(t, "tier"))
	case e.Type == rapport.Alias:
	default:
		e.Name = rapid.SampledFrom([]string{"Product Added", "Product Removed", "Order Completed", "Page Seen"}).Draw(t, "name")
		e.Properties = fmt.Appendf(nil, `{%s"product_id":"p%d","total":%d}`, cart, rapid.IntRange(0, 1).Draw(t, "product"), rapid.IntRange(0, 9).Draw(t, "total"))
	}
}

// batches draws an order of events and how they are cut into batches.
func batches(t *rapid.T, events []rapport.Event) [][]rapport.Event {
	rest := rapid.Permutation(events).Draw(t, "order")
	var cut [][]rapport.Event
	for len(rest) > 0 {
		n := rapid.IntRange(1, len(rest)).Draw(t, "batch")
		cut, rest = append(cut, rest[:n]), rest[n:]
	}
	return cut
}

// ledger is a workspace that keeps one fact and has segments that move.
func ledger(t testing.TB, version uint64) *flow.Workspace {
	return build(t, version, map[string]string{
		"buyers":  `events("Order Completed").count() >= 1`,
		"big":     `events("Order Completed").sum(e, e.total) >= 10`,
		"golden":  `customer.tier == "t3"`,
		"recents": `events("Order Completed").within("1h").exists()`,
	}, nil)
}

// bare returns the bytes of a record's own sections, without what depends on when
// and in which batches the events were admitted.
func bare(r *profile.Record) []byte {
	r.Head, r.Admitted, r.Today, r.Merges, r.Segments, r.Journeys, r.Seat = 0, 0, profile.Tally{}, nil, nil, nil, 0
	return r.AppendBinary(nil)
}

func TestAnyOrderGivesTheSameCustomers(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		events := drawEvents(rt)
		want := expect(events)
		var first [][]byte
		for range 2 {
			w := newWorld(t, ledger(t, 1))
			for _, batch := range batches(rt, events) {
				w.admit(slices.Clone(batch)...)
				w.now = w.now.Add(time.Duration(rapid.IntRange(0, 2000).Draw(rt, "later")) * time.Millisecond)
			}
			if diff := cmp.Diff(want, w.customers()); diff != "" {
				rt.Fatalf("the customers differ from the oracle's (-oracle +program):\n%s\nevents: %s", diff, tell(events))
			}
			w.checkSizes(rt)
			var all [][]byte
			for _, r := range w.records() {
				all = append(all, bare(r))
			}
			if first == nil {
				first = all
			} else if !slices.EqualFunc(first, all, bytes.Equal) {
				rt.Fatalf("the records differ: %s", tell(events))
			}
		}
	})
}

func tell(events []rapport.Event) string {
	var b strings.Builder
	for _, e := range events {
		fmt.Fprintf(&b, "\n%s %v at %d user=%s device=%s previous=%s %s %s", e.MessageID, e.Type, int64(e.Timestamp), e.UserID, e.AnonymousID, e.PreviousID, e.Name, e.Properties)
	}
	return b.String()
}

// checkSizes compares the sizes that are kept with those counted anew.
func (w *world) checkSizes(t interface{ Fatalf(string, ...any) }) {
	kept, customers, _ := w.engine.Sizes()
	again, err := flow.Open(context.Background(), flow.Config{Key: key, Store: w.store.Snapshot(), Workspace: w.engine.Workspace()}, w.now)
	if err != nil {
		t.Fatalf("opening again: %v", err)
	}
	counted, n, _ := again.Sizes()
	if !maps.Equal(kept, counted) || customers != n {
		t.Fatalf("sizes kept %v of %d, counted %v of %d", kept, customers, counted, n)
	}
}

// sorted returns texts in order.
func sorted(texts []string) []string {
	sort.Strings(texts)
	return texts
}
