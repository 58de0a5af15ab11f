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
	rest     []byte
	texts    []string
	contexts [][]byte // the texts that contexts are, made when first met
	bad      bool
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
	r.texts = make([]string, r.count(minText))
	for i := range r.texts {
		r.texts[i] = r.text()
	}
	r.contexts = make([][]byte, len(r.texts))
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
	own := blockReader{rest: r.take(h.size), texts: r.texts, contexts: r.contexts, bad: r.bad}
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
	e.Name = r.referred()
	e.UserID = r.referred()
	e.AnonymousID = r.referred()
	e.PreviousID = r.referred()
	e.GroupID = r.referred()
	e.Context = r.referredBytes()
	e.MessageID = r.text()
	if n := r.uvarint(); n > 0 {
		e.Properties = r.take(n)
	}
}

func (r *blockReader) referred() string {
	n := r.uvarint()
	if n == 0 {
		return ""
	}
	if n > uint64(len(r.texts)) {
		r.fail()
		return ""
	}
	return r.texts[n-1]
}

// referredBytes is referred for bytes; events that refer to one text share them.
func (r *blockReader) referredBytes() []byte {
	n := r.uvarint()
	if n == 0 || n > uint64(len(r.texts)) {
		if n != 0 {
			r.fail()
		}
		return nil
	}
	if r.contexts[n-1] == nil && r.texts[n-1] != "" {
		r.contexts[n-1] = []byte(r.texts[n-1])
	}
	return r.contexts[n-1]
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

func (r *blockReader) text() string {
	switch n := r.uvarint(); n {
	case 0:
		return ""
	case 1:
		if raw := r.take(16); raw != nil {
			return formatUUID([16]byte(raw))
		}
		return ""
	default:
		return string(r.take(n - 1))
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
