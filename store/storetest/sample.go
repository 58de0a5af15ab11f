package storetest

import (
	"bytes"
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"

	"rapport"
	"rapport/store"
)

// Sample makes rows like those of a shop, always the same ones from one seed.
type Sample struct {
	rand      *rand.Rand
	customers int
	zipf      *rand.Zipf // nil for uniform
	now       rapport.Instant
}

// NewSample makes a sample of so many customers. Under Zipf (exponent 1.1) a few
// of them do most, else all do as much.
func NewSample(seed uint64, customers int, zipf bool) *Sample {
	s := &Sample{rand: rand.New(rand.NewPCG(seed, 7)), customers: customers, now: 1_780_000_000_000}
	if zipf {
		s.zipf = rand.NewZipf(s.rand, 1.1, 1, uint64(customers-1))
	}
	return s
}

// Customer returns the id of customer number n, spread over all ids.
func Customer(n int) rapport.CustomerID {
	id := rapport.Key{}.Sum("customer", fmt.Sprint(n))
	return rapport.CustomerID(id[:16])
}

func (s *Sample) pick() int {
	if s.zipf != nil {
		return int(s.zipf.Uint64())
	}
	return s.rand.IntN(s.customers)
}

// Entries returns n events of a shop's customers, of about 450 bytes each as
// JSON, in entries as a chunk holds them.
func (s *Sample) Entries(n int) []store.Entry {
	byCustomer := map[int][]rapport.Event{}
	for range n {
		who := s.pick()
		byCustomer[who] = append(byCustomer[who], s.event(who))
	}
	entries := make([]store.Entry, 0, len(byCustomer))
	for who, events := range byCustomer {
		entries = append(entries, store.Entry{Customer: Customer(who), Prev: s.rand.Uint64N(1 << 20), Events: events})
	}
	slices.SortFunc(entries, func(a, b store.Entry) int { return bytes.Compare(a.Customer[:], b.Customer[:]) })
	return slices.CompactFunc(entries, func(a, b store.Entry) bool { return a.Customer == b.Customer })
}

// Blocks returns n events packed.
func (s *Sample) Blocks(n int) []store.Block { return store.EncodeBlocks(s.Entries(n)) }

func (s *Sample) event(who int) rapport.Event {
	s.now += rapport.Instant(s.rand.IntN(3))
	names := [...]string{"Product Viewed", "Product Added", "Order Completed", "Product List Viewed", "Cart Viewed", "Checkout Started"}
	colours := [...]string{"black", "navy", "cream", "olive", "burgundy"}
	kinds := [...]string{"dress", "linen shirt", "sneaker", "raincoat", "belt", "denim"}
	product, price := s.rand.IntN(4000), 5+s.rand.IntN(300)
	kind, colour := kinds[product%len(kinds)], colours[product%len(colours)]
	return rapport.Event{
		Type: rapport.Track, Name: names[s.rand.IntN(len(names))], MessageID: s.uuid(),
		UserID: cmp.Or(map[bool]string{true: fmt.Sprintf("user-%d", who)}[who%3 == 0], ""), AnonymousID: anonymous(who),
		ReceivedAt: s.now, Timestamp: s.now - rapport.Instant(s.rand.IntN(4000)),
		Properties: fmt.Appendf(nil, `{"product_id":"SKU-%05d","name":"%s %s","category":"%s","price":%d.95,"currency":"SGD","quantity":%d,"cart_id":"c-%x","url":"https://shop.example/sg/p/%s-%s-%d"}`,
			product, colour, kind, kind, price, 1+s.rand.IntN(3), s.rand.Uint32(), colour, kind, product),
		Context: fmt.Appendf(nil, `{"ip":"203.0.%d.%d","locale":"en-SG","library":{"name":"analytics.js","version":"2.11.1"},"userAgent":"Mozilla/5.0 (iPhone; CPU iPhone OS 17_%d like Mac OS X) AppleWebKit/605.1.15","timezone":"Asia/Singapore"}`,
			who/250%250, who%250, who%6),
	}
}

func (s *Sample) uuid() string { return formatUUID(s.rand.Uint64(), s.rand.Uint64()) }

func anonymous(who int) string {
	r := rand.New(rand.NewPCG(uint64(who), 1))
	return formatUUID(r.Uint64(), r.Uint64())
}

func formatUUID(a, b uint64) string {
	return fmt.Sprintf("%08x-%04x-4%03x-%04x-%012x", a>>32, a>>16&0xffff, a&0xfff, b>>48, b&0xffffffffffff)
}
