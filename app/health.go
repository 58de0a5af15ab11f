package app

import (
	"fmt"
	"sync"
	"time"

	"rapport"
	"rapport/flow"
	"rapport/store"
)

// health says whether the program takes events and changes in, and since when it is stuck
// if it is. It starts nothing: it looks whenever somebody asks.
type health struct {
	flow    liveness
	disk    func() store.Disk // nil where the store keeps no files
	minFree int64
	now     func() time.Time // of the machine, whatever clock the environment has

	mu    sync.Mutex
	turns uint64
	since time.Time // when the loop was first seen where it is now, while something waited
}

// liveness is what health asks of a flow.
type liveness interface {
	Failure() error
	Waiting() int64
	Pulse() flow.Pulse
}

// minFree is how many bytes must be left on the disk unless said: below, the database may
// be unable to grow at any moment.
const minFree = 100 << 20

// maxStalled is how long something may wait while no batch comes to its end.
const maxStalled = 30 * time.Second

// Ready returns why events and changes can't be taken in, or soon will not be; nil while
// they are.
func (h *health) Ready() error {
	if err := h.flow.Failure(); err != nil {
		return err
	}
	if h.disk != nil {
		if free := h.disk().Free; free >= 0 && free < h.minFree {
			return rapport.Errorf(rapport.Unavailable, "Only %s are left on the disk of the data folder, and %s should be. Make room.", size(free), size(h.minFree))
		}
	}
	if stalled := h.Stalled(); stalled >= maxStalled {
		return rapport.Errorf(rapport.Unavailable, "Events have been waiting for %s, and nothing goes on. Look at the disk, and at what else the machine does.", stalled.Round(time.Second))
	}
	return nil
}

// Stalled returns how long something has been seen waiting while nothing went on.
func (h *health) Stalled() time.Duration {
	waiting, turns, now := h.flow.Waiting() > 0, h.flow.Pulse().Turns, h.now()
	h.mu.Lock()
	defer h.mu.Unlock()
	if !waiting || turns != h.turns || h.since.IsZero() {
		h.turns, h.since = turns, now
		return 0
	}
	return now.Sub(h.since)
}

// size writes a number of bytes as people read it.
func size(bytes int64) string {
	switch {
	case bytes >= 10<<30:
		return fmt.Sprintf("%d GB", bytes>>30)
	case bytes >= 1<<20:
		return fmt.Sprintf("%d MB", bytes>>20)
	}
	return fmt.Sprintf("%d KB", bytes>>10)
}
