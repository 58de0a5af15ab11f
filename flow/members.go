package flow

import (
	"github.com/RoaringBitmap/roaring/v2"

	"rapport"
	"rapport/segment"
)

// members are the seats of those who are in each segment, as the records say it:
// in segments too that the workspace doesn't know any more, until everybody who
// was in one has been brought up to that.
type members map[segment.Key]*roaring.Bitmap

// move is one customer's entry into a segment, or her exit.
type move struct {
	segment segment.Key
	seat    uint32
	in      bool
	cause   segment.Cause
}

func (m members) apply(moves []move) {
	for _, mv := range moves {
		in := m[mv.segment]
		switch {
		case mv.in:
			m.of(mv.segment).Add(mv.seat)
		case in != nil:
			in.Remove(mv.seat)
		}
	}
}

// of returns a segment's members, to be added to.
func (m members) of(key segment.Key) *roaring.Bitmap {
	in := m[key]
	if in == nil {
		in = roaring.New()
		m[key] = in
	}
	return in
}

func (m members) size(key segment.Key) int64 {
	if in := m[key]; in != nil {
		return int64(in.GetCardinality())
	}
	return 0
}

// forget drops the segments that a Set doesn't know. It is called once nobody's
// record speaks of them any more.
func (m members) forget(set *segment.Set) {
	for key := range m {
		if _, known := set.Name(key); !known {
			delete(m, key)
		}
	}
}

// moveSeat notes that a customer enters or leaves a segment; it is so once the
// batch is committed.
func (b *Batch) moveSeat(c *customer, key segment.Key, in bool, cause segment.Cause) {
	b.moves = append(b.moves, move{key, c.record.Seat, in, cause})
}

// membersNow returns the seats of a segment's members, what the open batch has
// changed among it. It must not be changed.
func (b *Batch) membersNow(key segment.Key) *roaring.Bitmap {
	in, own := b.g.members[key], false
	if in == nil {
		in, own = roaring.New(), true
	}
	for _, mv := range b.moves {
		if mv.segment != key {
			continue
		}
		if !own {
			in, own = in.Clone(), true
		}
		if mv.in {
			in.Add(mv.seat)
		} else {
			in.Remove(mv.seat)
		}
	}
	return in
}

// Members is a part of the list of a segment's members, in the order of their
// seats. A customer who is there the whole time stands in the list once, whatever
// happens between two parts.
type Members struct {
	Customers []rapport.CustomerID
	Seats     []uint32 // of each; the next part begins after the last
	More      bool     // whether anybody is left for it
	// Exact says that those listed are the members, as of the instant of the batch.
	// While customers are still being brought up to the workspace, or more is due
	// than one batch does, it is false and everybody is listed: then each is to be
	// looked at, see [LookAt].
	Exact bool
}

// listedAtOnce is how many are listed at least where each is to be looked at.
const listedAtOnce = 500

// List is the work of reading who is in a segment, from a seat on: up to so many
// of those after it. It must not be read before the work is committed.
func List(name string, after uint32, limit int, into *Members) Work {
	return func(b *Batch) error {
		done, err := b.wakeAll()
		if err != nil {
			return err
		}
		*into = Members{Exact: done && !b.g.building(name)}
		next, most := b.g.seats.next, max(limit, listedAtOnce)
		if into.Exact {
			next, most = b.membersNow(segment.KeyOf(name)).NextValue, limit
		}
		for seat := next(after + 1); seat > 0; seat = next(uint32(seat) + 1) {
			if into.More = len(into.Seats) == most; into.More {
				break
			}
			into.Seats = append(into.Seats, uint32(seat))
			into.Customers = append(into.Customers, b.g.seats.id(uint32(seat)))
		}
		return nil
	}
}
