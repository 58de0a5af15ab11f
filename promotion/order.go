package promotion

import (
	"strings"

	"rapport"
)

// Order is a cart or an order as the shop tells it. Amounts are minor units of
// its currency.
type Order struct {
	ID         string // the shop's own; may be empty
	Currency   string // three capital letters
	Items      []Item
	Shipping   int64         // what the shipping costs; 0 for none
	Properties rapport.Value // an object of whatever else rules may read: order.channel
}

// Item is one line of an order. Rules read it as item.product, item.quantity,
// item.price, item.amount, and by any name of its properties.
type Item struct {
	ID         string // the line's name within the order
	Product    string
	Units      int64 // 1 or more
	Price      int64 // of one unit, rounded down where the line's amount has no whole part for each
	Amount     int64 // of the line
	Least      int64 // what a unit may not come to less than; 0 for nothing
	Cost       int64 // what a unit costs the shop; below 0 if that is not told
	Properties rapport.Value
}

// What an order may hold.
const (
	maxItems = 1000
	maxUnits = 100_000
)

// Check says what is wrong with an order, as an error of kind Invalid.
func (o *Order) Check() error {
	if !rapport.IsCurrency(o.Currency) || o.Currency != strings.ToUpper(o.Currency) {
		return rapport.Errorf(rapport.Invalid, "The order's currency is missing: write its three capital letters, such as SGD.")
	}
	if len(o.Items) > maxItems {
		return rapport.Errorf(rapport.TooLarge, "An order has at most %d lines.", maxItems)
	}
	if o.Shipping < 0 || o.Shipping > maxMinor {
		return rapport.Errorf(rapport.Invalid, "The order's shipping must be an amount of at least 0.")
	}
	ids := make(map[string]struct{}, len(o.Items))
	units, amount := int64(0), o.Shipping
	for i := range o.Items {
		it := &o.Items[i]
		if err := it.check(i); err != nil {
			return err
		}
		if _, twice := ids[it.ID]; twice {
			return rapport.Errorf(rapport.Invalid, "Two lines of the order have the id %q.", it.ID)
		}
		ids[it.ID] = struct{}{}
		units += it.Units
		if amount += it.Amount; units > maxUnits || amount > maxMinor {
			return rapport.Errorf(rapport.TooLarge, "The order has more than %d units or comes to more than there is.", maxUnits)
		}
	}
	return nil
}

func (it *Item) check(i int) error {
	switch {
	case it.ID == "":
		return rapport.Errorf(rapport.Invalid, "Line %d of the order has no id.", i+1)
	case it.Units < 1 || it.Units > maxUnits:
		return rapport.Errorf(rapport.Invalid, "The quantity of line %q must be a whole number from 1 to %d.", it.ID, maxUnits)
	case it.Amount < 0 || it.Amount > maxMinor || it.Price != it.Amount/it.Units || it.Least < 0:
		return rapport.Errorf(rapport.Invalid, "The amount of line %q must be its price times its quantity, at least 0.", it.ID)
	}
	return nil
}

// field returns what rules read of a line under a name.
func (it *Item) field(name, currency string) rapport.Value {
	switch name {
	case "id":
		return text(it.ID)
	case "product":
		return text(it.Product)
	case "quantity":
		return rapport.NumberOf(float64(it.Units))
	case "price":
		return number(it.Price, currency)
	case "amount":
		return number(it.Amount, currency)
	}
	return it.Properties.Get(name)
}

// value returns a line as rules see it in order.items.
func (it *Item) value(currency string) rapport.Value {
	pairs := make([]rapport.Value, 0, 2*(it.Properties.Len()+5))
	for i := range it.Properties.Len() {
		name, value := it.Properties.Pair(i)
		pairs = append(pairs, rapport.TextOf(name), value)
	}
	for _, name := range []string{"id", "product", "quantity", "price", "amount"} {
		pairs = append(pairs, rapport.TextOf(name), it.field(name, currency))
	}
	return rapport.ObjectOf(pairs)
}

func text(s string) rapport.Value {
	if s == "" {
		return rapport.Value{}
	}
	return rapport.TextOf(s)
}

// number returns an amount as rules compare it: the number that its decimal is
// read as. One division of whole numbers is rounded once, so it is that number.
func number(minor int64, currency string) rapport.Value {
	one := 1.0
	for range rapport.MinorDigits(currency) {
		one *= 10
	}
	return rapport.NumberOf(float64(minor) / one)
}
