package promotion_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"

	"rapport/promotion"
)

// runs is how many orders each property is tried on.
const runs = 3000

// A permutation of an order's lines changes nothing.
func TestOrderOfLinesChangesNothing(t *testing.T) {
	for seed := range uint64(runs) {
		r := rand.New(rand.NewPCG(seed, 1))
		set, o := one(t, randomGive(r)), randomOrder(r)
		first := calculated(t, set, o)
		shuffled := o
		shuffled.Items = append([]promotion.Item(nil), o.Items...)
		r.Shuffle(len(shuffled.Items), func(i, j int) {
			shuffled.Items[i], shuffled.Items[j] = shuffled.Items[j], shuffled.Items[i]
		})
		second := calculated(t, set, shuffled)
		if total(first) != total(second) {
			t.Fatalf("seed %d: %d in one order of lines, %d in another\n%+v", seed, total(first), total(second), o)
		}
		if !alike(o) && !maps.Equal(byLine(first), byLine(second)) {
			t.Fatalf("seed %d: %v in one order of lines, %v in another", seed, byLine(first), byLine(second))
		}
	}
}

// alike reports whether some lines of an order differ in nothing but their ids: which
// of them bears an odd unit is nobody's concern.
func alike(o promotion.Order) bool {
	seen := map[string]bool{}
	for _, it := range o.Items {
		it.ID, it.Units, it.Amount = "", 0, 0
		key := fmt.Sprintf("%+v", it)
		if seen[key] {
			return true
		}
		seen[key] = true
	}
	return false
}

// Splitting a line in two changes nothing.
func TestSplittingALineGainsNothing(t *testing.T) {
	for seed := range uint64(runs) {
		r := rand.New(rand.NewPCG(seed, 2))
		set, o := one(t, randomGive(r)), randomOrder(r)
		split := o
		split.Items = append([]promotion.Item(nil), o.Items...)
		at := r.IntN(len(split.Items))
		if split.Items[at].Units == 1 {
			continue
		}
		part := split.Items[at]
		part.ID, part.Units = "part", 1
		part.Amount = part.Price
		split.Items[at].Units--
		split.Items[at].Amount -= part.Price
		split.Items = append(split.Items, part)
		if a, b := total(calculated(t, set, o)), total(calculated(t, set, split)); a != b {
			t.Fatalf("seed %d: %d for the order, %d once line %d is split\n%+v", seed, a, b, at, o)
		}
	}
}

// One more eligible item never lowers what a percentage gives, nor what a bundle of
// which the dearest are taken does.
func TestOneMoreItemNeverLowersAPercentage(t *testing.T) {
	for seed := range uint64(runs) {
		r := rand.New(rand.NewPCG(seed, 3))
		g := randomGive(r)
		if g.Percent == "" || g.On == "shipping" {
			continue
		}
		g.Choose, g.Except, g.Items = promotion.Choose{}, "", ""
		if g.Bundle != nil {
			g.On, g.AtMostEach = "units", nil
			g.Bundle = &promotion.Bundle{Buy: []promotion.Part{{Units: 1 + r.IntN(2)}}, Get: &promotion.Part{Units: 1}, Times: g.Bundle.Times}
		}
		set, o := one(t, g), randomOrder(r)
		if g.Bundle != nil {
			for i := range o.Items {
				o.Items[i].Least = 0
			}
		}
		more := o
		more.Items = append(append([]promotion.Item(nil), o.Items...), item("more", "new", 1, r.Int64N(5000), "category", "shoes"))
		if a, b := total(calculated(t, set, o)), total(calculated(t, set, more)); b < a {
			t.Fatalf("seed %d: %d for the order, %d with one item more\n%+v\n%+v", seed, a, b, g, o)
		}
	}
}

// A higher cap never lowers what is given, and what is given is within it.
func TestCapsAreMonotone(t *testing.T) {
	for seed := range uint64(runs) {
		r := rand.New(rand.NewPCG(seed, 4))
		g, o := randomGive(r), randomOrder(r)
		last := int64(-1)
		for _, most := range []string{"0.01", "1", "3.33", "10", "500"} {
			g.AtMost = sgd(most)
			got := total(calculated(t, one(t, g), o))
			if cap, _ := promotion.Decimal(most).Minor("SGD"); got < last || got > cap {
				t.Fatalf("seed %d: at most %s gives %d, a lower cap gave %d\n%+v\n%+v", seed, most, got, last, g, o)
			}
			last = got
		}
	}
}
