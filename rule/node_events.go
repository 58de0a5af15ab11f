package rule

import (
	"sort"

	"rapport"
)

// selection is a fact, and perhaps a window over it.
type selection struct {
	fact     FactID
	within   span
	windowed bool
}

// run is some points of a history that follow one another.
type run struct {
	of       *History // nil: nothing is kept, and the run is empty
	from, to int
}

func (r run) len() int { return r.to - r.from }

func (r run) points() []Point {
	if r.of == nil {
		return nil
	}
	return r.of.Points[r.from:r.to]
}

func (r run) sum() Sum {
	if r.of == nil {
		return Sum{}
	}
	return r.of.sumBetween(r.from, r.to)
}

// run returns the points inside the window, ascending.
func (n *selection) run(x *env) run {
	h := x.subject.History(n.fact)
	if h == nil {
		return run{}
	}
	pts := h.Points
	for len(pts) > 0 && pts[len(pts)-1].At > x.now {
		pts = pts[:len(pts)-1]
	}
	if !n.windowed || len(pts) == 0 || n.within.holds(pts[0].At, x.now, x) {
		return run{h, 0, len(pts)}
	}
	if !n.within.holds(pts[len(pts)-1].At, x.now, x) {
		return run{h, len(pts), len(pts)}
	}
	start := n.within.back(x.now, x.zone())
	return run{h, sort.Search(len(pts), func(i int) bool { return pts[i].At > start }), len(pts)}
}

// points returns the points inside the window, ascending.
func (n *selection) points(x *env) []Point { return n.run(x).points() }

// leaves returns when an event leaves the window.
func (n *selection) leaves(x *env, at rapport.Instant) rapport.Instant {
	if !n.windowed {
		return rapport.Never
	}
	return n.within.whenBack(at, x.zone())
}

// happened is exists(): it needs no more than when the last event was.
type happened struct{ selection }

func (n *happened) eval(x *env) Truth {
	h := x.subject.History(n.fact)
	if h == nil || h.Count == 0 {
		return No
	}
	return TruthOf(!n.windowed || n.within.holds(h.Last, x.now, x))
}

func (n *happened) flip(x *env) (Truth, rapport.Instant) {
	if n.eval(x) != Yes {
		return No, rapport.Never
	}
	return Yes, n.leaves(x, x.subject.History(n.fact).Last)
}

// measure says how points become a number. measureNamed knows the order.
type measure uint8

const (
	countOf measure = iota
	sumOf
	avgOf
	minOf
	maxOf
	distinctOf // points of the same value are kept once, so it counts them
)

// aggregate is count(), sum(...) and the like over a selection.
type aggregate struct {
	selection
	measure measure
}

func (n *aggregate) eval(x *env) (float64, bool) {
	if n.windowed || n.measure == distinctOf {
		return n.over(n.run(x))
	}
	h := x.subject.History(n.fact)
	if h == nil {
		h = &History{}
	}
	switch n.measure {
	case countOf:
		return float64(h.Count), true
	case sumOf:
		return h.Sum.Number(), true
	case avgOf:
		return h.Sum.Number() / float64(h.Count), h.Count > 0
	case minOf:
		return numberOf(h.Min), h.Count > 0
	}
	return numberOf(h.Max), h.Count > 0
}

func (n *aggregate) over(r run) (float64, bool) {
	switch n.measure {
	case countOf, distinctOf:
		return float64(r.len()), true
	case sumOf, avgOf:
		return n.ofSum(r.sum(), r.len())
	}
	if r.len() == 0 {
		return 0, false
	}
	pts := r.points()
	best := pts[0].Value
	for _, p := range pts[1:] {
		if n.measure == minOf {
			best = min(best, p.Value)
		} else {
			best = max(best, p.Value)
		}
	}
	return numberOf(best), true
}

func sumPoints(pts []Point) (s Sum) {
	for _, p := range pts {
		s.add(p.Value)
	}
	return s
}

func (n *aggregate) ofSum(s Sum, count int) (float64, bool) {
	if n.measure == sumOf {
		return s.Number(), true
	}
	return s.Number() / float64(count), count > 0
}

func (n *aggregate) next(x *env) rapport.Instant {
	if !n.windowed {
		return rapport.Never
	}
	if pts := n.points(x); len(pts) > 0 {
		return n.leaves(x, pts[0].At)
	}
	return rapport.Never
}

// compareAggregate compares an aggregate with a number. Its flip is exact as
// long as the number stands still: it lets the points leave one by one until the
// answer is another.
type compareAggregate struct {
	*aggregate
	op Op
	r  number
}

func (n compareAggregate) eval(x *env) Truth {
	r, rok := n.r.eval(x)
	if !rok {
		return Unknown
	}
	v, ok := n.aggregate.eval(x)
	return n.judge(v, ok, r)
}

func (n compareAggregate) judge(v float64, ok bool, r float64) Truth {
	if !ok {
		return Unknown
	}
	return answersNumbers(n.op, v, r)
}

func (n compareAggregate) flip(x *env) (Truth, rapport.Instant) {
	r, ok := n.r.eval(x)
	bound := n.r.next(x)
	if !n.windowed || !ok {
		return n.eval(x), bound
	}
	in := n.run(x)
	v, ok := n.over(in)
	truth := n.judge(v, ok, r)
	if left := n.changing(in, truth, r); left >= 0 {
		bound = min(bound, n.leaves(x, in.points()[left].At))
	}
	return truth, bound
}

// lookAhead is how many points are let go of in search of the one whose leaving
// changes the answer. Where none of them does, the last is when to look again: of
// who has thousands, looking at each with every event would cost far more.
const lookAhead = 64

// changing returns the first of the points whose leaving may change the answer, -1
// if none does.
func (n compareAggregate) changing(in run, truth Truth, r float64) int {
	pts, sum := in.points(), in.sum()
	v, ok := n.over(in)
	for i := range pts {
		if i == lookAhead {
			return i
		}
		switch n.measure {
		case countOf, distinctOf:
			v--
		case sumOf, avgOf:
			sum.sub(pts[i].Value)
			v, ok = n.ofSum(sum, len(pts)-i-1)
		default:
			if numberOf(pts[i].Value) == v {
				v, ok = n.over(run{in.of, in.from + i + 1, in.to})
			}
		}
		if n.judge(v, ok, r) != truth {
			return i
		}
	}
	return -1
}
