package rule

import (
	"sort"

	"rapport"
)

// sequence is followed_by(...) or not_followed_by(...): it asks of each point
// whether an event of another selection came after it and within a length of time.
type sequence struct {
	fact   FactID // of what follows
	within span
	absent bool // it must not have followed, which is certain when the time is over
	shared bool // both carry a hash of the property that they must share
}

// keep returns which of the points satisfy the sequence, or will if nothing else
// happens. It works in the memory of points, whose beginning it leaves unused.
func (s *sequence) keep(x *env, points []Point) []Point {
	f := x.followers(s)
	kept := len(points)
	for i := len(points) - 1; i >= 0; i-- {
		next := f.after(points[i])
		if s.absent != s.soon(x, points[i].At, next) {
			kept--
			points[kept] = points[i]
		}
	}
	return points[kept:]
}

// soon reports whether next comes before the time that at allows is over. The
// calendar is asked only where a zone's offset could matter.
func (s *sequence) soon(x *env, at, next rapport.Instant) bool {
	if next == rapport.Never || s.within.days == 0 {
		return next != rapport.Never && next < at+s.within.exact
	}
	switch middle := at + rapport.Instant(s.within.days)*day; {
	case next < middle-slack:
		return true
	case next >= middle+slack:
		return false
	}
	return next < s.within.ahead(at, x.zone())
}

// over returns when it is certain of an event that nothing followed it.
func (s *sequence) over(x *env, at rapport.Instant) rapport.Instant {
	if !s.absent {
		return at
	}
	return s.within.ahead(at, x.zone())
}

// over returns when it is certain of an event what followed it.
func (n *selection) over(x *env, at rapport.Instant) rapport.Instant {
	certain := at
	for i := range n.steps {
		certain = max(certain, n.steps[i].over(x, at))
	}
	return certain
}

// certain counts the first points of which it is certain at x.now what followed.
func (n *selection) certain(x *env, points []Point) int {
	if len(points) > 0 && n.over(x, points[len(points)-1].At) <= x.now {
		return len(points)
	}
	return sort.Search(len(points), func(i int) bool { return n.over(x, points[i].At) > x.now })
}

// followers goes back through what may follow, as its caller goes back through
// what it may follow on.
type followers struct {
	points  []Point // those that are not yet gone through
	nearest rapport.Instant
	shared  map[int64]rapport.Instant // the nearest by the hash of what both share; nil if nothing need be
}

func (x *env) followers(s *sequence) followers {
	f := followers{nearest: rapport.Never}
	if h := x.subject.History(s.fact); h != nil {
		f.points = h.Points[:upTo(h.Points, x.now)]
	}
	if s.shared {
		if x.nearest == nil {
			x.nearest = map[int64]rapport.Instant{}
		}
		clear(x.nearest)
		f.shared = x.nearest
	}
	return f
}

// after returns the first event after p, which must not be later than the p before.
func (f *followers) after(p Point) rapport.Instant {
	for n := len(f.points); n > 0 && f.points[n-1].At > p.At; n-- {
		f.nearest = f.points[n-1].At
		if f.shared != nil {
			f.shared[f.points[n-1].Value] = f.nearest
		}
		f.points = f.points[:n-1]
	}
	if f.shared == nil {
		return f.nearest
	}
	if at, ok := f.shared[p.Value]; ok {
		return at
	}
	return rapport.Never
}

// upTo counts the first points that are not after an instant. Those that are can
// only be few, if any.
func upTo(points []Point, now rapport.Instant) int {
	n := len(points)
	for n > 0 && points[n-1].At > now {
		n--
	}
	return n
}
