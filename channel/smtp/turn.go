package smtp

import (
	"context"
	"slices"
	"sync"

	"rapport"
)

// turns gives out the right to a connection.
//
//  1. There are never more rights out than connections, and of more than one the last is
//     for transactional messages only.
//  2. Of those who wait the more urgent goes first, and of the equally urgent whoever
//     came first.
//  3. Who holds a right can ask whether somebody more urgent waits for one; senders do
//     so between two messages, and let them go first.
type turns struct {
	mu      sync.Mutex
	most    int
	out     int      // rights given out
	patient int      // of them, those for messages that are not transactional
	waiting [][]turn // by urgency
}

// turn is somebody who waits; the channel is closed once it is his.
type turn chan struct{}

func newTurns(connections int) *turns {
	return &turns{most: connections, waiting: make([][]turn, rapport.InTurn+1)}
}

// free reports whether a right could be given to something of an urgency.
func (t *turns) free(u rapport.Urgency) bool {
	return t.out < t.most && (u == rapport.AtOnce || t.patient < max(1, t.most-1))
}

func (t *turns) give(u rapport.Urgency) {
	t.out++
	if u != rapport.AtOnce {
		t.patient++
	}
}

// tryTake takes a right if one is free. Then nobody as urgent waits: he would have it.
func (t *turns) tryTake(u rapport.Urgency) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.free(u) {
		return false
	}
	t.give(u)
	return true
}

// take waits for a right until stop or ctx ends.
func (t *turns) take(ctx context.Context, stop <-chan struct{}, u rapport.Urgency) error {
	if t.tryTake(u) {
		return nil
	}
	mine := t.queue(u)
	select {
	case <-mine:
		return nil
	case <-stop:
		return t.leave(mine, u, errClosed)
	case <-ctx.Done():
		return t.leave(mine, u, ctx.Err())
	}
}

func (t *turns) queue(u rapport.Urgency) turn {
	t.mu.Lock()
	defer t.mu.Unlock()
	mine := make(turn)
	t.waiting[u] = append(t.waiting[u], mine)
	t.serve() // one may have been given back meanwhile
	return mine
}

// leave gives up waiting, and gives the right back if it came at the same moment.
func (t *turns) leave(mine turn, u rapport.Urgency, why error) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if at := slices.Index(t.waiting[u], mine); at >= 0 {
		t.waiting[u] = slices.Delete(t.waiting[u], at, at+1)
	} else {
		t.back(u)
	}
	return why
}

// giveBack gives a right back.
func (t *turns) giveBack(u rapport.Urgency) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.back(u)
}

func (t *turns) back(u rapport.Urgency) {
	t.out--
	if u != rapport.AtOnce {
		t.patient--
	}
	t.serve()
}

// serve gives what is free to those who wait.
func (t *turns) serve() {
	for u := range t.waiting {
		for len(t.waiting[u]) > 0 && t.free(rapport.Urgency(u)) {
			close(t.waiting[u][0])
			t.waiting[u] = t.waiting[u][1:]
			t.give(rapport.Urgency(u))
		}
	}
}

// wanted reports whether somebody more urgent waits.
func (t *turns) wanted(u rapport.Urgency) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.ContainsFunc(t.waiting[:u], func(w []turn) bool { return len(w) > 0 })
}

// urgencyOf returns the urgency by which a batch waits: that of its least urgent message.
func urgencyOf(batch []rapport.Delivery) rapport.Urgency {
	urgency := rapport.AtOnce
	for i := range batch {
		urgency = max(urgency, batch[i].Class.Urgency())
	}
	return urgency
}
