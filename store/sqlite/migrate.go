package sqlite

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"math"

	"rapport"
	"rapport/store"
)

//go:embed migration/*.sql
var migrations embed.FS

// Form returns the number of the newest shape of a database.
func Form() int64 {
	steps, _ := fs.Glob(migrations, "migration/*.sql") // the pattern is right
	return int64(len(steps))
}

// migrate brings the database to the newest shape, one step a transaction.
// There is no way back: an older program refuses a newer database.
func migrate(c *conn, migrations fs.FS) error {
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
		if err := c.migrateStep(migrations, steps[i], i+1); err != nil {
			return fmt.Errorf("%s: %w", steps[i], err)
		}
	}
	return nil
}

func (c *conn) migrateStep(migrations fs.FS, name string, number int64) error {
	script, err := fs.ReadFile(migrations, name)
	if err != nil {
		return err
	}
	return c.atomically(beginWrite, func() error {
		if err := c.script(string(script)); err != nil {
			return err
		}
		if number == packedMessages {
			if err := c.packMessages(); err != nil {
				return err
			}
		}
		return c.script(fmt.Sprintf("pragma user_version = %d", number))
	})
}

// packedMessages is the step from which on a message's row is what message.go encodes.
const packedMessages = 7

// packMessages brings the messages of an older form over.
func (c *conn) packMessages() error {
	last := store.MessageCursor{CreatedAt: math.MinInt64}
	for {
		var some []rapport.Message
		err := c.query(context.Background(), func(r row) error {
			some = append(some, earlierMessage(r))
			return nil
		}, `select id, customer, journey, version, run, step, template, channel, class, status, address, subject, created_at, due_at,
			useful_until, handed_at, attempts, reason, entry, purpose, learned, topic from message_before
			where (created_at, id) > (?, ?) order by created_at, id limit 1000`, int64(last.CreatedAt), last.ID[:])
		if err != nil {
			return err
		}
		if len(some) == 0 {
			return c.script("drop table message_before")
		}
		if err := each(some, func(m *rapport.Message) error { _, _, err := c.insertMessage(m, &decided{}); return err }); err != nil {
			return err
		}
		last = store.MessageCursor{CreatedAt: some[len(some)-1].CreatedAt, ID: some[len(some)-1].ID}
	}
}

// earlierMessage reads a message that has a column for each of its values.
func earlierMessage(r row) rapport.Message {
	return rapport.Message{
		ID: messageID(r.blob(0)), Customer: customerOf(r.blob(1)), Journey: r.text(2), Version: uint64(r.int(3)), Run: uint64(r.int(4)),
		Step: r.text(5), Template: r.text(6), Channel: rapport.Channel(r.text(7)), Class: rapport.Class(r.int(8)),
		Status: rapport.Status(r.int(9)), To: r.text(10), Subject: r.text(11), CreatedAt: rapport.Instant(r.int(12)),
		DueAt: rapport.Instant(r.int(13)), UsefulUntil: rapport.Instant(r.int(14)), HandedAt: rapport.Instant(r.int(15)),
		Attempts: int(r.int(16)), Reason: r.text(17), Entry: orNil(r.blob(18)), Purpose: r.text(19), Learned: orNil(r.blob(20)), Topic: r.text(21),
	}
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
