// Package clock tells the time to those who run things: the machine's time, a
// time that a test steps, and a time that runs ahead of another by an offset
// somebody may enlarge.
//
// Every clock here may be used by several goroutines at once. A [Stepped] and an
// [Offset] are never moved backwards; whether [System] goes backwards is up to
// the machine. Nothing here waits: a clock says what time it is and wakes nobody.
package clock

import (
	"errors"
	"sync/atomic"
	"time"
)

// Clock says what time it is.
type Clock interface {
	Now() time.Time
}

// What moving a clock comes to where it can't be done. The clock is left as it was.
var (
	ErrBackwards = errors.New("a clock can only be moved forward")
	ErrTooFar    = errors.New("a clock can be at most 290 years ahead")
)

// farthest is how far ahead an [Offset] may be: what a time.Duration can hold,
// less a little.
const farthest = 290 * 365 * 24 * time.Hour

// System is the machine's clock.
type System struct{}

// Now returns the machine's time.
func (System) Now() time.Time { return time.Now() }

// Stepped stands still until somebody moves it. Make one with [NewStepped].
type Stepped struct{ now atomic.Pointer[time.Time] }

// NewStepped returns a clock that shows t.
func NewStepped(t time.Time) *Stepped {
	c := &Stepped{}
	c.now.Store(&t)
	return c
}

// Now returns the time that the clock was last moved to.
func (c *Stepped) Now() time.Time { return *c.now.Load() }

// Advance moves the clock by d and returns what it shows then.
func (c *Stepped) Advance(d time.Duration) (time.Time, error) {
	if d < 0 {
		return c.Now(), ErrBackwards
	}
	for {
		old := c.now.Load()
		t := old.Add(d)
		if c.now.CompareAndSwap(old, &t) {
			return t, nil
		}
	}
}

// MoveTo moves the clock to t.
func (c *Stepped) MoveTo(t time.Time) error {
	for {
		old := c.now.Load()
		if t.Before(*old) {
			return ErrBackwards
		}
		if c.now.CompareAndSwap(old, &t) {
			return nil
		}
	}
}

// Offset runs at the pace of another clock and ahead of it by an offset. Make
// one with [NewOffset].
type Offset struct {
	base  Clock
	ahead atomic.Int64 // nanoseconds
}

// NewOffset returns a clock that is ahead of base. Keep [Offset.Ahead] and give
// it here again, and the clock survives a restart.
func NewOffset(base Clock, ahead time.Duration) *Offset {
	c := &Offset{base: base}
	c.ahead.Store(int64(ahead))
	return c
}

// Now returns the other clock's time plus the offset.
func (c *Offset) Now() time.Time { return c.base.Now().Add(c.Ahead()) }

// Ahead returns the offset.
func (c *Offset) Ahead() time.Duration { return time.Duration(c.ahead.Load()) }

// Advance enlarges the offset by d and returns what the clock shows then.
func (c *Offset) Advance(d time.Duration) (time.Time, error) {
	if d < 0 {
		return c.Now(), ErrBackwards
	}
	for {
		old := c.Ahead()
		if d > farthest-old {
			return c.Now(), ErrTooFar
		}
		if c.ahead.CompareAndSwap(int64(old), int64(old+d)) {
			return c.base.Now().Add(old + d), nil
		}
	}
}

// Reaches reports whether t is near enough for [Offset.MoveTo].
func (c *Offset) Reaches(t time.Time) bool { return t.Sub(c.base.Now()) <= farthest }

// MoveTo enlarges the offset so that the clock shows t now.
func (c *Offset) MoveTo(t time.Time) error {
	for {
		old, base := c.Ahead(), c.base.Now()
		ahead := t.Sub(base)
		switch {
		case t.Before(base.Add(old)):
			return ErrBackwards
		case ahead > farthest:
			return ErrTooFar
		case c.ahead.CompareAndSwap(int64(old), int64(ahead)):
			return nil
		}
	}
}
