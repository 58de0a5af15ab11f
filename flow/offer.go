package flow

import (
	"rapport"
	"rapport/internal/calendar"
	"rapport/promotion"
	"rapport/rule"
)

// Cart is what somebody wants to know of an order: which offers it gets.
type Cart struct {
	Order   rapport.Value // as [promotion.ReadOrder] reads it; without a currency it is in that of her market
	Codes   []string
	Explain bool
}

// Offers works out what an order comes to under the workspace's offers, for a customer
// as she is now; nil is somebody of whom nothing is known. Nothing is used up by it. The
// error is of kind Invalid or TooLarge.
func (w *Workspace) Offers(look *Look, cart Cart, now rapport.Instant) (*promotion.Result, error) {
	who := w.stranger()
	if look != nil {
		who = look.Subject(nil)
	}
	order, err := promotion.ReadOrder(cart.Order, w.markets().Currency(who))
	if err != nil {
		return nil, err
	}
	in := &promotion.Request{Order: order, Customer: who, Now: now, Explain: cart.Explain}
	in.Feasts = func(feast string, day calendar.Day) bool { return w.markets().HasFeast(who, feast, day) }
	seen := map[string]bool{}
	for _, code := range cart.Codes {
		shown, _ := w.Promotions.Known(code)
		if !seen[shown.Code] {
			in.Codes = append(in.Codes, shown)
		}
		seen[shown.Code] = true
	}
	return w.Promotions.Calculate(in), nil
}

// stranger is somebody of whom nothing is known: she has done nothing, is in no segment,
// and is at home in the default market.
func (w *Workspace) stranger() rule.Subject {
	c := newCustomer(rapport.CustomerID{})
	if w.Places != nil {
		c.zone = w.Places.Zone(c.record)
	}
	return &subject{customer: c}
}
