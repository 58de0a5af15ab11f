package promotion

import (
	"time"

	"rapport"
	"rapport/rule"
)

// scene is what offers' rules see: the customer, the order as it stands before the
// offer at hand, and the line at hand.
type scene struct {
	customer rule.Subject
	order    *Order
	now      rapport.Instant
	initial  bool // percentages are of what lines cost at first

	items  rapport.Value // the order's lines; made when first read
	first  int64         // what the lines came to before any offer
	before int64         // what they come to before the offer at hand
	after  int64         // and after it
	item   *Item
}

// newScene returns the scene before any offer. A nil customer is somebody of whom
// nothing is known.
func newScene(in *Request, initial bool) *scene {
	s := &scene{customer: in.Customer, order: &in.Order, now: in.Now, initial: initial}
	if s.customer == nil {
		s.customer = stranger{}
	}
	for i := range in.Order.Items {
		s.first += in.Order.Items[i].Amount
	}
	s.before, s.after = s.first, s.first
	return s
}

// holds reports whether a rule about a line holds; one that is not there does.
func (s *scene) holds(r *rule.Rule, it *Item) bool {
	if r == nil {
		return true
	}
	s.item = it
	holds, _ := r.Holds(s, s.now)
	return holds
}

// What a customer's rules read of her.

func (s *scene) ID() rapport.CustomerID               { return s.customer.ID() }
func (s *scene) Trait(name string) rapport.Value      { return s.customer.Trait(name) }
func (s *scene) History(id rule.FactID) *rule.History { return s.customer.History(id) }
func (s *scene) Segment(name string) rule.Truth       { return s.customer.Segment(name) }
func (s *scene) Zone() *time.Location                 { return s.customer.Zone() }

// Lacks reports whether facts are still to be built for her.
func (s *scene) Lacks(facts []rule.Fact) bool {
	p, ok := s.customer.(rule.Partial)
	return ok && p.Lacks(facts)
}

// Field returns what rules read of the order and of the line at hand.
func (s *scene) Field(root, name string) rapport.Value {
	switch {
	case root == "item" && s.item != nil:
		return s.item.field(name, s.order.Currency)
	case root != "order":
		return s.customer.Field(root, name)
	}
	switch name {
	case "id":
		return text(s.order.ID)
	case "currency":
		return rapport.TextOf(s.order.Currency)
	case "initial_amount":
		return number(s.first, s.order.Currency)
	case "amount":
		return number(s.before, s.order.Currency)
	case "total_amount":
		return number(s.after, s.order.Currency)
	case "shipping":
		return number(s.order.Shipping, s.order.Currency)
	case "items":
		return s.lines()
	case "quantity":
		return rapport.NumberOf(float64(s.order.units()))
	}
	return s.order.Properties.Get(name)
}

func (s *scene) lines() rapport.Value {
	if !s.items.IsSet() {
		items := make([]rapport.Value, len(s.order.Items))
		for i := range items {
			items[i] = s.order.Items[i].value(s.order.Currency)
		}
		s.items = rapport.ListOf(items)
	}
	return s.items
}

func (o *Order) units() (sum int64) {
	for i := range o.Items {
		sum += o.Items[i].Units
	}
	return sum
}

// stranger is a customer of whom nothing is known.
type stranger struct{}

func (stranger) ID() rapport.CustomerID            { return rapport.CustomerID{} }
func (stranger) Trait(string) rapport.Value        { return rapport.Value{} }
func (stranger) History(rule.FactID) *rule.History { return nil }
func (stranger) Segment(string) rule.Truth         { return rule.No }
func (stranger) Field(_, _ string) rapport.Value   { return rapport.Value{} }
func (stranger) Zone() *time.Location              { return nil }
