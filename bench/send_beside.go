package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"
)

// besideStream is a stream of events beside a campaign. In each request one event is an
// order, for which a transactional mail is sent.
type besideStream struct {
	stop   chan struct{}
	done   sync.WaitGroup
	load   *load
	first  int // what its orders are numbered from
	made   int
	wall   time.Duration
	failed error
	due    map[string]time.Time // of each order
}

// beside starts the stream, at the rate that was asked for, after so many events.
func (r *mailingRun) beside(ctx context.Context, first int) *besideStream {
	b := &besideStream{stop: make(chan struct{}), load: new(load), first: first, due: map[string]time.Time{}}
	if r.Rate > 0 {
		b.done.Go(func() { b.run(ctx, r) })
	}
	return b
}

// alone measures the stream without a campaign, and returns how many events it had.
func (r *mailingRun) alone(ctx context.Context) (*Beside, int, error) {
	if r.Rate == 0 || r.Alone == 0 {
		return nil, 0, nil
	}
	r.say("%d events a second come in alone", r.Rate)
	b := r.beside(ctx, 0)
	if err := sleepUntil(ctx, time.Now().Add(r.Alone)); err != nil {
		return nil, 0, err
	}
	report, err := b.end(r.sink)
	return report, b.made, err
}

func (b *besideStream) run(ctx context.Context, r *mailingRun) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	c := connect(maxWaiting)
	defer c.CloseIdleConnections()
	room := make(chan struct{}, maxWaiting)
	start := time.Now()
	var wait sync.WaitGroup
	for ctx.Err() == nil {
		due := start.Add(time.Duration(b.made) * time.Second / time.Duration(r.Rate))
		select {
		case <-b.stop:
			wait.Wait()
			b.wall, b.failed = time.Since(start), context.Cause(ctx)
			return
		case <-time.After(time.Until(due)):
		}
		order := fmt.Sprintf("o%d", b.first+b.made)
		b.due[order] = due
		body := bought(order, b.first+b.made, r.Customers)
		b.made += steadyBatch
		room <- struct{}{}
		wait.Go(func() {
			if _, err := b.load.post(ctx, c, r.server.url, body); err != nil {
				cancel(err)
			}
			b.load.note(time.Since(due))
			<-room
		})
	}
	wait.Wait()
	b.failed = context.Cause(ctx)
}

// bought is a request in which some customers look at things, and one buys.
func bought(order string, n, customers int) []byte {
	var batch []map[string]any
	for i := range steadyBatch {
		who := (n + i) * 7919 % customers
		e := map[string]any{
			"type": "track", "event": "Product Viewed", "userId": fmt.Sprintf("customer-%d", who), "messageId": fmt.Sprintf("%s-%d", order, i),
			"properties": map[string]any{"product_id": fmt.Sprintf("p%d", who%500), "price": who % 100},
		}
		if i == 0 {
			e["event"], e["properties"] = "Order Completed", map[string]any{"order_id": order, "total": who % 100}
		}
		batch = append(batch, e)
	}
	body, _ := json.Marshal(map[string]any{"batch": batch}) // holds nothing that JSON can't
	return body
}

// mailsLate is how long the last transactional mails are waited for.
const mailsLate = 30 * time.Second

// end stops the stream, waits for its mails and says how it fared; nothing if there was none.
func (b *besideStream) end(s *sink) (*Beside, error) {
	close(b.stop)
	b.done.Wait()
	if b.failed != nil || len(b.due) == 0 {
		return nil, b.failed
	}
	handed := new(load)
	for deadline := time.Now().Add(mailsLate); ; time.Sleep(20 * time.Millisecond) {
		handed.latencies = s.since(b.due)
		if len(handed.latencies) == len(b.due) {
			break
		}
		if time.Now().After(deadline) {
			return nil, fmt.Errorf("%d orders were made, and for %d of them a mail came", len(b.due), len(handed.latencies))
		}
	}
	slices.Sort(handed.latencies)
	slices.Sort(b.load.latencies)
	return &Beside{
		Events: b.made, PerSecond: float64(b.made) / b.wall.Seconds(), Latency: b.load.figures(), Handed: handed.figures(), SentAgain: b.load.waited,
	}, nil
}

// since returns how long after an instant each of some mails came, of those that have.
func (s *sink) since(due map[string]time.Time) (took []time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for order, at := range due {
		if came, ok := s.noted[order]; ok {
			took = append(took, came.Sub(at))
		}
	}
	return took
}
