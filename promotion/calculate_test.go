package promotion_test

import (
	"testing"

	"rapport"
	"rapport/promotion"
	"rapport/rule"
)

// What a coupon of 10 gives on an order of 175.00 in each of the field's ways of
// applying one; the figures are those of Voucherify's documentation.
func TestWaysOfApplying(t *testing.T) {
	shop := order(
		item("mug", "mug", 2, 1000, "for", "yes"),
		item("poster", "poster", 3, 1500, "for", "yes"),
		item("shirt", "shirt", 3, 2000, "for", "yes"),
		item("bottle", "bottle", 2, 2500, "for", "no"),
	)
	for name, want := range map[string]struct {
		give               promotion.Give
		mug, poster, shirt int64
	}{
		"each line":             {promotion.Give{Amount: sgd("10"), On: "lines"}, 1000, 1000, 1000},
		"each unit":             {promotion.Give{Amount: sgd("10"), On: "units"}, 2000, 3000, 3000},
		"by amount":             {promotion.Give{Amount: sgd("10")}, 160, 360, 480},
		"by quantity":           {promotion.Give{Amount: sgd("10"), Split: "quantity"}, 250, 375, 375},
		"a percentage":          {promotion.Give{Percent: "10"}, 200, 450, 600},
		"a percentage of lines": {promotion.Give{Percent: "10", On: "lines"}, 200, 450, 600},
		"a new price":           {promotion.Give{Price: sgd("10"), On: "units"}, 0, 1500, 3000},
	} {
		want.give.Items = "item.`for` == \"yes\""
		off := byLine(calculated(t, one(t, want.give), shop))
		if off["mug"] != want.mug || off["poster"] != want.poster || off["shirt"] != want.shirt || off["bottle"] != 0 {
			t.Errorf("%s: %v, want %d %d %d", name, off, want.mug, want.poster, want.shirt)
		}
	}
}

// A code that was given to one customer opens the offer for her alone.
func TestPersonalCodes(t *testing.T) {
	set := compiled(t, nil, map[string]promotion.Doc{"sorry": {Gives: []promotion.Give{{Percent: "10"}}, Codes: &promotion.Codes{Pattern: "SORRY-######", Personal: true}}})
	her, other := &somebody{}, rapport.CustomerID{9}
	for name, c := range map[string]struct {
		customer rule.Subject
		shown    promotion.Shown
		want     promotion.Reason
	}{
		"hers":             {her, promotion.Shown{Holder: her.ID()}, ""},
		"another's":        {her, promotion.Shown{Holder: other}, promotion.NotHers},
		"nobody's":         {her, promotion.Shown{}, promotion.NotHers},
		"of a stranger":    {nil, promotion.Shown{Holder: her.ID()}, promotion.NotHers},
		"switched off":     {her, promotion.Shown{Holder: her.ID(), Off: true}, promotion.SwitchedOff},
		"not yet":          {her, promotion.Shown{Holder: her.ID(), From: 11}, promotion.NotNow},
		"from now on":      {her, promotion.Shown{Holder: her.ID(), From: 10}, ""},
		"until now":        {her, promotion.Shown{Holder: her.ID(), Until: 10}, promotion.Expired},
		"until just after": {her, promotion.Shown{Holder: her.ID(), Until: 11}, ""},
	} {
		c.shown.Code, c.shown.Offer = "SORRY-222222", "sorry"
		r := set.Calculate(&promotion.Request{Order: order(item("a", "a", 1, 1000)), Customer: c.customer, Now: 10, Codes: []promotion.Shown{c.shown}})
		switch {
		case c.want == "" && (len(r.Applied) != 1 || total(r) != 100):
			t.Errorf("%s: refused: %+v", name, r.Refused)
		case c.want != "" && (len(r.Applied) != 0 || len(r.Refused) != 1 || r.Refused[0].Reason != c.want):
			t.Errorf("%s: %+v, refused %+v", name, r.Applied, r.Refused)
		}
	}
}

// Several codes are used together or not at all where the workspace says so.
func TestCodesAllTogether(t *testing.T) {
	docs := map[string]promotion.Doc{
		"auto": {Lane: "a", Gives: []promotion.Give{{Percent: "5"}}},
		"one":  {Lane: "b", Gives: []promotion.Give{{Percent: "10"}}, Codes: &promotion.Codes{Code: "ONE"}},
		"two":  {Lane: "c", Where: "order.initial_amount > 50", Gives: []promotion.Give{{Percent: "10"}}, Codes: &promotion.Codes{Code: "TWO"}},
	}
	for mode, want := range map[string]int64{"partial": 145, "all": 50} {
		set := compiled(t, &promotion.StackingDoc{Codes: mode, Lanes: []promotion.LaneDoc{{Name: "a"}, {Name: "b"}, {Name: "c"}}}, docs)
		r := calculated(t, set, order(item("a", "a", 1, 1000)), promotion.Shown{Code: "ONE", Offer: "one"}, promotion.Shown{Code: "TWO", Offer: "two"})
		if total(r) != want {
			t.Errorf("%s: %d, want %d: %+v", mode, total(r), want, r.Refused)
		}
	}
}
