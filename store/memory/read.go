package memory

import (
	"bytes"
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"rapport"
	"rapport/store"
)

// Load returns the records of customers with their pages, each at the place of its
// id; one without Data for one that is not there.
func (s *Store) Load(ctx context.Context, ids []rapport.CustomerID) ([]store.Record, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	out := make([]store.Record, len(ids))
	for i, id := range ids {
		out[i] = s.record(id)
	}
	return out, ctx.Err()
}

// record returns a copy of a record.
func (d *data) record(id rapport.CustomerID) store.Record {
	r := d.records[id]
	r.Data = bytes.Clone(r.Data)
	for _, p := range d.pages[id] {
		r.Pages = append(r.Pages, store.Page{Number: p.Number, Data: bytes.Clone(p.Data)})
	}
	return r
}

// Identifiers returns what is known of identifiers, each at the place of its
// key; nil for one that is not there.
func (s *Store) Identifiers(ctx context.Context, keys []rapport.IdentifierKey) ([][]byte, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	out := make([][]byte, len(keys))
	for i, key := range keys {
		out[i] = bytes.Clone(s.identifiers[key])
	}
	return out, ctx.Err()
}

// Customers returns those who have an address, ascending.
func (s *Store) Customers(ctx context.Context, kind store.AddressKind, value string, limit int) ([]rapport.CustomerID, error) {
	found, err := s.findAddresses(ctx, limit, func(a address) bool { return a.kind == kind && a.value == value })
	ids := make([]rapport.CustomerID, len(found))
	for i, a := range found {
		ids[i] = a.Customer
	}
	return ids, err
}

// SearchAddresses returns addresses of any kind that begin with prefix, by
// value, kind and customer.
func (s *Store) SearchAddresses(ctx context.Context, prefix string, limit int) ([]store.Address, error) {
	return s.findAddresses(ctx, limit, func(a address) bool { return strings.HasPrefix(a.value, prefix) })
}

func (s *Store) findAddresses(ctx context.Context, limit int, wanted func(address) bool) ([]store.Address, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var out []store.Address
	for a := range s.addresses {
		if wanted(a) {
			out = append(out, store.Address{Kind: a.kind, Value: a.value, Customer: a.customer})
		}
	}
	slices.SortFunc(out, func(a, b store.Address) int {
		return cmp.Or(cmp.Compare(a.Value, b.Value), cmp.Compare(a.Kind, b.Kind), bytes.Compare(a.Customer[:], b.Customer[:]))
	})
	return first(out, limit), ctx.Err()
}

// first returns at most limit items of list.
func first[T any](list []T, limit int) []T { return list[:min(len(list), max(limit, 0))] }

// Due returns the wake-ups at or before until, by instant and customer.
func (s *Store) Due(ctx context.Context, until rapport.Instant, limit int) ([]store.Wake, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.due(until, limit), ctx.Err()
}

// NextWake returns the instant of the earliest wake-up, and Never if there is none.
func (s *Store) NextWake(ctx context.Context) (rapport.Instant, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if next := s.due(rapport.Never, 1); len(next) > 0 {
		return next[0].At, ctx.Err()
	}
	return rapport.Never, ctx.Err()
}

// due takes what is due from the heap, forgets what is stale, and puts the rest back.
func (d *data) due(until rapport.Instant, limit int) []store.Wake {
	var out []store.Wake
	for len(d.wakes) > 0 && len(out) < limit && d.wakes[0].At <= until {
		w := d.wakes.pop()
		if r, ok := d.records[w.Customer]; !ok || r.Wake != w.At || len(out) > 0 && out[len(out)-1] == w {
			continue
		}
		out = append(out, w)
	}
	for _, w := range out {
		d.wakes.push(w)
	}
	return out
}

// Scan returns records with their pages by ascending id, those after the given one.
func (s *Store) Scan(ctx context.Context, after rapport.CustomerID, limit int) ([]store.Record, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.order == nil {
		s.order = slices.SortedFunc(maps.Keys(s.records), compareIDs)
	}
	from, there := slices.BinarySearchFunc(s.order, after, compareIDs)
	if there && !after.IsZero() {
		from++
	}
	var out []store.Record
	for _, id := range first(s.order[from:], limit) {
		out = append(out, s.record(id))
	}
	return out, ctx.Err()
}

// Walk returns records behind a place, by ascending id.
func (s *Store) Walk(ctx context.Context, after store.Place, limit int) ([]store.Record, store.Place, error) {
	records, err := s.Scan(ctx, rapport.CustomerID(after), limit)
	if len(records) > 0 {
		after = store.Place(records[len(records)-1].Customer)
	}
	return records, after, err
}

func compareIDs(a, b rapport.CustomerID) int { return bytes.Compare(a[:], b[:]) }

// Entry returns a customer's events of one chunk.
func (s *Store) Entry(ctx context.Context, chunk uint64, customer rapport.CustomerID) (store.Entry, bool, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	i, found := slices.BinarySearchFunc(s.chunks, chunk, compareChunk)
	if !found {
		return store.Entry{}, false, ctx.Err()
	}
	blocks := s.chunks[i].Blocks
	b := store.BlockOf(len(blocks), customer, func(i int) rapport.CustomerID { return blocks[i].First })
	if b < 0 {
		return store.Entry{}, false, ctx.Err()
	}
	return store.FindEntry(blocks[b].Data, customer)
}

func compareChunk(c store.Chunk, number uint64) int { return cmp.Compare(c.Number, number) }

// Chunks returns chunks by ascending number, the first of them from or the next
// one after it.
func (s *Store) Chunks(ctx context.Context, from uint64, limit int) ([]store.Chunk, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	start, _ := slices.BinarySearchFunc(s.chunks, from, compareChunk)
	var out []store.Chunk
	for _, c := range first(s.chunks[start:], limit) {
		out = append(out, cloneChunk(c, c.Blocks))
	}
	return out, ctx.Err()
}

// ChunksOf is Chunks with only those blocks of each that may hold a customer
// between two, both in.
func (s *Store) ChunksOf(ctx context.Context, from uint64, limit int, low, high rapport.CustomerID) ([]store.Chunk, error) {
	chunks, err := s.Chunks(ctx, from, limit)
	for i := range chunks {
		blocks := chunks[i].Blocks
		start, end := store.BlocksOf(len(blocks), low, high, func(i int) rapport.CustomerID { return blocks[i].First })
		chunks[i].Blocks = blocks[min(start, end):end]
	}
	return chunks, err
}

func cloneChunk(c store.Chunk, blocks []store.Block) store.Chunk {
	c.Blocks = slices.Clone(blocks)
	for i := range c.Blocks {
		c.Blocks[i].Data = bytes.Clone(c.Blocks[i].Data)
	}
	return c
}

// ChunkAt returns the lowest number of a chunk committed at or after an instant,
// and 0 if there is none.
func (s *Store) ChunkAt(ctx context.Context, at rapport.Instant) (uint64, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, c := range s.chunks {
		if c.At >= at {
			return c.Number, ctx.Err()
		}
	}
	return 0, ctx.Err()
}

// Counters returns the sums whose names begin with prefix, by name and bucket.
func (s *Store) Counters(ctx context.Context, prefix string) ([]store.Total, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var out []store.Total
	for key, sum := range s.counters {
		if strings.HasPrefix(key.name, prefix) {
			out = append(out, store.Total{Name: key.name, Bucket: key.at, Sum: sum})
		}
	}
	slices.SortFunc(out, func(a, b store.Total) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Bucket, b.Bucket))
	})
	return out, ctx.Err()
}

// Mark returns how far a job has come; nil if there is no such mark.
func (s *Store) Mark(ctx context.Context, name string) ([]byte, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return bytes.Clone(s.marks[name]), ctx.Err()
}

// Setting returns a setting; nil if there is no such one.
func (s *Store) Setting(ctx context.Context, name string) ([]byte, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return bytes.Clone(s.settings[name]), ctx.Err()
}

// PutSettings keeps settings outside of any batch, all or none.
func (s *Store) PutSettings(ctx context.Context, settings []store.Setting) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.owned(); err != nil {
		return err
	}
	putSettings(s.settings, settings)
	return nil
}

func (s *Store) owned() error { return store.CheckEpoch(s.epoch, s.state.Epoch) }

// Stats says how much is held; no bytes, since nothing is on disk.
func (s *Store) Stats(ctx context.Context) (store.Stats, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	out := store.Stats{
		Customers:   int64(len(s.records)),
		Identifiers: int64(len(s.identifiers)),
		Addresses:   int64(len(s.addresses)),
		Chunks:      int64(len(s.chunks)),
		Messages:    int64(len(s.messages.byID)),
	}
	for _, c := range s.chunks {
		for _, b := range c.Blocks {
			out.Events += int64(b.Events)
		}
	}
	for _, list := range s.decisions {
		out.Decisions += int64(len(list))
	}
	return out, ctx.Err()
}
