package postgres

import (
	"context"
	"encoding/json"
	"time"

	"rapport"
	"rapport/store"
)

// Commit keeps a batch whole, or refuses it with kind Conflict if it does not follow
// the store's position and epoch. If the connection breaks under way it returns when
// the server has said what became of the batch: nil if it was kept.
func (s *Store) Commit(ctx context.Context, b *store.Batch) error {
	return s.write(ctx, func(now store.State) (*script, error) {
		if err := store.CheckBatch(b, now); err != nil {
			return nil, err
		}
		work := &script{}
		work.claim(b, s.epoch)
		return work, work.putBatch(b, b.Position+1)
	}, &store.State{Position: b.Position + 1, Epoch: b.Epoch, At: b.At})
}

// write runs what make returns in the one transaction that may write. After is where
// the store stands then, nil for where it stood.
func (s *Store) write(ctx context.Context, prepare func(now store.State) (*script, error), after *store.State) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed() {
		return errClosed()
	}
	if s.unsure {
		if err := s.find(ctx); err != nil {
			return s.explain(err)
		}
	}
	before := s.State()
	work, err := prepare(before)
	if err != nil {
		return err
	}
	inCommit := s.inCommit
	if after == nil {
		inCommit = nil
	}
	sure, err := s.run(ctx, work, inCommit)
	if err == nil {
		if after != nil {
			s.state.Store(after)
		}
		return nil
	}
	if sure {
		return s.explain(err)
	}
	return s.settle(ctx, work.claims, after, err)
}

// settle finds out what became of a transaction that was on its way when its
// connection broke. Only of one that claimed a position can it be told whether it was
// kept; another is to be done again.
func (s *Store) settle(ctx context.Context, claims bool, after *store.State, lost error) error {
	s.log.Warn("the connection to the database broke in a commit; finding out what became of it", "err", cause(lost))
	lost = s.explain(lost)
	s.unsure = true
	s.trouble.Store(&lost)
	defer s.trouble.Store(nil)
	for wait := 20 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		err := s.find(ctx)
		switch {
		case err == nil && claims && s.State().Position == after.Position:
			s.log.Warn("the database answers again; the commit was kept")
			return nil
		case err == nil:
			s.log.Warn("the database answers again; the commit was not kept, as far as can be told")
			return lost
		case rapport.KindOf(err) == rapport.Conflict:
			return err
		}
		select {
		case <-s.closing:
			return lost
		case <-ctx.Done():
			return lost
		case <-time.After(wait):
		}
	}
}

// find asks where the store stands. It also raises the epoch in the database, though
// not the one that our batches name: if the lost transaction is still on its way, it
// is committed before this or never.
func (s *Store) find(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, writeTime)
	defer cancel()
	s.writer.Reset()
	found := false
	_, err := queryOn(ctx, s.writer, func(r row) error {
		found = true
		now, known := stateOf(r), s.State()
		s.epoch = now.Epoch
		s.state.Store(&store.State{Position: now.Position, Epoch: known.Epoch, At: now.At})
		return nil
	}, "update state set epoch = epoch + 1 where owner = $1::uuid returning position, epoch, at", [][]byte{aKey(s.owner)})
	if err != nil {
		return err
	}
	s.unsure = false
	if !found {
		return errReplaced("another program")
	}
	return nil
}

// claim moves the store one position on, if it still stands where b says: what the
// database says counts, not what this program remembers. If it does not, there is no
// position to move to, which the table refuses, and the transaction with it.
func (w *script) claim(b *store.Batch, epoch uint64) {
	w.claims = true
	w.add("update state set position = case when position = $1::bigint and epoch = $2::bigint then position + 1 end, at = $3::bigint",
		anInt(int64(b.Position)), anInt(int64(epoch)), anInt(int64(b.At)))
}

// owned lets the transaction go on if the store is still ours.
func (w *script) owned(epoch uint64) {
	w.add("update state set epoch = case when epoch = $1::bigint then epoch end", anInt(int64(epoch)))
}

// putBatch puts a batch's rows; its events become the chunk of that number.
func (w *script) putBatch(b *store.Batch, chunk uint64) error {
	w.putRecords(b.Records)
	w.putIdentifiers(b.Identifiers)
	w.putAddresses(b.Addresses)
	if err := w.putChunk(b, chunk); err != nil {
		return err
	}
	w.putMessages(b.Messages)
	w.moveMessages(b.Moved)
	w.putContents(b.Contents)
	if err := w.putDecisions(b.Decisions); err != nil {
		return err
	}
	w.putCounters(b.Counters)
	putNamed(w, "mark", b.Marks, func(m *store.Mark) (string, []byte) { return m.Name, m.Data })
	w.putSettings(b.Settings)
	return nil
}

func (w *script) putRecords(list []store.Record) {
	gone, kept, pages := reduce(list)
	if len(gone) > 0 {
		w.add("delete from record where customer = any($1::uuid[])", keysOf(gone))
		w.add("delete from page where customer = any($1::uuid[])", keysOf(gone))
	}
	if len(kept) > 0 {
		r := newRows(len(kept), typeKey, typeInt, typeBytes, typeBool)
		for _, record := range kept {
			r.key(record.Customer).int(int64(record.Wake)).bytes(record.Data).bool(record.Paged)
		}
		w.add(`insert into record (customer, wake, data, paged)
			select * from unnest($1::uuid[], $2::bigint[], $3::bytea[], $4::boolean[])
			on conflict (customer) do update set wake = excluded.wake, data = excluded.data, paged = excluded.paged`, r.columns...)
	}
	w.putPages(pages)
}

func (w *script) putPages(list []page) {
	put, gone := split(last(list, func(p *page) pageKey { return pageKey{p.customer, p.Number} }), func(p *page) bool { return p.Data != nil })
	if len(gone) > 0 {
		r := newRows(len(gone), typeKey, typeInt)
		for _, p := range gone {
			r.key(p.customer).int(int64(p.Number))
		}
		w.add("delete from page where (customer, number) in (select * from unnest($1::uuid[], $2::bigint[]))", r.columns...)
	}
	if len(put) > 0 {
		r := newRows(len(put), typeKey, typeInt, typeBytes)
		for _, p := range put {
			r.key(p.customer).int(int64(p.Number)).bytes(p.Data)
		}
		w.add(`insert into page (customer, number, data) select * from unnest($1::uuid[], $2::bigint[], $3::bytea[])
			on conflict (customer, number) do update set data = excluded.data`, r.columns...)
	}
}

func (w *script) putIdentifiers(list []store.Identifier) {
	put, gone := split(last(list, func(i *store.Identifier) rapport.IdentifierKey { return i.Key }), func(i *store.Identifier) bool { return i.Data != nil })
	if len(gone) > 0 {
		r := newRows(len(gone), typeKey)
		for _, i := range gone {
			r.key(i.Key)
		}
		w.add("delete from identifier where key = any($1::uuid[])", r.columns...)
	}
	if len(put) > 0 {
		r := newRows(len(put), typeKey, typeBytes)
		for _, i := range put {
			r.key(i.Key).bytes(i.Data)
		}
		w.add(`insert into identifier (key, data) select * from unnest($1::uuid[], $2::bytea[])
			on conflict (key) do update set data = excluded.data`, r.columns...)
	}
}

func (w *script) putAddresses(list []store.Address) {
	type tie struct {
		kind     store.AddressKind
		value    string
		customer rapport.CustomerID
	}
	put, gone := split(last(list, func(a *store.Address) tie { return tie{a.Kind, a.Value, a.Customer} }), func(a *store.Address) bool { return !a.Gone })
	values := func(list []*store.Address) [][]byte {
		r := newRows(len(list), typeBytes, typeBytes, typeKey)
		for _, a := range list {
			r.text(string(a.Kind)).text(a.Value).key(a.Customer)
		}
		return r.columns
	}
	if len(gone) > 0 {
		w.add("delete from address where (kind, value, customer) in (select * from unnest($1::bytea[], $2::bytea[], $3::uuid[]))", values(gone)...)
	}
	if len(put) > 0 {
		w.add(`insert into address (kind, value, customer) select * from unnest($1::bytea[], $2::bytea[], $3::uuid[])
			on conflict do nothing`, values(put)...)
	}
}

func (w *script) putContents(list []store.Content) {
	if len(list) == 0 {
		return
	}
	kept := last(list, func(c *store.Content) rapport.MessageID { return c.Message })
	r := newRows(len(kept), typeKey, typeInt, typeBytes, typeBytes, typeBytes)
	for _, c := range kept {
		r.key(c.Message).int(int64(c.At)).text(c.Subject).text(c.HTML).text(c.Text)
	}
	w.add(`insert into content (message, at, subject, html, text)
		select * from unnest($1::uuid[], $2::bigint[], $3::bytea[], $4::bytea[], $5::bytea[])
		on conflict (message) do update set at = excluded.at, subject = excluded.subject, html = excluded.html, text = excluded.text`, r.columns...)
}

func (w *script) putDecisions(list []rapport.Decision) error {
	if len(list) == 0 {
		return nil
	}
	r := newRows(len(list), typeKey, typeBytes, typeBytes, typeBytes, typeInt, typeKey, typeBytes, typeBytes, typeInt)
	for i := range list {
		d := &list[i]
		checks, err := json.Marshal(d.Checks)
		if err != nil {
			return err
		}
		r.key(d.Customer).text(d.Journey).text(d.Step).text(d.Outcome).int(int64(d.At)).key(d.Message).bytes(checks).text(d.Change).int(int64(d.Workspace))
	}
	w.add(`insert into decision (customer, journey, step, outcome, at, message, checks, change, workspace)
		select customer, journey, step, outcome, at, message, checks, change, workspace
		from unnest($1::uuid[], $2::bytea[], $3::bytea[], $4::bytea[], $5::bigint[], $6::uuid[], $7::bytea[], $8::bytea[], $9::bigint[])
			with ordinality as v (customer, journey, step, outcome, at, message, checks, change, workspace, place)
		order by place`, r.columns...)
	return nil
}

func (w *script) putCounters(list []store.Counter) {
	if len(list) == 0 {
		return
	}
	sums := add(list)
	r := newRows(len(sums), typeBytes, typeInt, typeInt)
	for i := range sums {
		r.text(sums[i].Name).int(int64(sums[i].Bucket)).int(sums[i].Delta)
	}
	w.add(`insert into counter as c (name, bucket, total) select * from unnest($1::bytea[], $2::bigint[], $3::bigint[])
		on conflict (name, bucket) do update set total = c.total + excluded.total`, r.columns...)
}

func (w *script) putSettings(list []store.Setting) {
	putNamed(w, "setting", list, func(v *store.Setting) (string, []byte) { return v.Name, v.Data })
}

// PutSettings keeps settings outside of any batch, all or none. If the connection
// breaks under way, they may be kept although an error is returned.
func (s *Store) PutSettings(ctx context.Context, settings []store.Setting) error {
	return s.write(ctx, func(now store.State) (*script, error) {
		work := &script{}
		work.owned(s.epoch)
		work.putSettings(settings)
		return work, nil
	}, nil)
}
