package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"net/url"
	"path/filepath"
	"strings"

	"modernc.org/sqlite"
)

// conn is one connection with the statements prepared on it. It speaks to the
// driver without database/sql, which would copy every value read and lock for
// every statement. It is used by one goroutine at a time.
type conn struct {
	driver.Conn
	statements map[string]*statement
	packed     []byte // what a row packs while it is written, used again: the driver copies it
}

type statement struct {
	driver.Stmt
	args []driver.NamedValue
}

// row is one row that was read. Its bytes belong to whom it is given.
type row []driver.Value

func (r row) int(i int) int64 {
	v, _ := r[i].(int64)
	return v
}

func (r row) text(i int) string {
	v, _ := r[i].(string)
	return v
}

// blob returns bytes that are there, so nil is not among them.
func (r row) blob(i int) []byte {
	if v, _ := r[i].([]byte); v != nil {
		return v
	}
	return []byte{}
}

// connect opens a connection to a database file; pragmas are set on it in order.
func connect(path string, pragmas ...string) (*conn, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // a drive's letter
	}
	name := url.URL{Scheme: "file", Path: path, RawQuery: url.Values{"_pragma": pragmas}.Encode()}
	connector, err := sqlite.NewConnector(name.String())
	if err != nil {
		return nil, err
	}
	c, err := connector.Connect(context.Background())
	if err != nil {
		return nil, err
	}
	return &conn{Conn: c, statements: map[string]*statement{}}, nil
}

func (c *conn) close() error {
	var errs []error
	for _, s := range c.statements {
		errs = append(errs, s.Close())
	}
	return errors.Join(append(errs, c.Close())...)
}

// prepared returns the statement for a text, which is prepared once.
func (c *conn) prepared(text string, args []any) (*statement, error) {
	s := c.statements[text]
	if s == nil {
		prepared, err := c.Prepare(text)
		if err != nil {
			return nil, err
		}
		s = &statement{Stmt: prepared}
		c.statements[text] = s
	}
	s.args = s.args[:0]
	for i, arg := range args {
		s.args = append(s.args, driver.NamedValue{Ordinal: i + 1, Value: arg})
	}
	return s, nil
}

// exec runs a statement that returns no rows and says how many it changed. An
// argument is an int64, a string or bytes; nil bytes are NULL.
//
// It cannot be interrupted: for every context that can be, the driver would
// start a goroutine a statement.
func (c *conn) exec(text string, args ...any) (changed int64, err error) {
	s, err := c.prepared(text, args)
	if err != nil {
		return 0, err
	}
	result, err := s.Stmt.(driver.StmtExecContext).ExecContext(context.Background(), s.args)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// query runs a statement and gives each row to each.
func (c *conn) query(ctx context.Context, each func(row) error, text string, args ...any) (err error) {
	s, err := c.prepared(text, args)
	if err != nil {
		return err
	}
	rows, err := s.Stmt.(driver.StmtQueryContext).QueryContext(ctx, s.args)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	r := make(row, len(rows.Columns()))
	for {
		switch err := rows.Next(r); {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
		if err := each(r); err != nil {
			return err
		}
	}
}

// atomically runs do inside one transaction, which is rolled back if do or the
// commit fails, or do panics.
func (c *conn) atomically(begin string, do func() error) error {
	if _, err := c.exec(begin); err != nil {
		return err
	}
	done := false
	defer func() {
		if !done {
			c.exec("rollback") // fails if SQLite has done it by itself, which is as well
		}
	}()
	if err := do(); err != nil {
		return err
	}
	_, err := c.exec("commit")
	done = err == nil
	return err
}

// How a transaction begins: one that writes at once, one that reads when it
// first reads.
const (
	beginWrite = "begin immediate"
	beginRead  = "begin deferred"
)
