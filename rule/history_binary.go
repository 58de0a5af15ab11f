package rule

import (
	"encoding/binary"

	"rapport"
	"rapport/internal/wire"
)

// The encoding of a history: the length of the body, and in it
//
//	flags, count, last (zigzag), last-first,
//	if measured: sum (its high half zigzag, its low half), min, max (zigzag),
//	the number of points outside of pages, and for each, from the newest back:
//	the time since (that of the first since last, zigzag), and if it has values
//	the value (zigzag, or eight bytes if the values are hashes);
//	if there are pages their number, and for each its number and points.
//
// All numbers are varints. A later version appends to the body; what follows
// there is passed over by an earlier one.
const (
	flagMeasured = 1 << iota // sum, min and max are there
	flagValues               // points have values
	flagHashes               // ... of eight bytes
)

// AppendBinary appends h in a compact form of its own that later versions read.
func (h *History) AppendBinary(b []byte) []byte {
	return wire.AppendFramed(b, h.appendBody)
}

func (h *History) appendBody(b []byte) []byte {
	flags := h.flags()
	b = append(b, flags)
	b = binary.AppendUvarint(b, uint64(h.Count))
	b = binary.AppendVarint(b, int64(h.Last))
	b = binary.AppendUvarint(b, uint64(h.Last-h.First))
	if flags&flagMeasured != 0 {
		b = binary.AppendVarint(b, h.Sum.hi)
		b = binary.AppendUvarint(b, h.Sum.lo)
		b = binary.AppendVarint(b, h.Min)
		b = binary.AppendVarint(b, h.Max)
	}
	rest := h.rest()
	b = binary.AppendUvarint(b, uint64(len(rest)))
	b = appendPoints(b, rest, flags, h.Last)
	if len(h.pages) == 0 {
		return b
	}
	b = binary.AppendUvarint(b, uint64(len(h.pages)))
	for _, p := range h.pages {
		b = binary.AppendUvarint(binary.AppendUvarint(b, p.number), uint64(p.n))
	}
	return b
}

// appendPoints appends points from the newest back, the time of the newest as
// seen from an instant.
func appendPoints(b []byte, points []Point, flags byte, at rapport.Instant) []byte {
	for i := len(points) - 1; i >= 0; i-- {
		p := points[i]
		if i == len(points)-1 {
			b = binary.AppendVarint(b, int64(at-p.At))
		} else {
			b = binary.AppendUvarint(b, uint64(at-p.At))
		}
		switch at = p.At; {
		case flags&flagHashes != 0:
			b = binary.LittleEndian.AppendUint64(b, uint64(p.Value))
		case flags&flagValues != 0:
			b = binary.AppendVarint(b, p.Value)
		}
	}
	return b
}

func (h *History) flags() (flags byte) {
	if h.Sum != (Sum{}) || h.Min != 0 || h.Max != 0 {
		flags |= flagMeasured
	}
	return flags | pointFlags(h.rest())
}

// pointFlags goes through all points of all facts whenever a record is written, so it
// has no branch for a point.
func pointFlags(points []Point) (flags byte) {
	const most = 1 << 54 // a varint of more takes more than eight bytes
	var any, large uint64
	for i := range points {
		v := points[i].Value
		any |= uint64(v)
		large |= uint64(v+most) >> 55
	}
	if any != 0 {
		flags |= flagValues
	}
	if large != 0 {
		flags |= flagHashes
	}
	return flags
}

// DecodeHistory reads what AppendBinary wrote and returns the bytes behind it.
// It never panics, whatever the bytes are, and keeps no reference to them.
func DecodeHistory(b []byte) (h *History, rest []byte, err error) {
	h = new(History)
	rest, err = h.Decode(b)
	if err != nil {
		return nil, nil, err
	}
	return h, rest, nil
}

// Decode is DecodeHistory into h, whose points' memory it uses again.
func (h *History) Decode(b []byte) (rest []byte, err error) {
	r := reader{b: b}
	length := r.uvarint()
	if r.failed || length > uint64(len(r.b)) {
		return nil, rapport.Errorf(rapport.Invalid, "the history of a fact is damaged")
	}
	rest, r.b = r.b[length:], r.b[:length]
	*h = History{Points: h.Points[:0]}
	h.read(&r)
	if r.failed {
		return nil, rapport.Errorf(rapport.Invalid, "the history of a fact is damaged")
	}
	return rest, nil
}

func (h *History) read(r *reader) {
	flags := r.byte()
	h.Count = int64(r.uvarint())
	h.Last = rapport.Instant(r.varint())
	h.First = h.Last - rapport.Instant(r.uvarint())
	if flags&flagMeasured != 0 {
		h.Sum = Sum{hi: r.varint(), lo: r.uvarint()}
		h.Min, h.Max = r.varint(), r.varint()
	}
	n := r.uvarint()
	if n > uint64(len(r.b)) || h.Count < 0 || h.First > h.Last {
		r.failed = true
		return
	}
	h.readPoints(r, flags, int(n))
	h.readPages(r)
}

func (h *History) readPoints(r *reader, flags byte, n int) {
	if n == 0 {
		h.Points = nil
		return
	}
	if cap(h.Points) < n {
		h.Points = make([]Point, n)
	}
	h.Points = h.Points[:n]
	readPoints(r, h.Points, flags, h.Last)
}

// readPoints fills points with what appendPoints wrote.
func readPoints(r *reader, points []Point, flags byte, at rapport.Instant) {
	for i := len(points) - 1; i >= 0; i-- {
		before := at
		if i == len(points)-1 {
			at -= rapport.Instant(r.varint())
		} else if at -= rapport.Instant(r.uvarint()); at > before {
			r.failed = true
		}
		p := Point{At: at}
		switch {
		case flags&flagHashes != 0:
			p.Value = r.int64()
		case flags&flagValues != 0:
			p.Value = r.varint()
		}
		points[i] = p
		if r.failed || i < len(points)-1 && p.compare(points[i+1]) > 0 {
			r.failed = true
			return
		}
	}
}

// readPages reads which pages there are, if any.
func (h *History) readPages(r *reader) {
	if len(r.b) == 0 || r.failed {
		return
	}
	n := r.uvarint()
	if n > uint64(len(r.b)) {
		r.failed = true
		return
	}
	for range n {
		p := page{number: r.uvarint(), n: int(r.uvarint() & maxInPage)}
		if r.failed || p.n == 0 {
			r.failed = true
			return
		}
		h.pages = append(h.pages, p)
	}
	h.absent = n > 0
}

// maxInPage bounds what a damaged history can say of a page.
const maxInPage = 1<<20 - 1

// reader reads a body; after the first thing that can't be read, failed is set
// and everything reads as 0.
type reader struct {
	b      []byte
	failed bool
}

func (r *reader) byte() byte {
	if len(r.b) == 0 {
		r.failed = true
		return 0
	}
	c := r.b[0]
	r.b = r.b[1:]
	return c
}

func (r *reader) uvarint() uint64 {
	n, size := binary.Uvarint(r.b)
	if size <= 0 {
		r.failed, r.b = true, nil
		return 0
	}
	r.b = r.b[size:]
	return n
}

func (r *reader) varint() int64 {
	n, size := binary.Varint(r.b)
	if size <= 0 {
		r.failed, r.b = true, nil
		return 0
	}
	r.b = r.b[size:]
	return n
}

func (r *reader) int64() int64 {
	if len(r.b) < 8 {
		r.failed, r.b = true, nil
		return 0
	}
	n := binary.LittleEndian.Uint64(r.b)
	r.b = r.b[8:]
	return int64(n)
}
