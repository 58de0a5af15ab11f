package rule

import (
	"slices"

	"rapport"
)

// index is what makes a long history quick to ask. It follows from the points, is
// kept in memory only, and is missing until the first event after a history was
// read. Evaluating never changes it, so many may ask at once.
type index struct {
	sums   []Sum                     // of the points up to and with each, counted from some base
	newest map[int64]rapport.Instant // of distinct values: when each was last seen
}

// indexFrom is how many points make an index worth its memory.
const indexFrom = 64

// sumBetween returns the sum of Points[from:to].
func (h *History) sumBetween(from, to int) Sum {
	if from >= to {
		return Sum{}
	}
	if len(h.index.sums) != len(h.Points) {
		return sumPoints(h.Points[from:to])
	}
	sum := h.index.sums[to-1].minus(h.index.sums[from])
	sum.add(h.Points[from].Value)
	return sum
}

// reckon brings the sums up to the points from a place on.
func (h *History) reckon(place int) {
	if len(h.Points) < indexFrom {
		h.index.sums = nil
		return
	}
	sums := h.index.sums
	sums = sums[:min(place, len(sums))]
	for i := len(sums); i < len(h.Points); i++ {
		var sum Sum
		if i > 0 {
			sum = sums[i-1]
		}
		sum.add(h.Points[i].Value)
		sums = append(sums, sum)
	}
	h.index.sums = sums
}

// seen returns the place of the point of a distinct value, and whether there is one.
func (h *History) seen(value int64) (place int, found bool) {
	if h.index.newest == nil && len(h.Points) >= indexFrom {
		h.index.newest = make(map[int64]rapport.Instant, 2*len(h.Points))
		for _, p := range h.Points {
			h.index.newest[p.Value] = p.At
		}
	}
	if h.index.newest == nil {
		place = slices.IndexFunc(h.Points, func(q Point) bool { return q.Value == value })
		return place, place >= 0
	}
	at, found := h.index.newest[value]
	if !found {
		return 0, false
	}
	return slices.BinarySearchFunc(h.Points, Point{At: at, Value: value}, Point.compare)
}

// note remembers when a distinct value was seen.
func (h *History) note(p Point) {
	if h.index.newest != nil {
		h.index.newest[p.Value] = p.At
	}
}

// forget takes the first points out of the index.
func (x *index) forget(points []Point) {
	if len(x.sums) >= len(points) {
		x.sums = x.sums[len(points):]
	}
	for _, p := range points {
		if x.newest[p.Value] == p.At {
			delete(x.newest, p.Value)
		}
	}
}
