package sqlite

import (
	"context"
	"errors"
)

// When the log is folded into the database, in pages of 4 KB: behind commits
// from the first bound on, and with commits waiting for the rest of it from the
// second on, or a log under steady load would never be short enough to begin anew.
const (
	foldAt = 8 << 10
	waitAt = 4 * foldAt
)

// checkpointer folds the log into the database whenever a commit says that it
// has grown.
type checkpointer struct {
	store *Store
	conn  *conn
	grown chan struct{}
	ended chan error
}

func startCheckpointer(s *Store) (*checkpointer, error) {
	c, err := connect(s.path, pragmas("cache_size(-1024)")...)
	if err != nil {
		return nil, err
	}
	f := &checkpointer{store: s, conn: c, grown: make(chan struct{}, 1), ended: make(chan error, 1)}
	go f.run()
	return f, nil
}

func (f *checkpointer) run() {
	var failed error
	for {
		select {
		case <-f.store.closing:
			f.ended <- errors.Join(failed, f.conn.close())
			return
		case <-f.grown:
			// A failure is tried again with the next commit. Should it last, the
			// log grows and Close tells the last one.
			failed = f.fold()
		}
	}
}

// notice is called after a commit, by who writes.
func (f *checkpointer) notice() {
	log, folded, err := f.store.writer.checkpoint("noop")
	if err != nil || log-folded < foldAt {
		return
	}
	select {
	case f.grown <- struct{}{}:
	default:
	}
}

func (f *checkpointer) fold() error {
	log, folded, err := f.conn.checkpoint("passive")
	if err != nil || log < waitAt || log == folded {
		return err
	}
	f.store.mu.Lock()
	defer f.store.mu.Unlock()
	_, _, err = f.conn.checkpoint("passive")
	return err
}

// checkpoint returns how many pages the log holds and how many of them are
// folded into the database.
func (c *conn) checkpoint(mode string) (log, folded int64, err error) {
	err = c.query(context.Background(), func(r row) error {
		log, folded = r.int(1), r.int(2)
		return nil
	}, "pragma wal_checkpoint("+mode+")")
	return log, folded, err
}

// disconnect undoes what connect did, as far as it came.
func (s *Store) disconnect() error {
	var errs []error
	if s.folder != nil {
		errs = append(errs, <-s.folder.ended)
	}
	for range cap(s.readers) {
		if s.folder == nil && len(s.readers) == 0 {
			break // Open failed before all were there
		}
		errs = append(errs, (<-s.readers).close())
	}
	if s.writer != nil {
		errs = append(errs, s.writer.close())
	}
	return errors.Join(append(errs, unlockFile(s.lock), s.lock.Close())...)
}
