package shop_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"rapport/shop"
)

type told struct {
	Type, Event, AnonymousID, UserID string
	Timestamp                        time.Time
	Properties                       map[string]any
	Context                          struct{ Timezone string }
}

func tell(t *testing.T, c shop.Config, days int) []told {
	t.Helper()
	s, err := shop.New(c)
	if err != nil {
		t.Fatal(err)
	}
	var all []told
	for _, e := range s.Until(c.Start.AddDate(0, 0, days)) {
		var o told
		if err := json.Unmarshal(e.JSON, &o); err != nil {
			t.Fatal(err)
		}
		all = append(all, o)
	}
	return all
}

func TestElevenElevenTriplesTheVisitsAndBeginsWithARush(t *testing.T) {
	t.Parallel()
	day := func(at time.Time) int { return at.In(time.FixedZone("", 8*3600)).Day() }
	visits, first, credit := map[int]int{}, 0, 0
	for _, e := range tell(t, shop.Config{Seed: 2, Visitors: 3000, Newcomers: 100, Start: time.Date(2060, 10, 20, 0, 0, 0, 0, time.UTC)}, 30) {
		if e.Event == "Credit Granted" {
			credit++
			if e.Properties["expires"] != "2060-12-26" || e.Properties["usable_from"] != "2060-12-20" {
				t.Errorf("credit of another time: %v", e.Properties)
			}
		}
		if e.Context.Timezone != "Asia/Singapore" || e.Timestamp.Month() != time.November || e.Event != "Application Opened" && e.Type != "page" {
			continue
		}
		visits[day(e.Timestamp)]++
		if d := e.Timestamp.In(time.FixedZone("", 8*3600)); d.Day() == 11 && d.Hour() == 0 {
			first++
		}
	}
	usual := float64(visits[3]+visits[4]+visits[5]) / 3
	if f := float64(visits[11]) / usual; f < 2.4 || f > 4 {
		t.Errorf("on 11.11 %v times as many come", f)
	}
	if part := float64(first) / float64(visits[11]); part < 0.25 || part > 0.45 {
		t.Errorf("%v of them in the first hour", part)
	}
	if credit == 0 {
		t.Error("nobody has earned credit")
	}
}

func TestReturnsAreAsUsualInEachMarketAndMostlyForTheSize(t *testing.T) {
	t.Parallel()
	orders, back := map[string]string{}, map[string]int{}
	why, sold := map[string]int{}, map[string]int{}
	all := 0
	for _, e := range tell(t, shop.Config{Seed: 6, Visitors: 4000, Past: 1, Newcomers: 10, Start: opening}, 40) {
		switch e.Event {
		case "Order Completed":
			currency := e.Properties["currency"].(string)
			orders[e.Properties["order_id"].(string)] = currency
			sold[currency]++
		case "Order Refunded":
			back[orders[e.Properties["order_id"].(string)]]++
			if reason, ok := e.Properties["reason"].(string); ok {
				all++
				why[reason]++
			}
		}
	}
	part := func(currency string) float64 { return float64(back[currency]) / float64(sold[currency]) }
	if g, k := part("EUR"), part("THB"); g < 0.35 || g > 0.5 || k < 0.04 || k > 0.13 {
		t.Errorf("sent back: %v in Germany, %v in Thailand", g, k)
	}
	fit := float64(why["size too small"]+why["size too large"]+why["does not fit"]) / float64(all)
	if fit < 0.33 || fit > 0.43 || why["size too small"] < why["size too large"] {
		t.Errorf("for size or fit come back %v: %v", fit, why)
	}
}

// TestASharedTabletIsSignedOutBeforeAnotherSignsIn follows who is signed in on each device,
// on an 11.11 above all: then two want the same one at once.
func TestASharedTabletIsSignedOutBeforeAnotherSignsIn(t *testing.T) {
	t.Parallel()
	who, changed := map[string]string{}, 0
	for _, e := range tell(t, shop.Config{Seed: 5, Visitors: 12000, Start: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)}, 14) {
		if !strings.HasPrefix(e.AnonymousID, "tablet-") {
			continue
		}
		if e.Event == "Signed Out" {
			who[e.AnonymousID] = ""
			changed++
			continue
		}
		if last := who[e.AnonymousID]; last != "" && e.UserID != last {
			t.Fatalf("%s is signed in on %s, and then %q comes: %+v", last, e.AnonymousID, e.UserID, e)
		}
		if e.UserID != "" {
			who[e.AnonymousID] = e.UserID
		}
	}
	if changed < 10 {
		t.Errorf("only %d times somebody signed out", changed)
	}
}

// TestDiwali: Indians come more before it, and less on the day.
func TestDiwali(t *testing.T) {
	t.Parallel()
	days := map[string]int{}
	for _, e := range tell(t, shop.Config{Seed: 2, Visitors: 4000, Newcomers: 100, Start: time.Date(2026, 10, 10, 0, 0, 0, 0, time.UTC)}, 30) {
		if e.Context.Timezone == "Asia/Kolkata" && (e.Event == "Application Opened" || e.Type == "page") {
			days[e.Timestamp.Add(5*time.Hour+30*time.Minute).Format("01-02")]++
		}
	}
	mean := func(dates ...string) (sum float64) {
		for _, d := range dates {
			sum += float64(days[d]) / float64(len(dates))
		}
		return sum
	}
	usual := mean("10-20", "10-21", "10-22", "10-23", "10-24")
	before, day := mean("11-01", "11-02", "11-03", "11-04", "11-05")/usual, mean("11-08")/usual
	if before < 1.05 || before > 1.4 || day > 0.9 {
		t.Errorf("before Diwali %v times as many come, on the day %v", before, day)
	}
}
