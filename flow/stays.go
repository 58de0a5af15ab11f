package flow

import (
	"cmp"
	"context"
	"slices"

	"rapport"
	"rapport/segment"
	"rapport/store"
)

// Stay is one time that a customer was in a segment, or still is.
type Stay struct {
	Segment   string
	EnteredAt rapport.Instant // 0: not known, before her timeline begins
	LeftAt    rapport.Instant // 0: she is in it still; or it is not known, then LeftBy says so
	EnteredBy Reason
	LeftBy    Reason
}

// Reason is why a customer entered or left a segment. The event is named if it was
// one, and known.
type Reason struct {
	Cause     segment.Cause // 0: not known
	Event     string
	MessageID string
}

// Stays reads from a customer's timeline when she was in which segment, up to the
// instant of the look, old to new by when she entered. Of profiles that became one
// the stays in a segment that overlapped are one stay.
func Stays(ctx context.Context, from Entries, l *Look) ([]Stay, error) {
	var entries []store.Entry
	err := History(ctx, from, l.c.record.ID, l.c.record.Head, func(e store.Entry) bool {
		entries = append(entries, e)
		return true
	})
	if err != nil {
		return nil, err
	}
	s := stays{open: map[place]*Stay{}}
	for _, entry := range slices.Backward(entries) {
		for i := range entry.Events {
			if e := &entry.Events[i]; e.Type == rapport.Noted && l.c.record.Owns(e) {
				s.read(entry.Customer, e)
			}
		}
	}
	for _, change := range l.changes { // fell due, and is not done yet
		s.change(l.c.record.ID, change.Segment, change.Entered, change.At, Reason{Cause: change.Cause})
	}
	s.finish(l)
	return s.sorted(), nil
}

// place is where a stay is open: a profile, as it was before it became part of
// another, and a segment.
type place struct {
	who     rapport.CustomerID
	segment string
}

type stays struct {
	all  []*Stay
	open map[place]*Stay
}

// read takes in a note of a timeline.
func (s *stays) read(who rapport.CustomerID, e *rapport.Event) {
	switch e.Name {
	case ProfilesMerged, ProfilesSplit: // what is hers of the other is told here from now on
		if other, _, ok := linked(e); ok {
			s.join(who, other)
		}
	case SegmentEntered, SegmentLeft:
		properties, err := rapport.ParseJSON(e.Properties)
		if err != nil {
			return
		}
		cause, _ := segment.ParseCause(properties.Get("cause").Text())
		by := Reason{Cause: cause, Event: properties.Get("event").Text(), MessageID: properties.Get("messageId").Text()}
		s.change(who, properties.Get("segment").Text(), e.Name == SegmentEntered, e.Timestamp, by)
	}
}

func (s *stays) change(who rapport.CustomerID, name string, entered bool, at rapport.Instant, by Reason) {
	here := place{who, name}
	stay := s.open[here]
	switch {
	case entered && stay == nil:
		stay = &Stay{Segment: name, EnteredAt: at, EnteredBy: by}
		s.all, s.open[here] = append(s.all, stay), stay
	case !entered:
		if stay == nil { // what was before is not kept any more
			stay = &Stay{Segment: name}
			s.all = append(s.all, stay)
		}
		stay.LeftAt, stay.LeftBy = at, by
		delete(s.open, here)
	}
}

// join makes the open stays of a profile those of the one it became part of.
func (s *stays) join(into, from rapport.CustomerID) {
	for there, stay := range s.open {
		if there.who != from || into == from {
			continue
		}
		delete(s.open, there)
		here := place{into, there.segment}
		if mine := s.open[here]; mine != nil {
			if mine.EnteredAt > stay.EnteredAt {
				mine.EnteredAt, mine.EnteredBy = stay.EnteredAt, stay.EnteredBy
			}
			s.all = slices.DeleteFunc(s.all, func(one *Stay) bool { return one == stay })
			continue
		}
		s.open[here] = stay
	}
}

// finish compares what is open with where she is: what the timeline doesn't tell
// is not made up.
func (s *stays) finish(l *Look) {
	in := map[string]*Stay{}
	for there, stay := range s.open {
		_, member := l.Since(there.segment)
		if first := in[there.segment]; member && there.who == l.c.record.ID && first == nil {
			in[there.segment] = stay
			continue
		}
		stay.LeftBy = Reason{Cause: segment.ByDefinition}
	}
	for _, m := range l.Memberships() {
		if in[m.Segment] == nil {
			s.all = append(s.all, &Stay{Segment: m.Segment, EnteredAt: m.Since})
		}
	}
}

// sorted returns the stays by when she entered. Those of two profiles in the same
// segment at the same time are one: she was there.
func (s *stays) sorted() []Stay {
	slices.SortStableFunc(s.all, func(a, b *Stay) int { return cmp.Compare(a.EnteredAt, b.EnteredAt) })
	var sorted []Stay
	last := map[string]int{} // of a segment, in sorted
	for _, stay := range s.all {
		i, ok := last[stay.Segment]
		if ok && stay.EnteredAt < sorted[i].end() {
			sorted[i].extend(stay)
			continue
		}
		last[stay.Segment] = len(sorted)
		sorted = append(sorted, *stay)
	}
	return sorted
}

// end returns when a stay was over: one that ended nobody knows when at once.
func (s *Stay) end() rapport.Instant {
	switch {
	case s.LeftAt != 0:
		return s.LeftAt
	case s.LeftBy.Cause != 0:
		return s.EnteredAt
	}
	return rapport.Never
}

func (s *Stay) extend(other *Stay) {
	if other.end() > s.end() {
		s.LeftAt, s.LeftBy = other.LeftAt, other.LeftBy
	}
}
