package sqlite

import (
	"context"
	"embed"
	"fmt"
	"io/fs"

	"rapport"
)

//go:embed migration/*.sql
var migrations embed.FS

// migrate brings the database to the newest shape, one step a transaction.
// There is no way back: an older program refuses a newer database.
func migrate(c *conn) error {
	steps, err := fs.Glob(migrations, "migration/*.sql")
	if err != nil {
		return err
	}
	done, err := c.number("pragma user_version")
	if err != nil {
		return err
	}
	if done > int64(len(steps)) {
		return rapport.Errorf(rapport.Unavailable,
			"the database was written by a newer version of rapport (its form is %d, this program knows %d); use that version or a later one", done, len(steps))
	}
	for i := done; i < int64(len(steps)); i++ {
		if err := c.migrateStep(steps[i], i+1); err != nil {
			return fmt.Errorf("%s: %w", steps[i], err)
		}
	}
	return nil
}

func (c *conn) migrateStep(name string, number int64) error {
	script, err := migrations.ReadFile(name)
	if err != nil {
		return err
	}
	return c.atomically(beginWrite, func() error {
		if err := c.script(string(script)); err != nil {
			return err
		}
		return c.script(fmt.Sprintf("pragma user_version = %d", number))
	})
}

// number returns the first column of the first row.
func (c *conn) number(text string, args ...any) (n int64, err error) {
	err = c.query(context.Background(), func(r row) error { n = r.int(0); return nil }, text, args...)
	return n, err
}

// script runs statements that are not worth keeping prepared.
func (c *conn) script(text string) error {
	s, err := c.prepared(text, nil)
	if err != nil {
		return err
	}
	_, err = c.exec(text)
	delete(c.statements, text)
	if closing := s.Close(); err == nil {
		err = closing
	}
	return err
}
