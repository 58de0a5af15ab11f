package rule

import (
	"sort"

	"rapport"
)

// selection is a fact, and perhaps a window over it and what must have followed.
type selection struct {
	fact   FactID
	window window // nil: all of the past
	steps  []sequence
}

// whole reports whether all that ever happened is selected.
func (n *selection) whole() bool { return n.window == nil && n.steps == nil }

// onlyLeaves reports whether events leave the selection one by one, and none enters.
func (n *selection) onlyLeaves() bool {
	_, ok := n.window.(recent)
	return ok && n.steps == nil
}

// run is some points of a history that follow one another: what a selection
// holds now. Those before it have left for good, those after it are still to enter.
type run struct {
	of       *History // nil: nothing is kept, and the run is empty
	from, to int
	end      int // of the points that may still enter
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

// run returns what the selection holds, ascending. With steps it is valid until
// the next run is asked for.
func (n *selection) run(x *env) run {
	h := x.subject.History(n.fact)
	if h == nil {
		return run{}
	}
	r := n.place(x, run{of: h, end: upTo(h.Points, x.now)})
	if n.steps == nil {
		return r
	}
	x.room = append(x.room[:0], h.Points[r.from:r.end]...)
	points := x.room
	for i := range n.steps {
		points = n.steps[i].keep(x, points)
	}
	x.matched.Points = points
	return n.place(x, run{of: &x.matched, end: len(points)})
}

// place finds which of the points are inside at x.now.
func (n *selection) place(x *env, r run) run {
	points := r.of.Points[:r.end]
	r.from, r.to = n.inside(x, points)
	if n.steps != nil && r.of == &x.matched {
		r.to = min(r.to, n.certain(x, points))
	}
	r.to = max(r.from, r.to)
	return r
}

func (n *selection) inside(x *env, points []Point) (from, to int) {
	if n.window == nil || len(points) == 0 {
		return 0, len(points)
	}
	if w, ok := n.window.(recent); ok {
		switch {
		case w.holds(points[0].At, x.now, x):
			return 0, len(points)
		case !w.holds(points[len(points)-1].At, x.now, x):
			return len(points), len(points)
		}
	}
	after, upto := n.window.bounds(x)
	from = sort.Search(len(points), func(i int) bool { return points[i].At > after })
	return from, sort.Search(len(points), func(i int) bool { return points[i].At > upto })
}

// points returns what the selection holds, ascending.
func (n *selection) points(x *env) []Point { return n.run(x).points() }

// holds reports whether an event at an instant is inside the window.
func (n *selection) holds(x *env, at rapport.Instant) bool {
	switch w := n.window.(type) {
	case nil:
		return true
	case recent:
		return w.holds(at, x.now, x)
	}
	after, upto := n.window.bounds(x)
	return at > after && at <= upto
}

// leaves returns when an event leaves the window.
func (n *selection) leaves(x *env, at rapport.Instant) rapport.Instant {
	if n.window == nil {
		return rapport.Never
	}
	return n.window.leaves(x, at)
}

// enters returns when an event is inside the window and it is certain what followed.
func (n *selection) enters(x *env, at rapport.Instant) rapport.Instant {
	certain := n.over(x, at)
	if n.window == nil {
		return certain
	}
	return max(certain, n.window.enters(x, at))
}

// later returns when the selection next holds something else than r, and what;
// never if it does not.
func (n *selection) later(x *env, r run) (rapport.Instant, run) {
	at := rapport.Never
	if r.from < r.to {
		at = n.leaves(x, r.of.Points[r.from].At)
	}
	if r.to < r.end {
		at = min(at, n.enters(x, r.of.Points[r.to].At))
	}
	if at == rapport.Never {
		return at, r
	}
	now := x.now
	x.now = at
	r = n.place(x, r)
	x.now = now
	return at, r
}

// happened is exists() where whatever is newest is inside: it needs no more than
// when the last event was.
type happened struct{ selection }

func (n *happened) eval(x *env) Truth {
	h := x.subject.History(n.fact)
	if h == nil || h.Count == 0 {
		return No
	}
	return TruthOf(n.holds(x, h.Last))
}

func (n *happened) flip(x *env) (Truth, rapport.Instant) {
	if n.eval(x) != Yes {
		return No, rapport.Never
	}
	return Yes, n.leaves(x, x.subject.History(n.fact).Last)
}

// matched is exists() of any other selection.
type matched struct{ selection }

func (n *matched) eval(x *env) Truth { return TruthOf(n.run(x).len() > 0) }

func (n *matched) flip(x *env) (Truth, rapport.Instant) {
	r := n.run(x)
	some := r.len() > 0
	at, r := n.later(x, r)
	for i := 0; at < rapport.Never && i < lookAhead && (r.len() > 0) == some; i++ {
		at, r = n.later(x, r)
	}
	return TruthOf(some), at
}

// measure says how points become a number. measureNamed knows the order.
type measure uint8

const (
	countOf measure = iota
	sumOf
	avgOf
	minOf
	maxOf
	distinctOf  // points of the same value are kept once, so it counts them
	differentOf // the same, where all points are kept
)

// aggregate is count(), sum(...) and the like over a selection.
type aggregate struct {
	selection
	measure measure
}

func (n *aggregate) eval(x *env) (float64, bool) {
	if !n.whole() || n.measure == distinctOf {
		return n.over(x, n.run(x))
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
		return h.Sum.mean(h.Count), h.Count > 0
	case minOf:
		return numberOf(h.Min), h.Count > 0
	}
	return numberOf(h.Max), h.Count > 0
}

func (n *aggregate) over(x *env, r run) (float64, bool) {
	switch n.measure {
	case countOf, distinctOf:
		return float64(r.len()), true
	case differentOf:
		return float64(x.different(r.points())), true
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

// different counts the values of points.
func (x *env) different(points []Point) int {
	if x.nearest == nil {
		x.nearest = map[int64]rapport.Instant{}
	}
	clear(x.nearest)
	for _, p := range points {
		x.nearest[p.Value] = p.At
	}
	return len(x.nearest)
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
	return s.mean(int64(count)), count > 0
}

func (n *aggregate) next(x *env) rapport.Instant {
	if n.whole() {
		return rapport.Never
	}
	at, _ := n.later(x, n.run(x))
	return at
}

// compareAggregate compares an aggregate with a number. Its flip is exact as
// long as the number stands still: it lets the points enter and leave until the
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
	if n.whole() || !ok {
		return n.eval(x), bound
	}
	in := n.run(x)
	v, ok := n.over(x, in)
	truth := n.judge(v, ok, r)
	if _, oneByOne := n.window.(recent); !oneByOne || in.to < in.end {
		bound = min(bound, n.turns(x, in, truth, r))
	} else if left := n.changing(x, in, v, truth, r); left >= 0 {
		bound = min(bound, n.leaves(x, in.points()[left].At))
	}
	return truth, bound
}

// turns returns when the answer may be another, by points that enter and leave.
func (n compareAggregate) turns(x *env, in run, truth Truth, r float64) rapport.Instant {
	at, in := n.later(x, in)
	for seen := 0; at < rapport.Never && seen < lookAhead*lookAhead; at, in = n.later(x, in) {
		v, ok := n.over(x, in)
		if n.judge(v, ok, r) != truth {
			break
		}
		if seen += lookAhead; n.measure > avgOf {
			seen += in.len() // each was looked at
		}
	}
	return at
}

// lookAhead is how many points are let go of in search of the one whose leaving
// changes the answer. Where none of them does, the last is when to look again: of
// who has thousands, looking at each with every event would cost far more.
const lookAhead = 64

// changing returns the first of the points whose leaving may change the answer, -1
// if none does; v is the value of all of them.
func (n compareAggregate) changing(x *env, in run, v float64, truth Truth, r float64) int {
	pts := in.points()
	if n.measure == countOf || n.measure == distinctOf {
		return n.changingCount(len(pts), truth, r)
	}
	sum, ok := in.sum(), true
	for i := range pts {
		if i == lookAhead {
			return i
		}
		switch n.measure {
		case sumOf, avgOf:
			sum.sub(pts[i].Value)
			v, ok = n.ofSum(sum, len(pts)-i-1)
		case differentOf:
			v, ok = n.over(x, run{in.of, in.from + i + 1, in.to, in.end})
		default:
			if numberOf(pts[i].Value) == v {
				v, ok = n.over(x, run{in.of, in.from + i + 1, in.to, in.end})
			}
		}
		if n.judge(v, ok, r) != truth {
			return i
		}
	}
	return -1
}

// changingCount is changing of the number of so many points, which only becomes smaller.
func (n compareAggregate) changingCount(points int, truth Truth, r float64) int {
	stays := Yes
	if n.op == OpGe || n.op == OpGt {
		stays = No
	}
	if truth == stays && n.op != OpEq && n.op != OpNe {
		return -1
	}
	for i := range min(points, lookAhead) {
		if answersNumbers(n.op, float64(points-i-1), r) != truth {
			return i
		}
	}
	if points > lookAhead {
		return lookAhead
	}
	return -1
}
