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

// points returns the points inside the window, ascending.
func (n *selection) points(x *env) []Point {
	h := x.subject.History(n.fact)
	if h == nil {
		return nil
	}
	pts := h.Points
	for len(pts) > 0 && pts[len(pts)-1].At > x.now {
		pts = pts[:len(pts)-1]
	}
	if !n.windowed || len(pts) == 0 || n.within.holds(pts[0].At, x.now, x) {
		return pts
	}
	if !n.within.holds(pts[len(pts)-1].At, x.now, x) {
		return nil
	}
	start := n.within.back(x.now, x.zone())
	return pts[sort.Search(len(pts), func(i int) bool { return pts[i].At > start }):]
}

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
		return n.over(n.points(x))
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

func (n *aggregate) over(pts []Point) (float64, bool) {
	switch n.measure {
	case countOf, distinctOf:
		return float64(len(pts)), true
	case sumOf, avgOf:
		return n.ofSum(sumPoints(pts), len(pts))
	}
	if len(pts) == 0 {
		return 0, false
	}
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
	pts := n.points(x)
	v, ok := n.over(pts)
	truth := n.judge(v, ok, r)
	if left := n.changing(pts, truth, r); left >= 0 {
		bound = min(bound, n.leaves(x, pts[left].At))
	}
	return truth, bound
}

// changing returns the first of the points whose leaving changes the answer, -1
// if none does.
func (n compareAggregate) changing(pts []Point, truth Truth, r float64) int {
	sum := sumPoints(pts)
	v, ok := n.over(pts)
	for i := range pts {
		switch n.measure {
		case countOf, distinctOf:
			v--
		case sumOf, avgOf:
			sum.sub(pts[i].Value)
			v, ok = n.ofSum(sum, len(pts)-i-1)
		default:
			if numberOf(pts[i].Value) == v {
				v, ok = n.over(pts[i+1:])
			}
		}
		if n.judge(v, ok, r) != truth {
			return i
		}
	}
	return -1
}
