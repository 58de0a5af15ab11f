package promotion

import (
	"rapport/rule"
)

// give is one thing an offer gives, compiled.
type give struct {
	doc     Give
	how     how
	on      place
	percent percent
	amount  money // of an amount or a price
	tiers   []tier
	items   *rule.Rule // nil: all lines
	except  *rule.Rule // nil: none
	choose  choose
	bundle  *bundle
	free    *free

	byUnits          bool // shared out by units
	atMost, eachMost money
}

// how says in which way something is given.
type how uint8

const (
	byPercent how = iota + 1
	byAmount
	byPrice
	byFree
)

// place says what it is taken from.
type place uint8

const (
	onOrder place = iota
	onLines
	onUnits
	onShipping
)

// money is an amount by currency, in minor units.
type money map[string]int64

// in returns the amount in a currency; what says nothing of it is without end.
func (m money) in(currency string) int64 {
	if n, ok := m[currency]; ok {
		return n
	}
	return maxMinor
}

// tier is one step of what is given.
type tier struct {
	from    money
	units   int64
	percent percent
	amount  money
}

// knows reports whether a give says what it is worth in a currency. Nothing is
// ever exchanged: an offer of 10 dollars gives nothing in yen unless it says how
// many.
func (g *give) knows(currency string) bool {
	for _, m := range []money{g.amount, g.atMost, g.eachMost} {
		if _, ok := m[currency]; m != nil && !ok {
			return false
		}
	}
	for _, t := range g.tiers {
		for _, m := range []money{t.from, t.amount} {
			if _, ok := m[currency]; m != nil && !ok {
				return false
			}
		}
	}
	return true
}

// got is what one give comes to on a cart: what is taken off, and what is added.
type got struct {
	cuts  []cut
	added []line
}

// sum returns what is taken off, the worth of what is added with it.
func (g *got) sum() (sum int64) {
	for _, k := range g.cuts {
		sum += k.amount
	}
	for _, l := range g.added {
		sum += l.amount
	}
	return sum
}

// of works out what the give comes to, at most so much in all.
func (g *give) of(s *scene, c *cart, limit int64) got {
	if g.free != nil {
		return g.freed(s, c)
	}
	groups := g.targets(s, c)
	worth := g
	if g.tiers != nil {
		if worth = g.reached(groups, s.order.Currency); worth == nil {
			return got{}
		}
	}
	var cuts []cut
	for _, group := range groups {
		cuts = append(cuts, worth.cut(group, s.order.Currency)...)
	}
	return got{cuts: within(cuts, min(limit, g.atMost.in(s.order.Currency)))}
}

// targets returns what it is taken from, in groups each of which is treated as one:
// the order, or one bundle.
func (g *give) targets(s *scene, c *cart) (groups [][]target) {
	if g.on == onShipping {
		return [][]target{{c.ofShipping(s.initial)}}
	}
	lines := g.eligible(s, c)
	switch {
	case g.bundle != nil:
		groups = g.bundle.of(s, c, lines)
	case g.on == onUnits:
		groups = [][]target{g.choose.units(c, lines, s.initial)}
	default:
		var all []target
		for _, at := range g.choose.lines(c, lines) {
			all = append(all, c.ofLine(at, s.initial))
		}
		groups = [][]target{all}
	}
	c.fit(groups)
	return groups
}

// eligible returns the places of the lines that may be touched.
func (g *give) eligible(s *scene, c *cart) (lines []int) {
	for i := range c.lines {
		l := &c.lines[i]
		if !l.added && s.holds(g.items, l.item) && (g.except == nil || !s.holds(g.except, l.item)) {
			lines = append(lines, i)
		}
	}
	return lines
}

// fit sees to it that the targets of one line have no more room together than the
// line has: each of its units is rounded for itself.
func (c *cart) fit(groups [][]target) {
	rooms := map[int]int64{}
	for _, group := range groups {
		for i := range group {
			t := &group[i]
			if t.line < 0 {
				continue
			}
			if _, known := rooms[t.line]; !known {
				rooms[t.line] = c.lines[t.line].room()
			}
			t.room = min(t.room, rooms[t.line])
			rooms[t.line] -= t.room
		}
	}
}

// reached returns the give with what its highest tier that is reached gives; nil if
// none is.
func (g *give) reached(groups [][]target, currency string) *give {
	var amount, units int64
	for _, group := range groups {
		for _, t := range group {
			amount += t.base
			units += t.units
		}
	}
	var best *tier
	for i := range g.tiers {
		t := &g.tiers[i]
		if t.from != nil && amount >= t.from[currency] || t.from == nil && units >= t.units {
			best = t // they ascend
		}
	}
	if best == nil {
		return nil
	}
	worth := *g
	worth.percent, worth.amount = best.percent, best.amount
	return &worth
}

// cut takes what is given from one group of targets.
func (g *give) cut(targets []target, currency string) []cut {
	if g.on == onOrder || g.on == onShipping || g.bundle != nil && g.how != byAmount && g.on != onUnits {
		return g.together(targets, currency)
	}
	cuts := make([]cut, len(targets))
	if g.how == byPercent { // each its own, so what one has no room for is no other's
		weights := make([]int64, len(targets))
		for i, t := range targets {
			weights[i] = t.base
		}
		for i, part := range share(g.percent.of(bases(targets)), weights, weights) {
			cuts[i] = cut{targets[i], min(part, targets[i].room)}
		}
		return g.clipped(cuts, currency)
	}
	for i, t := range targets {
		n := int64(1)
		if g.on == onUnits {
			n = t.units
		}
		off := times(n, g.amount[currency])
		if g.how == byPrice {
			off = max(0, t.base-off)
		}
		cuts[i] = cut{t, min(off, t.room)}
	}
	return g.clipped(cuts, currency)
}

// together takes what is given off all targets as one, in proportion.
func (g *give) together(targets []target, currency string) []cut {
	total := bases(targets)
	switch g.how {
	case byPercent:
		total = g.percent.of(total)
	case byAmount:
		total = g.amount[currency]
	case byPrice:
		total = max(0, total-g.amount[currency])
	}
	return g.clipped(spread(total, targets, g.byUnits), currency)
}

// clipped cuts each to the most that is taken off a line or unit.
func (g *give) clipped(cuts []cut, currency string) []cut {
	if g.eachMost == nil {
		return cuts
	}
	for i := range cuts {
		n := int64(1)
		if g.on == onUnits {
			n = cuts[i].units
		}
		cuts[i].amount = min(cuts[i].amount, times(n, g.eachMost[currency]))
	}
	return cuts
}

func bases(targets []target) (sum int64) {
	for _, t := range targets {
		sum += t.base
	}
	return sum
}

// spread shares a total out among targets.
func spread(total int64, targets []target, byUnits bool) []cut {
	weights, rooms := make([]int64, len(targets)), make([]int64, len(targets))
	for i, t := range targets {
		weights[i], rooms[i] = t.base, t.room
		if byUnits {
			weights[i] = t.units
		}
	}
	cuts := make([]cut, len(targets))
	for i, part := range share(total, weights, rooms) {
		cuts[i] = cut{targets[i], part}
	}
	return cuts
}

// within cuts what is taken off to a limit, in proportion.
func within(cuts []cut, limit int64) []cut {
	amounts := make([]int64, len(cuts))
	var sum int64
	for i, k := range cuts {
		amounts[i] = k.amount
		sum += k.amount
	}
	if sum <= limit {
		return cuts
	}
	for i, part := range share(limit, amounts, amounts) {
		cuts[i].amount = part
	}
	return cuts
}
