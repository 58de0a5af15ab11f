package smtp

import (
	"context"
	"sync"

	"rapport"
)

// maxTries is how many connections one call tries a message on.
const maxTries = 2

// queue holds one call's batch while its connections work it off.
type queue struct {
	ctx      context.Context
	name     string
	urgency  rapport.Urgency
	yields   func() bool // more urgent messages wait for a connection
	batch    []rapport.Delivery
	outcomes []rapport.Outcome // one goroutine writes each: the one that took it

	mu    sync.Mutex
	next  int
	again []int // given back, to be tried on another connection
	tries map[int]int
	fault string // why connections could not be had
	down  bool   // there is nobody to send to; read when nobody works any more
}

func newQueue(ctx context.Context, name string, batch []rapport.Delivery, wanted func(rapport.Urgency) bool) *queue {
	urgency := urgencyOf(batch)
	return &queue{
		ctx:      ctx,
		name:     name,
		urgency:  urgency,
		yields:   func() bool { return wanted(urgency) },
		batch:    batch,
		outcomes: make([]rapport.Outcome, len(batch)),
		tries:    map[int]int{},
	}
}

// take returns the next message to send. There is none once the caller has left, and
// none for a connection that more urgent messages wait for.
func (q *queue) take() (index int, ok bool) {
	if q.ctx.Err() != nil || q.yields() {
		return 0, false
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if n := len(q.again); n > 0 {
		index = q.again[n-1]
		q.again = q.again[:n-1]
		return index, true
	}
	if q.next == len(q.batch) {
		return 0, false
	}
	q.next++
	return q.next - 1, true
}

// empty reports whether there is nothing more to take.
func (q *queue) empty() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.ctx.Err() != nil || len(q.again) == 0 && q.next == len(q.batch)
}

// left returns how many messages there are to take.
func (q *queue) left() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.again) + len(q.batch) - q.next
}

// settle records what came of a message.
func (q *queue) settle(index int, o rapport.Outcome) {
	o.Message, o.Provider = q.batch[index].Message, q.name
	q.outcomes[index] = o
}

// giveBack puts a message back that was not accepted, unless it was tried often enough.
func (q *queue) giveBack(index int, why string, counts bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if counts {
		q.tries[index]++
	}
	if q.tries[index] >= maxTries {
		q.settle(index, rapport.Outcome{Kind: rapport.Retry, Reason: why, Down: q.ctx.Err() == nil})
		return
	}
	q.again = append(q.again, index)
}

// blame keeps why there was no connection.
func (q *queue) blame(why string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.fault = why
}

// giveUp notes that there is nobody to send to.
func (q *queue) giveUp(why string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.fault, q.down = why, q.ctx.Err() == nil
}

// finish settles whatever was not sent as to be tried again, and returns all.
func (q *queue) finish() []rapport.Outcome {
	why := q.fault
	if q.ctx.Err() != nil || why == "" {
		why = explain(context.Canceled)
	}
	for i := range q.outcomes {
		if q.outcomes[i].Kind == 0 {
			q.settle(i, rapport.Outcome{Kind: rapport.Retry, Reason: why, Down: q.down})
		}
	}
	return q.outcomes
}
