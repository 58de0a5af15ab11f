package flow

import (
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/RoaringBitmap/roaring/v2"

	"rapport"
	"rapport/mirror"
	"rapport/rule"
	"rapport/store"
)

// Touched is whose records have changed since it was asked before.
type Touched struct {
	All       bool // it was not asked before: anybody's may have
	Seats     []uint32
	IDs       []rapport.CustomerID // whose each is; the zero id if it is nobody's by now
	Customers int64                // how many there are
	// Unwritten are seats that their customers' records don't name yet.
	Unwritten map[rapport.CustomerID]uint32
}

// TakeTouched is the work of reading whose records have changed since it was last
// done; from then on the engine takes note. What the open batch changes counts for
// the next time. It must not be read before the work is committed.
func TakeTouched(anew bool, into *Touched) Work {
	return func(b *Batch) error {
		*into = Touched{All: anew || b.g.touched == nil, Customers: b.g.customers, Unwritten: maps.Clone(b.g.seats.unwritten)}
		if !into.All {
			into.Seats = b.g.touched.ToArray()
			into.IDs = make([]rapport.CustomerID, len(into.Seats))
			for i, seat := range into.Seats {
				into.IDs[i] = b.g.seats.id(seat)
			}
		}
		b.taking = true
		return nil
	}
}

// noteTouched takes note of whose records a batch has changed, if anybody asks.
func (b *Batch) noteTouched() {
	if b.taking {
		b.g.touched = roaring.New()
	}
	if b.g.touched == nil {
		return
	}
	for _, c := range b.touched { // those who left among them
		b.g.touched.Add(c.record.Seat)
	}
}

// Columns answers rules for everybody from a mirror in memory, which it feeds from
// the records of those who have changed, when it is asked. So the stream of events
// pays for it no more than the taking note of seats. It is safe for concurrent use.
type Columns struct {
	limit int64
	do    func(context.Context, Work) error
	from  ColumnSource

	mu        sync.Mutex
	mirror    *mirror.Mirror // nil: to be made
	workspace *Workspace     // for which it was made
	traits    []string       // that it keeps
	fresh     bool           // nothing was asked of the engine for it yet
	after     store.Place
	whole     bool // everybody's record was read once
	unwritten map[rapport.CustomerID]uint32
}

// ColumnSource is where records are read from.
type ColumnSource interface {
	Entries
	// Load returns records, each at the place of its id; one without Data is not there.
	Load(ctx context.Context, ids []rapport.CustomerID) ([]store.Record, error)
	// Walk returns all records, some at a time.
	Walk(ctx context.Context, after store.Place, limit int) ([]store.Record, store.Place, error)
}

// NewColumns returns Columns that take at most so many bytes. Do takes a work
// through the flow.
func NewColumns(limit int64, do func(context.Context, Work) error, from ColumnSource) *Columns {
	return &Columns{limit: limit, do: do, from: from}
}

// Patience says when to stop: the reading of records, and the whole. Both are asked
// now and then, the second by several at once.
type Patience struct{ Reading, Whole func() bool }

// Question is a rule that is to be answered for everybody as of an instant.
type Question struct {
	Workspace *Workspace
	Rule      *rule.Rule
	Now       rapport.Instant
	Sample    int // how many of those for whom it holds are wanted by their ids
	Patience  Patience
}

// Count answers a question, and says how many customers there are. If patience ends
// before everybody was looked at, Whole is false. It reports false if it can't answer
// at all: the mirror would take too much memory, or the rule reads of the past what
// no rule in force does.
func (c *Columns) Count(ctx context.Context, q Question) (counted mirror.Counted, customers int64, ok bool, err error) {
	if !Keeps(q.Rule, q.Workspace.Facts) {
		return mirror.Counted{}, 0, false, nil
	}
	m, customers, whole, err := c.fed(ctx, q)
	if err != nil || m == nil || !m.Holds(q.Rule) {
		return mirror.Counted{}, customers, false, err
	}
	counted = m.Count(q.Rule, q.Now, q.Sample, q.Patience.Whole)
	counted.Whole = counted.Whole && whole
	return counted, customers, true, nil
}

// Keeps reports whether records that are kept for some facts hold all that a rule
// reads of the past itself.
func Keeps(r *rule.Rule, facts *rule.FactSet) bool {
	for _, f := range r.Facts() {
		if kept := facts.Get(f.ID); kept == nil || !kept.Keep.Covers(f.Keep) {
			return false
		}
	}
	return true
}

// fed returns the mirror after it was told what has changed; nil if there can't be one.
func (c *Columns) fed(ctx context.Context, q Question) (m *mirror.Mirror, customers int64, whole bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.prepare(q.Workspace, q.Rule)
	if c.mirror.Full() {
		return nil, 0, false, nil
	}
	var touched Touched
	if err = c.do(ctx, TakeTouched(c.fresh, &touched)); err != nil {
		return nil, 0, false, err
	}
	if touched.All {
		c.renew(touched.Unwritten)
	}
	if err = c.feed(ctx, &touched, q.Now); err == nil {
		err = c.fill(ctx, q.Now, q.Patience.Reading)
	}
	if err != nil { // what was taken is lost
		c.mirror = nil
		return nil, 0, false, err
	}
	return c.mirror, touched.Customers, c.whole, nil
}

// prepare makes the mirror anew if there are other rules or markets, or a rule that
// reads a trait that it doesn't keep. Traits that only earlier questions read are
// kept as long as there is room.
func (c *Columns) prepare(w *Workspace, r *rule.Rule) {
	needed := traitsOf(w, r)
	wanted, same := needed, c.workspace != nil && c.workspace.judgesAs(w)
	if same && (c.mirror == nil || !c.mirror.Full()) {
		wanted = sortedOnce(append(needed, c.traits...))
	}
	if same && c.mirror != nil && slices.Equal(wanted, c.traits) {
		return
	}
	c.workspace, c.traits = w, wanted
	c.renew(nil)
	c.fresh = true
}

// renew makes an empty mirror. Unwritten are the seats that records don't name yet.
func (c *Columns) renew(unwritten map[rapport.CustomerID]uint32) {
	c.mirror = mirror.New(mirror.Config{Facts: c.workspace.Facts, Segments: c.workspace.Segments.Rule, Traits: c.traits, Limit: c.limit})
	c.after, c.whole, c.fresh, c.unwritten = store.Place{}, false, false, unwritten
}

// traitsOf returns what a rule and all rules in force read of traits.
func traitsOf(w *Workspace, r *rule.Rule) []string {
	names := slices.Clone(r.Reads().Traits)
	for _, name := range w.Segments.Names() {
		names = append(names, w.Segments.Rule(name).Reads().Traits...)
	}
	return sortedOnce(names)
}

func sortedOnce(names []string) []string {
	slices.Sort(names)
	return slices.Compact(names)
}

// feedAtOnce is how many records are read at a time.
const feedAtOnce = 1000

// feed tells the mirror of those who have changed.
func (c *Columns) feed(ctx context.Context, t *Touched, now rapport.Instant) error {
	for chunk := range slices.Chunk(indexes(len(t.Seats)), feedAtOnce) {
		ids := make([]rapport.CustomerID, len(chunk))
		for i, at := range chunk {
			ids[i] = t.IDs[at]
		}
		rows, err := c.from.Load(ctx, ids)
		if err != nil {
			return err
		}
		for i, row := range rows {
			if row.Data == nil {
				c.mirror.Remove(t.Seats[chunk[i]])
				continue
			}
			if err := c.put(ctx, row, t.Seats[chunk[i]], now); err != nil {
				return err
			}
		}
	}
	return nil
}

func indexes(n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = i
	}
	return list
}

// fill tells the mirror of everybody, from where it stopped before.
func (c *Columns) fill(ctx context.Context, now rapport.Instant, enough func() bool) error {
	for !c.whole && !c.mirror.Full() && !enough() {
		rows, next, err := c.from.Walk(ctx, c.after, feedAtOnce)
		if err != nil {
			return err
		}
		c.whole = len(rows) == 0
		for _, row := range rows {
			if err := c.put(ctx, row, 0, now); err != nil {
				return err
			}
		}
		c.after = next
	}
	return nil
}

// put tells the mirror what a record says. A seat of 0 is the one that the record
// names. Facts that it doesn't keep yet are built from the history.
func (c *Columns) put(ctx context.Context, row store.Record, seat uint32, now rapport.Instant) error {
	record, err := decodeRecord(row)
	if err != nil {
		return err
	}
	if record.FactSet != c.workspace.Facts.Hash() {
		events, err := Events(ctx, c.from, record)
		if err != nil {
			return err
		}
		record.BuildFacts(events, c.workspace.Facts, now)
	}
	if seat == 0 {
		seat = record.Seat
		if own, ok := c.unwritten[row.Customer]; ok {
			seat = own
		}
	}
	c.mirror.Put(seat, row.Customer, c.workspace.Places.Zone(record), record)
	return nil
}
