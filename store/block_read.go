package store

import (
	"bytes"
	"encoding/binary"

	"rapport"
)

// entryHead is what a block says of an entry before its events.
type entryHead struct {
	customer rapport.CustomerID
	prev     uint64
	events   uint64
	size     uint64 // of the events in bytes
}

// The fewest bytes that one of each takes: what claims to be more than would fit
// in what is left is damaged, and nothing is made for it.
const (
	minText  = 1
	minHead  = 16 + 3
	minEvent = 1 + 2 + 6 + 2
)

// blockReader reads the layout of [blockWriter]. After the first thing that
// cannot be it is bad, and everything it returns is empty.
type blockReader struct {
	rest  []byte
	texts []blockText
	bad   bool
}

// blockText is a text that stands once in the block. Most are of no interest to
// who looks for one customer, so a string is made when it is first asked for.
type blockText struct {
	raw  []byte // as it stands in the block
	uuid bool
	text string
}

func (t *blockText) string() string {
	if t.text == "" && len(t.raw) > 0 {
		if t.uuid {
			t.text = formatUUID([16]byte(t.raw))
		} else {
			t.text = string(t.raw)
		}
	}
	return t.text
}

func (t *blockText) bytes() []byte {
	if t.uuid {
		return []byte(t.string())
	}
	return t.raw
}

func (r *blockReader) fail() { r.bad, r.rest = true, nil }

func (r *blockReader) uvarint() uint64 {
	v, n := binary.Uvarint(r.rest)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

func (r *blockReader) varint() int64 {
	v, n := binary.Varint(r.rest)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

// take returns the next n bytes, without a copy.
func (r *blockReader) take(n uint64) []byte {
	if n > uint64(len(r.rest)) {
		r.fail()
		return nil
	}
	taken := r.rest[:n:n]
	r.rest = r.rest[n:]
	return taken
}

// count reads how many things follow, each of at least size bytes.
func (r *blockReader) count(size int) uint64 {
	n := r.uvarint()
	if n > uint64(len(r.rest)/size) {
		r.fail()
		return 0
	}
	return n
}

func (r *blockReader) readTexts() {
	r.texts = make([]blockText, r.count(minText))
	for i := range r.texts {
		r.texts[i] = r.text()
	}
}

func (r *blockReader) readHeads() []entryHead {
	heads := make([]entryHead, r.count(minHead))
	for i := range heads {
		h := &heads[i]
		copy(h.customer[:], r.take(16))
		h.prev, h.events, h.size = r.uvarint(), r.uvarint(), r.uvarint()
		if i > 0 && bytes.Compare(heads[i-1].customer[:], h.customer[:]) >= 0 {
			r.fail()
		}
	}
	return heads
}

// entry reads the events that stand next.
func (r *blockReader) entry(h entryHead) (Entry, error) {
	own := blockReader{rest: r.take(h.size), texts: r.texts, bad: r.bad}
	if h.events > h.size/minEvent {
		return Entry{}, errBlock("an entry has more events than bytes")
	}
	e := Entry{Customer: h.customer, Prev: h.prev}
	if h.events > 0 {
		e.Events = make([]rapport.Event, h.events)
	}
	var last rapport.Instant
	for i := range e.Events {
		own.event(&e.Events[i], last)
		last = e.Events[i].ReceivedAt
	}
	if own.bad || len(own.rest) != 0 {
		return Entry{}, errBlock("an entry is not of the length it claims")
	}
	return e, nil
}

func (r *blockReader) event(e *rapport.Event, last rapport.Instant) {
	if kind := r.take(1); kind != nil {
		e.Type = rapport.EventType(kind[0])
	}
	e.ReceivedAt = last + rapport.Instant(r.varint())
	e.Timestamp = e.ReceivedAt - rapport.Instant(r.varint())
	e.Name = r.referred().string()
	e.UserID = r.referred().string()
	e.AnonymousID = r.referred().string()
	e.PreviousID = r.referred().string()
	e.GroupID = r.referred().string()
	e.Context = r.referred().bytes()
	own := r.text()
	e.MessageID = own.string()
	if n := r.uvarint(); n > 0 {
		e.Properties = r.take(n)
	}
}

// referred returns the text whose number stands next.
func (r *blockReader) referred() *blockText {
	n := r.uvarint()
	if n > uint64(len(r.texts)) {
		r.fail()
	}
	if n == 0 || r.bad {
		return &blockText{}
	}
	return &r.texts[n-1]
}

// appendText appends a text after its length. A UUID in the usual form, which
// most ids are, takes 17 bytes instead of 37: length 1 stands for it, and every
// other length is written one higher.
func appendText(b []byte, text string) []byte {
	if uuid, ok := parseUUID(text); ok {
		return append(append(b, 1), uuid[:]...)
	}
	n := uint64(len(text))
	if n > 0 {
		n++
	}
	return append(binary.AppendUvarint(b, n), text...)
}

func (r *blockReader) text() blockText {
	switch n := r.uvarint(); n {
	case 0:
		return blockText{}
	case 1:
		raw := r.take(16)
		return blockText{raw: raw, uuid: raw != nil}
	default:
		return blockText{raw: r.take(n - 1)}
	}
}

const hexDigits = "0123456789abcdef"

// isDash reports whether a UUID has a dash at position i of its 36.
func isDash(i int) bool { return i == 8 || i == 13 || i == 18 || i == 23 }

// parseUUID reads the one form that formatUUID writes: 36 letters, lower case.
func parseUUID(s string) (id [16]byte, ok bool) {
	if len(s) != 36 {
		return id, false
	}
	digit := 0
	for i := range len(s) {
		c := s[i]
		if isDash(i) {
			if c != '-' {
				return id, false
			}
			continue
		}
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		default:
			return id, false
		}
		id[digit/2] = id[digit/2]<<4 | c
		digit++
	}
	return id, true
}

func formatUUID(id [16]byte) string {
	var out [36]byte
	digit := 0
	for i := range out {
		if isDash(i) {
			out[i] = '-'
			continue
		}
		out[i] = hexDigits[id[digit/2]>>(4-4*(digit%2))&15]
		digit++
	}
	return string(out[:])
}
