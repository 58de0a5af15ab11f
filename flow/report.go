package flow

import (
	"time"

	"rapport"
	"rapport/internal/circuit"
	"rapport/store"
)

// Report is what one batch that was committed came to.
type Report struct {
	Events   int           // that it admitted, repeats included
	Requests int           // that it answered
	Waited   time.Duration // how long the first of these had waited
	Read     time.Duration // of Took, what reading went to before anything was decided
	Took     time.Duration
}

// Handover is what handing one parcel to its provider came to.
type Handover struct {
	Channel  rapport.Channel
	Outcomes []rapport.Outcome // not to be changed
	Took     time.Duration
}

// Pulse is how a Flow does, as its loop last left it.
type Pulse struct {
	Turns     uint64 // that the loop has taken: while events wait and these stand still, it is stuck
	Customers int64
	Segments  int
	Building  int           // segments of which it is not known yet who is in them
	Progress  float64       // the part of the customers who have been brought up to the workspace
	Sending   Sending       // what was said of all sending
	Behind    time.Duration // how far the clock is behind what it has shown before
	Lanes     []LanePulse
}

// LanePulse is how one lane does.
type LanePulse struct {
	store.Lane
	Flying int  // messages that are being handed over
	Room   int  // how many may be
	Open   bool // false while the lane rests, its provider taking nothing
}

// OnBatch sets who is told of each batch that was committed.
func (f *Flow) OnBatch(observe func(Report)) { f.observe.Store(&observe) }

// OnHandover sets who is told of each parcel that came back from its provider.
func (f *Flow) OnHandover(observe func(Handover)) { f.handed.Store(&observe) }

// Pulse returns how the flow does. It never waits for the loop.
func (f *Flow) Pulse() Pulse { return *f.pulse.Load() }

// takePulse notes how the flow does.
func (f *Flow) takePulse() {
	g := f.engine
	p := &Pulse{Customers: g.customers, Segments: len(g.workspace.Segments.Names()), Progress: g.progress(), Sending: g.sending, Lanes: make([]LanePulse, len(f.lanes))}
	if last := f.pulse.Load(); last != nil {
		p.Turns = last.Turns + 1
	}
	if g.sweep != nil {
		p.Building = len(g.sweep.waiting)
		if g.sweep.waiting == nil {
			p.Building = p.Segments
		}
	}
	p.Behind = max(0, g.now.Sub(f.Now()))
	now := f.Now().Time()
	for i, l := range f.lanes {
		p.Lanes[i] = LanePulse{Lane: l.Lane, Flying: l.flying, Room: l.room, Open: l.circuit.State(now) == circuit.Closed}
	}
	f.pulse.Store(p)
}

// noteClock says when the clock was set back, and when it has caught up. Until then time
// stands still: nothing new falls due, and what comes in is dated as of the latest instant.
func (f *Flow) noteClock() {
	switch behind := f.engine.now.Sub(f.Now()); {
	case behind >= notableBehind && !f.setBack:
		f.setBack = true
		f.log.Warn("the clock was set back; until it has caught up time stands still, and nothing new falls due", "by", behind)
	case behind <= 0 && f.setBack:
		f.setBack = false
		f.log.Info("the clock has caught up; time goes on")
	}
}

// notableBehind is how far a clock must be set back to be worth a line.
const notableBehind = 2 * time.Second

// reportBatch tells what a batch came to that began at an instant, if somebody wants to know.
func (f *Flow) reportBatch(batch []*request, events int, began time.Time, read time.Duration) {
	observe := f.observe.Load()
	if observe == nil {
		return
	}
	r := Report{Events: events, Requests: len(batch), Read: read, Took: f.clock.Now().Sub(began)}
	for _, q := range batch {
		if !q.asked.IsZero() {
			r.Waited = max(r.Waited, began.Sub(q.asked))
		}
	}
	(*observe)(r)
}
