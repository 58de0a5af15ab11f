package postgres

import (
	"context"
	"fmt"

	"rapport"
	"rapport/store"
)

// limited is a limit that never means no limit.
func limited(limit int) []byte { return anInt(int64(max(limit, 0))) }

// recordColumns reads a record r with its pages: of those who have any, two arrays.
const recordColumns = `r.wake, r.data, r.paged,
	case when r.paged then (select array_agg(number order by number) from page where page.customer = r.customer) end,
	case when r.paged then (select array_agg(data order by number) from page where page.customer = r.customer) end`

// recordOf reads recordColumns from column i on.
func recordOf(r row, i int, customer rapport.CustomerID) store.Record {
	record := store.Record{Customer: customer, Wake: rapport.Instant(r.int(i)), Data: r.bytes(i + 1), Paged: r.bool(i + 2)}
	data := r.elements(i + 4)
	for n, number := range r.elements(i + 3) {
		record.Pages = append(record.Pages, store.Page{Number: uint64(row{number}.int(0)), Data: row(data).bytes(n)})
	}
	return record
}

// Load returns the records of customers with their pages, each at the place of its id;
// one without Data for one that is not there.
func (s *Store) Load(ctx context.Context, ids []rapport.CustomerID) ([]store.Record, error) {
	out := make([]store.Record, len(ids))
	if len(ids) == 0 {
		return out, ctx.Err()
	}
	err := s.query(ctx, func(r row) error {
		i := r.int(0) - 1
		out[i] = recordOf(r, 1, ids[i])
		return nil
	}, "select place, "+recordColumns+" from unnest($1::uuid[]) with ordinality as asked (customer, place) join record r on r.customer = asked.customer", keysOf(ids))
	return out, err
}

// Identifiers returns what is known of identifiers, each at the place of its key; nil
// for one that is not there.
func (s *Store) Identifiers(ctx context.Context, keys []rapport.IdentifierKey) ([][]byte, error) {
	out := make([][]byte, len(keys))
	if len(keys) == 0 {
		return out, ctx.Err()
	}
	err := s.query(ctx, func(r row) error { out[r.int(0)-1] = r.bytes(1); return nil },
		"select place, data from unnest($1::uuid[]) with ordinality as asked (key, place) join identifier on identifier.key = asked.key", keysOf(keys))
	return out, err
}

// Customers returns those who have an address, ascending.
func (s *Store) Customers(ctx context.Context, kind store.AddressKind, value string, limit int) (ids []rapport.CustomerID, err error) {
	err = s.query(ctx, func(r row) error { ids = append(ids, r.key(0)); return nil },
		"select customer from address where kind = $1::bytea and value = $2::bytea order by customer limit $3::bigint",
		aText(string(kind)), aText(value), limited(limit))
	return ids, err
}

// SearchAddresses returns addresses of any kind that begin with prefix, by value, kind
// and customer.
func (s *Store) SearchAddresses(ctx context.Context, prefix string, limit int) (found []store.Address, err error) {
	// One range of the key for each kind of address.
	const some = "(select value, kind, customer from address where kind = '%s' and value >= $1::bytea and value < $2::bytea order by value, customer limit $3::bigint)"
	err = s.query(ctx, func(r row) error {
		found = append(found, store.Address{Value: r.text(0), Kind: store.AddressKind(r.text(1)), Customer: r.key(2)})
		return nil
	}, fmt.Sprintf(some, store.EmailAddress)+" union all "+fmt.Sprintf(some, store.PhoneAddress)+" order by 1, 2, 3 limit $3::bigint",
		aText(prefix), afterPrefix(prefix), limited(limit))
	return found, err
}

// afterPrefix returns a text that comes after all that begin with prefix. No byte of a
// text in UTF-8 is 0xff.
func afterPrefix(prefix string) []byte { return append([]byte(prefix), 0xff) }

// Due returns the wake-ups at or before until, by instant and customer.
func (s *Store) Due(ctx context.Context, until rapport.Instant, limit int) (due []store.Wake, err error) {
	// Who is never woken stands in no index, which the second term says.
	err = s.query(ctx, func(r row) error {
		due = append(due, store.Wake{At: rapport.Instant(r.int(0)), Customer: r.key(1)})
		return nil
	}, "select wake, customer from record where wake <= $1::bigint and wake < 9223372036854775807 order by wake, customer limit $2::bigint",
		anInt(int64(until)), limited(limit))
	return due, err
}

// NextWake returns the instant of the earliest wake-up, and Never if there is none.
func (s *Store) NextWake(ctx context.Context) (rapport.Instant, error) {
	next := rapport.Never
	err := s.query(ctx, func(r row) error { next = rapport.Instant(r.int(0)); return nil },
		"select wake from record where wake < 9223372036854775807 order by wake limit 1")
	return next, err
}

// Scan returns records with their pages by ascending id, those after the given one;
// the zero id is before all.
func (s *Store) Scan(ctx context.Context, after rapport.CustomerID, limit int) (records []store.Record, err error) {
	err = s.query(ctx, func(r row) error { records = append(records, recordOf(r, 1, r.key(0))); return nil },
		"select r.customer, "+recordColumns+" from record r where r.customer > $1::uuid order by r.customer limit $2::bigint", aKey(after), limited(limit))
	return records, err
}

// Walk returns records by ascending id: a record that is written anew lies elsewhere,
// so there is no order of the table that would be read faster and meet each once.
func (s *Store) Walk(ctx context.Context, after store.Place, limit int) ([]store.Record, store.Place, error) {
	records, err := s.Scan(ctx, rapport.CustomerID(after), limit)
	if len(records) > 0 {
		after = store.Place(records[len(records)-1].Customer)
	}
	return records, after, err
}

// Counters returns the sums whose names begin with prefix, by name and bucket.
func (s *Store) Counters(ctx context.Context, prefix string) (totals []store.Total, err error) {
	err = s.query(ctx, func(r row) error {
		totals = append(totals, store.Total{Name: r.text(0), Bucket: rapport.Instant(r.int(1)), Sum: r.int(2)})
		return nil
	}, "select name, bucket, total from counter where name >= $1::bytea and name < $2::bytea order by name, bucket", aText(prefix), afterPrefix(prefix))
	return totals, err
}

// Mark returns how far a job has come; nil if there is no such mark.
func (s *Store) Mark(ctx context.Context, name string) ([]byte, error) {
	return s.one(ctx, "select data from mark where name = $1::bytea", aText(name))
}

// Setting returns a setting; nil if there is no such one.
func (s *Store) Setting(ctx context.Context, name string) ([]byte, error) {
	return s.one(ctx, "select data from setting where name = $1::bytea", aText(name))
}

func (s *Store) one(ctx context.Context, text string, args ...[]byte) (data []byte, err error) {
	err = s.query(ctx, func(r row) error { data = r.bytes(0); return nil }, text, args...)
	return data, err
}

// Stats says how much is held. It counts rows, so it is not for every second.
func (s *Store) Stats(ctx context.Context) (stats store.Stats, err error) {
	err = s.query(ctx, func(r row) error {
		stats = store.Stats{
			Customers: r.int(0), Identifiers: r.int(1), Addresses: r.int(2),
			Chunks: r.int(3), Events: r.int(4), Messages: r.int(5), Decisions: r.int(6), Bytes: r.int(7),
		}
		return nil
	}, `select (select count(*) from record), (select count(*) from identifier), (select count(*) from address),
		(select count(*) from chunk), (select coalesce(sum(events), 0)::bigint from chunk),
		(select count(*) from message), (select count(*) from decision), pg_database_size(current_database())`)
	return stats, err
}
