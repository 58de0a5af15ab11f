package console_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rapport"
	"rapport/console"
)

func TestPulseKnowsWhoCameLast(t *testing.T) {
	t.Parallel()
	p := &console.Pulse{}
	at := time.Unix(1_795_300_000, 0)
	for i, who := range []string{"ann", "bo", "ann", "cy"} {
		p.Admitted([]rapport.Event{{Type: rapport.Track, Name: "Seen", UserID: who, Timestamp: rapport.Instant(i + 1)}}, at)
	}
	p.Admitted([]rapport.Event{{Type: rapport.Page, AnonymousID: "phone", Timestamp: 9}, {Type: rapport.Track}}, at)
	want := []console.Seen{{"phone", rapport.PageViewed, 9}, {"cy", "Seen", 4}, {"ann", "Seen", 3}}
	if diff := cmp.Diff(want, p.Latest(3)); diff != "" {
		t.Error(diff)
	}
}

func TestPulseForgetsTheOldest(t *testing.T) {
	t.Parallel()
	p := &console.Pulse{}
	many := make([]rapport.Event, 1000)
	for i := range many {
		many[i] = rapport.Event{Type: rapport.Track, UserID: string(rune('a' + i%200)), Timestamp: rapport.Instant(i)}
	}
	p.Admitted(many, time.Unix(1_795_300_000, 0))
	latest := p.Latest(500)
	if len(latest) != 64 || latest[0].At != 999 || latest[63].At != 936 {
		t.Errorf("%d known, %v", len(latest), latest[0])
	}
}

func TestPulseCountsSeconds(t *testing.T) {
	t.Parallel()
	p := &console.Pulse{}
	start := time.Unix(1_795_300_000, 0)
	events := func(n int) []rapport.Event { return make([]rapport.Event, n) }
	p.Admitted(events(5), start)
	p.Admitted(events(2), start.Add(999*time.Millisecond))
	p.Admitted(events(3), start.Add(2*time.Second))
	rates := p.Rates(start.Add(3 * time.Second))
	if len(rates) != 59 {
		t.Fatalf("%d seconds", len(rates))
	}
	if diff := cmp.Diff([]int64{0, 7, 0, 3}, rates[55:]); diff != "" {
		t.Error(diff)
	}
	for i, n := range p.Rates(start.Add(10 * time.Minute)) {
		if n != 0 {
			t.Errorf("second %d still counts %d after ten minutes", i, n)
		}
	}
}
