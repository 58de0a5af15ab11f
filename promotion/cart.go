package promotion

import (
	"cmp"
	"slices"
	"strings"

	"rapport"
)

// cart is an order while offers are taken off it, one after another.
type cart struct {
	order *Order
	lines []line // ascending by key: the order of the order's lines is forgotten
	ship  int64  // what has been taken off the shipping
}

// line is all lines of an order that are alike in everything but their ids.
type line struct {
	item   *Item // one of them
	places []int // where they stand in the order; none for a line that an offer added
	key    string
	units  int64
	amount int64 // of all, before any offer
	runs   []run
	spread int64 // taken off the line as a whole
	least  int64 // what it may not come to less than
	added  bool
}

// run is units of a line that cost the same and of which the same was taken off.
type run struct {
	units, price, off int64
}

// newCart takes lines together that are alike. A line is kept above what its cost
// and a margin come to, and above its least price.
func newCart(o *Order, margin percent) *cart {
	c := &cart{order: o}
	byKey := make(map[string]int, len(o.Items))
	for i := range o.Items {
		it := &o.Items[i]
		key := it.key(o.Currency)
		at, known := byKey[key]
		if !known {
			at = len(c.lines)
			byKey[key] = at
			c.lines = append(c.lines, line{item: it, key: key})
		}
		c.lines[at].take(i, it, margin)
	}
	slices.SortFunc(c.lines, func(a, b line) int {
		return cmp.Or(cmp.Compare(b.item.Price, a.item.Price), strings.Compare(a.key, b.key))
	})
	return c
}

// key tells lines apart that are not alike.
func (it *Item) key(currency string) string {
	pairs := make([]rapport.Value, 0, 16)
	for i := range it.Properties.Len() {
		name, value := it.Properties.Pair(i)
		if name != "id" && name != "quantity" && name != "amount" {
			pairs = append(pairs, rapport.TextOf(name), value)
		}
	}
	b := append([]byte(it.Product), 0)
	for _, n := range []int64{it.Price, it.Amount % it.Units, it.Least, it.Cost} {
		b = append(rapport.NumberOf(float64(n)).AppendJSON(b), 0)
	}
	if it.Amount%it.Units != 0 { // its units don't cost the same, so it can't be taken apart
		b = append(rapport.NumberOf(float64(it.Units)).AppendJSON(b), 0)
	}
	return string(sorted(rapport.ObjectOf(pairs)).AppendJSON(b))
}

// sorted returns an object's names in order, since the order they came in says nothing.
func sorted(v rapport.Value) rapport.Value {
	if v.Kind() != rapport.Object {
		return v
	}
	places := make([]int, v.Len())
	for i := range places {
		places[i] = i
	}
	name := func(i int) string { n, _ := v.Pair(i); return n }
	slices.SortStableFunc(places, func(a, b int) int { return strings.Compare(name(a), name(b)) })
	pairs := make([]rapport.Value, 0, 2*len(places))
	for _, i := range places {
		name, value := v.Pair(i)
		pairs = append(pairs, rapport.TextOf(name), sorted(value))
	}
	return rapport.ObjectOf(pairs)
}

// take adds a line of the order to those that are like it.
func (l *line) take(place int, it *Item, margin percent) {
	l.places = append(l.places, place)
	l.units += it.Units
	l.amount += it.Amount
	least := it.Least
	if it.Cost >= 0 {
		least = max(least, it.Cost+mulDiv(it.Cost, int64(margin), int64(whole), int64(whole)-1))
	}
	l.least += min(it.Amount, times(it.Units, least))
	odd := it.Amount % it.Units
	l.add(run{units: odd, price: it.Price + 1})
	l.add(run{units: it.Units - odd, price: it.Price})
}

// add puts units into the line, those alike together.
func (l *line) add(r run) {
	if r.units == 0 {
		return
	}
	for i := range l.runs {
		if l.runs[i].price == r.price && l.runs[i].off == r.off {
			l.runs[i].units += r.units
			return
		}
	}
	l.runs = append(l.runs, r)
}

// left returns what the line still comes to.
func (l *line) left() int64 { return l.inRuns() - l.spread }

func (l *line) inRuns() (sum int64) {
	for _, r := range l.runs {
		sum += r.units * (r.price - r.off)
	}
	return sum
}

// room returns how much may still be taken off the line.
func (l *line) room() int64 { return max(0, l.left()-l.least) }

// clone returns a cart on which may be tried what the first is kept from.
func (c *cart) clone() *cart {
	d := &cart{order: c.order, lines: slices.Clone(c.lines), ship: c.ship}
	for i := range d.lines {
		d.lines[i].runs = slices.Clone(d.lines[i].runs)
	}
	return d
}

// bare returns a cart whose lines may come to nothing, whatever their cost.
func (c *cart) bare() *cart {
	d := c.clone()
	for i := range d.lines {
		d.lines[i].least = 0
	}
	return d
}

// left returns what the lines still come to, without the shipping.
func (c *cart) left() (sum int64) {
	for i := range c.lines {
		sum += c.lines[i].left()
	}
	return sum
}

// target is what something is taken from: a line as a whole, units of one of its
// runs, or the shipping.
type target struct {
	line  int // -1 for the shipping
	run   int // -1 for the line as a whole
	units int64
	base  int64 // what a percentage is taken of
	room  int64 // what may be taken at most
}

// ofLine returns a line as a whole as a target. Initial says that a percentage is
// of what it cost at first.
func (c *cart) ofLine(at int, initial bool) target {
	l := &c.lines[at]
	base := l.left()
	if initial {
		base = l.amount
	}
	return target{line: at, run: -1, units: l.units, base: base, room: l.room()}
}

// ofUnits returns units of a run as a target. Of what was taken off the line as a
// whole, and of what must be left of it, they bear their part, rounded so that it
// is never less than exact.
func (c *cart) ofUnits(at, r int, units int64, initial bool) target {
	l := &c.lines[at]
	value := units * (l.runs[r].price - l.runs[r].off)
	left := value
	if all := l.inRuns(); all > 0 && l.spread > 0 {
		left -= mulDiv(l.spread, value, all, all-1)
	}
	base := left
	if initial {
		base = units * l.runs[r].price
	}
	least := mulDiv(l.least, units, l.units, l.units-1)
	return target{line: at, run: r, units: units, base: base, room: max(0, min(left-least, l.room()))}
}

// ofShipping returns the shipping as a target.
func (c *cart) ofShipping(initial bool) target {
	left := c.order.Shipping - c.ship
	base := left
	if initial {
		base = c.order.Shipping
	}
	return target{line: -1, run: -1, units: 1, base: base, room: left}
}

// cut is what is taken from a target.
type cut struct {
	target
	amount int64
}

// take takes cuts off. Those of units come apart from their runs; the places of the
// runs that other cuts name stay what they are.
func (c *cart) take(cuts []cut) {
	for _, k := range cuts {
		switch {
		case k.amount == 0:
		case k.line < 0:
			c.ship += k.amount
		case k.run < 0:
			c.lines[k.line].spread += k.amount
		default:
			c.lines[k.line].cutUnits(k)
		}
	}
	for i := range c.lines {
		c.lines[i].gather()
	}
}

// cutUnits takes an amount off some units of a run, from each the same but for what
// does not come out even: that is taken one by one from the first.
func (l *line) cutUnits(k cut) {
	r := l.runs[k.run]
	l.runs[k.run].units -= k.units
	each, odd := k.amount/k.units, k.amount%k.units
	l.runs = append(l.runs, run{odd, r.price, r.off + each + 1}, run{k.units - odd, r.price, r.off + each})
}

// gather puts units together again that are alike, the dearest first.
func (l *line) gather() {
	runs := l.runs
	l.runs = l.runs[:0:0]
	for _, r := range runs {
		l.add(r)
	}
	slices.SortFunc(l.runs, func(a, b run) int {
		return cmp.Or(cmp.Compare(b.price, a.price), cmp.Compare(a.off, b.off))
	})
}
