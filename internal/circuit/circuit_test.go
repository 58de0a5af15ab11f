package circuit_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"rapport/internal/circuit"
)

var start = time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC)

func TestRestsDoubleAndOneTries(t *testing.T) {
	t.Parallel()
	b := circuit.Breaker{First: time.Second, Longest: 3 * time.Second}
	now := start
	first, second := b.Begin(), b.Begin()
	b.Failed(first, now, time.Time{})
	b.Failed(second, now, time.Time{}) // began before the rest, so it says nothing new
	for _, rest := range []time.Duration{time.Second, 2 * time.Second, 3 * time.Second, 3 * time.Second} {
		now = now.Add(rest - 1)
		if b.State(now) != circuit.Open {
			t.Fatalf("it may be used before %s are over", rest)
		}
		now = now.Add(1)
		if b.State(now) != circuit.Trying {
			t.Fatalf("after %s nobody may try it", rest)
		}
		turn := b.Begin()
		if b.State(now) != circuit.Open {
			t.Fatal("two may try it")
		}
		b.Worked(first) // of long ago
		if b.State(now) != circuit.Open {
			t.Fatal("what began before the rest has ended it")
		}
		b.Failed(turn, now, time.Time{})
	}
	now = now.Add(3 * time.Second)
	b.Worked(b.Begin())
	if b.State(now) != circuit.Closed {
		t.Fatal("it works and may not be used")
	}
	turn := b.Begin()
	b.Failed(turn, now, now.Add(time.Hour))
	if until, ok := b.Until(); !ok || !until.Equal(now.Add(time.Hour)) {
		t.Errorf("it rests until %v, wanted an hour as was asked for", until)
	}
	b.Reset()
	b.Failed(turn, now, now.Add(time.Hour))
	if b.State(now) != circuit.Closed {
		t.Error("what was before counts against another thing")
	}
}

// Whatever comes back when: nobody begins during a rest, one at a time tries, and what
// works is used again.
func TestAnyOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		b := circuit.Breaker{First: 2, Longest: 16}
		now := start
		var air []int
		trying := false
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			switch rapid.SampledFrom([]string{"begin", "worked", "failed", "wait"}).Draw(t, "step") {
			case "begin":
				state := b.State(now)
				if state == circuit.Open {
					continue
				}
				if state == circuit.Trying && trying {
					t.Fatal("two are trying it")
				}
				trying = state == circuit.Trying
				air = append(air, b.Begin())
			case "wait":
				now = now.Add(time.Duration(rapid.IntRange(1, 10).Draw(t, "ns")))
			default:
				if len(air) == 0 {
					continue
				}
				i := rapid.IntRange(0, len(air)-1).Draw(t, "which")
				latest := air[i] == air[len(air)-1]
				if worked := rapid.Bool().Draw(t, "worked"); worked {
					b.Worked(air[i])
				} else {
					b.Failed(air[i], now, now)
				}
				trying = trying && !latest
				air = append(air[:i], air[i+1:]...)
			}
		}
		if until, resting := b.Until(); resting {
			if until.Sub(now) > 16 {
				t.Fatalf("it rests for another %s", until.Sub(now))
			}
			now = until
		}
		if b.State(now) == circuit.Open && !trying {
			t.Fatal("nobody tries it, and nobody may")
		}
	})
}
