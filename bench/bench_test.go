package bench_test

import (
	"bytes"
	"testing"

	"rapport"
	"rapport/bench"
	"rapport/collect"
	"rapport/workspace"
)

func events(t *testing.T, spread string, seed uint64) [][]byte {
	t.Helper()
	list, err := bench.Events(3000, bench.Shape{Customers: 1000, Spread: spread}, seed)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestSameSeedSameEvents(t *testing.T) {
	t.Parallel()
	a, b, other := events(t, "zipf", 1), events(t, "zipf", 1), events(t, "zipf", 2)
	differ := false
	for i := range a {
		if !bytes.Equal(a[i], b[i]) {
			t.Fatalf("event %d:\n%s\n%s", i, a[i], b[i])
		}
		differ = differ || !bytes.Equal(a[i], other[i])
	}
	if !differ {
		t.Error("another seed gave the same events")
	}
}

func TestEveryEventIsTakenAndItsOwn(t *testing.T) {
	t.Parallel()
	for _, spread := range []string{"zipf", "uniform"} {
		seen := map[string]bool{}
		for _, body := range bench.Batches(events(t, spread, 1), 100) {
			result, err := collect.Parse(collect.Batch, body, collect.Meta{ReceivedAt: rapport.Instant(1_800_000_000_000), RequestID: "r"})
			if err != nil || len(result.Refused) > 0 || len(result.Noted) > 0 {
				t.Fatalf("%s: %v, refused %v, noted %v", spread, err, result.Refused, result.Noted)
			}
			for _, e := range result.Events {
				seen[e.MessageID] = true
			}
		}
		if len(seen) != 3000 {
			t.Errorf("%s: %d different events of 3000", spread, len(seen))
		}
	}
	if _, err := bench.Events(10, bench.Shape{Customers: 10, Spread: "even"}, 1); err == nil {
		t.Error("an unknown spread was taken")
	}
}

func TestWorkspaceIsAsLargeAsItSays(t *testing.T) {
	t.Parallel()
	docs, problems := workspace.Parse([]workspace.File{{Name: "bench.yaml", Body: []byte(bench.Workspace(50, 10))}})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	compiled, problems := workspace.Compile(docs, 1)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if s, j := len(compiled.Segments.Names()), len(compiled.Journeys.Journeys()); s != 50 || j != 10 {
		t.Errorf("%d segments and %d journeys", s, j)
	}
}
