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
	waiting [][]turn // by class
}

// turn is somebody who waits; the channel is closed once it is his.
type turn chan struct{}

func newTurns(connections int) *turns {
	return &turns{most: connections, waiting: make([][]turn, rapport.Promotional+1)}
}

// rank is the class by which messages wait for a connection.
func rank(class rapport.Class) rapport.Class {
	return min(max(class, rapport.Transactional), rapport.Promotional)
}

// free reports whether a right could be given to somebody of a class.
func (t *turns) free(class rapport.Class) bool {
	return t.out < t.most && (class == rapport.Transactional || t.patient < max(1, t.most-1))
}

func (t *turns) give(class rapport.Class) {
	t.out++
	if class != rapport.Transactional {
		t.patient++
	}
}

// tryTake takes a right if one is free and nobody at least as urgent waits.
func (t *turns) tryTake(class rapport.Class) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.free(class) || t.waits(class) {
		return false
	}
	t.give(class)
	return true
}

// take waits for a right until stop or ctx ends.
func (t *turns) take(ctx context.Context, stop <-chan struct{}, class rapport.Class) error {
	if t.tryTake(class) {
		return nil
	}
	mine := t.queue(class)
	select {
	case <-mine:
		return nil
	case <-stop:
		return t.leave(mine, class, errClosed)
	case <-ctx.Done():
		return t.leave(mine, class, ctx.Err())
	}
}

func (t *turns) queue(class rapport.Class) turn {
	t.mu.Lock()
	defer t.mu.Unlock()
	mine := make(turn)
	t.waiting[class] = append(t.waiting[class], mine)
	t.serve() // one may have been given back meanwhile
	return mine
}

// leave gives up waiting, and gives the right back if it came at the same moment.
func (t *turns) leave(mine turn, class rapport.Class, why error) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if at := slices.Index(t.waiting[class], mine); at >= 0 {
		t.waiting[class] = slices.Delete(t.waiting[class], at, at+1)
	} else {
		t.back(class)
	}
	return why
}

// giveBack gives a right back.
func (t *turns) giveBack(class rapport.Class) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.back(class)
}

func (t *turns) back(class rapport.Class) {
	t.out--
	if class != rapport.Transactional {
		t.patient--
	}
	t.serve()
}

// serve gives what is free to those who wait.
func (t *turns) serve() {
	for class := range t.waiting {
		for len(t.waiting[class]) > 0 && t.free(rapport.Class(class)) {
			close(t.waiting[class][0])
			t.waiting[class] = t.waiting[class][1:]
			t.give(rapport.Class(class))
		}
	}
}

// waits reports whether somebody at least as urgent waits.
func (t *turns) waits(class rapport.Class) bool {
	return slices.ContainsFunc(t.waiting[:class+1], func(w []turn) bool { return len(w) > 0 })
}

// wanted reports whether somebody more urgent waits.
func (t *turns) wanted(class rapport.Class) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.waits(class - 1)
}

// classOf returns the class by which a batch waits: that of its least urgent message.
func classOf(batch []rapport.Delivery) rapport.Class {
	class := rapport.Transactional
	for i := range batch {
		class = max(class, rank(batch[i].Class))
	}
	return class
}
