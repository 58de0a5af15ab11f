package profile

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"rapport"
)

const (
	maxCarts     = 6
	maxCartOps   = 60
	maxCartBytes = 6 << 10 // of the products of one cart
	maxItemBytes = 1 << 10 // of one product as JSON; a larger one is kept by its id only
)

// Cart is one cart as the changes that were made to it, so that a change which
// arrives late still falls into its place in time.
type Cart struct {
	ID     string          // "" is the one cart of a shop that names none
	Closed rapport.Instant // when it was bought; earlier changes no longer count
	Ops    []CartOp        // old to new
}

// CartOpKind is what was done to a cart.
type CartOpKind uint8

// The changes to a cart.
const (
	CartAdd    CartOpKind = iota + 1 // so many of a product were put in
	CartRemove                       // so many were taken out; 0 takes all
	CartClear                        // what was in it is replaced by what follows
)

// CartOp is one change to a cart.
type CartOp struct {
	At       rapport.Instant
	Tie      uint64
	Ordinal  uint16 // within the event
	Kind     CartOpKind
	Product  string
	Quantity float64
	Item     []byte // the product as JSON, for templates; may be nil
}

func (a CartOp) compare(b CartOp) int {
	return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Tie, b.Tie), cmp.Compare(a.Ordinal, b.Ordinal))
}

// CartLine is what is in a cart of one product.
type CartLine struct {
	Product  string
	Quantity float64
	Item     rapport.Value
}

// foldCart takes the change that an event makes to a cart.
func (r *Record) foldCart(e *Event) bool {
	switch e.Name() {
	case "Product Added":
		r.changeCart(e, CartAdd, e.Properties())
	case "Product Removed":
		r.changeCart(e, CartRemove, e.Properties())
	case "Cart Viewed", "Cart Updated", "Checkout Started":
		products := e.Property("products")
		if products.Kind() != rapport.List {
			return false
		}
		r.replaceCart(e, products)
	case "Order Completed":
		r.closeCart(e.Property("cart_id").String(), e.Timestamp())
	default:
		return false
	}
	return true
}

func (r *Record) changeCart(e *Event, kind CartOpKind, product rapport.Value) {
	r.cart(e.Property("cart_id").String()).insert(opOf(e, kind, 0, product), r.CartsClosed)
	r.dropCarts(maxCarts)
}

func (r *Record) replaceCart(e *Event, products rapport.Value) {
	cart := r.cart(e.Property("cart_id").String())
	cart.insert(CartOp{At: e.Timestamp(), Tie: e.Tie, Kind: CartClear}, r.CartsClosed)
	for i := range min(products.Len(), maxCartOps) {
		cart.insert(opOf(e, CartAdd, uint16(i+1), products.Item(i)), r.CartsClosed)
	}
	r.dropCarts(maxCarts)
}

func opOf(e *Event, kind CartOpKind, ordinal uint16, product rapport.Value) CartOp {
	op := CartOp{At: e.Timestamp(), Tie: e.Tie, Ordinal: ordinal, Kind: kind, Product: productID(product), Quantity: 1}
	if q := product.Get("quantity"); q.Kind() == rapport.Number && q.Number() > 0 {
		op.Quantity = q.Number()
	} else if kind == CartRemove {
		op.Quantity = 0
	}
	if item := product.AppendJSON(nil); kind == CartAdd && len(item) <= maxItemBytes {
		op.Item = item
	}
	return op
}

// productID names a product by the first of the fields that shops use for it.
func productID(product rapport.Value) string {
	for _, field := range [...]string{"product_id", "sku", "id", "variant", "name"} {
		if v := product.Get(field); v.IsSet() {
			return cut(v.String(), maxTraitName)
		}
	}
	return ""
}

// cut returns the first n bytes of a text at the most, whole characters only.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// closeCart ends a cart, or all carts if the purchase names none.
func (r *Record) closeCart(id string, at rapport.Instant) {
	if id == "" {
		r.CartsClosed = max(r.CartsClosed, at)
		for i := range r.Carts {
			r.Carts[i].dropUntil(at)
		}
		return
	}
	cart := r.cart(id)
	cart.Closed = max(cart.Closed, at)
	cart.dropUntil(at)
	r.dropCarts(maxCarts)
}

// cart returns the cart of an id, a new one if she has none.
func (r *Record) cart(id string) *Cart {
	id = cut(id, maxTraitName)
	i, found := slices.BinarySearchFunc(r.Carts, id, func(c Cart, id string) int { return strings.Compare(c.ID, id) })
	if !found {
		r.Carts = slices.Insert(r.Carts, i, Cart{ID: id})
	}
	return &r.Carts[i]
}

func (c *Cart) insert(op CartOp, allClosed rapport.Instant) {
	if op.At <= max(c.Closed, allClosed) {
		return
	}
	i, found := slices.BinarySearchFunc(c.Ops, op, CartOp.compare)
	if !found {
		c.Ops = slices.Insert(c.Ops, i, op)
		c.trim()
	}
}

// trim keeps the newest changes that fit; those before the last replacement have
// no effect and go too.
func (c *Cart) trim() {
	bytes, from := 0, len(c.Ops)
	for from > 0 && len(c.Ops)-from < maxCartOps && bytes+len(c.Ops[from-1].Item) <= maxCartBytes {
		from--
		bytes += len(c.Ops[from].Item)
		if c.Ops[from].Kind == CartClear {
			break
		}
	}
	c.Ops = slices.Delete(c.Ops, 0, from)
}

func (c *Cart) dropUntil(at rapport.Instant) {
	c.Ops = slices.DeleteFunc(c.Ops, func(op CartOp) bool { return op.At <= at })
	if len(c.Ops) == 0 {
		c.Ops = nil
	}
}

// touched is when the cart last changed.
func (c *Cart) touched() rapport.Instant {
	if n := len(c.Ops); n > 0 {
		return max(c.Closed, c.Ops[n-1].At)
	}
	return c.Closed
}

// Lines returns what is in the cart, in the order in which it was put there.
func (c *Cart) Lines() []CartLine {
	var lines []CartLine
	for _, op := range c.Ops {
		i := slices.IndexFunc(lines, func(l CartLine) bool { return l.Product == op.Product })
		switch {
		case op.Kind == CartClear:
			lines = lines[:0]
		case op.Kind == CartAdd && i < 0:
			item, _ := rapport.ParseJSON(op.Item)
			lines = append(lines, CartLine{Product: op.Product, Quantity: op.Quantity, Item: item})
		case op.Kind == CartAdd:
			lines[i].Quantity += op.Quantity
		case i >= 0 && (op.Quantity == 0 || op.Quantity >= lines[i].Quantity):
			lines = slices.Delete(lines, i, i+1)
		case i >= 0:
			lines[i].Quantity -= op.Quantity
		}
	}
	return lines
}

// OpenCart returns the cart with something in it that changed last, nil if every
// cart is empty.
func (r *Record) OpenCart() *Cart {
	var open *Cart
	for i := range r.Carts {
		if c := &r.Carts[i]; (open == nil || c.touched() > open.touched()) && len(c.Lines()) > 0 {
			open = c
		}
	}
	return open
}
