package bench

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// database is a PostgreSQL server on this machine, and an empty schema in it for one
// run. What all of the server's processes take is counted to the run, so nothing else
// may use it meanwhile. A nil one is none.
type database struct {
	address string // of the schema
	conn    *pgx.Conn
	schema  string
	server  int // its first process
}

// openDatabase makes a schema in the database at an address, or returns nil for none.
func openDatabase(ctx context.Context, address string) (*database, error) {
	if address == "" {
		return nil, nil
	}
	u, err := url.Parse(address)
	if err != nil {
		return nil, errors.New("the database's address is none")
	}
	d := &database{schema: "bench_" + strings.ToLower(rand.Text())}
	if d.conn, err = pgx.Connect(ctx, address); err != nil {
		return nil, fmt.Errorf("connecting to the database: %w", err)
	}
	if _, err := d.conn.Exec(ctx, "create schema "+d.schema); err != nil {
		return nil, errors.Join(err, d.close())
	}
	query := u.Query()
	query.Set("search_path", d.schema)
	u.RawQuery = query.Encode()
	d.address = u.String()
	if d.server, err = parentOf(int(d.conn.PgConn().PID())); err != nil {
		return nil, errors.Join(fmt.Errorf("what a database takes can be told of one on this machine only: %w", err), d.close())
	}
	return d, nil
}

// close removes the schema.
func (d *database) close() error {
	if d == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	_, err := d.conn.Exec(ctx, "drop schema if exists "+d.schema+" cascade")
	return errors.Join(err, d.conn.Close(ctx))
}

// flags are those that let a server use it.
func (d *database) flags() []string {
	if d == nil {
		return nil
	}
	return []string{"--database", d.address}
}

// cpu returns the processor time that all processes of the database's server have
// taken so far, those that have ended among them.
func (d *database) cpu() (time.Duration, error) {
	if d == nil {
		return 0, nil
	}
	return familyCPU(d.server)
}

// size returns how many bytes the schema has on disk.
func (d *database) size(ctx context.Context) (bytes int64, err error) {
	if d == nil {
		return 0, nil
	}
	err = d.conn.QueryRow(ctx, "select coalesce(sum(pg_total_relation_size(oid)), 0)::bigint from pg_class where relkind = 'r' and relnamespace = $1::regnamespace", d.schema).Scan(&bytes)
	return bytes, err
}
