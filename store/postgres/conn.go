package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Everything goes over the wire in the binary form.
func binaryForm() []int16 { return []int16{pgx.BinaryFormatCode} }

// How long one conversation with the server may take. Reads are of limited size, and
// so are batches; what takes longer has lost its network.
const (
	readTime  = time.Minute
	writeTime = 30 * time.Second
)

// statement is one statement with its parameters in the binary form; nil is NULL.
type statement struct {
	text string
	args [][]byte
}

// script is statements that are sent together.
type script struct {
	statements []statement
	claims     bool // the next position, as a batch does
}

func (w *script) add(text string, args ...[]byte) {
	w.statements = append(w.statements, statement{text, args})
}

// query runs one statement that reads, and gives each row to each. One statement sees
// one snapshot. If its connection turns out to be broken before a row has come, as
// after the server was started anew, it is asked once more on another.
func (s *Store) query(ctx context.Context, each func(row) error, text string, args ...[]byte) error {
	if s.closed() {
		return errClosed()
	}
	timed, cancel := context.WithTimeout(ctx, readTime)
	defer cancel()
	begun, err := queryOn(timed, s.readers, each, text, args)
	if err != nil && !begun && broken(err) && timed.Err() == nil {
		s.readers.Reset()
		_, err = queryOn(timed, s.readers, each, text, args)
	}
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return s.explain(err)
}

func queryOn(ctx context.Context, pool *pgxpool.Pool, each func(row) error, text string, args [][]byte) (begun bool, err error) {
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return false, err
	}
	defer conn.Release()
	return queryBy(ctx, conn.Conn(), each, text, args)
}

func queryBy(ctx context.Context, conn *pgx.Conn, each func(row) error, text string, args [][]byte) (begun bool, err error) {
	prepared, err := conn.Prepare(ctx, text, text)
	if err != nil {
		return false, err
	}
	reader := conn.PgConn().ExecStatement(ctx, prepared, args, binaryForm(), binaryForm())
	for err == nil && reader.NextRow() {
		begun = true
		err = each(reader.Values())
	}
	_, closing := reader.Close()
	return begun, errors.Join(err, closing)
}

// run runs a script as one transaction in one round trip. Beforehand is called, if it
// is not nil, when all of it is done and nothing is committed; that takes a second trip.
//
// Sure says whether an error means that nothing was written. It does not if the
// connection broke under way: then the transaction may be committed, now or later.
func (s *Store) run(ctx context.Context, work *script, beforehand func()) (sure bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, writeTime)
	defer cancel()
	conn, err := s.writer.Acquire(ctx)
	if err != nil {
		return true, err
	}
	defer conn.Release()
	prepared := make([]*pgconn.StatementDescription, len(work.statements))
	for i, one := range work.statements {
		if prepared[i], err = conn.Conn().Prepare(ctx, one.text, one.text); err != nil {
			return true, err
		}
	}
	line := conn.Conn().PgConn().StartPipeline(ctx)
	err = send(line, prepared, work, beforehand)
	if closing := line.Close(); err == nil {
		err = closing
	}
	var refused *pgconn.PgError
	return err == nil || errors.As(err, &refused) && !fatal(refused), err
}

// send sends all statements up to one synchronisation, which is what makes them one
// transaction, and reads what the server says of each.
func send(line *pgconn.Pipeline, prepared []*pgconn.StatementDescription, work *script, beforehand func()) error {
	for i, one := range work.statements {
		line.SendQueryStatement(prepared[i], one.args, binaryForm(), binaryForm())
	}
	read := 0
	if beforehand != nil {
		line.SendFlushRequest()
		if err := line.Flush(); err != nil {
			return err
		}
		for ; read < len(prepared); read++ {
			if err := answer(line); err != nil {
				return errors.Join(err, line.Sync())
			}
		}
		beforehand()
	}
	if err := line.Sync(); err != nil {
		return err
	}
	for ; read < len(prepared); read++ {
		if err := answer(line); err != nil {
			return err
		}
	}
	return answer(line) // the commit
}

// answer reads what the server says of the next statement, or of the synchronisation.
func answer(line *pgconn.Pipeline) error {
	result, err := line.GetResults()
	if err != nil {
		return err
	}
	if reader, ok := result.(*pgconn.ResultReader); ok {
		_, err = reader.Close()
	}
	return err
}
