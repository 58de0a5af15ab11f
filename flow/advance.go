package flow

import (
	"context"

	"rapport"
	"rapport/store"
)

// batchWakes and batchSends bound how much is done within one micro-batch.
const (
	batchWakes = 2000
	batchSends = 500
	batchTurns = 20 // pages of customers that are looked at
)

// NextDue returns when something next falls due for anybody: a wake-up, a turn in a
// journey that begins by itself, or a message that waits.
func (g *Engine) NextDue(ctx context.Context) (rapport.Instant, error) {
	next, err := g.nextWork(ctx)
	for _, lane := range lanes() {
		if err != nil {
			break
		}
		var due rapport.Instant
		due, err = g.nextPending(ctx, lane, g.now)
		next = min(next, due)
	}
	return next, err
}

// nextWork returns when there is something to do besides sending messages.
func (g *Engine) nextWork(ctx context.Context) (rapport.Instant, error) {
	if len(g.releases) > 0 {
		return g.now, nil
	}
	wake, err := g.store.NextWake(ctx)
	if err != nil {
		return rapport.Never, err
	}
	return min(wake, g.agendas.next), nil
}

// Advance does everything that falls due until an instant, one due instant after
// the other, hands over what is to be sent, and returns when nothing is due by
// then any more. Reached, if not nil, is called with each instant before its work
// is done. Time stands at the target afterwards.
func (g *Engine) Advance(ctx context.Context, target rapport.Instant, reached func(rapport.Instant)) error {
	for {
		if err := g.sweepAll(ctx); err != nil {
			return err
		}
		at, err := g.NextDue(ctx)
		if err != nil {
			return err
		}
		if at > target {
			g.now = max(g.now, target)
			return nil
		}
		g.now = max(at, g.now) // also where nothing turns out to be due: then it is asked for what is
		at = g.now
		if reached != nil {
			reached(at)
		}
		if err := g.do(ctx, at); err != nil {
			return err
		}
	}
}

func (g *Engine) sweepAll(ctx context.Context) error {
	for more := true; more; {
		var err error
		if more, err = g.Sweep(ctx, g.now); err != nil {
			return err
		}
	}
	return nil
}

// do does what is due at an instant: wake-ups first, then turns, then messages.
func (g *Engine) do(ctx context.Context, at rapport.Instant) error {
	for {
		ids, err := g.dueCustomers(ctx, at)
		if err != nil {
			return err
		}
		if len(ids) == 0 {
			break
		}
		if _, err := g.Run(ctx, at, Wake(ids)); err != nil {
			return err
		}
	}
	for g.agendas.next <= at {
		if _, err := g.Run(ctx, at, turns(pagesOf(batchTurns))); err != nil {
			return err
		}
	}
	for len(g.releases) > 0 {
		if err := g.letGo(ctx, at); err != nil {
			return err
		}
	}
	for _, lane := range lanes() {
		if err := g.send(ctx, at, lane); err != nil {
			return err
		}
	}
	return nil
}

// send hands over what is due in a lane.
func (g *Engine) send(ctx context.Context, at rapport.Instant, from store.Lane) error {
	for {
		parcels, err := g.Claim(ctx, at, from, batchSends)
		if err != nil || len(parcels) == 0 {
			return err
		}
		if err := g.Settle(ctx, at, parcels, Hand(parcels)); err != nil {
			return err
		}
	}
}

func (g *Engine) dueCustomers(ctx context.Context, at rapport.Instant) ([]rapport.CustomerID, error) {
	wakes, err := g.store.Due(ctx, at, batchWakes)
	ids := make([]rapport.CustomerID, len(wakes))
	for i, w := range wakes {
		ids[i] = w.Customer
	}
	return ids, err
}
