package flow

import (
	"context"
	"slices"

	"rapport"
	"rapport/profile"
	"rapport/rule"
	"rapport/segment"
	"rapport/store"
)

// Span is some customers, one behind another by id, and what must be known of them
// to bring them up to the workspace: of those for whom a rule asks for facts that
// were not kept, these facts, built from their events. It is read beside the flow,
// which goes on meanwhile, and then installed by it.
type Span struct {
	workspace *Workspace
	facts     *rule.FactSet // of the workspace
	kept      map[uint64]rule.Kept
	after     rapport.CustomerID
	now       rapport.Instant
	limit     int

	ids     []rapport.CustomerID // who is not up to the workspace, ascending
	last    rapport.CustomerID   // of all that were looked at
	more    bool                 // there are customers behind her
	looked  int
	missing *rule.FactSet // the facts that were built
	built   []rule.FactID // the same
	pasts   map[rapport.CustomerID]*past
	upTo    uint64 // the last chunk that was read
	chunks  int    // how many were
}

// past is a customer's events as facts.
type past struct {
	record *profile.Record // her identifiers, and the facts that were built
	upTo   uint64          // the last chunk whose entries are in them
	linked bool            // some of her events are filed under another customer
}

// Past is what a span is read from.
type Past interface {
	Entries
	// State returns where the store stands.
	State() store.State
	// Scan returns records by ascending id, those after the given one.
	Scan(ctx context.Context, after rapport.CustomerID, limit int) ([]store.Record, error)
	// ChunksOf returns chunks with those of their blocks that may hold a customer
	// between two, both in.
	ChunksOf(ctx context.Context, from uint64, limit int, first, last rapport.CustomerID) ([]store.Chunk, error)
}

// Read finds the customers of the span and builds what they lack. It changes
// nothing but the span.
func (s *Span) Read(ctx context.Context, from Past) error {
	s.upTo = from.State().Position
	s.pasts = map[rapport.CustomerID]*past{}
	if err := s.scan(ctx, from); err != nil || len(s.pasts) == 0 {
		return err
	}
	if err := s.readLog(ctx, from); err != nil {
		return err
	}
	return s.readLinked(ctx, from)
}

// scanPage is how many records are read at a time, readPage how many chunks.
const (
	scanPage = 500
	readPage = 64
)

func (s *Span) scan(ctx context.Context, from Past) error {
	s.last, s.more = s.after, true
	hashes := map[uint64]bool{}
	for s.looked < s.limit {
		rows, err := from.Scan(ctx, s.last, min(scanPage, s.limit-s.looked))
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			s.more = false
			break
		}
		for _, row := range rows {
			if err := s.look(row, hashes); err != nil {
				return err
			}
		}
		s.looked += len(rows)
		s.last = rows[len(rows)-1].Customer
	}
	var kept []rule.Kept
	for hash := range hashes {
		kept = append(kept, s.kept[hash])
	}
	s.missing = s.facts.Missing(kept...)
	for _, f := range s.missing.All() {
		s.built = append(s.built, f.ID)
	}
	return nil
}

func (s *Span) look(row store.Record, hashes map[uint64]bool) error {
	r, err := profile.Decode(row.Customer, row.Data)
	if err != nil {
		return err
	}
	if r.FactSet != s.facts.Hash() {
		hashes[r.FactSet] = true
		s.pasts[r.ID] = newPast(r, s.upTo)
	} else if up, err := s.isUp(r); up || err != nil {
		return err
	}
	s.ids = append(s.ids, r.ID)
	return nil
}

// isUp reports whether a customer has been brought up to the workspace.
func (s *Span) isUp(r *profile.Record) (bool, error) {
	var segments segment.State
	if err := segments.Read(r.Segments); err != nil {
		return false, err
	}
	return s.workspace.holds(r.Homes, r.Walks, len(r.Journeys) > 0, &segments), nil
}

// newPast keeps of a record what says which events are hers.
func newPast(r *profile.Record, upTo uint64) *past {
	slim := profile.New(r.ID)
	slim.Identifiers, slim.Crowded, slim.Head = r.Identifiers, r.Crowded, r.Head
	return &past{record: slim, upTo: upTo, linked: len(r.Merges) > 0}
}

// readLog goes once through all blocks that may hold events of the span's
// customers: for many customers that is far cheaper than reading each one's history.
func (s *Span) readLog(ctx context.Context, from Past) error {
	for at := uint64(1); at <= s.upTo; {
		chunks, err := from.ChunksOf(ctx, at, readPage, s.ids[0], s.ids[len(s.ids)-1])
		if err != nil || len(chunks) == 0 {
			return err
		}
		s.chunks += len(chunks)
		for _, chunk := range chunks {
			if chunk.Number > s.upTo {
				return nil
			}
			if err := s.readChunk(chunk); err != nil {
				return err
			}
			at = chunk.Number + 1
		}
	}
	return nil
}

func (s *Span) readChunk(chunk store.Chunk) error {
	for _, block := range chunk.Blocks {
		entries, err := store.DecodeBlock(block.Data)
		if err != nil {
			return err
		}
		for i := range entries {
			if p := s.pasts[entries[i].Customer]; p != nil && !p.linked {
				p.take(&entries[i], s.missing, s.now)
			}
		}
	}
	return nil
}

// take takes an entry into the facts. One that points to the events of another
// customer makes hers linked.
func (p *past) take(entry *store.Entry, facts *rule.FactSet, now rapport.Instant) {
	if entry.Prev == 0 {
		p.record.Facts = nil // what came before is of one who was forgotten since
	}
	for i := range entry.Events {
		if _, _, p.linked = linked(&entry.Events[i]); p.linked {
			return
		}
	}
	p.add(entry.Events, facts, now)
}

// add takes those of some events into the facts that are hers.
func (p *past) add(events []rapport.Event, facts *rule.FactSet, now rapport.Instant) {
	consents := len(facts.ByEvent(profile.ConsentChanged)) > 0 // which any event may carry
	for i := range events {
		if e := &events[i]; (consents || len(facts.ByEvent(e.RuleName())) > 0) && p.record.Owns(e) {
			p.record.AddFacts(profile.Read(e), facts, now)
		}
	}
}

// readLinked reads the histories of those whose events are filed under several
// customers, one by one.
func (s *Span) readLinked(ctx context.Context, from Past) error {
	for _, id := range s.ids {
		p := s.pasts[id]
		if p == nil || !p.linked {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		events, err := Events(ctx, from, p.record)
		if err != nil {
			return err
		}
		p.record.BuildFacts(events, s.missing, s.now)
		p.upTo = max(s.upTo, p.record.Head)
	}
	return nil
}

// catchUp adds to a past what was admitted after it was read. It returns false if
// who is who has changed meanwhile, so that it must be read again.
func (p *past) catchUp(b *Batch, c *customer, facts *rule.FactSet) bool {
	if c.record.Head <= p.upTo {
		return true
	}
	from := &overlay{Entries: b.g.store, number: b.number, open: b.entries}
	var late []rapport.Event
	err := History(b.ctx, from, c.record.ID, c.record.Head, func(entry store.Entry) bool {
		if from.last > p.upTo {
			late = append(late, entry.Events...)
		}
		return from.last > p.upTo
	})
	b.fail(err)
	if err != nil || slices.ContainsFunc(late, func(e rapport.Event) bool { _, _, ok := linked(&e); return ok }) {
		return false
	}
	p.record.Identifiers, p.record.Crowded = c.record.Identifiers, c.record.Crowded
	p.add(late, facts, b.now)
	p.upTo = b.g.state.Position // should this batch fail, they are not added again
	return true
}
