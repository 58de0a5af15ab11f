package postgres

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"rapport"
)

// place is where a store is, as the operator may read it: all but the password.
type place struct{ server, database, user string }

// oldest is the first major version of PostgreSQL that will do.
const oldest = 13

// parse reads an address. Its error doesn't repeat it: a password may stand in it.
func parse(address string) (*pgxpool.Config, place, error) {
	config, err := pgxpool.ParseConfig(address)
	if err != nil || !IsAddress(address) {
		return nil, place{}, rapport.Errorf(rapport.Invalid,
			"this is not the address of a PostgreSQL database, which looks like postgres://user:password@host:5432/database (signs such as @ : / ? # %% in a password are written as %%40 and so on)")
	}
	c := config.ConnConfig
	server := c.Host
	if !strings.HasPrefix(server, "/") {
		server = net.JoinHostPort(server, strconv.Itoa(int(c.Port)))
	}
	if c.ConnectTimeout == 0 || c.ConnectTimeout > time.Minute {
		c.ConnectTimeout = 5 * time.Second
	}
	if c.RuntimeParams["application_name"] == "" {
		c.RuntimeParams["application_name"] = "rapport"
	}
	if c.ValidateConnect == nil { // after a failover it is the primary that is wanted
		c.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsReadWrite
	}
	config.AfterConnect = setUp
	config.PingTimeout = 5 * time.Second
	config.ShouldPing = rested
	return config, place{server, c.Database, c.User}, nil
}

// rested reports whether a connection was idle long enough for the server to have gone
// meanwhile. It is looked at before it is used then, since of what is sent into a
// broken one nobody knows whether it arrived.
func rested(_ context.Context, p pgxpool.ShouldPingParams) bool {
	return p.IdleDuration > 50*time.Millisecond
}

// IsAddress reports whether a text is meant as the address of a PostgreSQL database.
func IsAddress(text string) bool {
	return strings.HasPrefix(text, "postgres://") || strings.HasPrefix(text, "postgresql://")
}

// Place returns what may be told of an address: all of it but the password.
func Place(address string) string {
	_, p, err := parse(address)
	if err != nil {
		return "an address that can't be read"
	}
	return fmt.Sprintf("the database %s on %s", p.database, p.server)
}

// setUp makes a new connection one of ours.
//
// Every key is looked up by its index, whatever the statistics of a table say that
// was empty a minute ago: a plan once made for an empty table would read all of a full
// one. What is committed is on the server's disk. A statement whose program has gone
// away holds nothing for long.
func setUp(ctx context.Context, conn *pgx.Conn) error {
	if err := checkVersion(conn.PgConn().ParameterStatus("server_version")); err != nil {
		return err
	}
	return conn.PgConn().Exec(ctx, `
		set enable_seqscan = off; set enable_bitmapscan = off; set enable_hashjoin = off; set enable_mergejoin = off;
		set max_parallel_workers_per_gather = 0; set jit = off;
		set statement_timeout = '60s'; set lock_timeout = '20s'; set idle_in_transaction_session_timeout = '60s';
		select set_config('synchronous_commit', 'on', false) where current_setting('synchronous_commit') = 'off'`).Close()
}

// checkVersion refuses a server that is too old, by what it calls its version.
func checkVersion(version string) error {
	digits := version[:len(version)-len(strings.TrimLeft(version, "0123456789"))]
	major, err := strconv.Atoi(digits)
	if err != nil || major >= oldest {
		return nil
	}
	return rapport.Errorf(rapport.Unavailable, "the server is PostgreSQL %s, and at least %d is needed", version, oldest)
}
