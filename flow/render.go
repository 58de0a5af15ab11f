package flow

import (
	"slices"
	"time"

	"rapport"
	"rapport/profile"
	"rapport/render"
)

// Templates renders messages with the workspace's templates. It is a [Renderer].
type Templates struct {
	Set    *render.Set
	Market func(Traits) render.Market // where a customer is at home
	// Unsubscribe returns the page where a message can be answered with leaving;
	// nil if there is none.
	Unsubscribe func(rapport.MessageID) string
}

// Render renders a message for a customer as she is now.
func (t Templates) Render(m *rapport.Message, c *profile.Record, zone *time.Location, now rapport.Instant) (rapport.Delivery, error) {
	request := render.Request{Message: m, Customer: reader{c}, Zone: zone}
	if t.Market != nil {
		request.Market = t.Market(c)
	}
	if t.Unsubscribe != nil && m.Class != rapport.Transactional {
		request.Unsubscribe = t.Unsubscribe(m.ID)
	}
	letter, err := t.Set.Render(request, now)
	if err != nil {
		return rapport.Delivery{}, err
	}
	return rapport.Delivery{
		Message: m.ID, Channel: m.Channel, Class: m.Class, From: letter.From, To: m.To, ReplyTo: letter.ReplyTo,
		Content: letter.Content, Unsubscribe: request.Unsubscribe, At: now,
	}, nil
}

// reader is a customer as a template reads her.
type reader struct{ *profile.Record }

// Cart returns the cart of an id, her open cart if there is none of it.
func (r reader) Cart(id string) render.Cart {
	cart := r.OpenCart()
	if i := slices.IndexFunc(r.Carts, func(c profile.Cart) bool { return id != "" && c.ID == id }); i >= 0 {
		cart = &r.Carts[i]
	}
	if cart == nil {
		return render.Cart{ID: id}
	}
	return cartOf(cart)
}

func cartOf(c *profile.Cart) render.Cart {
	lines := c.Lines()
	cart := render.Cart{ID: c.ID, Lines: make([]render.Line, len(lines)), BoughtAt: c.Closed}
	for i, l := range lines {
		cart.Lines[i] = render.Line{Product: l.Product, Quantity: l.Quantity, Item: l.Item}
	}
	return cart
}

// Orders returns her purchases that were not cancelled, old to new.
func (r reader) Orders() []render.Order {
	orders := make([]render.Order, 0, len(r.Record.Orders))
	for i := range r.Record.Orders {
		if o := &r.Record.Orders[i]; !o.Cancelled {
			orders = append(orders, render.Order{
				ID: o.ID, At: o.At, Total: float64(o.Total) / 1e6, Currency: o.Currency, Products: o.Products,
			})
		}
	}
	return orders
}
