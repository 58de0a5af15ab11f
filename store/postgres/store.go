// Package postgres keeps a store in one schema of a PostgreSQL database, the engine
// to grow into.
//
// It guarantees what package store promises of every engine. A batch is one
// transaction in one round trip, durable on the server when Commit returns; each read
// is one statement and so sees one snapshot. While the server can't be reached
// everything fails with kind Unavailable, and goes on by itself once it can be. A
// commit whose connection breaks under way returns when it is known what became of
// it, or when the store is closed.
//
// Whoever opens a store owns it from then on, wherever it runs: the owner before can
// write nothing more, and [Store.Replaced] tells it so. There is no lock and no lease
// that could outlive a program or end before it.
//
// It does not make databases or roles, and it doesn't choose the schema: the address
// does, as PostgreSQL's own programs read it. It needs connections that stay, so no
// pooler that changes them between transactions may stand in between. The password is
// in no error and in no log.
package postgres

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"rapport"
	"rapport/store"
)

// Options of a store; the zero value is right for production.
type Options struct {
	Readers int           // connections that read; 0 means 4
	Look    time.Duration // how often Replaced looks; 0 means every 2 seconds
	Log     *slog.Logger  // told when a commit has lost its connection; may be nil

	// InCommit, if set, is called in every commit after all rows are written and
	// before the transaction is committed. It is for tests that kill the program there.
	InCommit func()
}

// Store is a store in one database. It is safe for use by many at once.
type Store struct {
	place    place
	inCommit func()
	look     time.Duration
	log      *slog.Logger
	owner    [16]byte // drawn at random: by it we know ourselves again

	mu      sync.Mutex // held by who writes
	epoch   uint64     // the database's, which a lost connection raises beyond State's
	unsure  bool       // whether the last write was kept is not known
	writer  *pgxpool.Pool
	readers *pgxpool.Pool
	state   atomic.Pointer[store.State]
	trouble atomic.Pointer[error]

	once    sync.Once
	closing chan struct{}
}

// Open opens the store at an address such as postgres://rapport@db.example/rapport,
// making its tables if there are none, and becomes its owner: the epoch is one higher
// than the owner's before. The kind of its errors is Invalid for an address that is
// none, and Unavailable otherwise.
func Open(ctx context.Context, address string, opts Options) (*Store, error) {
	config, where, err := parse(address)
	if err != nil {
		return nil, err
	}
	s := &Store{place: where, inCommit: opts.InCommit, look: opts.Look, log: opts.Log, closing: make(chan struct{})}
	if s.look <= 0 {
		s.look = 2 * time.Second
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	_, _ = rand.Read(s.owner[:]) // never fails
	if err := s.connect(ctx, config, opts.Readers); err != nil {
		s.disconnect()
		return nil, s.explain(err)
	}
	return s, nil
}

// connect makes one pool for the one who writes, so that no number of readers can
// keep it waiting, and one for the readers.
func (s *Store) connect(ctx context.Context, config *pgxpool.Config, readers int) (err error) {
	if readers <= 0 {
		readers = 4
	}
	writing := config.Copy()
	config.MaxConns, writing.MaxConns = int32(readers), 1
	if s.readers, err = pgxpool.NewWithConfig(context.WithoutCancel(ctx), config); err != nil {
		return err
	}
	if s.writer, err = pgxpool.NewWithConfig(context.WithoutCancel(ctx), writing); err != nil {
		return err
	}
	if err := s.migrate(ctx); err != nil {
		return err
	}
	return s.own(ctx)
}

// own raises the epoch. Whoever owned the store before is refused from here on.
func (s *Store) own(ctx context.Context) error {
	host, _ := os.Hostname()
	who := fmt.Sprintf("process %d on %s", os.Getpid(), host)
	var state store.State
	err := s.query(ctx, func(r row) error { state = stateOf(r); return nil },
		"update state set epoch = epoch + 1, owner = $1::uuid, who = $2::bytea returning position, epoch, at", aKey(s.owner), aText(who))
	s.epoch = state.Epoch
	s.state.Store(&state)
	return err
}

func stateOf(r row) store.State {
	return store.State{Position: uint64(r.int(0)), Epoch: uint64(r.int(1)), At: rapport.Instant(r.int(2))}
}

// Close waits for what is under way and lets go of the server. Whatever is called
// after it fails.
func (s *Store) Close() error {
	s.once.Do(func() {
		close(s.closing) // so that a commit which waits for its server gives up
		s.mu.Lock()
		defer s.mu.Unlock()
		s.disconnect()
	})
	return nil
}

func (s *Store) disconnect() {
	for _, pool := range []*pgxpool.Pool{s.writer, s.readers} {
		if pool != nil {
			pool.Close()
		}
	}
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

// Trouble returns why a commit under way can't end, and nil if none is stuck.
func (s *Store) Trouble() error {
	if err := s.trouble.Load(); err != nil {
		return *err
	}
	return nil
}
