package promotion

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"rapport"
)

// ReadOrder reads an order as shops tell one: an object with currency, shipping and
// items, each with quantity (1 unless said), price, or amount of the whole line, and
// perhaps id, product, least and cost. Amounts are numbers, or texts of digits. What
// else the object and the lines hold, rules may read. A line without an id gets its
// number. Where no currency is said it is the given one. The error is of kind Invalid
// and names the place.
func ReadOrder(v rapport.Value, currency string) (o Order, err error) {
	if v.Kind() != rapport.Object {
		return o, rapport.Errorf(rapport.Invalid, "The order must be an object with items.")
	}
	o = Order{ID: v.Get("id").String(), Currency: strings.ToUpper(currency), Properties: without(v, "id", "currency", "shipping", "items")}
	if c := v.Get("currency").Text(); c != "" {
		o.Currency = strings.ToUpper(c)
	}
	if !rapport.IsCurrency(o.Currency) {
		return o, rapport.Errorf(rapport.Invalid, "order.currency: write its three letters, such as SGD.")
	}
	if o.Shipping, err = amount(v.Get("shipping"), o.Currency, "order.shipping", 0); err != nil {
		return o, err
	}
	items := v.Get("items")
	if items.Kind() != rapport.List && items.IsSet() {
		return o, rapport.Errorf(rapport.Invalid, "order.items must be a list of lines.")
	}
	for i := range items.Len() {
		it, err := readItem(items.Item(i), o.Currency, i)
		if err != nil {
			return o, err
		}
		o.Items = append(o.Items, it)
	}
	return o, o.Check()
}

func readItem(v rapport.Value, currency string, i int) (it Item, err error) {
	at := "order.items[" + strconv.Itoa(i) + "]"
	if v.Kind() != rapport.Object {
		return it, rapport.Errorf(rapport.Invalid, "%s must be an object with price and quantity.", at)
	}
	it = Item{ID: v.Get("id").String(), Product: v.Get("product").String(), Units: 1, Properties: without(v, "id", "product", "quantity", "price", "amount", "least", "cost")}
	if it.ID == "" {
		it.ID = strconv.Itoa(i + 1)
	}
	if n := v.Get("quantity"); n.IsSet() {
		if it.Units = int64(n.Number()); n.Kind() != rapport.Number || float64(it.Units) != n.Number() || it.Units < 1 || it.Units > maxUnits {
			return it, rapport.Errorf(rapport.Invalid, "%s.quantity must be a whole number from 1 to %d.", at, maxUnits)
		}
	}
	for _, f := range []struct {
		name   string
		to     *int64
		absent int64
	}{{"price", &it.Price, -1}, {"amount", &it.Amount, -1}, {"least", &it.Least, 0}, {"cost", &it.Cost, -1}} {
		if *f.to, err = amount(v.Get(f.name), currency, at+"."+f.name, f.absent); err != nil {
			return it, err
		}
	}
	return it, it.price(at)
}

// price completes what a line costs of its price, its amount, or both.
func (it *Item) price(at string) error {
	switch {
	case it.Price < 0 && it.Amount < 0:
		return rapport.Errorf(rapport.Invalid, "%s has no price.", at)
	case it.Amount < 0:
		if it.Price > maxMinor/it.Units {
			return rapport.Errorf(rapport.TooLarge, "%s comes to more than there is.", at)
		}
		it.Amount = it.Price * it.Units
	case it.Price >= 0 && it.Price != it.Amount/it.Units:
		return rapport.Errorf(rapport.Invalid, "%s: the amount is not the price times the quantity; tell one of them.", at)
	}
	it.Price = it.Amount / it.Units
	return nil
}

// amount reads an amount of money, and gives absent for one that is not told.
func amount(v rapport.Value, currency, at string, absent int64) (int64, error) {
	written := v.Text()
	switch {
	case !v.IsSet():
		return absent, nil
	case v.Kind() == rapport.Number && v.Number() >= 0 && v.Number() < math.MaxInt64:
		written = rapport.FormatNumber(v.Number())
	}
	n, ok := Decimal(written).Minor(currency)
	if !ok {
		return 0, rapport.Errorf(rapport.Invalid, "%s must be an amount in %s of at least 0, with at most %d digits after the point.", at, currency, rapport.MinorDigits(currency))
	}
	return n, nil
}

// without returns an object without some of its names.
func without(v rapport.Value, names ...string) rapport.Value {
	var pairs []rapport.Value
	for i := range v.Len() {
		if name, value := v.Pair(i); !slices.Contains(names, name) {
			pairs = append(pairs, rapport.TextOf(name), value)
		}
	}
	return rapport.ObjectOf(pairs)
}

// Known returns what is known of a code without looking it up: whether it is the one
// code of an offer that everybody uses.
func (s *Set) Known(code string) (Shown, bool) {
	code = s.Canonical(code)
	for _, o := range s.offers {
		if c := o.Doc.Codes; c != nil && c.Code != "" && s.Canonical(c.Code) == code {
			return Shown{Code: code, Offer: o.Name}, true
		}
	}
	return Shown{Code: code}, false
}
