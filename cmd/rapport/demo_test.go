package main

import (
	"context"
	"strings"
	"testing"
	"time"

	"rapport"
	"rapport/app"
)

func newDemo(listen, key string) *demo {
	return &demo{server: server{Listen: listen, AdminKey: key, Data: "nowhere"}, Visitors: 1, Speed: 1}
}

func TestDemoKeyEverybodyKnowsIsForThisMachineOnly(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		listen, key string
		open        bool
		want        string // the key afterwards; "" for one that is made
		refused     bool
	}{
		{"127.0.0.1:8080", "", true, demoKey, false},
		{"localhost:0", "", true, demoKey, false},
		{"[::1]:8080", "mine", true, "mine", false},
		{"0.0.0.0:8080", "", false, "", false},
		{":8080", "", false, "", false},
		{"192.0.2.7:8080", "mine", false, "mine", false},
		{"0.0.0.0:8080", demoKey, false, demoKey, true},
	} {
		d := newDemo(test.listen, test.key)
		page, err := d.prepare(t.Context())
		if (err != nil) != test.refused || page.Open != test.open || d.AdminKey != test.want {
			t.Errorf("%s with key %q: open %v, key %q, %v", test.listen, test.key, page.Open, d.AdminKey, err)
		}
		if page.ShownKey != "" && page.ShownKey != demoKey {
			t.Errorf("%s: the page shows the key %q", test.listen, page.ShownKey)
		}
	}
}

func TestDemoNeedsAShopThatCanLive(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*demo){
		"visitors": func(d *demo) { d.Visitors = 0 }, "newcomers": func(d *demo) { d.Newcomers = -1 },
		"days": func(d *demo) { d.Days = -1 }, "speed": func(d *demo) { d.Speed = 0 },
	} {
		d := newDemo("127.0.0.1:0", "")
		change(d)
		if _, err := d.prepare(t.Context()); rapport.KindOf(err) != rapport.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestReachable(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{"0.0.0.0:8080": "127.0.0.1:8080", "[::]:80": "127.0.0.1:80", "127.0.0.1:8080": "127.0.0.1:8080", "shop.example:1": "shop.example:1"} {
		if got := reachable(address); got != want {
			t.Errorf("%s: %s", address, got)
		}
	}
}

func TestShopNeedsASpeedItCanLiveAt(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]shopping{
		"nobody":          {Visitors: 0, Speed: 1},
		"negative":        {Visitors: 1, Speed: -1},
		"no end":          {Visitors: 1, Speed: 0, Clock: true},
		"no clock":        {Visitors: 1, Speed: 0, Days: 1},
		"newcomers leave": {Visitors: 1, Speed: 1, Newcomers: -1},
	} {
		if err := s.Run(t.Context(), &streams{}); rapport.KindOf(err) != rapport.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestStampedAtSpeedEndsNow(t *testing.T) {
	t.Parallel()
	now := time.Date(2060, 1, 2, 3, 4, 5, 0, time.UTC)
	next := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	stamp := stamping(next, now, 60)
	if !stamp(next).Equal(now) || !stamp(next.Add(-time.Hour)).Equal(now.Add(-time.Minute)) {
		t.Errorf("stamped %v and %v", stamp(next), stamp(next.Add(-time.Hour)))
	}
}

// asked is a server that gives its answers one after the other.
type asked struct{ answers []error }

func (a *asked) Call(context.Context, string, string, any, any) error {
	err := a.answers[0]
	a.answers = a.answers[1:]
	return err
}

// TestShopWaitsForAServerThatHasAnswered: one that is started anew is not given up, one
// that never was there is.
func TestShopWaitsForAServerThatHasAnswered(t *testing.T) {
	t.Parallel()
	away, odd := rapport.Errorf(rapport.Unavailable, "away"), rapport.Errorf(rapport.Invalid, "odd")
	var told strings.Builder
	f := &faithful{out: &told}
	server := &asked{answers: []error{away, nil, away, away, nil, odd, away, nil}}
	caller := f.to(server)
	for i, want := range []error{away, nil, nil, odd, nil} {
		if err := caller.Call(t.Context(), "POST", "/v1/batch", nil, nil); err != want {
			t.Errorf("call %d: %v, want %v", i, err, want)
		}
	}
	if len(server.answers) > 0 || strings.Count(told.String(), "waits") != 2 {
		t.Errorf("%d answers are left, told: %s", len(server.answers), &told)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	server.answers = []error{away}
	if err := caller.Call(ctx, "POST", "/v1/batch", nil, nil); err == nil {
		t.Error("who is to stop waits on")
	}
}

// feastAt is a festival that comes further with each look.
type feastAt struct{ beats []app.Beat }

func (f *feastAt) Now() time.Time { return time.Date(2060, 11, 11, 4, 0, 0, 0, time.UTC) }

func (f *feastAt) Feast(context.Context) (app.Beat, bool) {
	if len(f.beats) == 0 {
		return app.Beat{}, false
	}
	next := f.beats[0]
	f.beats = f.beats[1:]
	return next, true
}

// TestDemoTellsHowAFestivalGoes: each step once, and nothing of a demo without one.
func TestDemoTellsHowAFestivalGoes(t *testing.T) {
	t.Parallel()
	evening, day, more := app.Beat{Title: "The evening"}, app.Beat{Title: "The day", Text: "0 were told."}, app.Beat{Title: "The day", Text: "7 were told."}
	ticks := make(chan time.Time, 9)
	for range cap(ticks) {
		ticks <- time.Time{}
	}
	var out strings.Builder
	tellFeast(t.Context(), &streams{out: &out}, ticks, &feastAt{[]app.Beat{evening, evening, day, day, more}})
	tellFeast(t.Context(), &streams{out: &out}, ticks, &feastAt{})
	const want = "\n  The day\n  11 November 04:00 UTC  0 were told.\n  11 November 04:00 UTC  7 were told.\n"
	if out.String() != want {
		t.Errorf("told:\n%s", &out)
	}
}
