package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"rapport"
	"rapport/store"
)

// rowsAtOnce is how many rows an export gives together.
const rowsAtOnce = 1000

// Export gives all rows of a sort to each, some at a time, as they would stand in a
// batch. Nobody writes meanwhile. It has a connection of its own, which may take its time.
func (s *Store) Export(ctx context.Context, sort store.Sort, each func(*store.Batch) error) error {
	b, n := &store.Batch{}, 0
	text, put := exported(sort)
	conn, err := pgx.ConnectConfig(ctx, s.readers.Config().ConnConfig)
	if err != nil {
		return s.explain(err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	_, err = queryBy(ctx, conn, func(r row) error {
		if err := put(b, r); err != nil {
			return err
		}
		if n++; n%rowsAtOnce != 0 {
			return nil
		}
		full := b
		b = &store.Batch{}
		return each(full)
	}, text, nil)
	if err == nil && n%rowsAtOnce != 0 {
		err = each(b)
	}
	return s.explain(err)
}

// exported returns what reads the rows of a sort, and what puts one into a batch.
func exported(sort store.Sort) (text string, put func(*store.Batch, row) error) {
	switch sort {
	case store.IdentifierRows:
		return "select key, data from identifier order by key", func(b *store.Batch, r row) error {
			b.Identifiers = append(b.Identifiers, store.Identifier{Key: r.key(0), Data: r.bytes(1)})
			return nil
		}
	case store.AddressRows:
		return "select kind, value, customer from address order by kind, value, customer", func(b *store.Batch, r row) error {
			b.Addresses = append(b.Addresses, store.Address{Kind: store.AddressKind(r.text(0)), Value: r.text(1), Customer: r.key(2)})
			return nil
		}
	case store.ContentRows:
		return "select message, at, subject, html, text from content order by message", func(b *store.Batch, r row) error {
			c := store.Content{Message: r.key(0), At: rapport.Instant(r.int(1))}
			c.Subject, c.HTML, c.Text = r.text(2), r.text(3), r.text(4)
			b.Contents = append(b.Contents, c)
			return nil
		}
	case store.DecisionRows:
		return "select " + decisionColumns + " from decision order by customer, at, n", func(b *store.Batch, r row) error {
			d, err := decisionOf(r)
			b.Decisions = append(b.Decisions, d)
			return err
		}
	case store.MarkRows:
		return "select name, data from mark order by name", func(b *store.Batch, r row) error {
			b.Marks = append(b.Marks, store.Mark{Name: r.text(0), Data: r.bytes(1)})
			return nil
		}
	}
	return "select name, data from setting order by name", func(b *store.Batch, r row) error {
		b.Settings = append(b.Settings, store.Setting{Name: r.text(0), Data: r.bytes(1)})
		return nil
	}
}

// Import keeps rows as they are, whatever position their batch follows; its chunk gets
// the number after that. The store stands there then, unless it stood beyond.
func (s *Store) Import(ctx context.Context, b *store.Batch) error {
	state := store.Imported(s.State(), b)
	return s.write(ctx, func(store.State) (*script, error) {
		work := &script{}
		work.owned(s.epoch)
		work.stand(state)
		return work, work.putBatch(b, b.Position+1)
	}, &state)
}

// Empty forgets everything that is kept.
func (s *Store) Empty(ctx context.Context) error {
	state := store.State{Epoch: s.State().Epoch}
	return s.write(ctx, func(store.State) (*script, error) {
		work := &script{}
		work.owned(s.epoch)
		work.stand(state)
		work.add("truncate record, page, identifier, address, chunk, block, message, content, decision, counter, mark, setting, version, document, body restart identity")
		return work, nil
	}, &state)
}

// stand says where the store stands.
func (w *script) stand(state store.State) {
	w.add("update state set position = $1::bigint, at = $2::bigint", anInt(int64(state.Position)), anInt(int64(state.At)))
}
