package sqlite

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"rapport"
	"rapport/store"
)

func openTest(t *testing.T, dir string) *Store {
	t.Helper()
	s, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// fill returns the batch that follows with so many records of 4 KB.
func fill(s *Store, records int) *store.Batch {
	state := s.State()
	b := &store.Batch{Position: state.Position, Epoch: state.Epoch, Counters: []store.Counter{{Name: "batches", Delta: 1}}}
	for i := range records {
		b.Records = append(b.Records, store.Record{Customer: rapport.CustomerID{byte(i >> 8), byte(i), 1}, Data: make([]byte, 4000), Wake: rapport.Never})
	}
	return b
}

func wantError(t *testing.T, err error, kind rapport.ErrorKind, words string) {
	t.Helper()
	if err == nil || rapport.KindOf(err) != kind || !strings.Contains(rapport.MessageOf(err), words) {
		t.Fatalf("want %v and %q, got %v: %v", kind, words, rapport.KindOf(err), err)
	}
}

func TestDiskFullWritesNothingAndPasses(t *testing.T) {
	t.Parallel()
	s := openTest(t, t.TempDir())
	pages, err := s.writer.number("pragma page_count")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.writer.script(fmt.Sprintf("pragma max_page_count = %d", pages+10)); err != nil {
		t.Fatal(err)
	}
	before := s.State()
	wantError(t, s.Commit(t.Context(), fill(s, 100)), rapport.Unavailable, "disk is full")
	if stats, err := s.Stats(t.Context()); err != nil || stats.Customers != 0 || s.State() != before {
		t.Fatalf("after a full disk: %+v, %+v, error %v", stats, s.State(), err)
	}
	if err := s.writer.script("pragma max_page_count = 1000000"); err != nil {
		t.Fatal(err)
	}
	if err := s.Commit(t.Context(), fill(s, 100)); err != nil {
		t.Fatal(err)
	}
}

func TestLockedByAnotherProgram(t *testing.T) {
	t.Parallel()
	s := openTest(t, t.TempDir())
	other, err := connect(s.path, "busy_timeout(0)")
	if err != nil {
		t.Fatal(err)
	}
	defer other.close()
	if err := s.writer.script("pragma busy_timeout = 0"); err != nil {
		t.Fatal(err)
	}
	if _, err := other.exec(beginWrite); err != nil {
		t.Fatal(err)
	}
	wantError(t, s.Commit(t.Context(), fill(s, 1)), rapport.Unavailable, "holds a lock")
	if _, err := other.exec("rollback"); err != nil {
		t.Fatal(err)
	}
	if err := s.Commit(t.Context(), fill(s, 1)); err != nil {
		t.Fatal(err)
	}
}

// A program that writes past the lock is found out by the compare-and-set.
func TestAnotherWriterIsAConflict(t *testing.T) {
	t.Parallel()
	s := openTest(t, t.TempDir())
	for _, change := range []string{"update state set position = position + 1", "update state set position = position - 1, epoch = epoch + 1"} {
		if err := s.writer.script(change); err != nil {
			t.Fatal(err)
		}
		wantError(t, s.Commit(t.Context(), fill(s, 1)), rapport.Conflict, "another program")
	}
	wantError(t, s.PutSettings(t.Context(), []store.Setting{{Name: "x"}}), rapport.Conflict, "new owner")
	wantError(t, s.SaveVersion(t.Context(), store.Version{Number: 1}), rapport.Conflict, "new owner")
}

func TestFolderInUse(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := openTest(t, dir)
	_, err := Open(dir, Options{})
	wantError(t, err, rapport.Unavailable, fmt.Sprintf("in use by another rapport (process %d", os.Getpid()))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	openTest(t, dir)
}

func TestFilesThatAreNoDatabase(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "rapport.db"), []byte(strings.Repeat("not a database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Open(dir, Options{})
	wantError(t, err, rapport.Internal, "damaged")

	_, err = Open(filepath.Join(dir, "rapport.db"), Options{})
	wantError(t, err, rapport.Unavailable, "data folder")
}

func TestReadOnlyDatabase(t *testing.T) {
	t.Parallel()
	if os.Geteuid() == 0 || runtime.GOOS == "windows" {
		s := openTest(t, t.TempDir()) // permissions don't bind here
		if err := s.writer.script("pragma query_only = on"); err != nil {
			t.Fatal(err)
		}
		wantError(t, s.Commit(t.Context(), fill(s, 1)), rapport.Unavailable, "read-only")
		return
	}
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	_, err := Open(dir, Options{})
	wantError(t, err, rapport.Unavailable, "data folder")
}

func TestNewerDatabaseIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := openTest(t, dir)
	if err := s.writer.script("pragma user_version = 1000"); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	_, err := Open(dir, Options{})
	wantError(t, err, rapport.Unavailable, "newer version")
}

func TestFoldersWithStrangeNames(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"a b", "50%", "what?x=1", "a#b", "ünï&_pragma=foreign_keys(1)"} {
		dir := filepath.Join(t.TempDir(), name)
		s := openTest(t, dir)
		if err := s.Commit(t.Context(), fill(s, 1)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := os.Stat(filepath.Join(dir, "rapport.db")); err != nil {
			t.Error(err)
		}
	}
}

func TestClosedStore(t *testing.T) {
	t.Parallel()
	s := openTest(t, t.TempDir())
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("a second close: %v", err)
	}
	wantError(t, s.Commit(t.Context(), fill(s, 1)), rapport.Unavailable, "closed")
	_, err := s.NextWake(t.Context())
	wantError(t, err, rapport.Unavailable, "closed")
}

func TestCancelledRead(t *testing.T) {
	t.Parallel()
	s := openTest(t, t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Chunks(ctx, 0, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("chunks: %v", err)
	}
	if _, err := s.NextWake(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("next wake: %v", err)
	}
	if err := s.Commit(t.Context(), fill(s, 1)); err != nil {
		t.Error(err)
	}
}

// The log is folded into the database behind the commits and begun anew, so it
// stays short however much is written.
func TestLogStaysShort(t *testing.T) {
	t.Parallel()
	s := openTest(t, t.TempDir())
	var written int64
	for written < 3*waitAt {
		if err := s.Commit(t.Context(), fill(s, 6000)); err != nil {
			t.Fatal(err)
		}
		written += 6000
		if log, _, err := s.writer.checkpoint("noop"); err != nil || log > 2*waitAt {
			t.Fatalf("the log has %d pages after %d were written, error %v", log, written, err)
		}
	}
}

func TestBackup(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := openTest(t, dir)
	if err := s.Commit(t.Context(), fill(s, 50)); err != nil {
		t.Fatal(err)
	}
	restored := filepath.Join(t.TempDir(), "it's restored")
	if err := os.Mkdir(restored, 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(restored, "rapport.db")
	var writing sync.WaitGroup
	writing.Go(func() {
		for range 20 {
			if err := s.Commit(context.Background(), fill(s, 50)); err != nil {
				t.Error(err)
			}
		}
	})
	if err := Copy(t.Context(), dir, path, nil); err != nil {
		t.Fatal(err)
	}
	writing.Wait()
	wantError(t, Copy(t.Context(), dir, path, nil), rapport.Conflict, "overwrites nothing")
	wantError(t, Copy(t.Context(), t.TempDir(), filepath.Join(t.TempDir(), "b"), nil), rapport.NotFound, "no database")
	if found, err := Inspect(t.Context(), path); err != nil || found.Stats.Customers != 50 || found.State.Epoch != s.State().Epoch {
		t.Errorf("the copy holds %+v, error %v", found, err)
	}
	damaged := filepath.Join(t.TempDir(), "damaged.db")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	copy(data[len(data)/2:], strings.Repeat("\xff", 5000))
	if err := os.WriteFile(damaged, data, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = Inspect(t.Context(), damaged)
	wantError(t, err, rapport.Internal, "damaged")
	copied := openTest(t, restored)
	totals, err := copied.Counters(t.Context(), "batches")
	if err != nil || len(totals) != 1 || totals[0].Sum != int64(copied.State().Position) || totals[0].Sum < 1 {
		t.Errorf("the copy stands at %d and counted %v, error %v", copied.State().Position, totals, err)
	}
	if err := copied.Commit(t.Context(), fill(copied, 1)); err != nil {
		t.Error(err)
	}
}

// Whatever is asked often is answered from an index, never by reading a table through.
func TestQuestionsUseIndexes(t *testing.T) {
	t.Parallel()
	s := openTest(t, t.TempDir())
	ctx := t.Context()
	ask := []func() error{
		func() error { _, err := s.Pending(ctx, store.Lane{}, 1, 10); return err },
		func() error { _, err := s.CountPending(ctx, store.Lane{}, 1, 10); return err },
		func() error { _, err := s.Messages(ctx, store.MessageFilter{}); return err },
		func() error {
			_, err := s.Messages(ctx, store.MessageFilter{Customer: rapport.CustomerID{1}})
			return err
		},
		func() error { _, err := s.Messages(ctx, store.MessageFilter{Journey: "a"}); return err },
		func() error { _, err := s.Messages(ctx, store.MessageFilter{Status: rapport.Failed}); return err },
		func() error { _, err := s.InStatus(ctx, rapport.Attempting, 10); return err },
		func() error { _, err := s.NextPending(ctx, store.Lane{}); return err },
		func() error { _, err := s.NextWake(ctx); return err },
		func() error { _, err := s.Due(ctx, 1, 10); return err },
		func() error { _, err := s.Load(ctx, make([]rapport.CustomerID, 3)); return err },
		func() error { _, err := s.Identifiers(ctx, make([]rapport.IdentifierKey, 3)); return err },
		func() error { _, err := s.SearchAddresses(ctx, "a", 10); return err },
		func() error { _, err := s.Customers(ctx, "email", "a", 10); return err },
		func() error { _, err := s.Decisions(ctx, store.DecisionFilter{}); return err },
		func() error { _, err := s.ChunkAt(ctx, 1); return err },
		func() error { _, err := s.Scan(ctx, rapport.CustomerID{}, 10); return err },
		func() error { _, _, err := s.Walk(ctx, store.Place{}, 10); return err },
	}
	for _, question := range ask {
		if err := question(); err != nil {
			t.Fatal(err)
		}
	}
	for range cap(s.readers) {
		c := <-s.readers
		for text := range maps.Clone(c.statements) {
			checkPlan(t, c, text)
		}
		s.readers <- c
	}
}

func checkPlan(t *testing.T, c *conn, text string) {
	t.Helper()
	if strings.HasPrefix(text, "begin") || text == "commit" {
		return
	}
	err := c.query(t.Context(), func(r row) error {
		plan := r.text(3)
		// The newest of all messages are read from the end of the table itself,
		// and what a few index look-ups found may be put in order.
		scan := strings.HasPrefix(plan, "SCAN") && !strings.Contains(plan, "USING") && plan != "SCAN place" && plan != "SCAN CONSTANT ROW" && plan != "SCAN attempt" && // which holds what is in the air
			!strings.HasPrefix(plan, "SCAN (subquery") && !strings.Contains(text, "where true order")
		sort := strings.Contains(plan, "TEMP B-TREE") && !strings.Contains(text, "union all")
		if scan || sort {
			t.Errorf("%s\n%s", plan, text)
		}
		return nil
	}, "explain query plan "+text, slices.Repeat([]any{int64(0)}, 10)...)
	if err != nil {
		t.Errorf("%v\n%s", err, text)
	}
}

// What is written to files that nobody finds any more would be lost: it is refused, until
// they are back.
func TestFilesThatAreGone(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	s := openTest(t, dir)
	if err := os.Rename(dir, dir+"-away"); err != nil {
		t.Skip("a folder in use can't be moved here")
	}
	wantError(t, s.Commit(t.Context(), fill(s, 1)), rapport.Unavailable, "not where they were")
	wantError(t, s.PutSettings(t.Context(), []store.Setting{{Name: "x"}}), rapport.Unavailable, "not where they were")
	other := openTest(t, dir)
	wantError(t, s.Commit(t.Context(), fill(s, 1)), rapport.Unavailable, "Other files stand")
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.RemoveAll(dir), os.Rename(dir+"-away", dir)); err != nil {
		t.Fatal(err)
	}
	if err := s.Commit(t.Context(), fill(s, 1)); err != nil {
		t.Error(err)
	}
}

// A step to a newer form that fails leaves the database as it was, and says which it was.
func TestFailedMigrationLeavesTheDatabaseAsItWas(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := openTest(t, dir)
	if err := s.Commit(t.Context(), fill(s, 10)); err != nil {
		t.Fatal(err)
	}
	steps := fstest.MapFS{}
	for i := range Form() {
		steps[fmt.Sprintf("migration/%04d.sql", i+1)] = &fstest.MapFile{}
	}
	broken := fmt.Sprintf("migration/%04d.sql", Form()+1)
	steps[broken] = &fstest.MapFile{Data: []byte("create table more (n integer); update record set wake = 7; delete from identifier; insert into nowhere values (1);")}
	if err := migrate(s.writer, steps); err == nil || !strings.Contains(err.Error(), broken) {
		t.Fatalf("the step that fails: %v", err)
	}
	if _, err := s.writer.number("select n from more"); err == nil {
		t.Error("something of the step is there")
	}
	if wake, err := s.NextWake(t.Context()); err != nil || wake != rapport.Never {
		t.Errorf("something falls due at %v, error %v", wake, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	again := openTest(t, dir)
	if err := again.Commit(t.Context(), fill(again, 1)); err != nil {
		t.Error(err)
	}
}
