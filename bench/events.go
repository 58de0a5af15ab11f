package bench

import (
	"fmt"
	"math/rand/v2"
	"strconv"
)

// Shape says whom the events are of.
type Shape struct {
	Customers int    // how many there are
	Spread    string // "zipf": a few do most, with exponent 1.1; "uniform": all alike
}

// Events returns the JSON of n events of a shop, in the order in which they are
// sent. The same arguments give the same events: 55 % views of products, 20 % of
// pages, 13 % put something in a cart, 5 % buy, 7 % tell who they are.
func Events(n int, shape Shape, seed uint64) ([][]byte, error) {
	r := rand.New(rand.NewPCG(seed, 0))
	pick, err := shape.pick(r)
	if err != nil {
		return nil, err
	}
	events := make([][]byte, n)
	for i := range events {
		events[i] = event(r, i, pick())
	}
	return events, nil
}

func (s Shape) pick(r *rand.Rand) (func() uint64, error) {
	if s.Customers < 2 {
		return nil, fmt.Errorf("there must be at least two customers")
	}
	switch s.Spread {
	case "zipf":
		return rand.NewZipf(r, 1.1, 1, uint64(s.Customers-1)).Uint64, nil
	case "uniform":
		return func() uint64 { return r.Uint64N(uint64(s.Customers)) }, nil
	}
	return nil, fmt.Errorf("customers are spread %q: say zipf or uniform", s.Spread)
}

const library = `"context":{"library":{"name":"analytics-node","version":"3.1.0"},"locale":"en-SG","ip":"203.0.113.7","userAgent":"Mozilla/5.0 (X11; Linux x86_64)"}`

func event(r *rand.Rand, i int, customer uint64) []byte {
	b := make([]byte, 0, 640)
	b = fmt.Appendf(b, `{"messageId":"node-next-%d-%016x","anonymousId":"device-%d","userId":"user-%d",%s,`, i, r.Uint64(), customer, customer, library)
	switch p := r.IntN(100); {
	case p < 55:
		b = append(appendProduct(append(b, `"type":"track","event":"Product Viewed","properties":{`...), r), `}}`...)
	case p < 75:
		b = append(b, `"type":"page","name":"Home","properties":{"url":"https://shop.example/","path":"/","title":"Shop","referrer":"https://search.example/"}}`...)
	case p < 88:
		b = fmt.Appendf(b, `"type":"track","event":"Product Added","properties":{"cart_id":"cart-%d","quantity":%d,`, customer, 1+r.IntN(3))
		b = append(appendProduct(b, r), `}}`...)
	case p < 93:
		b = fmt.Appendf(b, `"type":"track","event":"Order Completed","properties":{"order_id":"order-%d","cart_id":"cart-%d","total":%d.50,"currency":"SGD","products":[{`, i, customer, 20+r.IntN(200))
		b = append(appendProduct(b, r), `}]}}`...)
	default:
		b = fmt.Appendf(b, `"type":"identify","traits":{"email":"user%d@example.com","first_name":"User %d","country":"%s","tier":"t%d","age":%d}}`,
			customer, customer, [...]string{"SG", "TH", "DE", "KR", "IN"}[customer%5], r.IntN(10), 18+r.IntN(60))
	}
	return b
}

func appendProduct(b []byte, r *rand.Rand) []byte {
	n := r.IntN(500)
	b = fmt.Appendf(b, `"product_id":"p%d","sku":"SKU-%05d","name":"Linen shirt %d","category":"shirts","price":%d.90,"currency":"SGD","url":"https://shop.example/p/`, n, n, n, 9+r.IntN(100))
	return append(strconv.AppendInt(b, int64(n), 10), '"')
}

// Batches packs events into bodies of Segment's batch call.
func Batches(events [][]byte, size int) [][]byte {
	var bodies [][]byte
	for len(events) > 0 {
		n := min(size, len(events))
		body := append([]byte{}, `{"batch":[`...)
		for i, e := range events[:n] {
			if i > 0 {
				body = append(body, ',')
			}
			body = append(body, e...)
		}
		bodies = append(bodies, append(body, `]}`...))
		events = events[n:]
	}
	return bodies
}
