package sqlite

import (
	"context"
	"slices"
	"strings"

	"rapport"
	"rapport/store"
)

// Commit keeps a batch whole, or refuses it with kind Conflict if it does not
// follow the store's position and epoch. Once begun it is not interrupted.
func (s *Store) Commit(ctx context.Context, b *store.Batch) error {
	var turning turning
	return s.write(ctx, func(w *conn) error {
		now := *s.state.Load()
		if err := store.CheckBatch(b, now); err != nil {
			return err
		}
		if err := w.claim(b, now.Epoch); err != nil {
			return err
		}
		if err := w.putBatch(b); err != nil {
			return err
		}
		turning = s.attempts.turn(b)
		if err := w.putAttempts(s.attempts, turning); err != nil {
			return err
		}
		if s.inCommit != nil {
			s.inCommit()
		}
		return nil
	}, func() {
		s.state.Store(&store.State{Position: b.Position + 1, Epoch: b.Epoch, At: b.At})
		s.attempts.take(turning)
	})
}

// write runs do in the one transaction that may write, and then after, if it
// was committed, before anybody else writes.
func (s *Store) write(ctx context.Context, do func(*conn) error, after func()) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed() {
		return errClosed()
	}
	if err := s.files.there(); err != nil {
		return err
	}
	if err := s.writer.atomically(beginWrite, func() error { return do(s.writer) }); err != nil {
		if rapport.KindOf(err) != rapport.Conflict {
			if s.advanced() {
				after()
			}
		}
		return explain(err)
	}
	after()
	s.folder.notice()
	return nil
}

// advanced finds out, after a transaction has failed, whether the store is a position further
// than is known: a disk that refused something may have kept the batch all the same. If it
// can't be read now, the next commit is refused as long as that is so.
func (s *Store) advanced() bool {
	known := *s.state.Load()
	now, err := s.writer.state(context.Background())
	return err == nil && now.Epoch == known.Epoch && now.Position == known.Position+1
}

// claim moves the store one position on, if it still stands where b says: what
// the database says counts, not what this program remembers.
func (c *conn) claim(b *store.Batch, epoch uint64) error {
	moved, err := c.exec("update state set position = position + 1, at = ? where position = ? and epoch = ?",
		int64(b.At), int64(b.Position), int64(epoch))
	if err == nil && moved == 0 {
		return rapport.Errorf(rapport.Conflict, "another program has written to the store since this one opened it")
	}
	return err
}

func (c *conn) putBatch(b *store.Batch) error {
	for _, step := range []func(*store.Batch) error{
		c.putRecords, c.putIdentifiers, c.putAddresses, c.putChunk, c.putMessages, c.putContents, c.putCounters, c.putMarks,
	} {
		if err := step(b); err != nil {
			return err
		}
	}
	return c.putSettings(b.Settings)
}

func each[T any](list []T, do func(*T) error) error {
	for i := range list {
		if err := do(&list[i]); err != nil {
			return err
		}
	}
	return nil
}

func (c *conn) putRecords(b *store.Batch) error { return each(b.Records, c.putRecord) }

// putRecord first tries what holds nearly always: the record is known and its
// wake-up stays. Then no index is touched.
func (c *conn) putRecord(r *store.Record) error {
	if r.Data == nil {
		return c.dropRecord(r.Customer)
	}
	changed, err := c.exec("update record set data = ?, paged = ? where customer = ? and wake = ?", r.Data, bit(r.Paged), r.Customer[:], int64(r.Wake))
	if err == nil && changed == 0 {
		_, err = c.exec(`insert into record (customer, wake, data, paged) values (?, ?, ?, ?)
			on conflict (customer) do update set wake = excluded.wake, data = excluded.data, paged = excluded.paged`,
			r.Customer[:], int64(r.Wake), r.Data, bit(r.Paged))
	}
	if err != nil {
		return err
	}
	return each(r.Pages, func(p *store.Page) error { return c.putPage(r.Customer, p) })
}

func bit(set bool) int64 {
	if set {
		return 1
	}
	return 0
}

func (c *conn) dropRecord(id rapport.CustomerID) error {
	if _, err := c.exec("delete from record where customer = ?", id[:]); err != nil {
		return err
	}
	_, err := c.exec("delete from page where customer = ?", id[:])
	return err
}

func (c *conn) putPage(id rapport.CustomerID, p *store.Page) error {
	if p.Data == nil {
		_, err := c.exec("delete from page where customer = ? and number = ?", id[:], int64(p.Number))
		return err
	}
	_, err := c.exec("insert into page (customer, number, data) values (?, ?, ?) on conflict do update set data = excluded.data",
		id[:], int64(p.Number), p.Data)
	return err
}

func (c *conn) putIdentifiers(b *store.Batch) error {
	return each(b.Identifiers, func(i *store.Identifier) error {
		if i.Data == nil {
			_, err := c.exec("delete from identifier where key = ?", i.Key[:])
			return err
		}
		_, err := c.exec("insert into identifier (key, data) values (?, ?) on conflict (key) do update set data = excluded.data",
			i.Key[:], i.Data)
		return err
	})
}

func (c *conn) putAddresses(b *store.Batch) error {
	return each(b.Addresses, func(a *store.Address) error {
		text := "insert into address (kind, value, customer) values (?, ?, ?) on conflict do nothing"
		if a.Gone {
			text = "delete from address where kind = ? and value = ? and customer = ?"
		}
		_, err := c.exec(text, string(a.Kind), a.Value, a.Customer[:])
		return err
	})
}

func (c *conn) putContents(b *store.Batch) error {
	return each(b.Contents, func(v *store.Content) error {
		_, err := c.exec(`insert into content (message, at, subject, html, text) values (?, ?, ?, ?, ?)
			on conflict (message) do update set at = excluded.at, subject = excluded.subject, html = excluded.html, text = excluded.text`,
			v.Message[:], int64(v.At), v.Subject, v.HTML, v.Text)
		return err
	})
}

// counterRows is how many counters one statement moves: a batch under many segments
// moves hundreds, and a statement costs more than a row.
const counterRows = 32

func (c *conn) putCounters(b *store.Batch) error {
	args := make([]any, 0, 3*counterRows)
	for some := range slices.Chunk(b.Counters, counterRows) {
		args = args[:0]
		for i := range some {
			args = append(args, some[i].Name, int64(some[i].Bucket), some[i].Delta)
		}
		if _, err := c.exec(moveCounters(len(some)), args...); err != nil {
			return err
		}
	}
	return nil
}

// moveCounters returns the statement that moves so many counters.
func moveCounters(n int) string {
	return "insert into counter (name, bucket, total) values (?, ?, ?)" + strings.Repeat(", (?, ?, ?)", n-1) +
		" on conflict do update set total = total + excluded.total"
}

func (c *conn) putMarks(b *store.Batch) error {
	return each(b.Marks, func(m *store.Mark) error { return c.putNamed("mark", m.Name, m.Data) })
}

func (c *conn) putSettings(settings []store.Setting) error {
	return each(settings, func(v *store.Setting) error { return c.putNamed("setting", v.Name, v.Data) })
}

// putNamed keeps data under a name in one of the two tables of that shape.
func (c *conn) putNamed(table, name string, data []byte) error {
	if data == nil {
		_, err := c.exec("delete from "+table+" where name = ?", name)
		return err
	}
	_, err := c.exec("insert into "+table+" (name, data) values (?, ?) on conflict do update set data = excluded.data", name, data)
	return err
}

// PutSettings keeps settings outside of any batch, all or none.
func (s *Store) PutSettings(ctx context.Context, settings []store.Setting) error {
	return s.write(ctx, func(w *conn) error {
		if err := w.owned(s.State().Epoch); err != nil {
			return err
		}
		return w.putSettings(settings)
	}, func() {})
}

func (c *conn) owned(epoch uint64) error {
	now, err := c.number("select epoch from state")
	if err != nil {
		return err
	}
	return store.CheckEpoch(epoch, uint64(now))
}
