package sqlite

import (
	"context"

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

// limited is a limit that never means no limit.
func limited(limit int) int64 { return int64(max(limit, 0)) }

// aligned reads data by keys of 16 bytes, each to the place of its key, in one
// statement however many there are.
func (s *Store) aligned(ctx context.Context, table, key string, keys []byte) ([][]byte, error) {
	out := make([][]byte, len(keys)/16)
	if len(out) == 0 {
		return out, ctx.Err()
	}
	err := s.query(ctx, func(r row) error {
		out[r.int(0)] = r.blob(1)
		return nil
	}, `with recursive place (i) as (select 0 union all select i + 1 from place where i + 1 < ?2)
		select i, data from place cross join `+table+` on `+key+` = substr(?1, 16 * i + 1, 16)`, keys, int64(len(out)))
	return out, err
}

// Load returns the records of customers, each at the place of its id; nil for
// one that is not there.
func (s *Store) Load(ctx context.Context, ids []rapport.CustomerID) ([][]byte, error) {
	keys := make([]byte, 0, 16*len(ids))
	for i := range ids {
		keys = append(keys, ids[i][:]...)
	}
	return s.aligned(ctx, "record", "customer", keys)
}

// Identifiers returns what is known of identifiers, each at the place of its
// key; nil for one that is not there.
func (s *Store) Identifiers(ctx context.Context, keys []rapport.IdentifierKey) ([][]byte, error) {
	flat := make([]byte, 0, 16*len(keys))
	for i := range keys {
		flat = append(flat, keys[i][:]...)
	}
	return s.aligned(ctx, "identifier", "key", flat)
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
	}, "select customer from address where kind = ? and value = ? order by customer limit ?", string(kind), value, limited(limit))
	return ids, err
}

// SearchAddresses returns addresses of any kind that begin with prefix, by
// value, kind and customer.
func (s *Store) SearchAddresses(ctx context.Context, prefix string, limit int) (found []store.Address, err error) {
	// One range of the key for each kind of address.
	err = s.query(ctx, func(r row) error {
		found = append(found, store.Address{Value: r.text(0), Kind: store.AddressKind(r.text(1)), Customer: customerOf(r.blob(2))})
		return nil
	}, `select * from (select value, kind, customer from address where kind = 'email' and value >= ?1 and value < ?2 order by value, customer limit ?3)
		union all
		select * from (select value, kind, customer from address where kind = 'phone' and value >= ?1 and value < ?2 order by value, customer limit ?3)
		order by 1, 2, 3 limit ?3`, prefix, afterPrefix(prefix), limited(limit))
	return found, err
}

// afterPrefix returns a text that comes after all that begin with prefix. No
// byte of a text in UTF-8 is 0xff.
func afterPrefix(prefix string) string { return prefix + "\xff" }

// Due returns the wake-ups at or before until, by instant and customer.
func (s *Store) Due(ctx context.Context, until rapport.Instant, limit int) (due []store.Wake, err error) {
	// A record that is never woken is in no index, and Never is due to nobody.
	err = s.query(ctx, func(r row) error {
		due = append(due, store.Wake{At: rapport.Instant(r.int(0)), Customer: customerOf(r.blob(1))})
		return nil
	}, "select wake, customer from record where wake < 9223372036854775807 and wake <= ? order by wake, customer limit ?",
		int64(until), limited(limit))
	return due, err
}

// NextWake returns the instant of the earliest wake-up, and Never if there is none.
func (s *Store) NextWake(ctx context.Context) (rapport.Instant, error) {
	next := rapport.Never
	err := s.query(ctx, func(r row) error { next = rapport.Instant(r.int(0)); return nil },
		"select wake from record where wake < 9223372036854775807 order by wake limit 1")
	return next, err
}

// Scan returns records by ascending id, those after the given one; the zero id
// is before all.
func (s *Store) Scan(ctx context.Context, after rapport.CustomerID, limit int) (records []store.Record, err error) {
	err = s.query(ctx, func(r row) error {
		records = append(records, store.Record{Customer: customerOf(r.blob(0)), Wake: rapport.Instant(r.int(1)), Data: r.blob(2)})
		return nil
	}, "select customer, wake, data from record where customer > ? order by customer limit ?", after[:], limited(limit))
	return records, err
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
