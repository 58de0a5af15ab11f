package flow

import (
	"container/heap"
	"context"

	"rapport"
	"rapport/store"
)

// entryKey names one entry of one chunk.
type entryKey struct {
	chunk    uint64
	customer rapport.CustomerID
}

// trail is the ends of the chains of entries that are still to be read, the
// newest chunk first.
type trail []entryKey

func (t trail) Len() int           { return len(t) }
func (t trail) Less(i, j int) bool { return t[i].chunk > t[j].chunk }
func (t trail) Swap(i, j int)      { t[i], t[j] = t[j], t[i] }

// Push adds an end; for package heap.
func (t *trail) Push(x any) { *t = append(*t, x.(entryKey)) }

// Pop takes the last one off; for package heap.
func (t *trail) Pop() any {
	last := (*t)[len(*t)-1]
	*t = (*t)[:len(*t)-1]
	return last
}

// Entries is what a history is read from.
type Entries interface {
	Entry(ctx context.Context, chunk uint64, customer rapport.CustomerID) (store.Entry, bool, error)
}

// History calls visit with each entry of a customer's history, from the newest
// chunk backwards, those of profiles that became part of hers among them, until
// visit returns false. An entry of a chunk that is no longer kept is passed over.
func History(ctx context.Context, from Entries, id rapport.CustomerID, head uint64, visit func(store.Entry) bool) error {
	ends := trail{}
	read := map[entryKey]bool{}
	push := func(chunk uint64, id rapport.CustomerID) {
		if key := (entryKey{chunk, id}); chunk != 0 && !read[key] {
			read[key] = true
			heap.Push(&ends, key)
		}
	}
	push(head, id)
	for len(ends) > 0 {
		key := heap.Pop(&ends).(entryKey)
		entry, ok, err := from.Entry(ctx, key.chunk, key.customer)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		push(entry.Prev, key.customer)
		for i := range entry.Events {
			if other, chunk, ok := linked(&entry.Events[i]); ok {
				push(chunk, other)
			}
		}
		if !visit(entry) {
			return nil
		}
	}
	return nil
}

// linked returns the end of another chain that an event points to.
func linked(e *rapport.Event) (rapport.CustomerID, uint64, bool) {
	if e.Type != rapport.Noted || e.Name != ProfilesMerged && e.Name != ProfilesSplit {
		return rapport.CustomerID{}, 0, false
	}
	properties, err := rapport.ParseJSON(e.Properties)
	if err != nil {
		return rapport.CustomerID{}, 0, false
	}
	id, ok := rapport.ParseCustomerID(properties.Get("from").Text())
	return id, uint64(max(properties.Get("chunk").Number(), 0)), ok
}

// history returns all events of a customer's history that are not in read yet,
// those of the open batch among them.
func (g *Engine) history(ctx context.Context, id rapport.CustomerID, head uint64, open map[rapport.CustomerID]*store.Entry, read map[entryKey]bool) ([]rapport.Event, error) {
	var events []rapport.Event
	from := &overlay{Entries: g.store, number: g.state.Position + 1, open: open}
	err := History(ctx, from, id, head, func(entry store.Entry) bool {
		key := entryKey{from.last, entry.Customer}
		if !read[key] {
			read[key] = true
			events = append(events, entry.Events...)
		}
		return true
	})
	return events, err
}

// overlay reads the entries of the open batch where the store has none yet.
type overlay struct {
	Entries
	number uint64
	open   map[rapport.CustomerID]*store.Entry
	last   uint64 // number of the chunk that was read last
}

// Entry returns an entry of the open batch or of the store.
func (o *overlay) Entry(ctx context.Context, chunk uint64, customer rapport.CustomerID) (store.Entry, bool, error) {
	o.last = chunk
	if chunk != o.number {
		return o.Entries.Entry(ctx, chunk, customer)
	}
	if e := o.open[customer]; e != nil {
		return *e, true, nil
	}
	return store.Entry{}, false, nil
}
