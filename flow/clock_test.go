package flow_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"rapport"
	"rapport/flow"
	"rapport/journey"
	"rapport/profile"
)

// An event that the clock has been set back behind since it came happened when it is admitted
// at the latest: it is inside every window that ends then, and leaves it as long after.
func TestNothingHappensAfterItIsAdmitted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, build(t, 1, map[string]string{"seen": `events("Seen").within("2h").exists()`}, nil))
	e := track("ana", "", "Seen", "")
	e.MessageID, e.Timestamp, e.ReceivedAt = "early", w.now.Add(time.Minute), w.now.Add(time.Minute)
	if _, err := w.engine.Run(context.Background(), w.now, flow.Admit([]rapport.Event{e})); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		after time.Duration
		in    int64
	}{{0, 1}, {2*time.Hour - time.Millisecond, 1}, {time.Millisecond, 0}} {
		w.advance(c.after)
		if sizes, _, _ := w.engine.Sizes(); sizes["seen"] != c.in {
			t.Errorf("%s later %d are in it", c.after, sizes["seen"])
		}
	}
}

// Time never goes back though a clock may: what is due by then is due, and nothing waits for
// the clock to come there once more.
func TestClockThatWasSetBackKeepsNothingWaiting(t *testing.T) {
	t.Parallel()
	later := start.Add(time.Hour)
	o := openOffice(t, scheduled(t, 1, journey.Schedule{On: []string{day(0)}, At: "09:00", Zone: "UTC"}), flow.Limits{}, map[rapport.Channel]flow.Provider{rapport.Email: &carrier{accepts}}, later)
	const people = 300
	o.hearAll(`{"email":"%[1]s@example.com","phone":"+49301%07[2]d","in":true}`, "Product Viewed", people)
	o.until(rapport.Handed, people)
}

// What is said now counts after what was said before, also where the clock was set back since.
func TestWithdrawalCountsWhenTheClockWasSetBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, build(t, 1, nil, nil))
	w.admit(identify("ana", "", `{"email":"ana@example.com"}`))
	ana := key.Identifier(rapport.Identifier{Kind: rapport.UserID, Value: "ana"}).CustomerID()
	says := func(now rapport.Instant, state rapport.ConsentState) {
		t.Helper()
		act := rapport.Consent{Purpose: rapport.PurposeMarketing, State: state}
		if errs, err := w.engine.Run(t.Context(), now, flow.Record(ana, act)); err != nil || errs[0] != nil {
			t.Fatal(err, errs)
		}
	}
	says(w.now, rapport.ConsentGranted)
	w.advance(time.Hour)
	says(w.now.Add(-2*time.Hour), rapport.ConsentWithdrawn)
	rows, err := w.store.Load(t.Context(), []rapport.CustomerID{ana})
	if err != nil {
		t.Fatal(err)
	}
	record, err := profile.Decode(ana, rows[0].Data)
	if err != nil {
		t.Fatal(err)
	}
	act := record.ConsentAct(rapport.PurposeMarketing, rapport.Email, "ana@example.com")
	if act == nil || act.State != rapport.ConsentWithdrawn || act.At != w.now {
		t.Errorf("what counts of her consent is %+v after she has withdrawn it at %v", act, w.now)
	}
}

// movable is a clock that can be set to any time, as a machine's can.
type movable struct{ at atomic.Pointer[time.Time] }

func (m *movable) Now() time.Time { return *m.at.Load() }

func (m *movable) set(at rapport.Instant) {
	t := at.Time()
	m.at.Store(&t)
}

// A clock that is set back is told of, events are taken in meanwhile, and it is told when the
// clock has caught up, also if it is set far ahead.
func TestClockThatIsSetIsToldOf(t *testing.T) {
	t.Parallel()
	w := newWorld(t, build(t, 1, nil, nil))
	var c movable
	var log bytes.Buffer
	c.set(start)
	f := flow.Start(w.engine, &c, bell{make(chan struct{}, 1)}, flow.Limits{}, slog.New(slog.NewTextHandler(&log, nil)))
	defer func() { _ = f.Stop(context.Background()) }()
	n := 0
	hear := func() {
		t.Helper()
		n++
		e := track("ana", "", "Seen", "")
		e.MessageID, e.Timestamp, e.ReceivedAt = fmt.Sprint("m", n), f.Now(), f.Now()
		if err := f.Submit(t.Context(), []rapport.Event{e}); err != nil {
			t.Fatal(err)
		}
		if err := f.Do(t.Context(), func(*flow.Batch) error { return nil }); err != nil { // by then the turn before has ended
			t.Fatal(err)
		}
	}
	for _, x := range []struct {
		at     rapport.Instant
		behind time.Duration
		back   int // times that it was told, so far
		caught int
	}{
		{start, 0, 0, 0},
		{start.Add(-time.Hour), time.Hour, 1, 0},
		{start.Add(-30 * time.Minute), 30 * time.Minute, 1, 0},
		{start.Add(24 * time.Hour), 0, 1, 1},
		{start.Add(time.Hour), 23 * time.Hour, 2, 1},
	} {
		c.set(x.at)
		hear()
		if got := f.Pulse().Behind; got != x.behind {
			t.Errorf("the clock is said to be %v behind, not %v", got, x.behind)
		}
		if back, caught := strings.Count(log.String(), "clock was set back"), strings.Count(log.String(), "clock has caught up"); back != x.back || caught != x.caught {
			t.Errorf("at %v it was told %d and %d times\n%s", x.at, back, caught, &log)
		}
	}
}
