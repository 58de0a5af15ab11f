package profile

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"rapport"
)

const (
	maxOrders  = 40
	maxReturns = 30
	maxReason  = 300
)

// Order is one purchase.
type Order struct {
	ID        string
	At        rapport.Instant
	Tie       uint64
	Total     int64 // in millionths of the currency's unit
	Currency  string
	Products  int
	Cancelled bool
	Bought    bool // a purchase told of it, not only a cancellation
}

// Return is something she gave back, and why.
type Return struct {
	Order    string
	At       rapport.Instant
	Tie      uint64
	Amount   int64 // in millionths of the currency's unit, 0 if it was not told
	Currency string
	Reason   string
	Products []string // ids
}

func (o Order) compare(p Order) int {
	return cmp.Or(cmp.Compare(o.At, p.At), strings.Compare(o.ID, p.ID), cmp.Compare(o.Tie, p.Tie))
}

func (a Return) compare(b Return) int {
	return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Tie, b.Tie))
}

// foldOrder takes what an event tells of a purchase or a return.
func (r *Record) foldOrder(e *Event) {
	switch e.Name() {
	case "Order Completed":
		order := orderOf(e)
		order.Bought = true
		r.addOrder(order)
	case "Order Cancelled":
		order := orderOf(e)
		order.Cancelled = true
		r.addOrder(order)
	case "Order Refunded", "Order Returned", "Product Returned":
		r.addReturn(returnOf(e))
	}
}

func orderOf(e *Event) Order {
	id := cut(e.Property("order_id").String(), maxTraitName)
	if id == "" {
		id = cut(e.MessageID, maxTraitName) // an order without a number is one of its own
	}
	return Order{
		ID: id, At: e.Timestamp(), Tie: e.Tie,
		Total: amountOf(e), Currency: cut(e.Property("currency").Text(), 3), Products: e.Property("products").Len(),
	}
}

// amountOf returns what an order comes to in millionths.
func amountOf(e *Event) int64 {
	for _, field := range [...]string{"total", "revenue", "value", "price"} {
		if v := e.Property(field); v.Kind() == rapport.Number && math.Abs(v.Number()) < 9e12 {
			return int64(math.Round(v.Number() * 1e6))
		}
	}
	return 0
}

// addOrder puts an order in its place. Of all that was told of one order the first
// purchase counts, or the first cancellation if there is none; and it is cancelled
// if anything says so.
func (r *Record) addOrder(o Order) {
	if i := slices.IndexFunc(r.Orders, func(p Order) bool { return p.ID == o.ID }); i >= 0 {
		o = joinOrders(r.Orders[i], o)
		r.Orders = slices.Delete(r.Orders, i, i+1)
	}
	i, _ := slices.BinarySearchFunc(r.Orders, o, Order.compare)
	r.Orders = slices.Insert(r.Orders, i, o)
	r.Orders = slices.Delete(r.Orders, 0, max(0, len(r.Orders)-maxOrders))
}

func joinOrders(a, b Order) Order {
	cancelled := a.Cancelled || b.Cancelled
	if b.Bought && !a.Bought || a.Bought == b.Bought && later(a.At, a.Tie, b.At, b.Tie) {
		a = b
	}
	a.Cancelled = cancelled
	return a
}

func returnOf(e *Event) Return {
	ret := Return{
		Order: cut(e.Property("order_id").String(), maxTraitName), At: e.Timestamp(), Tie: e.Tie,
		Amount: amountOf(e), Currency: cut(e.Property("currency").Text(), 3), Reason: cut(e.Property("reason").Text(), maxReason),
	}
	products := e.Property("products")
	if products.Kind() != rapport.List {
		products = rapport.ListOf([]rapport.Value{e.Properties()})
	}
	for i := range min(products.Len(), 20) {
		if id := productID(products.Item(i)); id != "" {
			ret.Products = append(ret.Products, id)
		}
	}
	return ret
}

func (r *Record) addReturn(ret Return) {
	i, found := slices.BinarySearchFunc(r.Returns, ret, Return.compare)
	if found {
		return
	}
	r.Returns = slices.Insert(r.Returns, i, ret)
	r.Returns = slices.Delete(r.Returns, 0, max(0, len(r.Returns)-maxReturns))
}
