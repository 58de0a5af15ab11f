package flow

import (
	"context"

	"rapport"
	"rapport/profile"
	"rapport/segment"
	"rapport/store"
)

// seat reads through all records once: who has which seat, who is in which
// segment, and whether anybody is still to be brought up to the workspace. Of a
// record it reads no more than that.
func (g *Engine) seat(ctx context.Context) error {
	s := &seating{g: g}
	var after store.Place
	for {
		records, next, err := g.store.Walk(ctx, after, 1000)
		if err != nil {
			return err
		}
		if len(records) == 0 {
			break
		}
		for i := range records {
			if err := s.visit(records[i].Customer, records[i].Data); err != nil {
				return err
			}
		}
		after = next
	}
	s.seatTheRest()
	if s.stale {
		g.startSweep(nil)
	}
	return nil
}

// seating is the reading of everybody's seat and memberships.
type seating struct {
	g     *Engine
	state segment.State // of the record at hand
	stale bool
	rest  []standing
}

// standing is a customer whose record names no seat of her own. She gets one when
// those of all others are known.
type standing struct {
	id   rapport.CustomerID
	keys []segment.Key
}

func (s *seating) visit(id rapport.CustomerID, data []byte) error {
	seen, err := profile.GlanceAt(id, data)
	if err != nil {
		return err
	}
	if err := s.state.Read(seen.Segments); err != nil {
		return err
	}
	s.g.customers++
	s.stale = s.stale || seen.FactSet != s.g.workspace.Facts.Hash() || !s.g.workspace.holds(seen.Homes, seen.Walks, len(seen.Journeys) > 0, &s.state)
	if !s.g.seats.place(id, seen.Seat) {
		who := standing{id: id}
		s.state.Keys(func(key segment.Key) { who.keys = append(who.keys, key) })
		s.rest = append(s.rest, who)
		return nil
	}
	s.state.Keys(func(key segment.Key) { s.g.members.of(key).Add(seen.Seat) })
	return nil
}

// seatTheRest gives seats to those who have none. They stand in the records when
// these are next written.
func (s *seating) seatTheRest() {
	for _, who := range s.rest {
		seat := s.g.seats.take(who.id)
		s.g.seats.unwritten[who.id] = seat
		for _, key := range who.keys {
			s.g.members.of(key).Add(seat)
		}
	}
}
