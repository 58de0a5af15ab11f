package promotion_test

import (
	"math/rand/v2"
	"strconv"
	"testing"

	"rapport"
	"rapport/promotion"
)

// compiled compiles offers and fails the test if there is anything wrong with them.
func compiled(t testing.TB, stacking *promotion.StackingDoc, docs map[string]promotion.Doc) *promotion.Set {
	t.Helper()
	set, problems := promotion.Compile(docs, stacking, nil)
	if len(problems) > 0 {
		t.Fatalf("problems: %+v", problems)
	}
	return set
}

// one returns a set of one offer that gives one thing.
func one(t testing.TB, g promotion.Give) *promotion.Set {
	t.Helper()
	return compiled(t, nil, map[string]promotion.Doc{"offer": {Gives: []promotion.Give{g}}})
}

func sgd(amount string) map[string]promotion.Decimal {
	return map[string]promotion.Decimal{"SGD": promotion.Decimal(amount)}
}

// item returns a line of an order.
func item(id, product string, units, price int64, pairs ...string) promotion.Item {
	var properties []rapport.Value
	for _, s := range pairs {
		properties = append(properties, rapport.TextOf(s))
	}
	return promotion.Item{
		ID: id, Product: product, Units: units, Price: price, Amount: units * price, Cost: -1, Properties: rapport.ObjectOf(properties),
	}
}

func order(items ...promotion.Item) promotion.Order {
	return promotion.Order{Currency: "SGD", Items: items}
}

// calculated works out an order and checks what holds of every result.
func calculated(t testing.TB, set *promotion.Set, o promotion.Order, codes ...promotion.Shown) *promotion.Result {
	t.Helper()
	r := set.Calculate(&promotion.Request{Order: o, Now: 1_790_000_000_000, Codes: codes, Explain: true})
	if err := sums(o, r); err != "" {
		t.Fatalf("%s\norder %+v\nresult %+v", err, o, r)
	}
	return r
}

// sums says what does not add up in a result; empty if all does.
func sums(o promotion.Order, r *promotion.Result) string {
	var parts, applied int64
	byOffer := map[string]int64{}
	for i, l := range r.Lines {
		if l.Discount() > l.Amount || l.Discount() < 0 {
			return "line " + l.ID + " comes to less than nothing"
		}
		if !l.Added && l.Amount != o.Items[i].Amount {
			return "line " + l.ID + " has another amount"
		}
		if it := (promotion.Item{}); !l.Added {
			it = o.Items[i]
			least := min(it.Amount, it.Units*it.Least)
			if l.Amount-l.Discount() < least-1 { // a line that was taken together with others bears its part of them
				return "line " + l.ID + " comes to less than its least price"
			}
		}
		parts += l.Discount()
		for _, p := range l.Parts {
			byOffer[p.Offer] += p.Amount
			if p.Amount <= 0 {
				return "an empty share"
			}
		}
	}
	var shipping int64
	for _, a := range r.Applied {
		applied += a.Discount
		shipping += a.Shipping
		if byOffer[a.Offer]+a.Shipping != a.Discount {
			return "the shares of " + a.Offer + " are not its discount"
		}
		if a.Discount <= 0 {
			return a.Offer + " was applied for nothing"
		}
	}
	if shipping > o.Shipping {
		return "the shipping comes to less than nothing"
	}
	if parts+shipping != applied {
		return "the parts do not sum to the whole"
	}
	return ""
}

func total(r *promotion.Result) (sum int64) {
	for _, a := range r.Applied {
		sum += a.Discount
	}
	return sum
}

// byLine returns what is taken off each of the order's lines.
func byLine(r *promotion.Result) map[string]int64 {
	off := map[string]int64{}
	for _, l := range r.Lines {
		if !l.Added {
			off[l.ID] = l.Discount()
		}
	}
	return off
}

// randomOrder returns an order of a few lines, of which some are alike.
func randomOrder(r *rand.Rand) promotion.Order {
	categories := []string{"shoes", "shirts", "hats"}
	var items []promotion.Item
	for i := range 1 + r.IntN(6) {
		it := item("l"+strconv.Itoa(i), "p"+strconv.Itoa(r.IntN(5)), 1+r.Int64N(4), []int64{0, 1, 99, 333, 1000, 1000, 1999, 4050}[r.IntN(8)], "category", categories[r.IntN(3)])
		if r.IntN(4) == 0 {
			it.Least = it.Price / 2
		}
		items = append(items, it)
	}
	o := order(items...)
	o.Shipping = []int64{0, 500}[r.IntN(2)]
	return o
}

// randomGive returns one thing that an offer may give.
func randomGive(r *rand.Rand) promotion.Give {
	var g promotion.Give
	switch r.IntN(5) {
	case 0, 1:
		g.Percent = promotion.Decimal(strconv.Itoa(1 + r.IntN(100)))
	case 2:
		g.Amount = sgd(strconv.Itoa(1 + r.IntN(30)))
	case 3:
		g.Price = sgd(strconv.Itoa(r.IntN(12)))
	case 4:
		g.Tiers = []promotion.Tier{{Units: 2, Percent: "10"}, {Units: 5, Percent: "25"}}
		if r.IntN(2) == 0 {
			g.Tiers = []promotion.Tier{{From: sgd("10"), Amount: sgd("3")}, {From: sgd("40"), Amount: sgd("2")}, {From: sgd("70"), Amount: sgd("12")}}
		}
	}
	g.On = []string{"order", "lines", "units"}[r.IntN(3)]
	if r.IntN(3) == 0 {
		g.Items = `item.category == "shoes"`
	}
	if r.IntN(4) == 0 {
		g.Except = `item.category == "hats"`
	}
	if r.IntN(4) == 0 {
		g.AtMost = sgd("5.55")
	}
	if r.IntN(4) == 0 && g.On != "order" {
		g.AtMostEach = sgd("3.33")
	}
	switch {
	case r.IntN(3) == 0:
		g.Choose = promotion.Choose{From: []string{"cheapest", "dearest"}[r.IntN(2)], Skip: r.IntN(2), Every: r.IntN(3), Most: r.IntN(4)}
	case r.IntN(3) == 0 && g.Tiers == nil:
		g.Bundle = &promotion.Bundle{Buy: []promotion.Part{{Units: 1 + r.IntN(2), Items: []string{"", `item.category != "hats"`}[r.IntN(2)]}}, Times: r.IntN(3)}
		if r.IntN(2) == 0 {
			g.Bundle.Get = &promotion.Part{Units: 1, From: []string{"", "cheapest"}[r.IntN(2)]}
		}
	}
	if r.IntN(6) == 0 && g.Tiers == nil {
		return promotion.Give{Percent: g.Percent, Amount: g.Amount, Price: g.Price, On: "shipping"}
	}
	return g
}
