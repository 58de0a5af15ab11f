package mapping

import (
	"fmt"
	"strings"
	"testing"
)

// BenchmarkGroups reads lines of orders, four to an order, scattered.
func BenchmarkGroups(b *testing.B) {
	m, err := Parse("m.yaml", []byte(`
userId: user
event: Order Completed
timestamp: {column: at, layout: "YYYY-MM-DD hh:mm:ss", zone: Europe/London}
group: number
properties:
  order_id: number
  total: {multiply: [quantity, price], sum: true, round: 2}
  currency: {value: GBP}
products:
  product_id: sku
  quantity: {column: quantity, as: number}
  price: {column: price, as: number}
`), Events)
	if err != nil {
		b.Fatal(err)
	}
	const rows = 20_000
	var text strings.Builder
	text.WriteString("number,user,at,sku,quantity,price\n")
	for i := range rows {
		n := i * 7919 % (rows / 4)
		fmt.Fprintf(&text, "o%d,u%d,2026-11-22 09:30:00,sku-%d,%d,%d.99\n", n, n%900, i%500, i%5+1, i%100)
	}
	for b.Loop() {
		r := &Reader{Kind: Events, Format: "csv", Mapping: m, ID: testID, TempDir: b.TempDir()}
		if err := r.Read(strings.NewReader(text.String()), func(Item) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/row")
}
