package sqlite

import (
	"context"
	"errors"
	"io/fs"
	"os"

	"rapport"
	"rapport/store"
)

// Stats says how much is held. It counts rows, so it is not for every second.
func (s *Store) Stats(ctx context.Context) (stats store.Stats, err error) {
	err = s.query(ctx, func(r row) error {
		stats = store.Stats{
			Customers: r.int(0), Identifiers: r.int(1), Addresses: r.int(2),
			Chunks: r.int(3), Events: r.int(4), Messages: r.int(5), Decisions: r.int(6),
		}
		return nil
	}, `select (select count(*) from record), (select count(*) from identifier), (select count(*) from address),
		(select count(*) from chunk), (select coalesce(sum(events), 0) from chunk), (select count(*) from message), (select count(*) from decision) + (select decided from state)`)
	if err != nil {
		return stats, err
	}
	stats.Bytes, stats.WriteAhead = sizeOf(s.path), sizeOf(s.path+"-wal")
	return stats, nil
}

// sizeOf returns a file's size, and 0 if it is not there.
func sizeOf(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}

// Backup writes a whole and consistent copy of the database to a new file, while
// others go on reading and writing. If it fails, there is no such file.
func (s *Store) Backup(ctx context.Context, path string) error {
	if s.closed() {
		return errClosed()
	}
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return rapport.Errorf(rapport.Conflict, "there is a file %s already; a backup overwrites nothing", path)
	}
	part := path + ".part"
	err := s.copyTo(ctx, part)
	if err == nil {
		err = os.Rename(part, path)
	}
	if err != nil {
		return errors.Join(explain(err), removeIfThere(part))
	}
	return nil
}

// copyTo uses a connection of its own, since it takes long and those that read
// are not allowed to write a file.
func (s *Store) copyTo(ctx context.Context, path string) (err error) {
	if err := removeIfThere(path); err != nil {
		return err
	}
	if err := private(path); err != nil {
		return err
	}
	c, err := connect(s.path, pragmas()...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	if err := c.query(ctx, func(row) error { return nil }, "vacuum into ?", path); err != nil {
		return err
	}
	return syncFile(path)
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
