package promotion_test

import (
	"fmt"
	"testing"

	"rapport/promotion"
)

// BenchmarkCalculate works out an order of ten lines under a thousand offers of a shop
// with a hundred categories, each offer asking for one category and a least amount.
func BenchmarkCalculate(b *testing.B) {
	docs := map[string]promotion.Doc{}
	for i := range 1000 {
		docs[fmt.Sprintf("offer-%03d", i)] = promotion.Doc{
			Where: fmt.Sprintf(`order.initial_amount >= %d && order.items.exists(i, i.category == "c%d")`, i%300, i%100),
			Gives: []promotion.Give{{Percent: promotion.Decimal(fmt.Sprint(1 + i%40)), Items: fmt.Sprintf(`item.category == "c%d"`, i%100)}},
		}
	}
	set := compiled(b, nil, docs)
	var items []promotion.Item
	for i := range 10 {
		items = append(items, item(fmt.Sprint("l", i), fmt.Sprint("p", i), 1, 1500, "category", fmt.Sprint("c", i*7)))
	}
	in := &promotion.Request{Order: order(items...), Now: 1_790_000_000_000}
	b.ReportAllocs()
	for b.Loop() {
		if r := set.Calculate(in); len(r.Applied) != 1 {
			b.Fatal(r.Applied)
		}
	}
}
