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

// Store is what the suite asks of an engine.
type Store interface {
	store.Committer
	store.Records
	store.Directory
	store.Events
	store.Queue
	store.Messages
	store.Versions
	store.Values
	// Close lets go of the store. What was committed stays.
	Close() error
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
		{"Pages", testPages},
		{"ChunksOf", testChunksOf},
		{"Scan", testScan},
		{"Walk", testWalk},
		{"Wakes", testWakes},
		{"Identifiers", testIdentifiers},
		{"Addresses", testAddresses},
		{"Chunks", testChunks},
		{"History", testHistory},
		{"Messages", testMessages},
		{"MovedMessages", testMovedMessages},
		{"MessageLists", testMessageLists},
		{"Pending", testPending},
		{"Content", testContent},
		{"Decisions", testDecisions},
		{"DecisionsOfMessages", testDecisionsOfMessages},
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
	for i, r := range loaded {
		out[i] = "(none)"
		if r.Data != nil {
			out[i] = string(r.Data)
		}
	}
	return out
}
