package sqlite

import (
	"context"
	"encoding/binary"

	"rapport"
	"rapport/store"
)

// read runs do with a connection that reads.
func (s *Store) read(ctx context.Context, do func(*conn) error) error {
	if s.closed() {
		return errClosed()
	}
	var c *conn
	select {
	case c = <-s.readers:
	case <-s.closing:
		return errClosed()
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { s.readers <- c }()
	return explain(do(c))
}

// query runs one statement that reads; one statement sees one snapshot.
func (s *Store) query(ctx context.Context, each func(row) error, text string, args ...any) error {
	return s.read(ctx, func(c *conn) error { return c.query(ctx, each, text, args...) })
}

// snapshot runs several statements that see the same snapshot.
func (s *Store) snapshot(ctx context.Context, do func(*conn) error) error {
	return s.read(ctx, func(c *conn) error {
		return c.atomically(beginRead, func() error { return do(c) })
	})
}

// limited is a limit that never means no limit. Statements say "limit ?+0": SQLite looks
// at the value of a bare "limit ?" to plan with, and so plans the statement anew each
// time that a value is bound, which costs more than most of them do.
func limited(limit int) int64 { return int64(max(limit, 0)) }

// atPlaces is a table of numbers from 0 and the keys of 16 bytes at their places,
// to read a table by many keys in one statement.
const atPlaces = `with recursive place (i) as (select 0 union all select i + 1 from place where i + 1 < ?2)
	select i, `

const byKey = ` = substr(?1, 16 * i + 1, 16)`

// Load returns the records of customers with their pages, each at the place of its
// id; one without Data for one that is not there.
func (s *Store) Load(ctx context.Context, ids []rapport.CustomerID) ([]store.Record, error) {
	out := make([]store.Record, len(ids))
	if len(ids) == 0 {
		return out, ctx.Err()
	}
	keys := make([]byte, 0, 16*len(ids))
	for i := range ids {
		keys = append(keys, ids[i][:]...)
	}
	err := s.snapshot(ctx, func(c *conn) error {
		err := c.query(ctx, func(r row) error {
			out[r.int(0)] = store.Record{Customer: ids[r.int(0)], Wake: rapport.Instant(r.int(1)), Data: r.blob(2), Paged: r.int(3) != 0}
			return nil
		}, atPlaces+`wake, data, paged from place cross join record on customer`+byKey, keys, int64(len(ids)))
		if err != nil {
			return err
		}
		return c.readPages(ctx, out)
	})
	return out, err
}

// readPages reads the pages of those records that have any.
func (c *conn) readPages(ctx context.Context, records []store.Record) error {
	return each(records, func(r *store.Record) error {
		if !r.Paged {
			return nil
		}
		return c.query(ctx, func(p row) error {
			r.Pages = append(r.Pages, store.Page{Number: uint64(p.int(0)), Data: p.blob(1)})
			return nil
		}, "select number, data from page where customer = ? order by number", r.Customer[:])
	})
}

// Identifiers returns what is known of identifiers, each at the place of its
// key; nil for one that is not there.
func (s *Store) Identifiers(ctx context.Context, keys []rapport.IdentifierKey) ([][]byte, error) {
	out := make([][]byte, len(keys))
	if len(keys) == 0 {
		return out, ctx.Err()
	}
	flat := make([]byte, 0, 16*len(keys))
	for i := range keys {
		flat = append(flat, keys[i][:]...)
	}
	err := s.query(ctx, func(r row) error {
		out[r.int(0)] = r.blob(1)
		return nil
	}, atPlaces+`data from place cross join identifier on key`+byKey, flat, int64(len(out)))
	return out, err
}

func customerOf(data []byte) (id rapport.CustomerID) {
	copy(id[:], data)
	return id
}

// Customers returns those who have an address, ascending.
func (s *Store) Customers(ctx context.Context, kind store.AddressKind, value string, limit int) (ids []rapport.CustomerID, err error) {
	err = s.query(ctx, func(r row) error {
		ids = append(ids, customerOf(r.blob(0)))
		return nil
	}, "select customer from address where kind = ? and value = ? order by customer limit ?+0", string(kind), value, limited(limit))
	return ids, err
}

// SearchAddresses returns addresses of any kind that begin with prefix, by
// value, kind and customer.
func (s *Store) SearchAddresses(ctx context.Context, prefix string, limit int) (found []store.Address, err error) {
	// One range of the key for each kind of address.
	err = s.query(ctx, func(r row) error {
		found = append(found, store.Address{Value: r.text(0), Kind: store.AddressKind(r.text(1)), Customer: customerOf(r.blob(2))})
		return nil
	}, `select * from (select value, kind, customer from address where kind = 'email' and value >= ?1 and value < ?2 order by value, customer limit ?3+0)
		union all
		select * from (select value, kind, customer from address where kind = 'phone' and value >= ?1 and value < ?2 order by value, customer limit ?3+0)
		order by 1, 2, 3 limit ?3+0`, prefix, afterPrefix(prefix), limited(limit))
	return found, err
}

// afterPrefix returns a text that comes after all that begin with prefix. No
// byte of a text in UTF-8 is 0xff.
func afterPrefix(prefix string) string { return prefix + "\xff" }

// Due returns the wake-ups at or before until, by instant and customer.
func (s *Store) Due(ctx context.Context, until rapport.Instant, limit int) (due []store.Wake, err error) {
	err = s.query(ctx, func(r row) error {
		due = append(due, store.Wake{At: rapport.Instant(r.int(0)), Customer: customerOf(r.blob(1))})
		return nil
	}, dueQuery, int64(until), limited(limit))
	return due, err
}

// dueQuery says twice where the wake-ups end. A record that is never woken is in no
// index, and Never is due to nobody: without the second term SQLite would not take
// the index. It ends where the first term says; with the terms the other way round
// it would go through the wake-ups of all customers.
const dueQuery = "select wake, customer from record where wake <= ? and wake < 9223372036854775807 order by wake, customer limit ?+0"

// NextWake returns the instant of the earliest wake-up, and Never if there is none.
func (s *Store) NextWake(ctx context.Context) (rapport.Instant, error) {
	next := rapport.Never
	err := s.query(ctx, func(r row) error { next = rapport.Instant(r.int(0)); return nil },
		"select wake from record where wake < 9223372036854775807 order by wake limit 1")
	return next, err
}

// Scan returns records with their pages by ascending id, those after the given
// one; the zero id is before all.
func (s *Store) Scan(ctx context.Context, after rapport.CustomerID, limit int) (records []store.Record, err error) {
	err = s.snapshot(ctx, func(c *conn) error {
		err := c.query(ctx, func(r row) error {
			records = append(records, store.Record{
				Customer: customerOf(r.blob(0)), Wake: rapport.Instant(r.int(1)), Data: r.blob(2), Paged: r.int(3) != 0,
			})
			return nil
		}, "select customer, wake, data, paged from record where customer > ? order by customer limit ?+0", after[:], limited(limit))
		if err != nil {
			return err
		}
		return c.readPages(ctx, records)
	})
	return records, err
}

// Walk returns records behind a place in the order in which they lie: that is several
// times as fast as by id.
func (s *Store) Walk(ctx context.Context, after store.Place, limit int) (records []store.Record, next store.Place, err error) {
	last := int64(binary.BigEndian.Uint64(after[:]))
	err = s.snapshot(ctx, func(c *conn) error {
		err := c.query(ctx, func(r row) error {
			last = r.int(0)
			records = append(records, store.Record{
				Customer: customerOf(r.blob(1)), Wake: rapport.Instant(r.int(2)), Data: r.blob(3), Paged: r.int(4) != 0,
			})
			return nil
		}, "select n, customer, wake, data, paged from record where n > ? order by n limit ?+0", last, limited(limit))
		if err != nil {
			return err
		}
		return c.readPages(ctx, records)
	})
	binary.BigEndian.PutUint64(next[:], uint64(last))
	return records, next, err
}

// Counters returns the sums whose names begin with prefix, by name and bucket.
func (s *Store) Counters(ctx context.Context, prefix string) (totals []store.Total, err error) {
	err = s.query(ctx, func(r row) error {
		totals = append(totals, store.Total{Name: r.text(0), Bucket: rapport.Instant(r.int(1)), Sum: r.int(2)})
		return nil
	}, "select name, bucket, total from counter where name >= ? and name < ? order by name, bucket", prefix, afterPrefix(prefix))
	return totals, err
}

// Mark returns how far a job has come; nil if there is no such mark.
func (s *Store) Mark(ctx context.Context, name string) ([]byte, error) {
	return s.one(ctx, "select data from mark where name = ?", name)
}

// Setting returns a setting; nil if there is no such one.
func (s *Store) Setting(ctx context.Context, name string) ([]byte, error) {
	return s.one(ctx, "select data from setting where name = ?", name)
}

func (s *Store) one(ctx context.Context, text string, args ...any) (data []byte, err error) {
	err = s.query(ctx, func(r row) error { data = r.blob(0); return nil }, text, args...)
	return data, err
}
