package flow

import (
	"context"

	"rapport"
)

// ForgetTouched makes the engine forget whose records have changed.
func (g *Engine) ForgetTouched() { g.touched.Clear() }

// Remembered returns of how many segments members are remembered.
func (g *Engine) Remembered() int { return len(g.members) }

// WakeUntil is [Wake] that may be told to stop.
var WakeUntil = wakeUntil

// GiveTurns gives customers their turns in one batch of so many pages, of so many
// customers each, and reports whether there is more to do now.
func (g *Engine) GiveTurns(ctx context.Context, now rapport.Instant, pages, page int) (more bool, err error) {
	g.turnPage = page
	_, err = g.Run(ctx, now, turns(pagesOf(pages)))
	return g.agendas.next <= now, err
}

// DepartTurns is GiveTurns in a batch with which messages may leave.
func (g *Engine) DepartTurns(ctx context.Context, now rapport.Instant, room Room, pages, page int) ([]Parcel, error) {
	g.turnPage = page
	_, parcels, err := g.Depart(ctx, now, room, turns(pagesOf(pages)))
	return parcels, err
}

// SetCrowd sets how many messages may wait while turns are given.
func (g *Engine) SetCrowd(n int) { g.crowd = n }

// Building reports whether customers are being brought up to the workspace.
func (g *Engine) Building() bool { return g.sweep != nil }

// Queued returns how many requests wait for the loop.
func (f *Flow) Queued() int { return len(f.inbox) }
