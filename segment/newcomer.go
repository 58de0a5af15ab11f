package segment

import (
	"time"

	"rapport"
	"rapport/rule"
)

// Most rules say no to a customer of whom nothing is known, whoever she is and
// whenever it is. They are found when the set is compiled, so that a new customer
// does not cost an evaluation of everything.

// findFirst notes the segments that must be evaluated for every new customer:
// those that hold for nobody in particular, those whose answer depends on the
// time, on her id or on her time zone even then, and those that read any of these.
// What needs a trait is evaluated once she has it.
// That she is not in what holds for nobody in particular is no change that its
// readers would be told of.
func (set *Set) findFirst() {
	st := new(State)
	open := make([]bool, len(set.segments)) // segments that are evaluated
	for i := range set.segments {
		seg := &set.segments[i]
		reads, nobody := seg.rule.Reads(), &stranger{}
		p := &pass{set: set, state: st, subject: &subject{Subject: nobody, state: st}}
		holds := seg.rule.Eval(p.subject, 0) == rule.Yes
		open[i] = holds || seg.need == nil && (reads.Clock && seg.rule.NextFlip(p.subject, 0) != rapport.Never || nobody.asked)
		for _, name := range reads.Segments {
			open[i] = open[i] || open[set.byName[name]]
		}
		if holds {
			p.keep(entry{key: seg.key, member: true, next: rapport.Never}, 0)
		}
		if open[i] {
			set.first = append(set.first, i)
		}
	}
}

// stranger is a customer of whom nothing is known. She remembers whether a rule
// wanted to know who she is or where she lives.
type stranger struct{ asked bool }

// ID notes that she was asked.
func (s *stranger) ID() rapport.CustomerID {
	s.asked = true
	return rapport.CustomerID{}
}

// Zone notes that she was asked.
func (s *stranger) Zone() *time.Location {
	s.asked = true
	return time.UTC
}

// Trait returns nothing.
func (s *stranger) Trait(string) rapport.Value { return rapport.Value{} }

// History returns nothing.
func (s *stranger) History(rule.FactID) *rule.History { return nil }

// Segment is never asked: the pass answers.
func (s *stranger) Segment(string) rule.Truth { return rule.Unknown }

// Field returns nothing.
func (s *stranger) Field(string, string) rapport.Value { return rapport.Value{} }
