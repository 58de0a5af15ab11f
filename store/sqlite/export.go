package sqlite

import (
	"bytes"
	"cmp"
	"context"
	"slices"

	"rapport"
	"rapport/store"
)

// rowsAtOnce is how many rows an export gives together.
const rowsAtOnce = 1000

// Export gives all rows of a sort to each, some at a time, as they would stand in a
// batch. Nobody writes meanwhile.
func (s *Store) Export(ctx context.Context, sort store.Sort, each func(*store.Batch) error) error {
	if sort == store.DecisionRows {
		return s.exportDecisions(ctx, each)
	}
	b, n := &store.Batch{}, 0
	text, put := exported(sort)
	err := s.query(ctx, func(r row) error {
		put(b, r)
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

// exportDecisions brings those with a row of their own and those in messages' rows
// together. Of one customer and instant only what they hold says in which order they
// were made.
func (s *Store) exportDecisions(ctx context.Context, each func(*store.Batch) error) error {
	var some []numbered // from the last customer and instant on whose are whole
	give := func(n int) error {
		if n == 0 {
			return nil
		}
		slices.SortStableFunc(some[:n], func(a, b numbered) int {
			return cmp.Or(bytes.Compare(a.Customer[:], b.Customer[:]), cmp.Compare(a.At, b.At), cmp.Compare(a.number, b.number))
		})
		b := &store.Batch{}
		for _, d := range some[:n] {
			b.Decisions = append(b.Decisions, d.Decision)
		}
		some = slices.Clone(some[n:])
		return each(b)
	}
	err := s.query(ctx, func(r row) error {
		d, err := decisionOf(customerOf(r.blob(10)), r)
		if n := len(some); err == nil && n >= rowsAtOnce && (some[n-1].Customer != d.Customer || some[n-1].At != d.At) {
			err = give(n)
		}
		some = append(some, d)
		return err
	}, `select journey, step, outcome, at, message, n, workspace, change, checks, x'', customer from decision
		union all
		select journey, '', 'send', created_at, id, 0, 0, '', '', decided, customer from message where decided <> x''
		order by 11, 4`)
	if err != nil {
		return err
	}
	return give(len(some))
}

// exported returns what reads the rows of a sort, and what puts one into a batch.
func exported(sort store.Sort) (text string, put func(*store.Batch, row)) {
	switch sort {
	case store.IdentifierRows:
		return "select key, data from identifier order by key", func(b *store.Batch, r row) {
			i := store.Identifier{Data: r.blob(1)}
			copy(i.Key[:], r.blob(0))
			b.Identifiers = append(b.Identifiers, i)
		}
	case store.AddressRows:
		return "select kind, value, customer from address order by kind, value, customer", func(b *store.Batch, r row) {
			b.Addresses = append(b.Addresses, store.Address{Kind: store.AddressKind(r.text(0)), Value: r.text(1), Customer: customerOf(r.blob(2))})
		}
	case store.ContentRows:
		return "select message, at, subject, html, text from content order by message", func(b *store.Batch, r row) {
			c := store.Content{Message: messageID(r.blob(0)), At: rapport.Instant(r.int(1))}
			c.Subject, c.HTML, c.Text = r.text(2), r.text(3), r.text(4)
			b.Contents = append(b.Contents, c)
		}
	case store.MarkRows:
		return "select name, data from mark order by name", func(b *store.Batch, r row) {
			b.Marks = append(b.Marks, store.Mark{Name: r.text(0), Data: r.blob(1)})
		}
	}
	return "select name, data from setting order by name", func(b *store.Batch, r row) {
		b.Settings = append(b.Settings, store.Setting{Name: r.text(0), Data: r.blob(1)})
	}
}

// Import keeps rows as they are, whatever position their batch follows; its chunk gets
// the number after that. The store stands there then, unless it stood beyond.
func (s *Store) Import(ctx context.Context, b *store.Batch) error {
	state, turning := store.Imported(s.State(), b), turning{}
	return s.write(ctx, func(w *conn) error {
		if err := w.owned(s.State().Epoch); err != nil {
			return err
		}
		if _, err := w.exec("update state set position = ?, at = ?", int64(state.Position), int64(state.At)); err != nil {
			return err
		}
		rows := *b
		rows.Decisions = nil
		if err := w.putBatch(&rows); err != nil {
			return err
		}
		if err := w.importDecisions(b.Decisions); err != nil {
			return err
		}
		var err error
		turning, err = w.importAttempts(s.attempts, &rows)
		return err
	}, func() {
		s.state.Store(&state)
		s.attempts.take(turning)
	})
}

// importDecisions numbers decisions from the last on: below all numbers that batches
// have for theirs.
func (c *conn) importDecisions(list []rapport.Decision) error {
	last, err := c.number("select coalesce(max(n), 0) from decision")
	for i := range list {
		if err != nil {
			return err
		}
		err = c.putDecision(last+1+int64(i), &list[i])
	}
	return err
}

// importAttempts notes what is being handed over, under a number that no batch has.
func (c *conn) importAttempts(a *attempts, b *store.Batch) (turning, error) {
	t := a.turn(b)
	number, err := c.number("select min(coalesce(min(batch), 0), 0) - 1 from attempt")
	if err != nil {
		return t, err
	}
	t.number = uint64(number)
	return t, c.putAttempts(a, t)
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
		_, err := w.exec("update state set position = 0, at = 0, decided = 0")
		return err
	}, func() {
		s.state.Store(&state)
		s.attempts = &attempts{batch: map[store.MessageCursor]uint64{}, left: map[uint64]int{}}
	})
}
