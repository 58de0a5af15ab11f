package rule

import (
	"encoding/binary"
	"maps"
	"slices"
	"time"

	"rapport"
)

// Kept says which facts are kept of a customer, and how much of each. What a fact
// is kept for now may be less than what the rules in force ask: then it has to be
// built from her past first.
type Kept map[FactID]Keep

// Kept returns what is kept of a customer who is complete for these facts.
func (s *FactSet) Kept() Kept {
	k := make(Kept, len(s.facts))
	for _, f := range s.facts {
		k[f.ID] = f.Keep
	}
	return k
}

// Covers reports whether everything is kept that facts ask for.
func (k Kept) Covers(facts []Fact) bool {
	for i := range facts {
		if kept, ok := k[facts[i].ID]; !ok || !kept.Covers(facts[i].Keep) {
			return false
		}
	}
	return true
}

// Those returns the facts of a set of which anything is kept: what happens from
// now on adds to these.
func (s *FactSet) Those(k Kept) *FactSet {
	return s.choose(func(f *Fact) bool { _, ok := k[f.ID]; return ok })
}

// Missing returns the facts of a set that one of several customers has to have
// built: of which not all is kept that is asked for.
func (s *FactSet) Missing(kept ...Kept) *FactSet {
	return s.choose(func(f *Fact) bool {
		return slices.ContainsFunc(kept, func(k Kept) bool { return !k.Covers([]Fact{*f}) })
	})
}

func (s *FactSet) choose(wanted func(*Fact) bool) *FactSet {
	var some []Fact
	for _, f := range s.facts {
		if wanted(f) {
			some = append(some, *f)
		}
	}
	return NewFactSet(some...)
}

// Partial is a [Subject] of whom some facts may still have to be built. A rule that
// reads one of them has no answer yet: what History returns of it is not her past.
type Partial interface {
	// Lacks reports whether not all is kept that facts ask for.
	Lacks(facts []Fact) bool
}

// Answerable reports whether all is kept of a customer that a rule reads.
func (r *Rule) Answerable(s Subject) bool { return answerable(s, r.facts) }

// KnowsSegments reports whether it is known of a customer whether she is in each of the
// segments that a rule names. It is not of one that reads facts which are still to be built.
func (r *Rule) KnowsSegments(s Subject) bool {
	return !slices.ContainsFunc(r.reads.Segments, func(name string) bool { return s.Segment(name) == Unknown })
}

func answerable(s Subject, facts []Fact) bool {
	p, ok := s.(Partial)
	return !ok || len(facts) == 0 || !p.Lacks(facts)
}

// AppendBinary appends k in a form of its own: the number of facts, and for each
// its id, its lengths of time, its last points and its flags.
func (k Kept) AppendBinary(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(len(k)))
	for _, id := range slices.Sorted(maps.Keys(k)) {
		keep := k[id]
		b = binary.LittleEndian.AppendUint64(b, uint64(id))
		b = binary.AppendVarint(binary.AppendVarint(b, int64(keep.Window)), int64(keep.LastWithin))
		b = append(binary.AppendVarint(b, int64(keep.Last)), bit(keep.Distinct)|bit(keep.Measured)<<1)
	}
	return b
}

func bit(set bool) byte {
	if set {
		return 1
	}
	return 0
}

// DecodeKept reads what AppendBinary wrote and returns the bytes behind it.
func DecodeKept(b []byte) (k Kept, rest []byte, err error) {
	r := reader{b: b}
	n := r.uvarint()
	k = Kept{}
	for i := uint64(0); i < n && !r.failed; i++ {
		id := FactID(r.int64())
		keep := Keep{Window: time.Duration(r.varint()), LastWithin: time.Duration(r.varint()), Last: int(r.varint())}
		flags := r.byte()
		keep.Distinct, keep.Measured = flags&1 != 0, flags&2 != 0
		k[id] = keep
	}
	if r.failed {
		return nil, nil, rapport.Errorf(rapport.Internal, "the list of facts that are kept is damaged")
	}
	return k, r.b, nil
}
