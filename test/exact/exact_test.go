package exact_test

import (
	"context"
	"os"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"rapport/store/memory"
	"rapport/store/postgres"
	"rapport/store/postgres/pgtest"
	"rapport/store/sqlite"
)

// inMemory is a store in memory.
type inMemory struct{ *memory.Store }

func (s inMemory) Reopen() (shelf, error) { return inMemory{s.Store.Reopen()}, nil }

// onDisk is a store in a folder. Its commits never fail: that is tried in memory. So
// where they are to, the same calls are admitted twice.
type onDisk struct {
	*sqlite.Store
	dir string
}

func (s onDisk) FailNext(error) {}

func (s onDisk) Reopen() (shelf, error) {
	if err := s.Close(); err != nil {
		return nil, err
	}
	return openFolder(s.dir)
}

func openFolder(dir string) (shelf, error) {
	s, err := sqlite.Open(dir, sqlite.Options{})
	return onDisk{s, dir}, err
}

// onServer is a store in a PostgreSQL database; like one on disk otherwise.
type onServer struct {
	*postgres.Store
	address string
}

func (s onServer) FailNext(error) {}

func (s onServer) Reopen() (shelf, error) {
	if err := s.Close(); err != nil {
		return nil, err
	}
	return openDatabase(s.address)
}

func openDatabase(address string) (shelf, error) {
	s, err := postgres.Open(context.Background(), address, postgres.Options{})
	return onServer{s, address}, err
}

// series is many histories, one after the other by seed, some at once.
type series struct {
	*testing.T
	open       func() (shelf, error)
	next, stop atomic.Uint64
	mu         sync.Mutex
	worst      outcome
	passages   int // entries and exits that were compared
	looks      int // customers that were looked at, at an instant
}

// outcome is a seed that failed.
type outcome struct {
	seed   uint64
	failed *failure
}

// run plays the histories of seeds from one until before another. If any fails, the
// one of the lowest seed is told.
func (s *series) run(from, until uint64) {
	s.next.Store(from)
	s.stop.Store(until)
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(s.work)
	}
	workers.Wait()
	if s.worst.failed != nil {
		s.tell()
		return
	}
	s.Logf("%d histories: %d entries and exits, %d looks at a customer", until-from, s.passages, s.looks)
	if s.passages < int(until-from) && until-from > 1 {
		s.Error("hardly anything ever happened")
	}
}

func (s *series) work() {
	for {
		seed := s.next.Add(1) - 1
		if seed >= s.stop.Load() {
			return
		}
		h, c := drawHistory(seed)
		p, failed := run(h, c, s.open)
		s.mu.Lock()
		s.passages, s.looks = s.passages+p.passages, s.looks+p.looks
		if failed != nil && (s.worst.failed == nil || seed < s.worst.seed) {
			s.worst = outcome{seed, failed}
			s.stop.Store(0)
		}
		s.mu.Unlock()
	}
}

// tell tells the smallest history that fails as that of the seed does.
func (s *series) tell() {
	s.Helper()
	h, c := drawHistory(s.worst.seed)
	tries := 400
	if testing.Short() {
		tries = 0
	}
	smaller, failed := shrink(h, tries, func(h history) *failure {
		_, failed := run(h, c, s.open)
		return failed
	})
	if failed == nil {
		s.Fatalf("seed %d failed once and not again: %s", s.worst.seed, s.worst.failed.text)
	}
	s.Fatalf("seed %d, act %d: %s\n%s\nRAPPORT_TEST_SEED=%[1]d plays the whole of it again.", s.worst.seed, failed.act, failed.text, smaller.tell())
}

// seeds are those to try: one that is given, else so many from 0, at most as many as
// are given.
func seeds(usual, long uint64) (from, until uint64) {
	if most, err := strconv.ParseUint(os.Getenv("RAPPORT_TEST_SEEDS"), 10, 64); err == nil {
		return 0, most
	}
	if given, err := strconv.ParseUint(os.Getenv("RAPPORT_TEST_SEED"), 10, 64); err == nil {
		return given, given + 1
	}
	if os.Getenv("RAPPORT_TEST_LONG") != "" {
		return 0, long
	}
	return 0, usual
}

// Membership at every instant, and every entry and exit with its instant and its
// cause, are what judging everything anew says, whatever happens: see doc.go.
func TestMembershipIsExactToTheInstant(t *testing.T) {
	t.Parallel()
	from, until := seeds(700, 20_000)
	s := &series{T: t, open: func() (shelf, error) { return inMemory{memory.New()}, nil }}
	s.run(from, until)
}

// The same over a database.
func TestMembershipIsExactOnDisk(t *testing.T) {
	t.Parallel()
	from, until := seeds(4, 1_000)
	s := &series{T: t, open: func() (shelf, error) { return openFolder(t.TempDir()) }}
	s.run(from, until)
}

// The same over a PostgreSQL database.
func TestMembershipIsExactOnPostgres(t *testing.T) {
	t.Parallel()
	from, until := seeds(4, 60)
	s := &series{T: t, open: func() (shelf, error) { return openDatabase(pgtest.URL(t)) }}
	s.run(from, until)
}
