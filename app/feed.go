package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"sync/atomic"
	"time"

	"rapport"
	"rapport/client"
	"rapport/shop"
)

// How the events are sent.
const (
	batchEvents = 1000                   // of one request, well below 4 MB
	historyStep = 6 * time.Hour          // of the shop's time, between two notes of how far it came
	tick        = 250 * time.Millisecond // between two looks at what happens in the shop
	longestTick = 5 * time.Second        // after a pause, such as a move of the clock, the shop goes on where it was
	noteEvery   = 5 * time.Second        // of how far it came
)

// Run lets the shop go on shopping at the program that answers at a URL, until ctx
// ends: first its history, as fast as it is taken, then at its pace. A request
// under way is waited for, so that what is acknowledged is known.
func (d *Demo) Run(ctx context.Context, url string) error {
	d.client = client.New(url, "")
	d.client.HTTP = &http.Client{} // while the clock is moved, events wait as long as that takes

	if d.memory.Lived.After(d.memory.Opened) { // of a new demo not even what was before is told
		d.shop.Skip(d.memory.Lived)
	}
	err := d.tellHistory(ctx)
	if err == nil {
		err = d.live(ctx)
	}
	if ctx.Err() != nil {
		err = nil // it was stopped
	}
	return errors.Join(err, d.remember())
}

// tellHistory sends what happened before the demo was made, with the timestamps of
// then.
func (d *Demo) tellHistory(ctx context.Context) error {
	whole := d.memory.Made.Sub(d.memory.Opened)
	for d.memory.Lived.Before(d.memory.Made) {
		d.loaded.set(float64(d.memory.Lived.Sub(d.memory.Opened)) / float64(whole))
		next := d.memory.Lived.Add(historyStep)
		if next.After(d.memory.Made) {
			next = d.memory.Made
		}
		if err := d.send(ctx, d.shop.Until(next)); err != nil {
			return err
		}
		d.memory.Lived = next
	}
	d.loaded.set(1)
	close(d.told)
	return d.remember()
}

// Told returns a channel that is closed once the shop's past is told.
func (d *Demo) Told() <-chan struct{} { return d.told }

// live lets the shop's days pass at its speed. Its time is its own: what happens
// is stamped with what the sandbox's clock shows, also after that was moved.
func (d *Demo) live(ctx context.Context) error {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	last, noted := time.Now(), time.Now()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		now := time.Now()
		passed := min(now.Sub(last), longestTick)
		last = now
		if err := d.liveOn(ctx, passed); err != nil {
			return err
		}
		if now.Sub(noted) >= noteEvery {
			noted = now
			if err := d.remember(); err != nil {
				return err
			}
		}
	}
}

func (d *Demo) liveOn(ctx context.Context, passed time.Duration) error {
	next := d.memory.Lived.Add(time.Duration(float64(passed) * d.speed))
	now := d.app.clock.Now()
	events := d.shop.Stamped(next, func(at time.Time) time.Time {
		return now.Add(-time.Duration(float64(next.Sub(at)) / d.speed))
	})
	if err := d.send(ctx, events); err != nil {
		return err
	}
	d.memory.Lived = next
	return nil
}

// call is the body of a request to /v1/batch.
type call struct {
	WriteKey string            `json:"writeKey"`
	Batch    []json.RawMessage `json:"batch"`
}

// send returns once all events are acknowledged. It gives up between two requests
// when ctx ends, not within one.
func (d *Demo) send(ctx context.Context, events []shop.Event) error {
	for len(events) > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		n := min(batchEvents, len(events))
		body := call{WriteKey: d.app.Write}
		for _, e := range events[:n] {
			body.Batch = append(body.Batch, e.JSON)
		}
		if err := d.post(ctx, body); err != nil {
			return err
		}
		events = events[n:]
	}
	return nil
}

func (d *Demo) post(ctx context.Context, body call) error {
	var said struct {
		Refused []struct{ Code, Detail string }
	}
	patient, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(grace, cancel) })
	defer stop()
	if err := d.client.Call(patient, "POST", "/v1/batch", body, &said); err != nil {
		return fmt.Errorf("the shop's events were not taken: %w", err)
	}
	if len(said.Refused) > 0 {
		return rapport.Errorf(rapport.Internal, "%d of the shop's events were refused: %s", len(said.Refused), said.Refused[0].Detail)
	}
	return nil
}

// Progress tells what is being loaded and which part of it is there.
func (d *Demo) Progress() (what string, part float64) {
	if part = d.loaded.part(); part >= 1 {
		return "", 1
	}
	return "The shop's past is being told, so that segments have something to count.", part
}

// progress is a part between 0 and 1.
type progress struct{ bits atomic.Uint64 }

func (p *progress) set(part float64) { p.bits.Store(math.Float64bits(part)) }

func (p *progress) part() float64 { return math.Float64frombits(p.bits.Load()) }
