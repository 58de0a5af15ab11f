package promotion

import "rapport"

// free is a product that comes for nothing, compiled.
type free struct {
	product, name string
	units         int64
	worth         money
	add           adding
}

// adding is how free units come into an order.
type adding uint8

const (
	addNew adding = iota
	addMissing
	addSame
)

// freed works out which units come for nothing.
func (g *give) freed(s *scene, c *cart) got {
	lines := g.choose.lines(c, g.eligible(s, c))
	times := int64(1)
	if g.bundle != nil {
		times = int64(len(g.bundle.of(s, c, lines)))
	}
	if times == 0 || g.items != nil && len(lines) == 0 {
		return got{}
	}
	switch g.free.add {
	case addSame:
		return g.free.same(c, lines)
	case addMissing:
		return g.free.missing(s, c, times*g.free.units)
	}
	return got{added: g.free.line(s.order.Currency, times*g.free.units)}
}

// line returns units of the product as a line of which nothing is to be paid.
func (f *free) line(currency string, units int64) []line {
	if units == 0 {
		return nil
	}
	name := rapport.ObjectOf([]rapport.Value{rapport.TextOf("name"), text(f.name)})
	return []line{addedLine(&Item{Product: f.product, Price: f.worth[currency], Cost: -1, Properties: name}, units)}
}

// addedLine returns units of an item as a line that an offer puts into the order.
func addedLine(it *Item, units int64) line {
	return line{
		item: it, key: "+" + it.Product, units: units, amount: units * it.Price, added: true,
		runs: []run{{units: units, price: it.Price, off: it.Price}},
	}
}

// missing makes units free that are in the order, the dearest first, and adds those
// that are not.
func (f *free) missing(s *scene, c *cart, need int64) got {
	var lines []int
	for i := range c.lines {
		if l := &c.lines[i]; !l.added && l.item.Product == f.product {
			lines = append(lines, i)
		}
	}
	there := choose{most: need}.units(c, lines, false)
	groups := [][]target{there}
	c.fit(groups)
	var out got
	for _, t := range there {
		out.cuts = append(out.cuts, cut{t, t.room})
		need -= t.units
	}
	out.added = f.line(s.order.Currency, need)
	return out
}

// same adds units of each line's own product.
func (f *free) same(c *cart, lines []int) (out got) {
	for _, at := range lines {
		it := *c.lines[at].item
		it.Price = c.lines[at].runs[0].price
		out.added = append(out.added, addedLine(&it, f.units))
	}
	return out
}
