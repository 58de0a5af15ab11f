package profile

import (
	"cmp"
	"slices"

	"rapport/rule"
)

// Page is a part of a customer's record that is kept beside it: older points of
// her facts. Few customers have any.
type Page struct {
	Number uint64
	Data   []byte // nil: it is not needed any more
}

const (
	// SpillOver is how large a record is when its facts are first looked at: those
	// that take more than half of it move points to pages until they take a quarter.
	SpillOver = 16 << 10

	// MaxPoints is how many points are kept of one customer, in her record and in
	// pages. Of whom has more the oldest are lost.
	MaxPoints = 1 << 19
)

// Spill moves older points of facts to pages if the facts take much room, of so many
// bytes ([Record.AppendMeasured]), and reports whether it moved any.
func (r *Record) Spill(facts int) bool { return facts > SpillOver/2 && r.spillTo(SpillOver/4) }

// spillTo moves the older half of the points of whatever fact has most in the
// record, again and again, until the facts take at most so many bytes or have no
// points left in the record.
func (r *Record) spillTo(size int) (moved bool) {
	for r.factsSize() > size {
		h := r.longest((*rule.History).Rest)
		if h == nil {
			return moved
		}
		h.Spill(h.Rest()/2, r.nextPage)
		moved = true
	}
	return moved
}

func (r *Record) factsSize() int { return len(appendList(nil, r.Facts, appendFact)) }

// longest returns the history that has most of something, nil if none has any.
func (r *Record) longest(length func(*rule.History) int) (longest *rule.History) {
	most := 0
	for i := range r.Facts {
		if n := length(r.Facts[i].History); n > most {
			longest, most = r.Facts[i].History, n
		}
	}
	return longest
}

func (r *Record) nextPage() uint64 {
	r.lastPage++
	return r.lastPage
}

// ForgetPoints lets go of the oldest points of a customer who has more than
// MaxPoints, and reports whether it had to. What rules say of times so long past
// is then no longer exact.
func (r *Record) ForgetPoints() (forgot bool) {
	for r.Paged() && r.Points() > MaxPoints {
		h := r.longest(func(h *rule.History) int { return len(h.Points) })
		h.Forget((len(h.Points) + 1) / 2)
		forgot = true
	}
	return forgot
}

// Points returns how many points of facts are kept of her.
func (r *Record) Points() (n int) {
	for i := range r.Facts {
		n += len(r.Facts[i].History.Points)
	}
	return n
}

// WritePages returns what has changed of her pages since the record was decoded or
// they were last written. The record that names them is to be encoded after it and
// kept together with them.
func (r *Record) WritePages() (changed []Page) {
	if r.lastPage == 0 {
		return nil
	}
	var named []uint64
	for i := range r.Facts {
		h := r.Facts[i].History
		h.WritePages(r.nextPage, func(number uint64, data []byte) { changed = append(changed, Page{number, data}) })
		h.Pages(func(number uint64) { named = append(named, number) })
	}
	slices.Sort(named)
	for _, number := range r.kept {
		if _, still := slices.BinarySearch(named, number); !still {
			changed = append(changed, Page{Number: number})
		}
	}
	r.kept = named
	return changed
}

// Paged reports whether parts of the record are kept in pages.
func (r *Record) Paged() bool { return len(r.kept) > 0 }

// Restore makes a decoded record whole with the pages that are kept of her, in the
// order of their numbers.
func (r *Record) Restore(pages []Page) error {
	data := func(number uint64) []byte {
		i, found := slices.BinarySearchFunc(pages, number, func(p Page, n uint64) int { return cmp.Compare(p.Number, n) })
		if !found {
			return nil
		}
		return pages[i].Data
	}
	for i := range r.Facts {
		if err := r.Facts[i].History.Restore(data); err != nil {
			return err
		}
	}
	return nil
}

// notePages notes which pages a decoded record names.
func (r *Record) notePages() {
	if r.lastPage == 0 {
		return
	}
	for i := range r.Facts {
		r.Facts[i].History.Pages(func(number uint64) { r.kept = append(r.kept, number) })
	}
	slices.Sort(r.kept)
}
