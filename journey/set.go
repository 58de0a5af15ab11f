package journey

import (
	"rapport"
	"rapport/rule"
)

// Set is the journeys of a workspace, found by what they read. It is immutable
// and safe for concurrent use.
type Set struct{}

// NewSet gathers journeys. Of two with the same name the later one counts.
func NewSet(journeys []*Journey) *Set { return &Set{} }

// Journeys returns the journeys in the order of their names.
func (x *Set) Journeys() []*Journey { return nil }

// Get returns a journey, or nil if there is none of this name.
func (x *Set) Get(name string) *Journey { return nil }

// Reads reports whether an event of this name could do anything to a customer
// who has no runs.
func (x *Set) Reads(event string) bool { return false }

// Step gives one input to a customer's runs at an instant, changes st and
// returns what came of it, in order. What fell due by now is done as of its due
// instant if the input is the zero one, and not before.
//
// After [Merge] it should be called once with the zero Input at the instant of
// the merge, since what ends a run may stand in the other half.
func (x *Set) Step(st *State, in Input, s rule.Subject, now rapport.Instant) []Effect { return nil }
