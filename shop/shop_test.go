package shop_test

import (
	"encoding/json"
	"testing"
	"time"

	"rapport/shop"
)

var opening = time.Date(2026, 8, 1, 0, 0, 0, 0, time.UTC)

func open(t *testing.T, seed uint64) *shop.Shop {
	t.Helper()
	s, err := shop.New(shop.Config{Seed: seed, Visitors: 300, Start: opening})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSameSeedSameEventsHoweverTimeIsCut(t *testing.T) {
	t.Parallel()
	whole := open(t, 7).Until(opening.AddDate(0, 0, 30))
	var parts []shop.Event
	s := open(t, 7)
	for at := opening; !at.After(opening.AddDate(0, 0, 30)); at = at.Add(5 * time.Hour) {
		parts = append(parts, s.Until(at)...)
	}
	if len(parts) != len(whole) || len(whole) < 1000 {
		t.Fatalf("%d events in one go, %d in parts", len(whole), len(parts))
	}
	for i := range whole {
		if string(whole[i].JSON) != string(parts[i].JSON) {
			t.Fatalf("event %d:\n%s\n%s", i, whole[i].JSON, parts[i].JSON)
		}
	}
}

func TestEventsAreInOrderAndSynthetic(t *testing.T) {
	t.Parallel()
	last := opening
	names := map[string]int{}
	for _, e := range open(t, 1).Until(opening.AddDate(0, 0, 60)) {
		if e.At.Before(last) {
			t.Fatalf("an event at %v after one at %v", e.At, last)
		}
		last = e.At
		var o struct {
			Type, Event, MessageID, AnonymousID string
			Context                             struct{ Synthetic bool }
		}
		if err := json.Unmarshal(e.JSON, &o); err != nil {
			t.Fatal(err)
		}
		if o.MessageID == "" || o.AnonymousID == "" || !o.Context.Synthetic {
			t.Fatalf("incomplete: %s", e.JSON)
		}
		names[o.Type+" "+o.Event]++
	}
	for _, name := range []string{"page ", "identify ", "track Product Viewed", "track Product Added", "track Order Completed", "track Order Refunded", "track Application Installed"} {
		if names[name] == 0 {
			t.Errorf("in 60 days nobody did %q: %v", name, names)
		}
	}
}
