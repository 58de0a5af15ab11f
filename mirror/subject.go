package mirror

import (
	"encoding/binary"
	"time"

	"rapport"
	"rapport/rule"
)

// subject is one customer after another as rules see her. What was unpacked or
// answered of one is forgotten with the next.
type subject struct {
	m        *Mirror
	now      rapport.Instant
	seat     uint32
	packed   []byte         // her histories
	unpacked []rule.History // of the facts, where known says so
	known    []uint32       // the seat of whom; of one who has none, absent says so
	absent   []bool
	answers  map[string]answer // of other segments' rules
}

type answer struct {
	seat  uint32
	truth rule.Truth
}

func (m *Mirror) subject(now rapport.Instant) *subject {
	return &subject{
		m: m, now: now, unpacked: make([]rule.History, len(m.facts)), known: make([]uint32, len(m.facts)),
		absent: make([]bool, len(m.facts)), answers: map[string]answer{},
	}
}

func (s *subject) turnTo(seat uint32) {
	s.seat, s.packed = seat, nil
	if place := s.m.places[seat]; place != 0 {
		s.packed = s.m.packed.get(place)
	}
}

// ID returns the customer's id.
func (s *subject) ID() rapport.CustomerID { return s.m.ids[s.seat] }

// Zone returns where her calendar is kept.
func (s *subject) Zone() *time.Location { return s.m.zones[s.m.zone[s.seat]] }

// Trait returns what she told under a name.
func (s *subject) Trait(name string) rapport.Value { return s.m.columns[name].value(s.seat) }

// Field returns nothing: no event is at hand.
func (s *subject) Field(string, string) rapport.Value { return rapport.Value{} }

// History returns what is kept of a fact. It is good until the next customer's turn.
func (s *subject) History(id rule.FactID) *rule.History {
	number, ok := s.m.number[id]
	if !ok {
		return nil
	}
	if s.packed == nil {
		if all, ok := s.m.large[s.seat]; ok && number < len(all) {
			return all[number]
		}
		return nil
	}
	if s.known[number] != s.seat {
		s.known[number], s.absent[number] = s.seat, !s.unpack(number)
	}
	if s.absent[number] {
		return nil
	}
	return &s.unpacked[number]
}

// unpack reads the history of a fact, and reports whether there is one.
func (s *subject) unpack(number int) bool {
	for b := s.packed; len(b) > 0; {
		n, size := binary.Uvarint(b)
		b = b[size:]
		if int(n) == number {
			_, err := s.unpacked[number].Decode(b)
			return err == nil
		}
		length, size := binary.Uvarint(b)
		b = b[size+int(length):]
	}
	return false
}

// Segment answers another segment's rule, once for a customer.
func (s *subject) Segment(name string) rule.Truth {
	if known, ok := s.answers[name]; ok && known.seat == s.seat {
		return known.truth
	}
	r := s.m.segments(name)
	truth := rule.TruthOf(r != nil && r.Eval(s, s.now) == rule.Yes)
	s.answers[name] = answer{s.seat, truth}
	return truth
}
