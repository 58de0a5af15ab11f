package flow

import (
	"context"
	"encoding/binary"
	"maps"
	"slices"

	"rapport/rule"
	"rapport/store"
)

// factSets remembers, under the hash that a record bears, for which facts it is
// complete. There is more than one while a workspace that asks for other facts than
// the one before is being built.
type factSets struct {
	kept   map[uint64]rule.Kept
	usable map[uint64]*rule.FactSet // of the workspace's facts, those that are kept under a hash
	saved  bool                     // kept is what the store's mark says

	unjudged map[uint64]map[string]bool // the workspace's segments that can't be judged by what is kept under a hash
}

// factsMark is the name of the mark.
const factsMark = "facts"

// readFactSets reads the mark.
func readFactSets(ctx context.Context, from Finder) (*factSets, error) {
	s := &factSets{kept: map[uint64]rule.Kept{}, usable: map[uint64]*rule.FactSet{}, unjudged: map[uint64]map[string]bool{}, saved: true}
	data, err := from.Mark(ctx, factsMark)
	for err == nil && len(data) > 8 {
		hash := binary.LittleEndian.Uint64(data)
		var kept rule.Kept
		if kept, data, err = rule.DecodeKept(data[8:]); err == nil {
			s.kept[hash] = kept
		}
	}
	return s, err
}

// mark returns what readFactSets reads.
func (s *factSets) mark() store.Mark {
	var data []byte
	for _, hash := range slices.Sorted(maps.Keys(s.kept)) {
		data = s.kept[hash].AppendBinary(binary.LittleEndian.AppendUint64(data, hash))
	}
	return store.Mark{Name: factsMark, Data: data}
}

// add notes the facts of a workspace that is put in force.
func (s *factSets) add(facts *rule.FactSet) {
	clear(s.usable)
	clear(s.unjudged)
	if _, known := s.kept[facts.Hash()]; !known {
		s.kept[facts.Hash()] = facts.Kept()
		s.saved = false
	}
}

// only forgets all sets but one: every record bears its hash.
func (s *factSets) only(facts *rule.FactSet) {
	if len(s.kept) > 1 {
		s.kept = map[uint64]rule.Kept{facts.Hash(): facts.Kept()}
		clear(s.usable)
		clear(s.unjudged)
		s.saved = false
	}
}

// copy returns what is kept under each hash, for who reads beside the flow.
func (s *factSets) copy() map[uint64]rule.Kept { return maps.Clone(s.kept) }

// noteKept notes which facts are kept of a customer, and which segments can't be judged
// by them.
func (g *Engine) noteKept(c *customer) {
	c.unjudged = nil
	if c.kept = g.keptOf(c); c.kept == nil {
		return
	}
	hash := c.record.FactSet
	if g.facts.unjudged[hash] == nil {
		some := map[string]bool{}
		for _, name := range g.workspace.Segments.Names() {
			some[name] = !c.kept.Covers(g.workspace.segmentsRead(name))
		}
		g.facts.unjudged[hash] = some
	}
	c.unjudged = g.facts.unjudged[hash]
}

// keptOf returns which facts are kept of a customer, nil if all that the workspace
// asks for are.
func (g *Engine) keptOf(c *customer) rule.Kept {
	hash := c.record.FactSet
	if hash == g.workspace.Facts.Hash() {
		return nil
	}
	if kept := g.facts.kept[hash]; kept != nil {
		return kept
	}
	return rule.Kept{}
}

// factsOf returns the facts that an event of a customer adds to: those of the
// workspace of which her past is kept.
func (g *Engine) factsOf(c *customer) *rule.FactSet {
	if c.kept == nil {
		return g.workspace.Facts
	}
	hash := c.record.FactSet
	if g.facts.usable[hash] == nil {
		g.facts.usable[hash] = g.workspace.Facts.Those(c.kept)
	}
	return g.facts.usable[hash]
}

// joinFacts notes for which facts a customer is complete who is about to be joined
// with another: for those that both are.
func (b *Batch) joinFacts(into, from *customer) {
	if into.kept == nil && from.kept == nil {
		return
	}
	b.g.visitAgain()
	switch {
	case into.record.FactSet == from.record.FactSet:
	case into.kept == nil:
		into.record.FactSet = from.record.FactSet
	case from.kept != nil:
		into.record.FactSet = noFacts
	}
	b.g.noteKept(into)
}

// noFacts is the hash of the set of no facts: all are to be built.
const noFacts = 0
