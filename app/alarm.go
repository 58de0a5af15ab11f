package app

import (
	"time"

	"rapport"
	"rapport/internal/clock"
)

// alarm rings on a channel once an instant of its clock has come.
type alarm struct {
	clock clock.Clock
	timer *time.Timer
	rung  chan struct{}
}

func newAlarm(c clock.Clock) *alarm {
	a := &alarm{clock: c, rung: make(chan struct{}, 1)}
	a.timer = time.AfterFunc(0, func() {
		select {
		case a.rung <- struct{}{}:
		default: // it rings already
		}
	})
	return a
}

// longest is how long the alarm waits without looking at the clock again, which
// may have been moved.
const longest = time.Minute

// Set makes the alarm ring at an instant.
func (a *alarm) Set(at rapport.Instant) {
	wait := longest
	if at != rapport.Never {
		wait = min(wait, max(0, at.Time().Sub(a.clock.Now())))
	}
	a.timer.Reset(wait)
}

// C returns the channel on which it rings.
func (a *alarm) C() <-chan struct{} { return a.rung }

func (a *alarm) stop() { a.timer.Stop() }
