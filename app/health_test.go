package app

import (
	"strings"
	"testing"
	"time"

	"rapport"
	"rapport/flow"
	"rapport/store"
)

// waitingFlow is a flow of which a test says how it does.
type waitingFlow struct {
	failure error
	waiting int64
	turns   uint64
}

func (w *waitingFlow) Failure() error    { return w.failure }
func (w *waitingFlow) Waiting() int64    { return w.waiting }
func (w *waitingFlow) Pulse() flow.Pulse { return flow.Pulse{Turns: w.turns} }

// The program is not ready, with the reason, while its store fails, its disk is nearly full
// or its loop is stuck; and is again once that has passed.
func TestReady(t *testing.T) {
	t.Parallel()
	f, now, free := &waitingFlow{}, time.Unix(0, 0), int64(1<<40)
	h := &health{flow: f, disk: func() store.Disk { return store.Disk{Free: free} }, minFree: 100 << 20, now: func() time.Time { return now }}
	wants := func(words string) {
		t.Helper()
		switch err := h.Ready(); {
		case words == "" && err != nil:
			t.Errorf("not ready: %v", err)
		case words != "" && (rapport.KindOf(err) != rapport.Unavailable || !strings.Contains(rapport.MessageOf(err), words)):
			t.Errorf("%v, not %q", err, words)
		}
	}
	wants("")
	f.failure = rapport.Errorf(rapport.Unavailable, "The disk is full.")
	wants("disk is full")
	f.failure = nil
	wants("")

	free = 20 << 20
	wants("Only 20 MB are left on the disk of the data folder, and 100 MB should be")
	free = -1 // it can't be told
	wants("")

	f.waiting = 5
	wants("")
	for range 2 * int(maxStalled/time.Second) { // work that goes on is not stuck, however much waits
		now, f.turns = now.Add(time.Second), f.turns+1
		wants("")
	}
	now = now.Add(maxStalled - time.Second)
	wants("")
	now = now.Add(time.Second)
	wants("Events have been waiting for 30s")
	f.turns++
	wants("")
	now = now.Add(maxStalled)
	wants("Events have been waiting")
	f.waiting = 0
	wants("")
}
