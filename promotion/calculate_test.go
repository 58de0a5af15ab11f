package promotion_test

import (
	"testing"

	"rapport/promotion"
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
