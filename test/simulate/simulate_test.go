package simulate_test

import (
	"encoding/hex"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"testing/synctest"

	"rapport/story"
)

// play plays a script in a bubble of its own. Who waits for ever in it is found at its end.
func play(t *testing.T, sc script) (s *sim, failed *failure) {
	defer func() {
		if r := recover(); r != nil && failed == nil {
			failed = &failure{len(sc.acts), fmt.Sprint(r)}
		}
	}()
	synctest.Test(t, func(*testing.T) { s = newSim(sc); failed = s.run() })
	return s, failed
}

// series is many scripts, one after the other by seed, some at once.
type series struct {
	*testing.T
	next, stop atomic.Uint64
	mu         sync.Mutex
	worst      outcome
	batches    int
	letters    int
}

// outcome is a seed that failed.
type outcome struct {
	seed   uint64
	failed *failure
}

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
	s.Logf("%d runs: %d batches, %d messages", until-from, s.batches, s.letters)
	if until-from > 1 && s.letters < 5*int(until-from) {
		s.Error("hardly anything ever happened")
	}
}

func (s *series) work() {
	for {
		seed := s.next.Add(1) - 1
		if seed >= s.stop.Load() {
			return
		}
		sim, failed := play(s.T, drawScript(seed))
		s.mu.Lock()
		s.batches += int(sim.kept.State().Position)
		s.letters += len(sim.oracle.letters)
		if failed != nil && (s.worst.failed == nil || seed < s.worst.seed) {
			s.worst = outcome{seed, failed}
			s.stop.Store(0)
		}
		s.mu.Unlock()
	}
}

// tell tells the smallest script that fails as that of the seed does.
func (s *series) tell() {
	s.Helper()
	sc, tries := drawScript(s.worst.seed), 300
	if testing.Short() {
		tries = 0
	}
	smaller, sim, failed := shrink(sc, tries, func(sc script) (*sim, *failure) { return play(s.T, sc) })
	if failed == nil {
		s.Fatalf("seed %d failed once and not again: %s", s.worst.seed, s.worst.failed.text)
	}
	s.Fatalf("seed %d, act %d: %s\n%s\nRAPPORT_TEST_SEED=%[1]d go test ./test/simulate -run TestSeeds plays the whole of it again.",
		s.worst.seed, s.worst.failed.act, s.worst.failed.text, tell(smaller, sim, failed))
}

// seeds are those to try: one that is given, else so many from 0, at most as many as are
// given.
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

// Whatever breaks, flow keeps its promises: see doc.go.
func TestSeeds(t *testing.T) {
	t.Parallel()
	from, until := seeds(400, 10_000)
	s := &series{T: t}
	s.run(from, until)
}

// A seed that failed can be played again.
func TestSameSeedSameTrace(t *testing.T) {
	t.Parallel()
	from, until := seeds(20, 100)
	for seed := from; seed < until; seed++ {
		a, _ := play(t, drawScript(seed))
		b, _ := play(t, drawScript(seed))
		if x, y := hex.EncodeToString(a.trace.Sum(nil)), hex.EncodeToString(b.trace.Sum(nil)); x != y {
			t.Fatalf("seed %d, two traces: %s", seed, firstDifference(a.tale, b.tale))
		}
	}
}

// firstDifference returns the first lines in which two tales differ.
func firstDifference(a, b []string) string {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return a[i] + "\nand\n" + b[i]
		}
	}
	return "one is longer than the other, or they differ in what they do not tell"
}

// What is told of a seed can be played as a story, and comes to what the program kept.
func TestStoriesCanBePlayed(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		s, failed := play(t, drawScript(seed))
		if failed != nil {
			t.Fatal(failed.text)
		}
		text := s.oracle.story(seed, users())
		for name, calls := range s.oracle.shares() {
			n := 0
			for _, c := range calls {
				if c.kind == "Order Completed" {
					n++
				}
			}
			if n > 0 {
				text += fmt.Sprintf("expect events %s %q %d\n", name, "Order Completed", n)
			}
		}
		results, err := story.Run(fstest.MapFS{"all.yaml": {Data: s.documents()}, "seed.test": {Data: []byte(text)}})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range results {
			if r.Failure != "" {
				t.Errorf("%s\n%s", r, text)
			}
		}
	}
}
