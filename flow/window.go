package flow

import (
	"time"

	"github.com/cespare/xxhash/v2"

	"rapport"
)

// DedupeWindow is how long an event's messageId is remembered at the least.
const DedupeWindow = 24 * time.Hour

// windowSlice is long, so that few slices have to be looked through.
const windowSlice = 12 * time.Hour

// window remembers the events of the last day by a hash of customer and
// messageId. The customer's id is itself a keyed hash that nobody outside knows,
// so a sender can't look for two messageIds that collide.
type window struct {
	slices map[rapport.Instant]map[uint64]struct{} // by the start of the half day of admission
	oldest rapport.Instant
}

func newWindow() *window {
	return &window{slices: map[rapport.Instant]map[uint64]struct{}{}, oldest: rapport.Never}
}

func dedupeKey(customer rapport.CustomerID, messageID string) uint64 {
	var room [128]byte
	return xxhash.Sum64(append(append(room[:0], customer[:]...), messageID...))
}

func sliceOf(at rapport.Instant) rapport.Instant {
	return at - at%rapport.Instant(windowSlice.Milliseconds())
}

// has reports whether a key was added within the window.
func (w *window) has(key uint64) bool {
	for _, slice := range w.slices {
		if _, ok := slice[key]; ok {
			return true
		}
	}
	return false
}

// add remembers a key admitted at an instant, and forgets what is older than the
// window by then.
func (w *window) add(key uint64, at rapport.Instant) {
	start := sliceOf(at)
	slice := w.slices[start]
	if slice == nil {
		slice = map[uint64]struct{}{}
		w.slices[start] = slice
		w.oldest = min(w.oldest, start)
		w.forget(at)
	}
	slice[key] = struct{}{}
}

// remove takes a key back whose batch failed.
func (w *window) remove(key uint64, at rapport.Instant) { delete(w.slices[sliceOf(at)], key) }

func (w *window) forget(now rapport.Instant) {
	edge := sliceOf(now.Add(-DedupeWindow))
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
