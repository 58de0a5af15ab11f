package flow

import (
	"context"
	"errors"

	"rapport"
)

// Step is a part of a request's way through the flow that somebody follows, to see where
// its time goes. Names of steps are the program's own, in small letters.
type Step interface {
	// Begin begins a part of the step. Facts are names and values in turn: numbers, names
	// of documents and ids of messages, never anything about a customer.
	Begin(name string, facts ...any) Step
	// Joins says that this step is one piece of work with a step of another request.
	Joins(other Step)
	// End ends the step; err says why it failed.
	End(err error)
}

// Follow sets who says whether a request is followed, by its context: nil if it is not. What
// is not followed costs nothing.
func (f *Flow) Follow(follow func(ctx context.Context) Step) { f.follow.Store(&follow) }

// way is what is followed of one request.
type way struct {
	whole Step // the request
	wait  Step // in the queue
	turn  Step // in its batch
}

// followed notes that a request waits from now on, if somebody follows it.
func (f *Flow) followed(ctx context.Context, r *request) {
	follow := f.follow.Load()
	if follow == nil {
		return
	}
	if whole := (*follow)(ctx); whole != nil {
		r.way = &way{whole: whole, wait: whole.Begin("queue")}
	}
}

// beginTrails notes that the batch of requests begins, and returns the step of the first that
// is followed; nil if none is. The others join it.
func beginTrails(batch []*request) (lead Step) {
	for _, r := range batch {
		if r.way == nil {
			continue
		}
		r.way.wait.End(nil)
		r.way.turn = r.way.whole.Begin("batch", "events", len(r.events), "requests", len(batch))
		if lead == nil {
			lead = r.way.turn
			continue
		}
		r.way.turn.Joins(lead)
		lead.Joins(r.way.turn)
	}
	return lead
}

// endTrails notes that the batch of requests has ended.
func endTrails(batch []*request, err error) {
	for _, r := range batch {
		if r.way != nil && r.way.turn != nil {
			r.way.turn.End(plain(err))
		}
	}
}

// follow is a work whose doing is followed.
func (r *request) follow(work Work) Work {
	if r.way == nil {
		return work
	}
	turn := r.way.turn
	return func(b *Batch) error {
		b.step = turn
		if b.lead == nil {
			b.lead = turn
		}
		defer func() { b.step = nil }()
		return work(b)
	}
}

// part begins a part of a step; nil if that is not followed.
func part(of Step, name string, facts ...any) Step {
	if of == nil {
		return nil
	}
	return of.Begin(name, facts...)
}

// end ends a step, if it is followed.
func end(s Step, err error) {
	if s != nil {
		s.End(plain(err))
	}
}

// plain is an error without what it may tell of a customer: its kind alone.
func plain(err error) error {
	if err == nil {
		return nil
	}
	return errors.New(rapport.KindOf(err).String())
}

// followMessage begins to follow a message that was asked for in a work that is followed.
func (b *Batch) followMessage(m *rapport.Message) {
	if b.step == nil {
		return
	}
	if b.trails == nil {
		b.trails = map[rapport.MessageID]Step{}
	}
	b.trails[m.ID] = b.step.Begin("message", "message", m.ID.String(), "journey", m.Journey, "step", m.Step, "channel", string(m.Channel), "class", m.Class.String())
}

// stepOf returns the step of a message; nil if it is not followed.
func (b *Batch) stepOf(id rapport.MessageID) Step {
	if s := b.trails[id]; s != nil {
		return s
	}
	return b.g.trails.of[id]
}

// keepTrails remembers the messages that are followed and wait.
func (b *Batch) keepTrails() {
	for id, s := range b.trails {
		b.g.trails.add(id, s)
	}
	for i := range b.parcels {
		b.g.trails.take(b.parcels[i].Message.ID)
	}
}

// dropTrails ends what was followed in a batch that was not kept.
func (b *Batch) dropTrails() {
	for _, s := range b.trails {
		end(s, b.err)
	}
}

// maxTrails is how many messages that wait are followed; the one that has waited longest is
// no longer, when there are more.
const maxTrails = 1000

// trails are the messages that are followed and wait.
type trails struct {
	of    map[rapport.MessageID]Step
	order []rapport.MessageID // from old to new; some may be gone
}

func (t *trails) add(id rapport.MessageID, s Step) {
	if t.of == nil {
		t.of = map[rapport.MessageID]Step{}
	}
	t.of[id] = s
	t.order = append(t.order, id)
	for len(t.order) > maxTrails {
		end(t.take(t.order[0]), nil)
		t.order = t.order[1:]
	}
}

// take returns the step of a message and forgets it; nil if there is none.
func (t *trails) take(id rapport.MessageID) Step {
	s := t.of[id]
	delete(t.of, id)
	return s
}

// settleTrails ends the steps of messages of which it is known what came, and keeps those
// that are tried again.
func (g *Engine) settleTrails(parcels []Parcel, outcomes []rapport.Outcome) {
	for i := range parcels {
		switch s := parcels[i].step; {
		case s == nil:
		case outcomes[i].Kind == rapport.Retry:
			g.trails.add(parcels[i].Message.ID, s)
		default:
			s.End(failure(outcomes[i].Kind))
		}
	}
}

// handFollowed is Hand with each parcel's time followed.
func handFollowed(parcels []Parcel) []rapport.Outcome {
	var steps map[int]Step
	for i := range parcels {
		if s := parcels[i].step; s != nil {
			if steps == nil {
				steps = map[int]Step{}
			}
			steps[i] = s.Begin("hand over", "attempt", parcels[i].Message.Attempts)
		}
	}
	outcomes := Hand(parcels)
	for i, s := range steps {
		s.End(failure(outcomes[i].Kind))
	}
	return outcomes
}

// failure is an outcome as an error; nil if the message was accepted.
func failure(k rapport.OutcomeKind) error {
	if k == rapport.Accepted {
		return nil
	}
	return errors.New(k.String())
}
