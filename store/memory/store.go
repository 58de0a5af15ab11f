// Package memory is the store in maps, for stories, property tests and dry runs
// over history.
//
// It keeps the promises of package store except one: it is gone with the
// program. What it is given it copies, what it returns belongs to the caller,
// so it cannot be changed behind its back any more than a file can. Reads that
// sort cost time in proportion to what they sort; it is not meant to serve.
package memory

import (
	"bytes"
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"

	"rapport"
	"rapport/store"
)

// Store is a store in memory, or one owner's handle on it (see [Store.Reopen]).
type Store struct {
	*shared
	epoch uint64
}

// shared is what all owners, one after another, have in hand.
type shared struct {
	mu   sync.RWMutex
	fail error
	lost error
	left map[uint64]store.State // where the store stood when an owner was replaced, by its epoch
	data
}

// data is what is kept. Bytes and documents in it are never changed, only
// replaced, so a snapshot need not copy them.
type data struct {
	state       store.State
	records     map[rapport.CustomerID]store.Record
	pages       map[rapport.CustomerID][]store.Page // by number; a list is never changed, only replaced
	order       []rapport.CustomerID                // of records, ascending; nil when it must be made anew
	wakes       wakeHeap
	identifiers map[rapport.IdentifierKey][]byte
	addresses   map[address]struct{}
	chunks      []store.Chunk // ascending
	messages    messages
	contents    map[rapport.MessageID]store.Content
	decisions   map[rapport.CustomerID][]rapport.Decision // oldest first
	counters    map[bucket]int64
	marks       map[string][]byte
	settings    map[string][]byte
	versions    []store.Version
}

type address struct {
	kind     store.AddressKind
	value    string
	customer rapport.CustomerID
}

type bucket struct {
	name string
	at   rapport.Instant
}

// New returns an empty store with epoch 1.
func New() *Store {
	return &Store{epoch: 1, shared: &shared{left: map[uint64]store.State{}, data: data{
		state:       store.State{Epoch: 1},
		records:     map[rapport.CustomerID]store.Record{},
		pages:       map[rapport.CustomerID][]store.Page{},
		identifiers: map[rapport.IdentifierKey][]byte{},
		addresses:   map[address]struct{}{},
		messages:    newMessages(),
		contents:    map[rapport.MessageID]store.Content{},
		decisions:   map[rapport.CustomerID][]rapport.Decision{},
		counters:    map[bucket]int64{},
		marks:       map[string][]byte{},
		settings:    map[string][]byte{},
	}}}
}

// Reopen returns the same store with the next epoch, as a program finds it that
// starts after another has died. The handle it is called on can write no more.
func (s *Store) Reopen() *Store {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.left[s.epoch] = s.state
	s.state.Epoch++
	return &Store{shared: s.shared, epoch: s.state.Epoch}
}

// Snapshot returns a store of its own that holds what s holds now.
func (s *Store) Snapshot() *Store {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return &Store{epoch: s.state.Epoch, shared: &shared{left: map[uint64]store.State{}, data: s.data.clone()}}
}

func (d *data) clone() data {
	c := *d
	c.records = maps.Clone(d.records)
	c.pages = maps.Clone(d.pages)
	c.order = nil
	c.wakes = slices.Clone(d.wakes)
	c.identifiers = maps.Clone(d.identifiers)
	c.addresses = maps.Clone(d.addresses)
	c.chunks = slices.Clone(d.chunks)
	c.messages = d.messages.clone()
	c.contents = maps.Clone(d.contents)
	c.decisions = maps.Clone(d.decisions)
	for id, list := range c.decisions {
		c.decisions[id] = slices.Clip(list)
	}
	c.counters = maps.Clone(d.counters)
	c.marks = maps.Clone(d.marks)
	c.settings = maps.Clone(d.settings)
	c.versions = slices.Clone(d.versions)
	return c
}

// FailNext makes the next Commit fail with err and write nothing; nil calls it off.
func (s *Store) FailNext(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail = err
}

// LoseNext makes the next Commit keep its batch and say err all the same, as a disk
// may that fails on the way back.
func (s *Store) LoseNext(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lost = err
}

// State returns where the store stands; of an owner that was replaced, where it stood then.
func (s *Store) State() store.State {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if left, replaced := s.left[s.epoch]; replaced {
		return left
	}
	return s.state
}

// Commit keeps a batch whole, or refuses it with kind Conflict if it does not
// follow the store's position and epoch.
func (s *Store) Commit(ctx context.Context, b *store.Batch) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.fail; err != nil {
		s.fail = nil
		return err
	}
	if err := store.CheckBatch(b, s.state); err != nil {
		return err
	}
	lost := s.lost
	s.lost = nil
	s.put(b)
	return lost
}

func (s *shared) put(b *store.Batch) {
	s.state.Position++
	s.state.At = b.At
	s.putCustomers(b)
	s.putEvents(b)
	s.putMessages(b)
	for _, c := range b.Counters {
		s.counters[bucket{c.Name, c.Bucket}] += c.Delta
	}
	for _, m := range b.Marks {
		put(s.marks, m.Name, m.Data)
	}
	putSettings(s.settings, b.Settings)
}

func (d *data) putCustomers(b *store.Batch) {
	for _, r := range b.Records {
		d.putRecord(r)
	}
	for _, i := range b.Identifiers {
		put(d.identifiers, i.Key, i.Data)
	}
	for _, a := range b.Addresses {
		key := address{a.Kind, a.Value, a.Customer}
		if a.Gone {
			delete(d.addresses, key)
		} else {
			d.addresses[key] = struct{}{}
		}
	}
}

func (d *data) putRecord(r store.Record) {
	old, known := d.records[r.Customer]
	if r.Data == nil {
		if known {
			delete(d.records, r.Customer)
			delete(d.pages, r.Customer)
			d.order = nil
		}
		return
	}
	if !known {
		d.order = nil
	}
	if len(r.Pages) > 0 {
		d.pages[r.Customer] = turned(d.pages[r.Customer], r.Pages)
	}
	r.Data, r.Pages = bytes.Clone(r.Data), nil
	d.records[r.Customer] = r
	if r.Wake != rapport.Never && (!known || old.Wake != r.Wake) {
		d.wakes.push(store.Wake{Customer: r.Customer, At: r.Wake})
	}
}

// turned returns pages with those changed that a batch changes.
func turned(pages, changed []store.Page) []store.Page {
	pages = slices.Clone(pages)
	for _, p := range changed {
		i, found := slices.BinarySearchFunc(pages, p.Number, func(p store.Page, n uint64) int { return cmp.Compare(p.Number, n) })
		if found {
			pages = slices.Delete(pages, i, i+1)
		}
		if p.Data != nil {
			pages = slices.Insert(pages, i, store.Page{Number: p.Number, Data: bytes.Clone(p.Data)})
		}
	}
	return pages
}

func (d *data) putEvents(b *store.Batch) {
	if len(b.Events) == 0 {
		return
	}
	chunk := store.Chunk{Number: b.Position + 1, At: b.At, Workspace: b.Workspace}
	d.chunks = append(d.chunks, cloneChunk(chunk, b.Events))
}

func (d *data) putMessages(b *store.Batch) {
	for _, m := range b.Messages {
		d.messages.put(m)
	}
	for i := range b.Moved {
		to := &b.Moved[i]
		if m, known := d.messages.byID[to.ID]; known && m.CreatedAt == to.CreatedAt {
			store.Move(&m, to)
			d.messages.put(m)
		}
	}
	for _, c := range b.Contents {
		d.contents[c.Message] = c
	}
	for _, v := range b.Decisions {
		v.Checks = slices.Clone(v.Checks)
		d.decisions[v.Customer] = append(d.decisions[v.Customer], v)
	}
}

// put keeps a copy of data under key, or deletes the key if data is nil.
func put[K comparable](m map[K][]byte, key K, data []byte) {
	if data == nil {
		delete(m, key)
		return
	}
	m[key] = bytes.Clone(data)
}

func putSettings(m map[string][]byte, settings []store.Setting) {
	for _, v := range settings {
		put(m, v.Name, v.Data)
	}
}

// Close does nothing; the store can be reopened.
func (s *Store) Close() error { return nil }
