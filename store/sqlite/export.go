package sqlite

import (
	"context"
	"encoding/json"

	"rapport"
	"rapport/store"
)

// rowsAtOnce is how many rows an export gives together.
const rowsAtOnce = 1000

// Export gives all rows of a sort to each, some at a time, as they would stand in a
// batch. Nobody writes meanwhile.
func (s *Store) Export(ctx context.Context, sort store.Sort, each func(*store.Batch) error) error {
	b, n := &store.Batch{}, 0
	text, put := exported(sort)
	err := s.query(ctx, func(r row) error {
		if err := put(b, r); err != nil {
			return err
		}
		if n++; n%rowsAtOnce != 0 {
			return nil
		}
		full := b
		b = &store.Batch{}
		return each(full)
	}, text)
	if err == nil && n%rowsAtOnce != 0 {
		err = each(b)
	}
	return err
}

// exported returns what reads the rows of a sort, and what puts one into a batch.
func exported(sort store.Sort) (text string, put func(*store.Batch, row) error) {
	switch sort {
	case store.IdentifierRows:
		return "select key, data from identifier order by key", func(b *store.Batch, r row) error {
			i := store.Identifier{Data: r.blob(1)}
			copy(i.Key[:], r.blob(0))
			b.Identifiers = append(b.Identifiers, i)
			return nil
		}
	case store.AddressRows:
		return "select kind, value, customer from address order by kind, value, customer", func(b *store.Batch, r row) error {
			b.Addresses = append(b.Addresses, store.Address{Kind: store.AddressKind(r.text(0)), Value: r.text(1), Customer: customerOf(r.blob(2))})
			return nil
		}
	case store.ContentRows:
		return "select message, at, subject, html, text from content order by message", func(b *store.Batch, r row) error {
			c := store.Content{Message: messageID(r.blob(0)), At: rapport.Instant(r.int(1))}
			c.Subject, c.HTML, c.Text = r.text(2), r.text(3), r.text(4)
			b.Contents = append(b.Contents, c)
			return nil
		}
	case store.DecisionRows:
		return "select customer, journey, step, outcome, at, message, checks, change, workspace from decision order by n", func(b *store.Batch, r row) error {
			d := rapport.Decision{
				Customer: customerOf(r.blob(0)), Journey: r.text(1), Step: r.text(2), Outcome: r.text(3), At: rapport.Instant(r.int(4)),
				Message: messageID(r.blob(5)), Change: r.text(7), Workspace: uint64(r.int(8)),
			}
			b.Decisions = append(b.Decisions, d)
			return json.Unmarshal([]byte(r.text(6)), &b.Decisions[len(b.Decisions)-1].Checks)
		}
	case store.MarkRows:
		return "select name, data from mark order by name", func(b *store.Batch, r row) error {
			b.Marks = append(b.Marks, store.Mark{Name: r.text(0), Data: r.blob(1)})
			return nil
		}
	}
	return "select name, data from setting order by name", func(b *store.Batch, r row) error {
		b.Settings = append(b.Settings, store.Setting{Name: r.text(0), Data: r.blob(1)})
		return nil
	}
}

// Import keeps rows as they are, whatever position their batch follows; its chunk gets
// the number after that. The store stands there then, unless it stood beyond.
func (s *Store) Import(ctx context.Context, b *store.Batch) error {
	var state store.State
	return s.write(ctx, func(w *conn) error {
		if err := w.owned(s.State().Epoch); err != nil {
			return err
		}
		state = store.Imported(s.State(), b)
		if _, err := w.exec("update state set position = ?, at = ?", int64(state.Position), int64(state.At)); err != nil {
			return err
		}
		return w.putBatch(b)
	}, func() { s.state.Store(&state) })
}

// Empty forgets everything that is kept.
func (s *Store) Empty(ctx context.Context) error {
	state := store.State{Epoch: s.State().Epoch}
	return s.write(ctx, func(w *conn) error {
		if err := w.owned(state.Epoch); err != nil {
			return err
		}
		var tables []string
		if err := w.query(ctx, func(r row) error { tables = append(tables, r.text(0)); return nil },
			"select name from sqlite_schema where type = 'table' and name <> 'state' and name not like 'sqlite_%' order by name = 'body'"); err != nil {
			return err
		}
		for _, table := range tables {
			if _, err := w.exec("delete from " + table); err != nil {
				return err
			}
		}
		_, err := w.exec("update state set position = 0, at = 0")
		return err
	}, func() { s.state.Store(&state) })
}
