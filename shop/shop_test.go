package shop_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"

	"rapport/shop"
)

var opening = time.Date(2026, 8, 1, 0, 0, 0, 0, time.UTC)

func open(t *testing.T, seed uint64) *shop.Shop {
	t.Helper()
	s, err := shop.New(shop.Config{Seed: seed, Visitors: 150, Newcomers: 12, Start: opening})
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
			Type, Event, MessageID, AnonymousID, UserID string
			Context                                     struct{ Synthetic bool }
		}
		if err := json.Unmarshal(e.JSON, &o); err != nil {
			t.Fatal(err)
		}
		if o.MessageID == "" || o.AnonymousID+o.UserID == "" || !o.Context.Synthetic {
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

func TestSkippedTimeChangesNothingThatComes(t *testing.T) {
	t.Parallel()
	told, skipped := open(t, 3), open(t, 3)
	told.Until(opening.AddDate(0, 0, 20))
	skipped.Skip(opening.AddDate(0, 0, 20))
	want, got := told.Until(opening.AddDate(0, 0, 22)), skipped.Until(opening.AddDate(0, 0, 22))
	if len(want) == 0 || len(want) != len(got) {
		t.Fatalf("%d events after the skip, %d without it", len(got), len(want))
	}
	for i := range want {
		if string(want[i].JSON) != string(got[i].JSON) {
			t.Fatalf("event %d:\n%s\n%s", i, got[i].JSON, want[i].JSON)
		}
	}
}

func TestStampedEventsCarryTheWorldsTime(t *testing.T) {
	t.Parallel()
	world := opening.AddDate(1, 0, 0)
	faster := func(at time.Time) time.Time { return world.Add(at.Sub(opening) / 100) }
	events := open(t, 4).Stamped(opening.AddDate(0, 0, 10), faster)
	plain := open(t, 4).Until(opening.AddDate(0, 0, 10))
	if len(events) == 0 || len(events) != len(plain) {
		t.Fatalf("%d events at another pace, %d at the shop's own", len(events), len(plain))
	}
	for i := range events {
		var o struct{ Timestamp time.Time }
		if err := json.Unmarshal(events[i].JSON, &o); err != nil {
			t.Fatal(err)
		}
		if want := faster(plain[i].At); !events[i].At.Equal(want) || !o.Timestamp.Equal(want.Truncate(time.Millisecond)) {
			t.Fatalf("event %d is stamped %v and %v, want %v", i, events[i].At, o.Timestamp, want)
		}
	}
}

func TestVisitorsComeAndGo(t *testing.T) {
	t.Parallel()
	seen := func(events []shop.Event) map[string]bool {
		who := map[string]bool{}
		for _, e := range events {
			var o struct{ AnonymousID string }
			if err := json.Unmarshal(e.JSON, &o); err != nil {
				t.Fatal(err)
			}
			who[o.AnonymousID] = true
		}
		return who
	}
	s := open(t, 5)
	early, late := seen(s.Until(opening.AddDate(0, 0, 20))), seen(s.Until(opening.AddDate(0, 0, 50)))
	s.Skip(opening.AddDate(0, 0, 90))
	last := seen(s.Until(opening.AddDate(0, 0, 110)))
	arrived, left := 0, 0
	for device := range late {
		if !early[device] {
			arrived++
		}
	}
	for device := range early {
		if !last[device] {
			left++
		}
	}
	if arrived < 200 || left < 25 {
		t.Errorf("%d new devices in 30 days, %d old ones gone after 90", arrived, left)
	}
}

func TestOldCustomersBoughtBeforeTheShopOpened(t *testing.T) {
	t.Parallel()
	s, err := shop.New(shop.Config{Seed: 9, Visitors: 200, Past: 0.5, Start: opening})
	if err != nil {
		t.Fatal(err)
	}
	type event struct {
		Type, Event, UserID string
		Timestamp           time.Time
	}
	read := func(e shop.Event) (o event) {
		if err := json.Unmarshal(e.JSON, &o); err != nil {
			t.Fatal(err)
		}
		return o
	}
	last, orders := opening.AddDate(-2, 0, -2), map[string]int{}
	for _, e := range s.Until(opening) {
		o := read(e)
		if o.Timestamp.Before(last) || !o.Timestamp.Before(opening) || o.UserID == "" {
			t.Fatalf("after %v comes %s", last, e.JSON)
		}
		if last = o.Timestamp; o.Event == "Order Completed" {
			orders[o.UserID]++
		}
	}
	again := map[string]bool{}
	for _, e := range s.Until(opening.AddDate(0, 0, 60)) {
		if o := read(e); orders[o.UserID] > 0 && o.Event != "Order Refunded" {
			again[o.UserID] = true
		}
	}
	if n := len(orders); n < 70 || n > 130 || len(again) < 20 || len(again) > n-20 {
		t.Errorf("of 200 visitors %d have bought before, and %d of them come again", n, len(again))
	}
	if early := open(t, 9).Until(opening); len(early) > 0 {
		t.Errorf("a shop without a past tells %s", early[0].JSON)
	}
}

// things returns what is named in a shop's events: whose they are, and what has an id
// of its own, each with how often it stands there.
func things(t *testing.T, c shop.Config) (people, own map[string]int) {
	t.Helper()
	s, err := shop.New(c)
	if err != nil {
		t.Fatal(err)
	}
	people, own = map[string]int{}, map[string]int{}
	for _, e := range s.Until(c.Start.AddDate(0, 0, 30)) {
		var o struct {
			MessageID, AnonymousID, UserID, Event string
			Traits                                struct{ Email, Phone string }
			Properties                            struct {
				OrderID string `json:"order_id"`
				CartID  string `json:"cart_id"`
			}
		}
		if err := json.Unmarshal(e.JSON, &o); err != nil {
			t.Fatal(err)
		}
		for _, id := range []string{o.AnonymousID, o.UserID, o.Traits.Email, o.Traits.Phone} {
			people[id]++
		}
		for _, id := range []string{o.MessageID, o.Properties.OrderID, o.Properties.CartID} {
			own[id]++
		}
	}
	delete(people, "")
	delete(own, "")
	return people, own
}

// TestTwoShopsAreNotTakenForOne: what a shop sends when it opens once more is news, and
// the people of another seed are others.
func TestTwoShopsAreNotTakenForOne(t *testing.T) {
	t.Parallel()
	first := shop.Config{Seed: 1, Visitors: 300, Start: opening}
	later, other := first, first
	later.Start, other.Seed = opening.Add(time.Hour), 2
	people, own := things(t, first)
	if len(people) < 300 || len(own) < 1000 {
		t.Fatalf("%d people and %d things only", len(people), len(own))
	}
	again, news := things(t, later)
	others, theirs := things(t, other)
	for id := range own {
		if news[id]+theirs[id] > 0 {
			t.Fatalf("%s stands in two shops", id)
		}
	}
	same := 0
	for id := range people {
		if others[id] > 0 {
			t.Fatalf("%s is somebody in two shops of different seeds", id)
		}
		if again[id] > 0 {
			same++
		}
	}
	if same < 100 {
		t.Errorf("only %d people of a shop come again when it opens once more", same)
	}
}

// TestNumbersOfTheShopReachNobody: no phone number in the world is like those of the shop.
func TestNumbersOfTheShopReachNobody(t *testing.T) {
	t.Parallel()
	people, _ := things(t, shop.Config{Seed: 5, Visitors: 3000, Start: opening})
	form, codes := regexp.MustCompile(`^\+(65|66|49|82|91)00[0-9]{7}$`), map[string]bool{}
	for id := range people {
		if !strings.HasPrefix(id, "+") {
			continue
		}
		code := form.FindStringSubmatch(id)
		if code == nil {
			t.Fatalf("%s may be somebody's", id)
		}
		codes[code[1]] = true
	}
	if len(codes) != 5 {
		t.Errorf("numbers of %v only", codes)
	}
}
