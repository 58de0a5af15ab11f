package flow

import (
	"slices"
	"testing"
	"time"

	"rapport"
	"rapport/store"
)

// fly puts as many messages into the air as a lane lets, and takes them back after a time.
func (l *lane) fly(o rapport.Outcome, took time.Duration) {
	n := l.free(0)
	l.heard(l.begin(n, 0), slices.Repeat([]rapport.Outcome{o}, n), rapport.Instant(0).Add(took), 0)
	l.flying -= n
}

// What is in the air grows while a provider is quick, up to what there may be at most, and
// shrinks to what it takes in a second when it is slow; what hurries is not held back.
func TestLanesFollowTheirProvider(t *testing.T) {
	t.Parallel()
	taken := rapport.Outcome{Kind: rapport.Accepted}
	all := newLanes(2000)
	l := all[slices.IndexFunc(all, func(l *lane) bool { return l.Lane == store.Lane{Channel: rapport.Email, Urgency: rapport.InTurn} })]
	if l.free(0) != fewFlying {
		t.Fatalf("%+v", l)
	}
	for range 10 {
		l.fly(taken, 10*time.Millisecond)
	}
	if l.room != 2000 {
		t.Errorf("with a quick provider %d", l.room)
	}
	l.fly(taken, 4*time.Second)
	if l.room != 500 {
		t.Errorf("with one that takes 500 a second %d", l.room)
	}
	for range 10 {
		l.fly(taken, time.Hour)
	}
	if l.room != fewest {
		t.Errorf("with a slow provider %d", l.room)
	}
	urgent := newLanes(2000)[0]
	urgent.fly(taken, time.Minute)
	if urgent.free(0) != 2000 {
		t.Errorf("%d of those that hurry", urgent.free(0))
	}
}

func TestLanesAreOrdered(t *testing.T) {
	t.Parallel()
	all := lanes()
	if !slices.IsSortedFunc(all, func(a, b store.Lane) int { return int(a.Urgency) - int(b.Urgency) }) || len(all) != len(rapport.Channels())*len(rapport.Urgencies()) {
		t.Error(all)
	}
}

// One machine that a journey calls and that is down keeps no other from being called.
func TestCallsDoNotRest(t *testing.T) {
	t.Parallel()
	for _, l := range newLanes(100) {
		l.fly(rapport.Outcome{Kind: rapport.Vague}, time.Second)
		if rests := l.free(0) == 0; rests != (l.Channel != rapport.Webhook) {
			t.Errorf("%+v rests: %v", l.Lane, rests)
		}
	}
}
