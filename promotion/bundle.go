package promotion

import (
	"slices"

	"rapport/rule"
)

// bundle is what has to be bought together, compiled.
type bundle struct {
	parts []part // what is bought, then what is got
	got   bool   // the last part is what is got, and alone is discounted
	times int64  // at most; 0: as many as there are
}

// part is one part of a bundle.
type part struct {
	items *rule.Rule // nil: all lines
	units int64
	from  order
}

// of returns the bundles that a cart holds, as many as there can be, each as the
// units that are discounted. Bundles are made one after another; each takes the
// units of its parts in their order, and passes over units that are needed if
// there are to be so many bundles. So the result does not depend on the order of
// lines, and a cheap unit more never takes a dear one's place.
func (b *bundle) of(s *scene, c *cart, lines []int) (bundles [][]target) {
	stock := b.stock(s, c, lines)
	count := stock.most(b)
	for k := count; k > 0; k-- {
		var units []taken
		for i := range b.parts {
			took := stock.take(b, i, k)
			if !b.got || i == len(b.parts)-1 {
				units = append(units, took...)
			}
		}
		bundles = append(bundles, c.targetsOf(units, s.initial))
	}
	return bundles
}

// stock is the units of a cart that parts of a bundle may be made of.
type stock struct {
	pieces [2][]piece // by from
	serves map[int]uint
	left   map[piece]int64
}

// stock returns the units that lines have. Which of them are discounted is settled
// by whether the give may touch them: other parts may be any line of the cart.
func (b *bundle) stock(s *scene, c *cart, lines []int) *stock {
	st := &stock{serves: map[int]uint{}, left: map[piece]int64{}}
	var some []int
	for i := range c.lines {
		l := &c.lines[i]
		if l.added {
			continue
		}
		var mask uint
		for p := range b.parts {
			discounted := !b.got || p == len(b.parts)-1
			if s.holds(b.parts[p].items, l.item) && (!discounted || slices.Contains(lines, i)) {
				mask |= 1 << p
			}
		}
		if mask != 0 {
			st.serves[i] = mask
			some = append(some, i)
		}
	}
	for _, from := range []order{dearest, cheapest} {
		st.pieces[from] = c.pieces(some, from)
	}
	for _, p := range st.pieces[dearest] {
		st.left[p] = c.lines[p.line].runs[p.run].units
	}
	return st
}

// byMask returns how many units are left that may serve as exactly which parts.
func (st *stock) byMask() map[uint]int64 {
	sums := map[uint]int64{}
	for p, n := range st.left {
		sums[st.serves[p.line]] += n
	}
	return sums
}

// most returns how many bundles there can be: by Hall's theorem so many that for
// each set of parts there are as many units that serve any of them as these need.
func (st *stock) most(b *bundle) int64 {
	sums := st.byMask()
	count := int64(maxBundles)
	if b.times > 0 {
		count = min(count, b.times)
	}
	for set := uint(1); set < 1<<len(b.parts); set++ {
		have, need := serving(sums, set), int64(0)
		for p := range b.parts {
			if set&(1<<p) != 0 {
				need += b.parts[p].units
			}
		}
		count = min(count, have/need)
	}
	return count
}

func serving(sums map[uint]int64, set uint) (n int64) {
	for mask, units := range sums {
		if mask&set != 0 {
			n += units
		}
	}
	return n
}

// taken is units of a run that a bundle takes.
type taken struct {
	piece
	units int64
}

// take takes the units of part i of the first of k bundles that are still to be
// made, whose parts before i are taken already. It takes units that serve few other
// parts only where those would be missing.
func (st *stock) take(b *bundle, i int, k int64) (units []taken) {
	need := b.parts[i].units
	for _, p := range st.pieces[b.parts[i].from] {
		if st.serves[p.line]&(1<<i) == 0 || need == 0 {
			continue
		}
		n := min(need, st.left[p], st.spare(b, i, k, st.serves[p.line]))
		if n <= 0 {
			continue
		}
		st.left[p] -= n
		need -= n
		units = append(units, taken{p, n})
	}
	return units
}

// spare returns how many units that serve certain parts may be taken for part i,
// such that the parts behind it, and all parts of the other k-1 bundles, can still be
// filled. Where a set of parts has part i in it, taking one is what it needed.
func (st *stock) spare(b *bundle, i int, k int64, mask uint) int64 {
	sums := st.byMask()
	free := int64(maxUnits)
	for set := uint(1); set < 1<<len(b.parts); set++ {
		if set&mask == 0 || set&(1<<i) != 0 {
			continue
		}
		var need int64
		for p := range b.parts {
			if set&(1<<p) != 0 && p > i {
				need += k * b.parts[p].units
			} else if set&(1<<p) != 0 {
				need += (k - 1) * b.parts[p].units
			}
		}
		free = min(free, serving(sums, set)-need)
	}
	return free
}

// targetsOf returns what bundles took as targets, units of one run together.
func (c *cart) targetsOf(units []taken, initial bool) (targets []target) {
	for _, u := range units {
		targets = append(targets, c.ofUnits(u.line, u.run, u.units, initial))
	}
	return targets
}

// maxParts is how many parts a bundle may have, and maxBundles how many bundles of an
// order count.
const (
	maxParts   = 6
	maxBundles = 1000
)
