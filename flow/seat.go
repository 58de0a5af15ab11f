package flow

import (
	"slices"

	"github.com/RoaringBitmap/roaring/v2"

	"rapport"
)

// seats gives each customer a small number of her own, so that sets of customers
// are sets of numbers. A seat is hers as long as there is a record of her, which
// names it; then somebody else gets it. The lowest free one is given first: so
// which seat who has follows from the inputs alone, restarts or not.
type seats struct {
	ids  []rapport.CustomerID // by seat; nobody's at 0
	free *roaring.Bitmap      // those below len(ids) that are nobody's
	// unwritten are seats of customers whose records name none yet: they were
	// written by a program that knew of no seats.
	unwritten map[rapport.CustomerID]uint32
}

// maxSeat bounds what is believed of a record: a forged seat must not make room
// for everybody below it.
const maxSeat = 1 << 28

func newSeats() *seats {
	return &seats{ids: make([]rapport.CustomerID, 1), free: roaring.New(), unwritten: map[rapport.CustomerID]uint32{}}
}

// take gives a customer the lowest free seat.
func (s *seats) take(id rapport.CustomerID) uint32 {
	if s.free.IsEmpty() {
		s.ids = append(s.ids, id)
		return uint32(len(s.ids) - 1)
	}
	seat := s.free.Minimum()
	s.free.Remove(seat)
	s.ids[seat] = id
	return seat
}

// giveBack makes a seat nobody's.
func (s *seats) giveBack(seat uint32) {
	s.ids[seat] = rapport.CustomerID{}
	s.free.Add(seat)
}

// place notes the seat that a record names, and reports false if it names none or
// one that is somebody's already.
func (s *seats) place(id rapport.CustomerID, seat uint32) bool {
	if seat == 0 || seat > maxSeat {
		return false
	}
	if n := uint32(len(s.ids)); seat >= n {
		s.ids = slices.Grow(s.ids, int(seat+1-n))[:seat+1]
		s.free.AddRange(uint64(n), uint64(seat)+1)
	}
	if !s.free.CheckedRemove(seat) {
		return false
	}
	s.ids[seat] = id
	return true
}

// id returns whose a seat is.
func (s *seats) id(seat uint32) rapport.CustomerID { return s.ids[seat] }

// next returns the first seat from one on that is somebody's, -1 if there is none.
func (s *seats) next(seat uint32) int64 {
	if next := s.free.NextAbsentValue(seat); next < int64(len(s.ids)) {
		return next
	}
	return -1
}

// written notes that a customer's record names her seat.
func (s *seats) written(id rapport.CustomerID) {
	if len(s.unwritten) > 0 {
		delete(s.unwritten, id)
	}
}
