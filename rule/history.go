package rule

import (
	"cmp"
	"math"
	"math/bits"
	"slices"
	"time"

	"rapport"
)

// Point is one event of a fact's past. Value is what was measured, in millionths,
// for sum, avg, min and max; the hash of what is told apart or shared; else 0.
type Point struct {
	At    rapport.Instant
	Value int64
}

func (p Point) compare(q Point) int {
	return cmp.Or(cmp.Compare(p.At, q.At), cmp.Compare(p.Value, q.Value))
}

// History is what is kept of one fact of one customer: totals over all events
// that were added, and the points that Keep asks for. It is the same whatever
// the order the events were added in, as long as the last now is the same.
type History struct {
	Count       int64 // how many events
	Sum         Sum   // of what was measured
	Min, Max    int64 // of what was measured, in millionths; 0 while Count is 0
	First, Last rapport.Instant
	Points      []Point // ascending by At, then Value

	pages  []page // how the first of the points are kept
	absent bool   // it was decoded, and its pages were not read yet
	index  index
}

// Add adds one event and trims. Nows of successive calls must not go back.
func (h *History) Add(p Point, keep Keep, now rapport.Instant) {
	h.tally(p, keep)
	if keep.TotalsOnly() {
		h.Points, h.pages, h.index = nil, nil, index{}
		return
	}
	if !keep.Distinct || h.replaces(p) {
		place := h.insert(p)
		if keep.Distinct {
			h.note(p)
		} else if keep.Measured {
			h.reckon(place)
		}
	}
	h.Trim(keep, now)
}

func (h *History) tally(p Point, keep Keep) {
	one := History{Count: 1, First: p.At, Last: p.At}
	if keep.Measured && !keep.Distinct {
		one.Sum.add(p.Value)
		one.Min, one.Max = p.Value, p.Value
	}
	h.addTotals(&one)
}

func (h *History) addTotals(o *History) {
	switch {
	case o.Count == 0:
		return
	case h.Count == 0:
		h.First, h.Last, h.Min, h.Max = o.First, o.Last, o.Min, o.Max
	default:
		h.First, h.Last = min(h.First, o.First), max(h.Last, o.Last)
		h.Min, h.Max = min(h.Min, o.Min), max(h.Max, o.Max)
	}
	h.Count += o.Count
	h.Sum = h.Sum.plus(o.Sum)
}

// replaces takes the older point of the same value out, and says whether p, the
// newer one, is to come in.
func (h *History) replaces(p Point) bool {
	i, found := h.seen(p.Value)
	if !found {
		return true
	}
	if h.Points[i].At >= p.At {
		return false
	}
	h.Points = slices.Delete(h.Points, i, i+1)
	h.shift(i, -1)
	return true
}

// insert puts a point in its place and returns that.
func (h *History) insert(p Point) (place int) {
	n := len(h.Points)
	if n == 0 || h.Points[n-1].compare(p) <= 0 {
		h.Points = append(h.Points, p)
		return n
	}
	i, _ := slices.BinarySearchFunc(h.Points, p, Point.compare)
	h.Points = slices.Insert(h.Points, i, p)
	h.shift(i, 1)
	return i
}

// Trim drops the points that keep no longer asks for at now.
func (h *History) Trim(keep Keep, now rapport.Instant) {
	drop := min(h.older(keep.Window, now), max(len(h.Points)-keep.Last, h.older(keep.LastWithin, now)))
	if drop > 0 {
		h.Forget(drop)
	}
}

// older counts the points that are not younger than age.
func (h *History) older(age time.Duration, now rapport.Instant) int {
	if age == Forever {
		return 0
	}
	edge := now - rapport.Instant(age.Milliseconds())
	n, _ := slices.BinarySearchFunc(h.Points, edge, func(p Point, edge rapport.Instant) int {
		if p.At <= edge {
			return -1
		}
		return 1
	})
	return n
}

// Merge returns the history of a customer who was kept as two. Neither a nor b
// is changed; either may be nil.
func Merge(a, b *History, keep Keep, now rapport.Instant) *History {
	m := new(History)
	for _, h := range []*History{a, b} {
		if h == nil {
			continue
		}
		m.addTotals(h)
		m.Points = append(m.Points, h.Points...)
	}
	slices.SortFunc(m.Points, Point.compare)
	if keep.Distinct {
		m.Points = newestOfEach(m.Points)
	}
	m.Trim(keep, now)
	return m
}

// newestOfEach keeps the last point of each value.
func newestOfEach(points []Point) []Point {
	seen := make(map[int64]bool, len(points))
	kept := len(points)
	for i := len(points) - 1; i >= 0; i-- {
		if !seen[points[i].Value] {
			seen[points[i].Value] = true
			kept--
			points[kept] = points[i]
		}
	}
	return points[kept:]
}

// Equal reports whether two histories are the same.
func (h *History) Equal(o *History) bool {
	if h == nil || o == nil {
		return h == o
	}
	return h.Count == o.Count && h.Sum == o.Sum && h.Min == o.Min && h.Max == o.Max &&
		h.First == o.First && h.Last == o.Last && slices.Equal(h.Points, o.Points)
}

// Sum is an exact sum of millionths in 128 bits, so that no order of adding can
// overflow where another does not.
type Sum struct {
	hi int64
	lo uint64
}

func (s *Sum) add(n int64) { *s = s.plus(Sum{hi: n >> 63, lo: uint64(n)}) }

func (s Sum) minus(t Sum) Sum {
	lo, borrow := bits.Sub64(s.lo, t.lo, 0)
	return Sum{hi: s.hi - t.hi - int64(borrow), lo: lo}
}

func (s *Sum) sub(n int64) {
	lo, borrow := bits.Sub64(s.lo, uint64(n), 0)
	*s = Sum{hi: s.hi - n>>63 - int64(borrow), lo: lo}
}

func (s Sum) plus(t Sum) Sum {
	lo, carry := bits.Add64(s.lo, t.lo, 0)
	return Sum{hi: s.hi + t.hi + int64(carry), lo: lo}
}

// Micros returns the sum in millionths, or the nearest int64 if it has none.
func (s Sum) Micros() int64 {
	switch {
	case s.hi == int64(s.lo)>>63:
		return int64(s.lo)
	case s.hi < 0:
		return math.MinInt64
	}
	return math.MaxInt64
}

// Number returns the sum as a number.
func (s Sum) Number() float64 { return numberOf(s.Micros()) }

// mean returns the average of so many numbers. It is rounded once: in two steps that
// of three times 0.1 would be less than 0.1.
func (s Sum) mean(count int64) float64 { return float64(s.Micros()) / (1e6 * float64(count)) }

// microsOf rounds a number to millionths; what does not fit becomes the nearest that does.
func microsOf(n float64) int64 {
	m := math.Round(n * 1e6)
	switch {
	case m >= math.MaxInt64:
		return math.MaxInt64
	case m <= math.MinInt64:
		return math.MinInt64
	case m != m:
		return 0
	}
	return int64(m)
}

func numberOf(micros int64) float64 { return float64(micros) / 1e6 }
