package postgres

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"rapport"
)

//go:embed migration/*.sql
var migrations embed.FS

// migrate brings the schema to the newest form, one step a transaction. There is no
// way back: an older program refuses a newer database. Of two programs that do it at
// once each step is done by one, and the other finds it done.
func (s *Store) migrate(ctx context.Context) error {
	steps, err := fs.Glob(migrations, "migration/*.sql")
	if err != nil {
		return err
	}
	conn, err := s.writer.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	if err := prepareForm(ctx, conn.Conn()); err != nil {
		return err
	}
	for {
		form, err := formOf(ctx, conn.Conn())
		switch {
		case err != nil:
			return err
		case form > len(steps):
			return rapport.Errorf(rapport.Unavailable,
				"the database was written by a newer version of rapport (its form is %d, this program knows %d); use that version or a later one", form, len(steps))
		case form == len(steps):
			return nil
		}
		if err := migrateStep(ctx, conn.Conn(), steps[form], form); err != nil {
			return fmt.Errorf("%s: %w", steps[form], err)
		}
	}
}

// prepareForm makes the table that says which steps were done. Two who make it at once
// get in each other's way, whatever "if not exists" says.
func prepareForm(ctx context.Context, conn *pgx.Conn) error {
	const text = `create table if not exists form (one smallint primary key check (one = 1), number integer not null);
		insert into form values (1, 0) on conflict do nothing`
	err := conn.PgConn().Exec(ctx, text).Close()
	var theirs *pgconn.PgError
	if errors.As(err, &theirs) && (theirs.Code == uniqueViolation || theirs.Code == duplicateTable) {
		err = conn.PgConn().Exec(ctx, text).Close()
	}
	return err
}

func formOf(ctx context.Context, conn *pgx.Conn) (number int, err error) {
	err = conn.QueryRow(ctx, "select number from form").Scan(&number)
	return number, err
}

// migrateStep does a step unless another has done it meanwhile: who comes second waits
// for the row, and then it is no longer the one that was asked for.
func migrateStep(ctx context.Context, conn *pgx.Conn, name string, number int) error {
	script, err := migrations.ReadFile(name)
	if err != nil {
		return err
	}
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		done, err := tx.Exec(ctx, "update form set number = number + 1 where number = $1", number)
		if err != nil || done.RowsAffected() == 0 {
			return err
		}
		return conn.PgConn().Exec(ctx, string(script)).Close()
	})
}
