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
	batch    []rapport.Delivery
	outcomes []rapport.Outcome // one goroutine writes each: the one that took it
	hurries  bool              // others make way for it

	mu    sync.Mutex
	next  int
	again []int // given back, to be tried on another connection
	tries map[int]int
	fault string // why connections could not be had
}

func newQueue(ctx context.Context, name string, batch []rapport.Delivery) *queue {
	return &queue{
		ctx:      ctx,
		name:     name,
		batch:    batch,
		outcomes: make([]rapport.Outcome, len(batch)),
		tries:    map[int]int{},
	}
}

// take returns the next message to send. There is none once the caller has left.
func (q *queue) take() (index int, ok bool) {
	if q.ctx.Err() != nil {
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
		q.settle(index, rapport.Outcome{Kind: rapport.Retry, Reason: why})
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

// finish settles whatever was not sent as to be tried again, and returns all.
func (q *queue) finish() []rapport.Outcome {
	why := q.fault
	if q.ctx.Err() != nil || why == "" {
		why = explain(context.Canceled)
	}
	for i := range q.outcomes {
		if q.outcomes[i].Kind == 0 {
			q.settle(i, rapport.Outcome{Kind: rapport.Retry, Reason: why})
		}
	}
	return q.outcomes
}
