package store

import (
	"bytes"
	"encoding/binary"
	"slices"

	"rapport"
)

// eventsPerBlock is how many events a block holds, unless one customer alone has
// more: enough to compress well, few enough to unpack for one customer's sake.
const eventsPerBlock = 128

// EncodeBlocks packs the events of one batch. The entries must ascend by
// customer and name each at most once. The same entries give the same bytes.
func EncodeBlocks(entries []Entry) []Block {
	var blocks []Block
	w := newBlockWriter()
	for len(entries) > 0 {
		n, events := 1, len(entries[0].Events)
		for n < len(entries) && events+len(entries[n].Events) <= eventsPerBlock {
			events += len(entries[n].Events)
			n++
		}
		blocks = append(blocks, Block{First: entries[0].Customer, Events: events, Data: pack(w.block(entries[:n]))})
		entries = entries[n:]
	}
	return blocks
}

// blockWriter lays out one block after another. A block, before it is packed, is
//
//	number of texts, each text
//	number of entries, for each: customer, previous chunk, number of events, length of its events
//	the events of each entry
//
// A text stands once in a block, however many events use it; an event names it
// by its number, 0 being the empty text.
type blockWriter struct {
	numbers map[string]uint64
	texts   []byte
	entries []byte
	events  []byte
	out     []byte
}

func newBlockWriter() *blockWriter { return &blockWriter{numbers: map[string]uint64{}} }

// block returns the layout of entries, valid until the next call.
func (w *blockWriter) block(entries []Entry) []byte {
	clear(w.numbers)
	w.texts, w.entries, w.events = w.texts[:0], w.entries[:0], w.events[:0]
	w.entries = binary.AppendUvarint(w.entries, uint64(len(entries)))
	for i := range entries {
		e := &entries[i]
		start := len(w.events)
		var last rapport.Instant
		for j := range e.Events {
			w.event(&e.Events[j], last)
			last = e.Events[j].ReceivedAt
		}
		w.entries = append(w.entries, e.Customer[:]...)
		w.entries = binary.AppendUvarint(w.entries, e.Prev)
		w.entries = binary.AppendUvarint(w.entries, uint64(len(e.Events)))
		w.entries = binary.AppendUvarint(w.entries, uint64(len(w.events)-start))
	}
	w.out = binary.AppendUvarint(w.out[:0], uint64(len(w.numbers)))
	w.out = append(w.out, w.texts...)
	w.out = append(w.out, w.entries...)
	w.out = append(w.out, w.events...)
	return w.out
}

// event lays out one event; last is when the entry's event before it was received.
func (w *blockWriter) event(e *rapport.Event, last rapport.Instant) {
	w.events = append(w.events, byte(e.Type))
	w.events = binary.AppendVarint(w.events, int64(e.ReceivedAt-last))
	w.events = binary.AppendVarint(w.events, int64(e.ReceivedAt-e.Timestamp))
	w.refer(e.Name)
	w.refer(e.UserID)
	w.refer(e.AnonymousID)
	w.refer(e.PreviousID)
	w.refer(e.GroupID)
	w.referBytes(e.Context)
	w.events = appendText(w.events, e.MessageID)
	w.events = binary.AppendUvarint(w.events, uint64(len(e.Properties)))
	w.events = append(w.events, e.Properties...)
}

func (w *blockWriter) refer(text string) {
	var number uint64
	if text != "" {
		known := false
		if number, known = w.numbers[text]; !known {
			number = w.add(text)
		}
	}
	w.events = binary.AppendUvarint(w.events, number)
}

// referBytes is refer for bytes; a text that is known is not copied.
func (w *blockWriter) referBytes(text []byte) {
	number, known := w.numbers[string(text)]
	if !known && len(text) > 0 {
		number = w.add(string(text))
	}
	w.events = binary.AppendUvarint(w.events, number)
}

func (w *blockWriter) add(text string) uint64 {
	number := uint64(len(w.numbers)) + 1
	w.numbers[text] = number
	w.texts = appendText(w.texts, text)
	return number
}

// DecodeBlock reads a block's entries. They share no memory with data.
func DecodeBlock(data []byte) ([]Entry, error) {
	r, heads, err := openBlock(data)
	if err != nil {
		return nil, err
	}
	entries := make([]Entry, len(heads))
	for i, head := range heads {
		if entries[i], err = r.entry(head); err != nil {
			return nil, err
		}
	}
	if len(r.rest) != 0 {
		return nil, errBlock("something after the last event")
	}
	return entries, nil
}

// FindEntry reads one customer's entry of a block and no other.
func FindEntry(data []byte, id rapport.CustomerID) (Entry, bool, error) {
	r, heads, err := openBlock(data)
	if err != nil {
		return Entry{}, false, err
	}
	i, found := slices.BinarySearchFunc(heads, id, func(h entryHead, id rapport.CustomerID) int {
		return bytes.Compare(h.customer[:], id[:])
	})
	if !found {
		return Entry{}, false, nil
	}
	for _, before := range heads[:i] {
		if r.take(before.size) == nil && before.size > 0 {
			return Entry{}, false, errBlock("it ends too early")
		}
	}
	e, err := r.entry(heads[i])
	return e, err == nil, err
}

// openBlock unpacks a block and reads all of it up to the first event.
func openBlock(data []byte) (*blockReader, []entryHead, error) {
	raw, err := unpack(data)
	if err != nil {
		return nil, nil, err
	}
	r := &blockReader{rest: raw}
	r.readTexts()
	heads := r.readHeads()
	if r.bad {
		return nil, nil, errBlock("it ends too early")
	}
	return r, heads, nil
}

func errBlock(what string) error {
	return rapport.Errorf(rapport.Internal, "a block of events is damaged: %s", what)
}
