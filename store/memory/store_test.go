package memory_test

import (
	"errors"
	"sync"
	"testing"

	"rapport"
	"rapport/store"
	"rapport/store/memory"
	"rapport/store/storetest"
)

func TestStore(t *testing.T) {
	t.Parallel()
	var folders sync.Map // a store by the folder it would be in
	storetest.Run(t, func(_ testing.TB, dir string) storetest.Store {
		s := memory.New()
		if old, there := folders.Load(dir); there {
			s = old.(*memory.Store).Reopen()
		}
		folders.Store(dir, s)
		return s
	})
}

func batch(s *memory.Store, name string) *store.Batch {
	state := s.State()
	return &store.Batch{Position: state.Position, Epoch: state.Epoch, Counters: []store.Counter{{Name: name, Delta: 1}},
		Messages: []rapport.Message{{ID: rapport.MessageID([]byte(name + "0123456789abcdef")[:16])}}}
}

func names(t *testing.T, s *memory.Store) (out string) {
	t.Helper()
	totals, err := s.Counters(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range totals {
		out += c.Name
	}
	return out
}

func TestFailNextFailsOneCommit(t *testing.T) {
	t.Parallel()
	s, fault := memory.New(), errors.New("the disk is full")
	s.FailNext(fault)
	if err := s.Commit(t.Context(), batch(s, "a")); !errors.Is(err, fault) {
		t.Fatalf("want the fault, got %v", err)
	}
	if got := names(t, s); got != "" || s.State().Position != 0 {
		t.Fatalf("the failed commit wrote %q", got)
	}
	if err := s.Commit(t.Context(), batch(s, "a")); err != nil {
		t.Fatal(err)
	}
}

func TestSnapshotIsOfItsOwn(t *testing.T) {
	t.Parallel()
	s := memory.New()
	commit := func(s *memory.Store, name string) {
		t.Helper()
		if err := s.Commit(t.Context(), batch(s, name)); err != nil {
			t.Fatal(err)
		}
	}
	commit(s, "a")
	snapshot := s.Snapshot()
	commit(s, "b")
	commit(snapshot, "c")
	if a, b := names(t, s), names(t, snapshot); a != "ab" || b != "ac" {
		t.Errorf("want ab and ac, got %s and %s", a, b)
	}
	list, err := snapshot.Messages(t.Context(), store.MessageFilter{})
	if err != nil || len(list) != 2 {
		t.Errorf("want two messages in the snapshot, got %d, error %v", len(list), err)
	}
}

func TestOldOwnerWritesNothing(t *testing.T) {
	t.Parallel()
	old := memory.New()
	now := old.Reopen()
	if err := old.Commit(t.Context(), batch(old, "a")); rapport.KindOf(err) != rapport.Conflict {
		t.Errorf("commit: want a conflict, got %v", err)
	}
	if err := old.PutSettings(t.Context(), []store.Setting{{Name: "x"}}); rapport.KindOf(err) != rapport.Conflict {
		t.Errorf("settings: want a conflict, got %v", err)
	}
	if err := now.Commit(t.Context(), batch(now, "b")); err != nil {
		t.Error(err)
	}
}

// Whoever was replaced asks the store whether a batch was kept after an error: what the next
// owner has kept in its place is none of it.
func TestOldOwnerStandsWhereItStood(t *testing.T) {
	t.Parallel()
	old := memory.New()
	if err := old.Commit(t.Context(), batch(old, "a")); err != nil {
		t.Fatal(err)
	}
	stood := old.State()
	now := old.Reopen()
	if err := now.Commit(t.Context(), batch(now, "b")); err != nil {
		t.Fatal(err)
	}
	if got := old.State(); got != stood {
		t.Errorf("the old owner stands at %+v, and stood at %+v", got, stood)
	}
	if got := now.State(); got.Position != 2 || got.Epoch != stood.Epoch+1 {
		t.Errorf("the new owner stands at %+v", got)
	}
}
