package bench

import (
	"context"
	"slices"
	"sync"
	"time"
)

// steadyBatch is how many events a request of a steady stream has: few, as many
// shops' pages send them.
const steadyBatch = 10

// maxWaiting is how many requests of a steady stream may be under way at once.
const maxWaiting = 1000

// Steady is what a stream at a given rate came to.
type Steady struct {
	Seconds    float64   `json:"seconds"`
	Events     int       `json:"events"`
	PerSecond  float64   `json:"events_per_second"`
	Latency    Latencies `json:"latency_ms"` // from when a request was to be sent until it was acknowledged
	SentAgain  int64     `json:"requests_sent_again"`
	CPUPer100k float64   `json:"cpu_seconds_per_100k_events"` // with whatever else was done meanwhile

	cpu time.Duration
}

// steady sends events at a rate, whatever the answers do, until stop is closed.
// A request that waits for its turn has its waiting counted.
func (t *trial) steady(ctx context.Context, stop <-chan struct{}) (*Steady, error) {
	before, err := t.server.cpu()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	c := connect(maxWaiting)
	defer c.CloseIdleConnections()
	l, room := new(load), make(chan struct{}, maxWaiting)
	start, made := time.Now(), 0
	var wait sync.WaitGroup
	for t.pause(ctx, stop, start.Add(time.Duration(made)*time.Second/time.Duration(t.o.Rate))) {
		due := start.Add(time.Duration(made) * time.Second / time.Duration(t.o.Rate))
		body := Batches(t.crowd.stream(steadyBatch), steadyBatch)[0]
		made += steadyBatch
		room <- struct{}{}
		wait.Go(func() {
			if _, err := l.post(ctx, c, t.server.url, body); err != nil {
				cancel(err)
			}
			l.note(time.Since(due))
			<-room
		})
	}
	wait.Wait()
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	wall := time.Since(start)
	after, err := t.server.cpu()
	t.sent += made
	slices.Sort(l.latencies)
	return &Steady{
		Seconds: wall.Seconds(), Events: made, PerSecond: float64(made) / wall.Seconds(), Latency: l.figures(), SentAgain: l.waited,
		CPUPer100k: per100k(after-before, made), cpu: after - before,
	}, err
}

// pause waits until an instant and reports whether the stream goes on.
func (t *trial) pause(ctx context.Context, stop <-chan struct{}, until time.Time) bool {
	select {
	case <-ctx.Done():
		return false
	case <-stop:
		return false
	case <-time.After(time.Until(until)):
		return true
	}
}

// during runs work while a steady stream comes in, and stops the stream when it is done.
func (t *trial) during(ctx context.Context, work func(context.Context) error) (*Steady, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stop := make(chan struct{})
	var failed error
	var wait sync.WaitGroup
	wait.Go(func() {
		defer close(stop)
		failed = work(ctx)
	})
	s, err := t.steady(ctx, stop)
	if err != nil {
		cancel(err)
	}
	wait.Wait()
	if err == nil {
		err = failed
	}
	return s, err
}

// wait waits as long as a phase of a run is to last.
func (t *trial) wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(t.o.Phase):
		return nil
	}
}

func per100k(cpu time.Duration, events int) float64 {
	return cpu.Seconds() * 100_000 / float64(events)
}
