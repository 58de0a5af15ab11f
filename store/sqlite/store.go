// Package sqlite keeps a store in one SQLite database, the embedded default.
//
// It guarantees what package store promises of every engine. One connection
// writes, one batch after another, each synced to disk before Commit returns;
// a few connections read beside it, each read from one snapshot. What is
// committed goes into the write-ahead log and is folded into the database in
// the background, never inside a commit, unless the log has grown so far that
// commits must wait for it.
//
// It does not share its folder: a second program is refused. It keeps no cache
// of its own and decodes nothing but messages, decisions and blocks.
package sqlite

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"rapport"
	"rapport/store"
)

// Options of a store; the zero value is right for production.
type Options struct {
	Readers int // connections that read; 0 means 4

	// InCommit, if set, is called in every commit after all rows are written and
	// before the transaction is committed. It is for tests that kill the program there.
	InCommit func()
}

// Store is a store in one SQLite database. It is safe for use by many at once.
type Store struct {
	path     string
	inCommit func()
	lock     *os.File
	files    files

	mu     sync.Mutex // held by who writes
	writer *conn
	state  atomic.Pointer[store.State]

	attempts *attempts // of the writer
	readers  chan *conn
	closing  chan struct{}
	folder   *checkpointer
}

// Every connection syncs each commit, overwrites what is deleted, and leaves
// folding the log to the checkpointer.
func pragmas(more ...string) []string {
	return append([]string{
		"busy_timeout(5000)", "page_size(4096)", "journal_mode(wal)", "synchronous(full)", "secure_delete(on)",
		"wal_autocheckpoint(0)", "temp_store(memory)", "trusted_schema(off)",
	}, more...)
}

// File is what the database is called in its folder.
const File = "rapport.db"

// Open opens the database rapport.db in the folder dir, creating both if need
// be, and becomes its owner: the epoch is one higher than the owner's before.
// If another program has the folder open, the error says which.
func Open(dir string, opts Options) (*Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, folderError(dir, err)
	}
	lock, err := lockFolder(dir)
	if err != nil {
		return nil, err
	}
	s := &Store{path: filepath.Join(dir, File), inCommit: opts.InCommit, lock: lock, closing: make(chan struct{})}
	if err := private(s.path); err != nil {
		s.disconnect()
		return nil, folderError(dir, err)
	}
	if err := s.connect(opts.Readers); err != nil {
		s.disconnect()
		return nil, explain(err)
	}
	if err := s.files.note(s.path, s.path+"-wal"); err != nil {
		s.disconnect()
		return nil, folderError(dir, err)
	}
	return s, nil
}

// private makes a new file that nobody but its owner may read, or an old one so,
// along with those that SQLite keeps beside it: it gives them the database's rights.
// Another owner's are left as they are.
func private(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		_ = os.Chmod(name, 0o600)
	}
	return f.Close()
}

func (s *Store) connect(readers int) (err error) {
	if s.writer, err = connect(s.path, pragmas("cache_size(-65536)")...); err != nil {
		return err
	}
	if err := migrate(s.writer, migrations); err != nil {
		return err
	}
	if err := s.own(); err != nil {
		return err
	}
	if s.attempts, err = s.writer.readAttempts(); err != nil {
		return err
	}
	if readers <= 0 {
		readers = 4
	}
	s.readers = make(chan *conn, readers)
	for range readers {
		c, err := connect(s.path, pragmas("cache_size(-8192)", "query_only(on)")...)
		if err != nil {
			return err
		}
		s.readers <- c
	}
	s.folder, err = startCheckpointer(s)
	return err
}

// own raises the epoch.
func (s *Store) own() error {
	var state store.State
	err := s.writer.atomically(beginWrite, func() (err error) {
		if _, err := s.writer.exec("update state set epoch = epoch + 1"); err != nil {
			return err
		}
		state, err = s.writer.state(context.Background())
		return err
	})
	s.state.Store(&state)
	return err
}

// state returns where the database says that it stands.
func (c *conn) state(ctx context.Context) (state store.State, err error) {
	err = c.query(ctx, func(r row) error {
		state = store.State{Position: uint64(r.int(0)), Epoch: uint64(r.int(1)), At: rapport.Instant(r.int(2))}
		return nil
	}, "select position, epoch, at from state")
	return state, err
}

// Close waits for what is under way, folds the log into the database and gives
// the folder free. Whatever is called after it fails.
func (s *Store) Close() error {
	s.mu.Lock()
	first := !s.closed()
	if first {
		close(s.closing)
	}
	s.mu.Unlock()
	if !first {
		return nil
	}
	return explain(s.disconnect())
}

func (s *Store) closed() bool {
	select {
	case <-s.closing:
		return true
	default:
		return false
	}
}

// State returns where the store stands.
func (s *Store) State() store.State { return *s.state.Load() }

func errClosed() error { return rapport.Errorf(rapport.Unavailable, "the store is closed") }
