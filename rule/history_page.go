package rule

import (
	"encoding/binary"

	"rapport"
)

// A history of many points is kept in parts: its newest points in the body that
// AppendBinary writes, those before them in pages beside it, so that an event of a
// busy customer rewrites a little and not all of her past. In memory it is always
// whole: pages only say how its first points are kept.

// PageSize is how many points a page is filled with. Points that come late may
// make it up to twice as large.
const PageSize = 512

// page is a run of a history's first points that is kept under a number.
type page struct {
	number uint64
	n      int  // points
	fresh  bool // it is not kept as it is now
}

// Paged returns how many points are kept in pages.
func (h *History) Paged() (n int) {
	for i := range h.pages {
		n += h.pages[i].n
	}
	return n
}

// rest returns the points that are in no page.
func (h *History) rest() []Point {
	if h.absent {
		return h.Points
	}
	return h.Points[h.Paged():]
}

// Pages calls visit with the number of each page.
func (h *History) Pages(visit func(number uint64)) {
	for i := range h.pages {
		visit(h.pages[i].number)
	}
}

// Rest returns how many points are in no page.
func (h *History) Rest() int { return len(h.rest()) }

// Forget drops the n oldest points.
func (h *History) Forget(n int) {
	h.index.forget(h.Points[:n])
	h.Points = h.Points[n:] // moving the rest would cost as much as there is
	if len(h.Points) == 0 {
		h.Points = nil
	}
	h.dropFirst(n)
}

// Spill moves all but the newest keep points to pages. Number gives each new page
// one that no page of the customer has or had.
func (h *History) Spill(keep int, number func() uint64) {
	left := len(h.rest()) - keep
	if last := len(h.pages) - 1; last >= 0 && left > 0 && h.pages[last].n < PageSize {
		left -= h.fill(last, min(left, PageSize-h.pages[last].n))
	}
	for left > 0 {
		h.pages = append(h.pages, page{number: number()})
		left -= h.fill(len(h.pages)-1, min(left, PageSize))
	}
}

func (h *History) fill(i, n int) int {
	h.pages[i].n += n
	h.pages[i].fresh = true
	return n
}

// WritePages calls write with each page that has changed since it was last
// written or read. Pages that have become too large are cut in two before.
func (h *History) WritePages(number func() uint64, write func(number uint64, data []byte)) {
	h.cutPages(number)
	start := 0
	for i := range h.pages {
		p := &h.pages[i]
		if p.fresh {
			write(p.number, appendPage(nil, h.Points[start:start+p.n]))
			p.fresh = false
		}
		start += p.n
	}
}

func (h *History) cutPages(number func() uint64) {
	for i := 0; i < len(h.pages); i++ {
		for h.pages[i].n > 2*PageSize {
			rest := page{number: number(), n: h.pages[i].n - PageSize, fresh: true}
			h.pages[i].n, h.pages[i].fresh = PageSize, true
			h.pages = append(h.pages[:i+1], append([]page{rest}, h.pages[i+1:]...)...)
			i++
		}
	}
}

// shift notes that a point came (1) or went (-1) at a place among the points.
func (h *History) shift(place, by int) {
	for i := range h.pages {
		p := &h.pages[i]
		if place < p.n {
			p.n += by
			p.fresh = true
			h.dropEmpty()
			return
		}
		place -= p.n
	}
}

// dropFirst notes that the first points went. What is left of a page need not be
// written again: its last points count.
func (h *History) dropFirst(n int) {
	for i := range h.pages {
		gone := min(n, h.pages[i].n)
		h.pages[i].n -= gone
		n -= gone
	}
	h.dropEmpty()
}

func (h *History) dropEmpty() {
	kept := h.pages[:0]
	for _, p := range h.pages {
		if p.n > 0 {
			kept = append(kept, p)
		}
	}
	h.pages = kept
}

// Restore makes whole what was decoded: data returns what was written of a page,
// nil if it is not there.
func (h *History) Restore(data func(number uint64) []byte) error {
	if !h.absent {
		return nil
	}
	points := make([]Point, 0, h.Paged()+len(h.Points))
	for _, p := range h.pages {
		all, ok := readPage(data(p.number))
		if !ok || len(all) < p.n {
			return rapport.Errorf(rapport.Internal, "page %d of the history of a fact is missing or damaged", p.number)
		}
		points = append(points, all[len(all)-p.n:]...)
	}
	points = append(points, h.Points...)
	for i := 1; i < len(points); i++ {
		if points[i-1].compare(points[i]) > 0 {
			return rapport.Errorf(rapport.Internal, "the pages of the history of a fact are out of order")
		}
	}
	h.Points, h.absent, h.index = points, false, index{}
	return nil
}

// The encoding of a page: flags, the number of points, and the points from the
// newest back as in a history's body, the first since 0.
func appendPage(b []byte, points []Point) []byte {
	flags := pointFlags(points)
	b = binary.AppendUvarint(append(b, flags), uint64(len(points)))
	return appendPoints(b, points, flags, 0)
}

func readPage(data []byte) ([]Point, bool) {
	r := reader{b: data}
	flags, n := r.byte(), r.uvarint()
	if r.failed || n > uint64(len(r.b)) {
		return nil, false
	}
	points := make([]Point, n)
	readPoints(&r, points, flags, 0)
	return points, !r.failed
}
