package recipes_test

import (
	"strings"
	"time"
)

// The oracle of the recipes' segments: it keeps all that happened and counts it anew
// at every instant. It knows nothing of rules, facts or wake-ups.

// happening is one event: when it was, and when it was heard of.
type happening struct {
	name           string
	reason         string // of a return
	emptied        bool   // the cart that is told of holds nothing
	happened, told time.Time
}

// life is all that one customer does, with the clock her days are counted by.
type life struct {
	list []happening
	zone *time.Location
}

// known returns the events of a name since a moment that were heard of by an instant.
func (l life) known(name string, since, at time.Time) (found []happening) {
	for _, x := range l.list {
		if x.name == name && !x.told.After(at) && x.happened.After(since) && !x.happened.After(at) {
			found = append(found, x)
		}
	}
	return found
}

// within counts those of the last days.
func (l life) within(name string, days int, at time.Time) int {
	return len(l.known(name, at.In(l.zone).AddDate(0, 0, -days), at))
}

// typeOf says in the words of customer-types which type she is of. It asks from the
// first to the last, so there is always exactly one.
func (l life) typeOf(at time.Time) string {
	const order = "Order Completed"
	switch all := len(l.known(order, time.Time{}, at)); {
	case all == 0:
		return "never-bought"
	case l.within(order, 365, at) == 0:
		return "lapsed"
	case l.within(order, 180, at) == 0:
		return "at-risk"
	case all == 1 && l.within(order, 30, at) == 1:
		return "new"
	case l.within(order, 365, at) >= 3 && l.within(order, 90, at) > 0:
		return "loyal"
	}
	return "active"
}

// states says which states of behaviour she is in.
func (l life) states(at time.Time) map[string]bool {
	left := l.cartLeft(at)
	return map[string]bool{
		"browsing-long":         l.within("Product Viewed", 7, at) >= 8 && l.within("Product Added", 7, at)+l.within("Order Completed", 7, at) == 0,
		"cart-left":             left && l.quiet(at.Add(-time.Hour), at),
		"cart-waiting-two-days": left && l.quiet(at.In(l.zone).AddDate(0, 0, -2), at),
		"app-without-checkout":  l.within("Application Opened", 14, at) >= 5 && l.within("Checkout Started", 14, at)+l.within("Order Completed", 14, at) == 0,
		"returned-item":         l.returned("", at),
		"returned-too-small":    l.returned("too small", at),
		"returned-too-large":    l.returned("too large", at),
	}
}

// cartLeft reports whether what she put in last is of the last 14 days, and neither a
// purchase nor an emptied cart has come since.
func (l life) cartLeft(at time.Time) bool {
	var added time.Time
	for _, x := range l.known("Product Added", time.Time{}, at) {
		if x.happened.After(added) {
			added = x.happened
		}
	}
	if !added.After(at.In(l.zone).AddDate(0, 0, -14)) {
		return false
	}
	since := added.Add(-time.Nanosecond) // what happens at the same instant comes after it
	for _, x := range l.known("Cart Updated", since, at) {
		if x.emptied {
			return false
		}
	}
	return len(l.known("Order Completed", since, at)) == 0
}

// quiet reports whether nothing has happened to her cart since a moment.
func (l life) quiet(since, at time.Time) bool {
	n := 0
	for _, name := range []string{"Product Added", "Product Removed", "Cart Updated", "Checkout Started"} {
		n += len(l.known(name, since, at))
	}
	return n == 0
}

// returned reports whether she sent something back in the last 30 days for a reason.
func (l life) returned(reason string, at time.Time) bool {
	for _, name := range []string{"Order Returned", "Product Returned", "Order Refunded"} {
		for _, x := range l.known(name, at.In(l.zone).AddDate(0, 0, -30), at) {
			if strings.Contains(x.reason, reason) {
				return true
			}
		}
	}
	return false
}
