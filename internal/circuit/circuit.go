// Package circuit says when something that failed may be tried again: it rests for a
// time that doubles with each failure, then one tries it, and it is used as before once
// that went well.
//
// What a [Breaker] guarantees:
//
//  1. While it rests nobody may begin. When the rest is over one may, and nobody else
//     until it is known what came of that.
//  2. What began before a rest says nothing about what comes after it: of many that fail
//     together, one counts.
//  3. A rest is never shorter than what failed has asked for.
//
// It reads no clock, starts nothing by itself, and is not safe for concurrent use: who
// owns one guards it.
package circuit

import "time"

// State is whether something may be used.
type State uint8

// The states of a circuit.
const (
	Closed State = iota // it works: anybody may begin
	Open                // it rests, or somebody is trying it
	Trying              // it has rested: one may try it
)

// Breaker is the state of one thing that may fail. First and Longest must be set.
type Breaker struct {
	First   time.Duration // the first rest; each one after it is twice as long
	Longest time.Duration // no rest is longer, unless it was asked for

	rest  time.Duration // how long the last one was; 0 while all is well
	until time.Time     // when it is over
	tried bool          // somebody is trying it
	turn  int           // how many rests there were
}

// State says whether one may begin at an instant.
func (b *Breaker) State(now time.Time) State {
	switch {
	case b.rest == 0:
		return Closed
	case b.tried || now.Before(b.until):
		return Open
	}
	return Trying
}

// Until returns when the rest is over, and false if there is none or somebody is trying.
func (b *Breaker) Until() (time.Time, bool) { return b.until, b.rest > 0 && !b.tried }

// Begin notes that somebody begins, who may, and returns what to say it by when it is
// known what came of it: with Worked, Failed or both, or with Unknown.
func (b *Breaker) Begin() (turn int) {
	b.tried = b.rest > 0
	return b.turn
}

// Worked notes that it works.
func (b *Breaker) Worked(turn int) {
	if turn == b.turn {
		b.rest, b.tried = 0, false
	}
}

// Failed begins a rest, which lasts until notBefore at least.
func (b *Breaker) Failed(turn int, now, notBefore time.Time) {
	if turn != b.turn {
		return
	}
	b.rest = min(max(2*b.rest, b.First), b.Longest)
	b.until = now.Add(b.rest)
	if notBefore.After(b.until) {
		b.until = notBefore
	}
	b.turn++
	b.tried = false
}

// Unknown notes that it will not be known what came of beginning.
func (b *Breaker) Unknown(turn int) {
	if turn == b.turn {
		b.tried = false
	}
}

// Reset forgets what was: it is another thing now.
func (b *Breaker) Reset() { *b = Breaker{First: b.First, Longest: b.Longest, turn: b.turn + 1} }
