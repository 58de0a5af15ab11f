// Package storetest is the suite that every engine of package store must pass,
// and rows like those of a shop to measure engines with.
//
// It checks what the store's package doc promises, through the methods that all
// engines have. It does not kill the program; an engine that outlives it has
// tests of its own for that.
package storetest

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"rapport"
	"rapport/store"
)

// Committer keeps batches.
type Committer interface {
	State() store.State
	Commit(context.Context, *store.Batch) error
	Close() error
}

// Customers reads what is kept of customers and when they are due.
type Customers interface {
	Load(context.Context, []rapport.CustomerID) ([][]byte, error)
	Scan(ctx context.Context, after rapport.CustomerID, limit int) ([]store.Record, error)
	Due(ctx context.Context, until rapport.Instant, limit int) ([]store.Wake, error)
	NextWake(context.Context) (rapport.Instant, error)
	Identifiers(context.Context, []rapport.IdentifierKey) ([][]byte, error)
	Customers(ctx context.Context, kind store.AddressKind, value string, limit int) ([]rapport.CustomerID, error)
	SearchAddresses(ctx context.Context, prefix string, limit int) ([]store.Address, error)
}

// Events reads chunks.
type Events interface {
	Entry(ctx context.Context, chunk uint64, customer rapport.CustomerID) (store.Entry, bool, error)
	Chunks(ctx context.Context, from uint64, limit int) ([]store.Chunk, error)
	ChunkAt(context.Context, rapport.Instant) (uint64, error)
}

// Messages reads messages and the decisions behind them.
type Messages interface {
	Messages(context.Context, store.MessageFilter) ([]rapport.Message, error)
	Message(context.Context, rapport.MessageID) (rapport.Message, error)
	Content(context.Context, rapport.MessageID) (store.Content, error)
	Pending(ctx context.Context, until rapport.Instant, limit int) ([]rapport.Message, error)
	NextPending(context.Context) (rapport.Instant, error)
	InStatus(ctx context.Context, status rapport.Status, limit int) ([]rapport.Message, error)
	Decisions(context.Context, store.DecisionFilter) ([]rapport.Decision, error)
}

// Workspace keeps versions of the workspace.
type Workspace interface {
	SaveVersion(context.Context, store.Version) error
	Version(ctx context.Context, number uint64) (store.Version, error)
	Versions(ctx context.Context, limit int) ([]store.Version, error)
}

// Values reads the small named values, and keeps settings outside of batches.
type Values interface {
	Counters(ctx context.Context, prefix string) ([]store.Total, error)
	Mark(ctx context.Context, name string) ([]byte, error)
	Setting(ctx context.Context, name string) ([]byte, error)
	PutSettings(context.Context, []store.Setting) error
	Stats(context.Context) (store.Stats, error)
}

// Store is what the suite asks of an engine.
type Store interface {
	Committer
	Customers
	Events
	Messages
	Workspace
	Values
}

// Run runs the suite. open opens the store that is kept in the folder dir; the
// suite closes a store before it opens the same folder again.
func Run(t *testing.T, open func(t testing.TB, dir string) Store) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, *bench)
	}{
		{"Empty", testEmpty},
		{"BatchIsKeptWhole", testBatchIsKeptWhole},
		{"ConflictsWriteNothing", testConflictsWriteNothing},
		{"CancelledWritesNothing", testCancelledWritesNothing},
		{"Reopen", testReopen},
		{"ReadersSeeWholeBatches", testReadersSeeWholeBatches},
		{"LastRowOfAKeyCounts", testLastRowCounts},
		{"NothingOfTheBatchIsKept", testNothingOfTheBatchIsKept},
		{"LargeBatch", testLargeBatch},
		{"Records", testRecords},
		{"Scan", testScan},
		{"Wakes", testWakes},
		{"Identifiers", testIdentifiers},
		{"Addresses", testAddresses},
		{"Chunks", testChunks},
		{"History", testHistory},
		{"Messages", testMessages},
		{"MessageLists", testMessageLists},
		{"Pending", testPending},
		{"Content", testContent},
		{"Decisions", testDecisions},
		{"Counters", testCounters},
		{"MarksAndSettings", testMarksAndSettings},
		{"Versions", testVersions},
		{"LikeTheModel", testLikeTheModel},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			b := &bench{t: t, ctx: t.Context(), dir: dir, open: open, Store: open(t, dir)}
			t.Cleanup(func() { b.Close() })
			test.run(t, b)
		})
	}
}

// bench is a store under test, with a few words for writing tests.
type bench struct {
	Store
	t    testing.TB
	ctx  context.Context
	dir  string
	open func(testing.TB, string) Store
}

// next returns a batch that follows, changed by fill.
func (b *bench) next(fill func(*store.Batch)) *store.Batch {
	state := b.State()
	batch := &store.Batch{Position: state.Position, Epoch: state.Epoch, At: 1000 * rapport.Instant(state.Position+1)}
	fill(batch)
	return batch
}

func (b *bench) commit(fill func(*store.Batch)) {
	b.t.Helper()
	if err := b.Commit(b.ctx, b.next(fill)); err != nil {
		b.t.Fatalf("commit: %v", err)
	}
}

func (b *bench) reopen() {
	b.t.Helper()
	if err := b.Close(); err != nil {
		b.t.Fatalf("close: %v", err)
	}
	b.Store = b.open(b.t, b.dir)
}

// must returns v, and ends the test if there is an error.
func must[T any](t testing.TB, v T, err error) T {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// equal requires that got is want; an empty list is a list.
func equal[T any](t testing.TB, what string, want, got T) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("%s (-want +got):\n%s", what, diff)
	}
}

func wantKind(t testing.TB, kind rapport.ErrorKind, err error) {
	t.Helper()
	if err == nil || rapport.KindOf(err) != kind {
		t.Fatalf("want an error of kind %v, got %v: %v", kind, rapport.KindOf(err), err)
	}
}

// who is a customer whose id begins with n, so that ids are ordered as numbers are.
func who(n int) rapport.CustomerID { return rapport.CustomerID{byte(n >> 8), byte(n), 15: 1} }

func message(n int) rapport.MessageID { return rapport.MessageID{byte(n >> 8), byte(n), 15: 2} }

func record(n int, data string) store.Record {
	return store.Record{Customer: who(n), Data: []byte(data), Wake: rapport.Never}
}

func records(list ...store.Record) func(*store.Batch) {
	return func(b *store.Batch) { b.Records = list }
}

// load returns records as texts.
func (b *bench) load(numbers ...int) []string {
	b.t.Helper()
	ids := make([]rapport.CustomerID, len(numbers))
	for i, n := range numbers {
		ids[i] = who(n)
	}
	loaded, err := b.Load(b.ctx, ids)
	if err != nil {
		b.t.Fatalf("load: %v", err)
	}
	out := make([]string, len(loaded))
	for i, data := range loaded {
		out[i] = "(none)"
		if data != nil {
			out[i] = string(data)
		}
	}
	return out
}
