package rule

import (
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestKeptIsRead(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		k := Kept{}
		for range rapid.IntRange(0, 5).Draw(t, "facts") {
			k[FactID(rapid.Uint64().Draw(t, "id"))] = anyKeep(t)
		}
		tail := rapid.SliceOf(rapid.Byte()).Draw(t, "tail")
		got, rest, err := DecodeKept(append(k.AppendBinary(nil), tail...))
		if err != nil || !maps.Equal(got, k) || !slices.Equal(rest, tail) {
			t.Fatalf("got %v, %v, %v, wanted %v", got, rest, err, k)
		}
		if data := k.AppendBinary(nil); len(k) > 0 {
			if _, _, err := DecodeKept(data[:len(data)-1]); err == nil {
				t.Fatal("a list that is cut was read")
			}
		}
	})
}

func TestMissingFacts(t *testing.T) {
	t.Parallel()
	fact := func(id FactID, window time.Duration) Fact {
		return Fact{ID: id, Event: "E", Keep: Keep{Window: window}}
	}
	wanted := NewFactSet(fact(1, time.Hour), fact(2, time.Hour), fact(3, time.Hour))
	old := NewFactSet(fact(1, 2*time.Hour), fact(2, time.Minute), fact(9, time.Hour)).Kept()
	ids := func(s *FactSet) (ids []FactID) {
		for _, f := range s.All() {
			ids = append(ids, f.ID)
		}
		return ids
	}
	if got := ids(wanted.Missing(old)); !slices.Equal(got, []FactID{2, 3}) {
		t.Errorf("missing: %v", got)
	}
	if got := ids(wanted.Those(old)); !slices.Equal(got, []FactID{1, 2}) {
		t.Errorf("kept: %v", got)
	}
	if got := ids(wanted.Missing(old, Kept{})); len(got) != 3 {
		t.Errorf("missing of whom nothing is kept: %v", got)
	}
	if got := ids(wanted.Missing(wanted.Kept())); len(got) != 0 || len(ids(wanted.Missing())) != 0 {
		t.Errorf("missing of whom is complete: %v", got)
	}
	if old.Covers([]Fact{fact(2, time.Hour)}) || !old.Covers([]Fact{fact(2, time.Minute), fact(1, time.Hour)}) {
		t.Error("covers")
	}
}
