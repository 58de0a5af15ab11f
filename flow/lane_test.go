package flow

import (
	"slices"
	"testing"
	"time"

	"rapport"
	"rapport/store"
)

// outcomes are so many of a kind.
func outcomes(n int, kind rapport.OutcomeKind) []rapport.Outcome {
	return slices.Repeat([]rapport.Outcome{{Kind: kind}}, n)
}

// fly puts as many messages into the air as a lane lets, and takes them back after a time.
func (l *lane) fly(kind rapport.OutcomeKind, took time.Duration, now rapport.Instant) int {
	n := l.free(now)
	l.flying += n
	l.returned(outcomes(n, kind), took, now)
	return n
}

// What is in the air grows while a provider is quick, up to what there may be at most, and
// shrinks when it is slow, down to a few; what hurries is not held back.
func TestLanesFollowTheirProvider(t *testing.T) {
	t.Parallel()
	l := newLanes(2000)[len(lanes())-1]
	if l.Urgency != rapport.InTurn || l.free(0) != fewFlying {
		t.Fatalf("%+v", l)
	}
	for range 10 {
		l.fly(rapport.Accepted, 10*time.Millisecond, 0)
	}
	if l.room != 2000 {
		t.Errorf("with a quick provider %d", l.room)
	}
	l.flying = 5 // few wait, so nothing is learnt of how many it could take
	l.room = 400
	l.returned(outcomes(5, rapport.Accepted), time.Millisecond, 0)
	if l.room != 400 || l.flying != 0 {
		t.Errorf("with few messages %+v", l)
	}
	for range 10 {
		l.fly(rapport.Accepted, time.Second, 0)
	}
	if l.room != fewFlying {
		t.Errorf("with a slow provider %d", l.room)
	}
	urgent := newLanes(2000)[0]
	urgent.fly(rapport.Accepted, time.Minute, 0)
	if urgent.free(0) != 2000 {
		t.Errorf("%d of those that hurry", urgent.free(0))
	}
}

// A lane whose provider takes nothing rests, each time for longer, tries a few, and is
// wide open again when these are taken.
func TestLanesRest(t *testing.T) {
	t.Parallel()
	for _, l := range newLanes(2000) {
		now := rapport.Instant(1_000_000)
		l.flying = 3
		l.returned(outcomes(3, rapport.Retry), 0, now) // somebody's mailbox is full
		if l.free(now) == 0 {
			t.Fatal("a lane rests for three that were put off")
		}
		l.fly(rapport.Retry, 0, now)
		for _, rest := range []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 16 * time.Second, 32 * time.Second, time.Minute, time.Minute} {
			if l.free(now.Add(rest-time.Millisecond)) != 0 {
				t.Fatalf("it does not rest for %v", rest)
			}
			now = now.Add(rest)
			if n := l.fly(rapport.Retry, 0, now); n == 0 || n > toRest {
				t.Fatalf("after %v it tries %d", rest, n)
			}
		}
		now = now.Add(time.Minute)
		l.fly(rapport.Accepted, 0, now)
		if n := l.free(now); n < fewFlying {
			t.Errorf("%+v lets %d go once they are taken", l.Lane, n)
		}
	}
}

// A provider that says when to come again is listened to, within reason.
func TestLanesRestAsLongAsTheyAreTold(t *testing.T) {
	t.Parallel()
	for said, want := range map[time.Duration]time.Duration{20 * time.Second: 20 * time.Second, time.Hour: time.Minute, 0: time.Second} {
		l, now := newLanes(100)[0], rapport.Instant(1_000_000)
		all := outcomes(toRest, rapport.Retry)
		all[3].RetryAt = now.Add(said)
		l.flying = toRest
		l.returned(all, 0, now)
		if l.rest != now.Add(want) {
			t.Errorf("told %v it rests until %v", said, l.rest)
		}
	}
}

func TestLanesAreOrdered(t *testing.T) {
	t.Parallel()
	all := lanes()
	if !slices.IsSortedFunc(all, func(a, b store.Lane) int { return int(a.Urgency) - int(b.Urgency) }) || len(all) != len(rapport.Channels())*len(rapport.Urgencies()) {
		t.Error(all)
	}
}
