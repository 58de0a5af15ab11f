package recipes_test

import "time"

// The oracle of the types of customers: it keeps all orders and counts them anew at
// every instant. It knows nothing of rules, facts or wake-ups.

// order is a purchase: when it was, and when it was heard of.
type order struct{ happened, told time.Time }

// orders are those of one customer, with the clock her days are counted by.
type orders struct {
	list []order
	zone *time.Location
}

// within counts the orders of the last days that were heard of by an instant.
func (o orders) within(days int, at time.Time) (n int) {
	start := at.In(o.zone).AddDate(0, 0, -days)
	for _, x := range o.list {
		if !x.told.After(at) && x.happened.After(start) && !x.happened.After(at) {
			n++
		}
	}
	return n
}

// typeOf says in the words of the recipe's page which type she is of. It asks from the
// first to the last, so there is always exactly one.
func (o orders) typeOf(at time.Time) string {
	const ever = 100_000
	switch all := o.within(ever, at); {
	case all == 0:
		return "never-bought"
	case o.within(365, at) == 0:
		return "lapsed"
	case o.within(180, at) == 0:
		return "at-risk"
	case all == 1 && o.within(30, at) == 1:
		return "new"
	case o.within(365, at) >= 3 && o.within(90, at) > 0:
		return "loyal"
	}
	return "active"
}
