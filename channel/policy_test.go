package channel

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"rapport"
)

func policies() *rapid.Generator[Policy] {
	return rapid.Custom(func(t *rapid.T) Policy {
		return Policy{
			First:   time.Duration(rapid.Int64Range(1, 3600_000).Draw(t, "first")) * time.Millisecond,
			Longest: time.Duration(rapid.Int64Range(1, 86400_000).Draw(t, "longest")) * time.Millisecond,
			GiveUp:  time.Duration(rapid.Int64Range(1, 7*86400_000).Draw(t, "give up")) * time.Millisecond,
		}
	})
}

// Over a whole life of failures: tries come later and later, never further apart
// than the longest wait, and a message is given up after the stated time and not
// a millisecond before.
func TestNextOverALife(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := policies().Draw(t, "policy")
		p.Longest = max(p.Longest, p.First, p.GiveUp/500) // so that a life has an end here
		var id rapport.MessageID
		copy(id[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id"))
		first := rapport.Instant(rapid.Int64Range(1, 1<<42).Draw(t, "first tried"))
		now := first
		for attempts := 1; ; attempts++ {
			at, giveUp := Next(p, id, attempts, first, now)
			if again, same := Next(p, id, attempts, first, now); again != at || same != giveUp {
				t.Fatal("it changes its mind")
			}
			if giveUp != (now.Sub(first) >= p.GiveUp) {
				t.Fatalf("after %s of %s: gives up is %v", now.Sub(first), p.GiveUp, giveUp)
			}
			if giveUp {
				return
			}
			wait := at.Sub(now)
			if wait <= 0 || wait > p.Longest || at > first.Add(p.GiveUp) {
				t.Fatalf("try %d waits %s, until %s after the first", attempts, wait, at.Sub(first))
			}
			if least := min(p.First, p.Longest) * 3 / 4; wait < least-time.Millisecond && at != first.Add(p.GiveUp) {
				t.Fatalf("try %d waits only %s", attempts, wait)
			}
			now = at
		}
	})
}

// A provider that is down for a time and then up again gets every message, if
// that time is shorter than the time after which one is given up.
func TestNextOutlastsAnOutage(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := DefaultPolicy()
		up := rapport.Instant(rapid.Int64Range(0, p.GiveUp.Milliseconds()).Draw(t, "up again at"))
		id := rapport.MessageID{byte(rapid.IntRange(0, 255).Draw(t, "id"))}
		now := rapport.Instant(0)
		for attempts := 1; now < up; attempts++ {
			at, giveUp := Next(p, id, attempts, 0, now)
			if giveUp {
				t.Fatalf("given up after %s", now.Sub(0))
			}
			now = at
		}
	})
}

func TestNextByDefault(t *testing.T) {
	t.Parallel()
	p := DefaultPolicy()
	waits := []time.Duration{time.Minute, 2 * time.Minute, 4 * time.Minute, 8 * time.Minute, 16 * time.Minute, 30 * time.Minute, 30 * time.Minute}
	for i, want := range waits {
		at, giveUp := Next(p, rapport.MessageID{7}, i+1, 0, 1000)
		if got := at.Sub(1000); giveUp || got > want || got <= want*3/4 {
			t.Errorf("after try %d it waits %s, want up to a quarter less than %s", i+1, got, want)
		}
	}
	if _, giveUp := Next(p, rapport.MessageID{7}, 1, 0, rapport.Instant((72*time.Hour - time.Millisecond).Milliseconds())); giveUp {
		t.Error("gives up too early")
	}
	if _, giveUp := Next(p, rapport.MessageID{7}, 1, 0, rapport.Instant((72 * time.Hour).Milliseconds())); !giveUp {
		t.Error("never gives up")
	}
	for _, attempts := range []int{-1, 0, 1 << 40} {
		if at, giveUp := Next(p, rapport.MessageID{7}, attempts, 0, 1000); giveUp || at <= 1000 {
			t.Errorf("after %d tries: %d, %v", attempts, at, giveUp)
		}
	}
}

// Messages that failed together are not tried again together.
func TestNextSpreads(t *testing.T) {
	t.Parallel()
	at := map[rapport.Instant]int{}
	for i := range 256 {
		next, _ := Next(DefaultPolicy(), rapport.MessageID{byte(i)}, 1, 0, 0)
		at[next]++
	}
	if len(at) < 200 {
		t.Errorf("256 messages share %d instants", len(at))
	}
}
