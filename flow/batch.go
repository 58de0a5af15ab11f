package flow

import (
	"context"
	"maps"
	"slices"

	"rapport"
	"rapport/profile"
	"rapport/store"
)

// Batch is a micro-batch under way. Nothing of it is in the store before it is
// committed; if it fails, whatever it touched in memory is forgotten.
type Batch struct {
	g       *Engine
	ctx     context.Context
	now     rapport.Instant
	number  uint64 // of the batch and its chunk
	err     error  // the first that makes the whole batch fail
	touched []*customer
	gone    map[rapport.CustomerID]struct{} // records in the store that are to be deleted
	entries map[rapport.CustomerID]*store.Entry
	keys    []uint64            // added to the window
	named   map[uint64]struct{} // events that imports have taken in within this batch, by the window's keys
	taken   []uint32            // seats given in this batch, and those that nobody has after it
	freed   []uint32
	moves   []move
	taking  bool             // who was touched before is somebody's to deal with
	net     map[string]int64 // what they come to for each segment
	news    int64            // customers, less those who have gone again
	out     store.Batch
	counts  map[string]int64
	changed profile.Touched
	derived uint32     // ordinal of events made in this batch
	next    *Workspace // in force from the end of the batch on; nil: the same
	sending *Sending   // said from the end of the batch on; nil: the same
	step    Step       // of the work that is being done; nil if that is not followed
	lead    Step       // of the first work that is followed
	trails  map[rapport.MessageID]Step
	agendas map[string]*Agenda // as the batch has changed them
	room    Room               // of the lanes of messages that leave with the batch; nil: none does
	gates   []gate
	parcels []Parcel                  // that leave with it
	movedAt map[rapport.MessageID]int // where the last move of each message stands; nil until somebody asks
}

func (g *Engine) begin(ctx context.Context, now rapport.Instant) *Batch {
	g.now = max(g.now, now)
	g.rows.ctx = ctx
	g.seen.forget(g.now)
	return &Batch{
		g: g, ctx: ctx, now: g.now, number: g.state.Position + 1,
		gone: map[rapport.CustomerID]struct{}{}, entries: map[rapport.CustomerID]*store.Entry{}, counts: map[string]int64{},
	}
}

// Now is the instant of the batch.
func (b *Batch) Now() rapport.Instant { return b.now }

func (b *Batch) fail(err error) {
	if b.err == nil && err != nil {
		b.err = err
	}
}

// existing returns a customer with a record, nil if there is none. She is brought
// up to the workspace, what fell due before now is done, and she counts as touched
// from then on.
func (b *Batch) existing(id rapport.CustomerID) *customer {
	c := b.peek(id)
	if c == nil {
		return nil
	}
	b.touch(c)
	if !b.g.current(c) {
		b.refresh(c)
	}
	b.catchUp(c)
	if b.g.expiry(c) < b.now {
		b.expire(c)
		return nil
	}
	return c
}

// peek returns a customer to be looked at only, nil if there is no record of her.
func (b *Batch) peek(id rapport.CustomerID) *customer {
	if c := b.g.cache[id]; c != nil {
		return c
	}
	if _, gone := b.gone[id]; gone {
		return nil
	}
	if b.g.rows.isNew(rapport.IdentifierKey(id)) {
		return nil
	}
	loaded, err := b.g.load(b.ctx, []rapport.CustomerID{id})
	if err != nil {
		b.fail(err)
		return nil
	}
	return loaded[0]
}

// preload brings those customers into memory in one go who are not there.
func (b *Batch) preload(ids []rapport.CustomerID) {
	var missing []rapport.CustomerID
	for _, id := range ids {
		if _, gone := b.gone[id]; !gone && b.g.cache[id] == nil {
			missing = append(missing, id)
		}
	}
	if len(missing) > 0 {
		_, err := b.g.load(b.ctx, missing)
		b.fail(err)
	}
}

// customer returns a customer, a new one if there is no record of her.
func (b *Batch) customer(id rapport.CustomerID) *customer {
	if c := b.existing(id); c != nil {
		return c
	}
	c := newCustomer(id)
	c.record.Homes, c.record.Walks, c.record.FactSet = b.g.workspace.Homes, b.g.workspace.walks(), b.g.workspace.Facts.Hash()
	c.zone = b.g.workspace.Places.Zone(c.record)
	c.record.Seat = b.g.seats.take(id)
	b.taken = append(b.taken, c.record.Seat)
	b.g.cache[id] = c
	b.g.homes.note(c.record.Seat, c.zone)
	if _, c.back = b.gone[id]; c.back {
		c.stored = true
		delete(b.gone, id)
	} else {
		b.news++
	}
	b.touch(c)
	return c
}

func (b *Batch) touch(c *customer) {
	if c.batch != b.number {
		c.batch = b.number
		b.touched = append(b.touched, c)
	}
}

// entry returns the customer's entry in the chunk of this batch.
func (b *Batch) entry(c *customer) *store.Entry {
	e := b.entries[c.record.ID]
	if e == nil {
		e = &store.Entry{Customer: c.record.ID, Prev: c.record.Head}
		b.entries[c.record.ID] = e
	}
	c.record.Head = b.number
	return e
}

// count adds to a counter that the API shows.
func (b *Batch) count(name string) { b.counts[name]++ }

// commit writes the batch. Afterwards memory and store agree, either way.
func (b *Batch) commit() error {
	for i := 0; i < len(b.touched) && b.err == nil; i++ { // closing one may touch another
		if c := b.touched[i]; b.g.cache[c.record.ID] == c {
			b.close(c)
		}
	}
	b.fail(b.g.rows.err)
	if b.err == nil {
		b.depart()
	}
	if b.err == nil && !b.isEmpty() {
		b.fill()
		b.fail(b.keep())
	}
	if b.err != nil {
		b.rollback()
		return b.err
	}
	b.publish()
	return nil
}

// keep hands the batch to the store. Where the store met an error and kept the batch
// all the same, it counts as kept: what is sent again then is a repeat. One that it refused
// since another owner has taken over is not kept, whatever that one has kept in its place.
func (b *Batch) keep() error {
	committing := part(b.lead, "commit", "batch", b.number)
	err := b.g.store.Commit(b.ctx, &b.out)
	end(committing, err)
	if err != nil && rapport.KindOf(err) != rapport.Conflict && b.g.store.State().Position == b.number && b.g.state.Epoch == b.g.store.State().Epoch {
		return nil
	}
	return err
}

func (b *Batch) isEmpty() bool {
	return len(b.touched) == 0 && len(b.gone) == 0 && len(b.out.Messages) == 0 && len(b.out.Moved) == 0 && len(b.out.Marks) == 0 && len(b.out.Settings) == 0 && len(b.g.curve.off) == 0 && len(b.agendas) == 0 && len(b.g.agendas.unsaved) == 0
}

func (b *Batch) fill() {
	b.out.Position, b.out.Epoch, b.out.At = b.g.state.Position, b.g.state.Epoch, b.now
	b.out.Workspace = b.g.workspace.Version
	if !b.g.facts.saved {
		b.out.Marks = append(b.out.Marks, b.g.facts.mark())
	}
	b.fillAgendas()
	records := encoder{records: make([]byte, 0, b.g.recordSize*len(b.touched))}
	for _, c := range b.touched {
		if b.g.cache[c.record.ID] != c {
			continue // joined into another within this batch
		}
		b.fillAddresses(c)
		c.record.Walks = b.g.workspace.walks() // whoever had runs was brought up to it
		row, shrunk := records.encode(c)
		if shrunk {
			b.count("records/shrunk")
		}
		row.Wake = min(c.next(), b.g.expiry(c))
		if c.back {
			b.out.Records = append(b.out.Records, store.Record{Customer: c.record.ID}) // with what was kept of her before
			c.back = false
		}
		b.out.Records = append(b.out.Records, row)
	}
	if n := len(b.touched); n > 0 {
		b.g.recordSize = len(records.records)/n + len(records.records)/(8*n) + 1
	}
	for _, id := range slices.SortedFunc(maps.Keys(b.gone), func(x, y rapport.CustomerID) int { return slices.Compare(x[:], y[:]) }) {
		b.out.Records = append(b.out.Records, store.Record{Customer: id})
	}
	for key, row := range b.g.rows.staged {
		id := store.Identifier{Key: key}
		if row != nil {
			id.Data = row.AppendBinary(nil)
		}
		b.out.Identifiers = append(b.out.Identifiers, id)
	}
	slices.SortFunc(b.out.Identifiers, func(x, y store.Identifier) int { return slices.Compare(x.Key[:], y.Key[:]) })
	for name, n := range b.counts {
		b.out.Counters = append(b.out.Counters, store.Counter{Name: name, Delta: n})
	}
	b.fillCurve()
	slices.SortFunc(b.out.Counters, func(x, y store.Counter) int { return compareTexts(x.Name, y.Name) })
	b.out.Events = store.EncodeBlocks(b.sortedEntries())
}

func (b *Batch) sortedEntries() []store.Entry {
	entries := make([]store.Entry, 0, len(b.entries))
	for _, e := range b.entries {
		entries = append(entries, *e)
	}
	slices.SortFunc(entries, func(x, y store.Entry) int { return slices.Compare(x.Customer[:], y.Customer[:]) })
	return entries
}

func compareTexts(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// fillAddresses brings the addresses by which she is looked up to what they are.
func (b *Batch) fillAddresses(c *customer) {
	b.moveAddress(c, store.EmailAddress, &c.email, c.record.Email())
	b.moveAddress(c, store.PhoneAddress, &c.phone, c.record.Phone())
}

func (b *Batch) moveAddress(c *customer, kind store.AddressKind, old *string, value string) {
	if *old == value {
		return
	}
	if *old != "" {
		b.out.Addresses = append(b.out.Addresses, store.Address{Kind: kind, Value: *old, Customer: c.record.ID, Gone: true})
	}
	if value != "" {
		b.out.Addresses = append(b.out.Addresses, store.Address{Kind: kind, Value: value, Customer: c.record.ID})
	}
	*old = value
}

// publish makes what was committed the truth in memory.
func (b *Batch) publish() {
	g := b.g
	g.rows.keep()
	if !b.isEmpty() {
		g.facts.saved = true
		g.keepAgendas(b.agendas)
		g.state.Position, g.state.At = b.number, b.now
	}
	for _, c := range b.touched {
		c.stored = true
		g.weigh(c)
		g.seats.written(c.record.ID)
	}
	b.keepTrails()
	g.notePending(b.out.Messages)
	g.notePending(b.out.Moved)
	g.members.apply(b.moves)
	g.keepCurve(b.net)
	b.noteTouched()
	for _, seat := range b.freed {
		g.seats.giveBack(seat)
		g.homes.forget(seat)
	}
	g.customers += b.news - int64(len(b.gone))
	g.shrink()
	if b.next != nil {
		g.Apply(b.next)
	}
	if b.sending != nil {
		g.sending = *b.sending
	}
}

// rollback forgets whatever the batch touched in memory.
func (b *Batch) rollback() {
	b.dropTrails()
	for _, c := range b.touched {
		delete(b.g.cache, c.record.ID)
		b.g.homes.forget(c.record.Seat)
	}
	for id := range b.gone {
		delete(b.g.cache, id)
	}
	for _, key := range b.keys {
		b.g.seen.remove(key, b.now)
	}
	for _, seat := range b.taken {
		b.g.seats.giveBack(seat)
	}
	b.g.rows.drop()
	b.g.state = b.g.store.State()
}
