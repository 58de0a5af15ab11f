package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"rapport"
	"rapport/store"
)

// Stats says how much is held. It counts rows, so it is not for every second.
func (s *Store) Stats(ctx context.Context) (stats store.Stats, err error) {
	err = s.read(ctx, func(c *conn) error {
		stats, err = c.stats(ctx)
		return err
	})
	if err != nil {
		return stats, err
	}
	stats.Bytes, stats.WriteAhead = sizeOf(s.path), sizeOf(s.path+"-wal")
	return stats, nil
}

func (c *conn) stats(ctx context.Context) (stats store.Stats, err error) {
	err = c.query(ctx, func(r row) error {
		stats = store.Stats{
			Customers: r.int(0), Identifiers: r.int(1), Addresses: r.int(2),
			Chunks: r.int(3), Events: r.int(4), Messages: r.int(5), Decisions: r.int(6),
		}
		return nil
	}, `select (select count(*) from record), (select count(*) from identifier), (select count(*) from address),
		(select count(*) from chunk), (select coalesce(sum(events), 0) from chunk), (select count(*) from message), (select count(*) from decision) + (select decided from state)`)
	return stats, err
}

// sizeOf returns a file's size, and 0 if it is not there.
func sizeOf(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}

// Contents is what a database was found to hold.
type Contents struct {
	Form     int64 // the number of its last migration
	State    store.State
	Stats    store.Stats       // of customers, events, messages and bytes only
	Settings map[string][]byte // those that were asked for and are there
}

// Copy writes a whole and consistent copy of the database in a folder to a new file that
// nobody but its owner may read, and returns once it is on the disk. It needs no [Store]: it
// may run beside the program that has the folder, which goes on reading and writing, and
// whose log grows meanwhile. The copy is of an instant after Copy was called, so what was
// committed before is in it. If it fails, there is no such file. Progress, if not nil, is
// told now and then how many bytes of about how many are written.
func Copy(ctx context.Context, dir, path string, progress func(done, total int64)) error {
	from := filepath.Join(dir, "rapport.db")
	if _, err := os.Stat(from); err != nil {
		return &rapport.Error{Kind: rapport.NotFound, Err: err, Message: fmt.Sprintf("There is no database in the folder %s. One that is kept in PostgreSQL is backed up with pg_dump or by its own means.", dir)}
	}
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return rapport.Errorf(rapport.Conflict, "there is a file %s already; a backup overwrites nothing", path)
	}
	if err := private(path); err != nil {
		return folderError(filepath.Dir(path), err)
	}
	if err := copyTo(ctx, from, path, progress); err != nil {
		return errors.Join(explain(err), removeIfThere(path), removeIfThere(path+"-journal"))
	}
	return nil
}

func copyTo(ctx context.Context, from, path string, progress func(done, total int64)) (err error) {
	c, err := connect(from, "busy_timeout(5000)", "temp_store(memory)", "trusted_schema(off)")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	done := make(chan struct{})
	defer close(done)
	if progress != nil {
		pages, err := c.number("pragma page_count")
		if err != nil {
			return err
		}
		go tell(done, path, pages*4096, progress)
	}
	if err := c.query(ctx, func(row) error { return nil }, "vacuum into ?", path); err != nil {
		return err
	}
	return syncFile(path)
}

// tell tells how large a file is, until it is done.
func tell(done <-chan struct{}, path string, total int64, progress func(done, total int64)) {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		select {
		case <-done:
			return
		case <-ticker.C:
			progress(sizeOf(path), total)
		}
	}
}

// Inspect reads a database that no program has open through, and says what it holds; an
// error of kind Internal if it is damaged. It changes nothing in it.
func Inspect(ctx context.Context, path string, settings ...string) (found Contents, err error) {
	c, err := connect(path, "query_only(on)", "temp_store(memory)", "trusted_schema(off)")
	if err != nil {
		return found, explain(err)
	}
	defer func() { err = explain(errors.Join(err, c.close())) }()
	if err := c.whole(ctx); err != nil {
		return found, err
	}
	if found.Form, err = c.number("pragma user_version"); err != nil {
		return found, err
	}
	if found.State, err = c.state(ctx); err != nil {
		return found, err
	}
	err = c.query(ctx, func(r row) error { // which every form has
		found.Stats = store.Stats{Customers: r.int(0), Events: r.int(1), Messages: r.int(2), Bytes: sizeOf(path)}
		return nil
	}, "select (select count(*) from record), (select coalesce(sum(events), 0) from chunk), (select count(*) from message)")
	if err != nil {
		return found, err
	}
	found.Settings = map[string][]byte{}
	for _, name := range settings {
		err := c.query(ctx, func(r row) error {
			found.Settings[name] = r.blob(0)
			return nil
		}, "select data from setting where name = ?", name)
		if err != nil {
			return found, err
		}
	}
	return found, nil
}

// whole checks every page, row and index.
func (c *conn) whole(ctx context.Context) error {
	var first string
	err := c.query(ctx, func(r row) error {
		if first == "" {
			first = r.text(0)
		}
		return nil
	}, "pragma integrity_check(1)")
	if err == nil && first != "ok" {
		err = &rapport.Error{Kind: rapport.Internal, Message: "The database file is damaged.", Err: errors.New(first)}
	}
	return err
}

// Amend keeps settings in a database that no program has open and that is of the newest form
// or an older one.
func Amend(path string, settings []store.Setting) (err error) {
	c, err := connect(path, "journal_mode(delete)", "synchronous(full)", "trusted_schema(off)")
	if err != nil {
		return explain(err)
	}
	defer func() { err = explain(errors.Join(err, c.close())) }()
	return c.atomically(beginWrite, func() error { return c.putSettings(settings) })
}

func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

func removeIfThere(path string) error {
	if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
