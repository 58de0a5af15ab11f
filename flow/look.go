package flow

import (
	"context"
	"fmt"
	"slices"

	"rapport"
	"rapport/journey"
	"rapport/profile"
	"rapport/rule"
	"rapport/segment"
	"rapport/store"
)

// Look is a customer as she is at an instant, worked out on a copy of her record:
// what fell due by then is done on the copy, and nothing of it is kept, sent or
// counted. It is not safe for concurrent use.
type Look struct {
	c       *customer
	w       *Workspace
	changes []segment.Change // of segments, done on the copy only
}

// LookAt works out what a stored record says at an instant under a workspace. If
// the workspace asks for facts that are not kept for her yet, they are built from
// her history.
func LookAt(ctx context.Context, from Entries, w *Workspace, row store.Record, now rapport.Instant) (*Look, error) {
	c, err := decode(row)
	if err != nil {
		return nil, err
	}
	l := &Look{c: c, w: w}
	c.zone = w.Places.Zone(c.record)
	var touched segment.Touched
	if c.record.FactSet != w.Facts.Hash() {
		events, err := Events(ctx, from, c.record)
		if err != nil {
			return nil, err
		}
		c.record.BuildFacts(events, w.Facts, min(now, c.segments.Next()))
		touched.All = true
	}
	if touched.All || !w.Segments.Evaluated(c.segments) {
		l.moved(w.Segments.Refresh(c.segments, &subject{customer: c}, touched, now), nil)
	}
	l.catchUp(now, nil)
	return l, nil
}

// Record returns the customer's record without the sections of other stages.
func (l *Look) Record() *profile.Record { return l.c.record }

// Memberships returns the segments she is in, by name.
func (l *Look) Memberships() []segment.Membership { return l.w.Segments.Memberships(l.c.segments) }

// Since returns since when she has been in a segment, if she is.
func (l *Look) Since(segment string) (rapport.Instant, bool) { return l.c.segments.Since(segment) }

// Runs returns the journey runs under way.
func (l *Look) Runs() []journey.Run { return l.c.runs.Runs() }

// Subject returns the customer as rules see her, with an event at hand unless it
// is nil.
func (l *Look) Subject(event rule.Event) rule.Subject { return &subject{customer: l.c, event: event} }

// Events returns the events of a customer's history that are hers, in the order
// in which they were admitted.
func Events(ctx context.Context, from Entries, r *profile.Record) ([]*profile.Event, error) {
	entries, err := entriesOf(ctx, from, r)
	if err != nil {
		return nil, err
	}
	var events []*profile.Event
	for _, entry := range slices.Backward(entries) {
		for i := range entry {
			if r.Owns(&entry[i]) {
				events = append(events, profile.Read(&entry[i]))
			}
		}
	}
	return events, nil
}

func entriesOf(ctx context.Context, from Entries, r *profile.Record) (entries [][]rapport.Event, err error) {
	err = History(ctx, from, r.ID, r.Head, func(e store.Entry) bool {
		entries = append(entries, e.Events)
		return true
	})
	return entries, err
}

// catchUp does on the copy what falls due by an instant.
func (l *Look) catchUp(now rapport.Instant, visit func(journey.Effect)) {
	for range maxCatchUp {
		at := l.c.next()
		if at > now {
			return
		}
		s := &subject{customer: l.c}
		if l.c.segments.Next() <= at {
			l.moved(l.w.Segments.Due(l.c.segments, s, at), visit)
		}
		if l.c.runs.Next() <= at {
			l.step(journey.Input{}, s, at, visit)
		}
		l.setOff(visit)
	}
}

// moved tells the journeys of the copy which segments she has entered and left.
func (l *Look) moved(changes []segment.Change, visit func(journey.Effect)) {
	l.changes = append(l.changes, changes...)
	for _, change := range changes {
		in := journey.Input{Segment: &journey.SegmentChange{
			Name: change.Segment, Entered: change.Entered, ByDefinition: change.Cause == segment.ByDefinition,
		}}
		l.step(in, &subject{customer: l.c}, max(change.At, 1), visit)
	}
}

// step gives journeys an input on the copy, and carries out there what they change.
func (l *Look) step(in journey.Input, s *subject, at rapport.Instant, visit func(journey.Effect)) {
	for _, e := range l.w.Journeys.Step(l.c.runs, in, s, at) {
		if visit != nil {
			visit(e)
		}
		if e.Kind != journey.Updated {
			continue
		}
		for _, told := range changes(&e) {
			own := rapport.Event{Type: rapport.Derived, Name: told.name, Timestamp: e.At, ReceivedAt: at, Properties: told.properties}
			own.MessageID = fmt.Sprint(e.Journey, e.Run, e.Step, told.name)
			l.fold(profile.Read(&own), at, visit)
		}
	}
}

// setOff does on the copy what runs stand ready for, see [Batch.setOff].
func (l *Look) setOff(visit func(journey.Effect)) {
	for n := 0; ; n++ {
		at, ready := l.c.runs.Ready()
		if !ready {
			return
		}
		in := journey.Input{Do: true}
		if n >= 2*maxSetOff {
			in = journey.Input{Halt: true}
		}
		l.step(in, &subject{customer: l.c}, at, visit)
	}
}

// fold takes an event into the copy and lets segments and journeys see it.
func (l *Look) fold(e *profile.Event, at rapport.Instant, visit func(journey.Effect)) {
	var changed profile.Touched
	changes := l.take(e, at, &changed)
	for _, heard := range hear(nil, l.w, l.c, e, &changed) {
		l.step(journey.Input{Event: heard}, &subject{customer: l.c, event: heard}, at, visit)
	}
	l.moved(changes, visit)
}

// take folds an event into the copy and returns which segments that has changed.
func (l *Look) take(e *profile.Event, at rapport.Instant, changed *profile.Touched) []segment.Change {
	l.c.record.Fold(e, l.w.Facts, at, changed)
	zone := l.w.Places.Zone(l.c.record)
	touched := segment.Touched{Traits: changed.Traits, Facts: changed.Facts, Fell: changed.Fell, Zone: zone != l.c.zone}
	l.c.zone = zone
	return l.w.Segments.Update(l.c.segments, &subject{customer: l.c, event: e}, touched, at)
}

// Replay folds a customer's events anew under a workspace, each at the instant it
// was received, and calls visit with everything that journeys make of them until
// now. Events received before an instant are folded, but start and end nothing:
// the journey was not there yet.
func Replay(ctx context.Context, from Entries, w *Workspace, r *profile.Record, since, now rapport.Instant, visit func(journey.Effect)) error {
	events, err := Events(ctx, from, r)
	if err != nil {
		return err
	}
	l := &Look{c: newCustomer(r.ID), w: w}
	l.c.record.Identifiers = slices.Clone(r.Identifiers)
	l.c.zone = w.Places.Zone(l.c.record)
	var given turnsGiven
	for _, e := range events {
		given.until(l, since, e.ReceivedAt, visit)
		l.replay(e, since, visit)
	}
	given.until(l, since, now, visit)
	l.catchUp(now, visit)
	return nil
}

// replay folds one event of hers. What journeys have changed by their updates is not told
// by the past: they change it again.
func (l *Look) replay(e *profile.Event, since rapport.Instant, visit func(journey.Effect)) {
	l.catchUp(e.ReceivedAt, visit)
	if by := causedBy(e); by != "" && e.ReceivedAt >= since && l.w.Journeys.Get(by) != nil {
		return
	}
	defer l.setOff(visit)
	switch {
	case e.Type == rapport.Noted && e.Name() == rapport.TraitChanged && e.ReceivedAt >= since:
		l.step(journey.Input{Event: e}, &subject{customer: l.c, event: e}, e.ReceivedAt, visit)
		return
	case e.Type == rapport.Noted:
		return
	}
	var changed profile.Touched
	changes := l.take(e, e.ReceivedAt, &changed)
	if e.ReceivedAt < since {
		return
	}
	// Changes of traits were noted as they happened; folding two halves as one would not tell them.
	for _, heard := range hear(nil, l.w, l.c, e, &profile.Touched{}) {
		l.step(journey.Input{Event: heard}, &subject{customer: l.c, event: heard}, e.ReceivedAt, visit)
	}
	if answer := answerOf(e); answer != nil {
		l.step(journey.Input{Answer: answer}, &subject{customer: l.c, event: e}, e.ReceivedAt, visit)
	}
	l.moved(changes, visit)
}
