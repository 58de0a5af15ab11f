package flow

import (
	"encoding/binary"
	"time"

	"github.com/cespare/xxhash/v2"

	"rapport"
)

// DedupeWindow is how long an event's messageId is remembered at the least.
const DedupeWindow = 24 * time.Hour

// windowSlice is long, so that few slices have to be looked through.
const windowSlice = 12 * time.Hour

// window remembers the events of the last day by a hash of the identifier they
// came under and their messageId. So it needs not know whose they are, which may
// change, and is the same when it is filled from the chunks again. The hash begins
// with a secret, so a sender can't look for two events that collide.
type window struct {
	secret [16]byte
	slices map[rapport.Instant]map[uint64]struct{} // by the start of the half day of admission
	oldest rapport.Instant
}

func newWindow(key rapport.Key) *window {
	sum := key.Sum("dedupe")
	return &window{
		secret: [16]byte(sum[:16]), slices: map[rapport.Instant]map[uint64]struct{}{}, oldest: rapport.Never,
	}
}

// keyOf returns the key of an event.
func (w *window) keyOf(e *rapport.Event) uint64 { return w.key(sourceOf(e), e.MessageID) }

// key returns the key of a messageId under an identifier.
func (w *window) key(id rapport.Identifier, messageID string) uint64 {
	var room [256]byte
	b := append(append(room[:0], w.secret[:]...), byte(id.Kind))
	b = append(binary.AppendUvarint(b, uint64(len(id.Value))), id.Value...)
	return xxhash.Sum64(append(b, messageID...))
}

// sourceOf returns the identifier that an event came under: the user, else the device.
func sourceOf(e *rapport.Event) rapport.Identifier {
	if e.UserID != "" {
		return rapport.Identifier{Kind: rapport.UserID, Value: e.UserID}
	}
	return rapport.Identifier{Kind: rapport.AnonymousID, Value: e.AnonymousID}
}

func sliceOf(at rapport.Instant) rapport.Instant {
	return at - at%rapport.Instant(windowSlice.Milliseconds())
}

// edgeOf returns the start of the oldest slice that is remembered at an instant.
func edgeOf(now rapport.Instant) rapport.Instant { return sliceOf(now.Add(-DedupeWindow)) }

// has reports whether a key was added within the window.
func (w *window) has(key uint64) bool {
	for _, slice := range w.slices {
		if _, ok := slice[key]; ok {
			return true
		}
	}
	return false
}

// add remembers a key admitted at an instant.
func (w *window) add(key uint64, at rapport.Instant) {
	start := sliceOf(at)
	slice := w.slices[start]
	if slice == nil {
		slice = map[uint64]struct{}{}
		w.slices[start] = slice
		w.oldest = min(w.oldest, start)
	}
	slice[key] = struct{}{}
}

// remove takes a key back whose batch failed.
func (w *window) remove(key uint64, at rapport.Instant) { delete(w.slices[sliceOf(at)], key) }

// forget drops what is older than the window.
func (w *window) forget(now rapport.Instant) {
	edge := edgeOf(now)
	if w.oldest >= edge {
		return
	}
	w.oldest = rapport.Never
	for start := range w.slices {
		if start < edge {
			delete(w.slices, start)
			continue
		}
		w.oldest = min(w.oldest, start)
	}
}
