package rule

import (
	"slices"
	"time"
)

// Trend is what a rule's answer can not become when one more event of a fact has happened, at the
// instant at hand or before, that measures nothing below zero; all else being as it was. It is so
// at that instant and at every later one.
type Trend struct {
	Up    bool // if the rule held it goes on to
	Down  bool // if it did not hold it goes on not to
	Waits bool // the same if it did not hold, but would have at some later instant by itself; until then

	// How far back is looked at the fact, at most: for Up, and for the two others. [Forever] if
	// without end.
	Window, Pause time.Duration
}

// Trend returns which way more events of a fact move the answer. Of a fact that the rule does not
// read the answer stays in any case.
func (r *Rule) Trend(id FactID) Trend {
	m, window := r.whole.moves(id)
	waits, pause := r.whole.waits(id)
	return Trend{Up: m.has(yesStays), Down: m.has(otherStays), Waits: waits, Window: window, Pause: pause}
}

// moves is what stays as it is when there is one more event.
type moves uint8

const (
	yesStays     moves = 1 << iota // Yes stays Yes
	otherStays                     // what is not Yes stays so
	noStays                        // No stays No
	otherNoStays                   // what is not No stays so

	allStays  = yesStays | otherStays | noStays | otherNoStays
	upwards   = yesStays | otherNoStays // of what is Yes or No, never Unknown
	downwards = otherStays | noStays
)

func (m moves) has(what moves) bool { return m&what != 0 }

// not returns what stays of the opposite.
func (m moves) not() moves { return m>>2 | m<<2&allStays }

// moves looks at a part. What stays in each part of an and, or of an or, stays in the whole.
func (p *part) moves(id FactID) (all moves, longest time.Duration) {
	if p.op == 0 {
		if !slices.Contains(p.facts, id) {
			return allStays, 0
		}
		return leafMoves(p.cond)
	}
	all = allStays
	for _, below := range p.parts {
		m, window := below.moves(id)
		all, longest = all&m, max(longest, window)
	}
	if p.op == OpNot {
		all = all.not()
	}
	return all, longest
}

// waits reports whether a part goes on not to hold until it would have held by itself. An and does
// so as soon as the last of the parts that are in the way does, and it would never hold by itself
// if one of these would not.
func (p *part) waits(id FactID) (waits bool, pause time.Duration) {
	if m, window := p.moves(id); m.has(otherStays) {
		return true, window
	}
	switch p.op {
	case OpAnd:
		for _, below := range p.parts {
			one, window := below.waits(id)
			if !one {
				return false, 0
			}
			pause = max(pause, window)
		}
		return true, pause
	case 0:
		return onlyByEvents(p.cond), 0
	}
	return false, 0
}

// onlyByEvents reports whether a condition that does not hold never will by itself.
func onlyByEvents(c cond) bool {
	switch c := c.(type) {
	case *happened:
		return true
	case compareAggregate:
		return c.measure == countOf && c.moves() == upwards && (c.whole() || c.onlyLeaves())
	}
	return false
}

// leafMoves looks at a condition that reads the fact. Of what is not understood all may move.
func leafMoves(c cond) (moves, time.Duration) {
	switch c := c.(type) {
	case *happened:
		return upwards, c.length()
	case *matched:
		if c.steps == nil {
			return upwards, c.length()
		}
	case compareAggregate:
		return c.moves(), c.length()
	case compareClock:
		// The last event is later with one more. Without any the answer is Unknown.
		last, ok := c.with.(*edge)
		if ok && !last.first && !last.exact && (c.op == OpLt || c.op == OpLe) {
			return yesStays, last.length()
		}
	}
	return 0, 0
}

// moves: a number of events only becomes greater, and so does a sum of what is not below zero.
func (n compareAggregate) moves() moves {
	_, fixed := n.r.(constantNumber)
	switch {
	case n.measure > sumOf || n.steps != nil || !fixed:
		return 0
	case n.op == OpGe || n.op == OpGt:
		return upwards
	case n.op == OpLt || n.op == OpLe:
		return downwards
	}
	return 0
}

// length returns how far back the selection looks, at most.
func (n *selection) length() time.Duration {
	if n.window == nil {
		return Forever
	}
	return n.window.keep()
}
