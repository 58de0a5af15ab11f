package promotion

import "slices"

// choose picks lines or units by their price at first, compiled. The zero choose
// picks all.
type choose struct {
	from  order
	skip  int64
	every int64 // 0 or 1: each
	most  int64 // 0: all
}

// order is where picking begins.
type order uint8

const (
	dearest order = iota
	cheapest
)

// picked returns how many of n that stand behind before others are picked, of
// picked so many already.
func (w choose) picked(before, n, picked int64) int64 {
	upTo := func(place int64) int64 { // how many of the first so many are picked, were there no most
		return max(0, place-w.skip) / max(1, w.every)
	}
	count := upTo(before+n) - upTo(before)
	if w.most > 0 {
		count = min(count, w.most-picked)
	}
	return count
}

// lines picks among lines of a cart, which stand with the dearest first.
func (w choose) lines(c *cart, lines []int) (chosen []int) {
	if w.from == cheapest {
		lines = slices.Clone(lines)
		slices.Reverse(lines)
	}
	for i, at := range lines {
		if w.picked(int64(i), 1, int64(len(chosen))) > 0 {
			chosen = append(chosen, at)
		}
	}
	return chosen
}

// units picks among the units of lines.
func (w choose) units(c *cart, lines []int, initial bool) (chosen []target) {
	var before, picked int64
	for _, p := range c.pieces(lines, w.from) {
		n := c.lines[p.line].runs[p.run].units
		if take := w.picked(before, n, picked); take > 0 {
			chosen = append(chosen, c.ofUnits(p.line, p.run, take, initial))
			picked += take
		}
		before += n
	}
	return chosen
}

// piece is a run of a line.
type piece struct{ line, run int }

// pieces returns the runs of lines by the price of their units. Of units of one
// line those come first of which the least was taken off.
func (c *cart) pieces(lines []int, from order) (all []piece) {
	for _, at := range lines {
		for r := range c.lines[at].runs {
			all = append(all, piece{at, r})
		}
	}
	price := func(p piece) int64 { return c.lines[p.line].runs[p.run].price }
	slices.SortStableFunc(all, func(a, b piece) int {
		if from == cheapest {
			a, b = b, a
		}
		switch {
		case price(a) > price(b):
			return -1
		case price(a) < price(b):
			return 1
		}
		return 0
	})
	return all
}
