package flow_test

import (
	"context"
	"testing"
	"time"

	"rapport"
	"rapport/flow"
	"rapport/journey"
)

// trial waits for a date of the customer's.
func trial(wait journey.Wait) map[string]journey.Doc {
	return map[string]journey.Doc{"trial": {
		Entry: journey.Entry{Event: []string{"Trial Began"}},
		Steps: []journey.Step{
			{Name: "over", Wait: wait},
			{Name: "tell", Send: &journey.Send{Template: "t", Channel: "email", Class: "transactional"}},
			{Name: "long", Wait: journey.Wait{For: "100d"}},
		},
	}}
}

// TestADateThatCameIsNotMissed: the workspace becomes another, and the wake-up comes a
// little late, so that she enters a segment by definition before the time is told.
func TestADateThatCameIsNotMissed(t *testing.T) {
	t.Parallel()
	until := journey.Wait{Until: "customer.trial_ends", Missed: "stop"}
	w := newWorld(t, build(t, 1, nil, trial(until)))
	w.admit(identify("ana", "", `{"email":"ana@example.com","country":"SG","trial_ends":"2026-11-01T09:00:00Z"}`), track("ana", "", "Trial Began", ""))
	next := build(t, 2, map[string]string{"singapore": `customer.country == "SG"`}, trial(until))
	next.Providers = w.engine.Workspace().Providers
	w.engine.Apply(next)
	w.now = w.now.Add(time.Hour + 5*time.Millisecond)
	rows, err := w.store.Scan(t.Context(), rapport.CustomerID{}, 10)
	if err != nil {
		t.Fatal(err)
	}
	l, err := flow.LookAt(context.Background(), w.store, next, rows[0], w.now)
	if err != nil || len(l.Runs()) != 1 {
		t.Errorf("looked at, the run has ended, %v", err)
	}
	w.run(flow.Wake([]rapport.CustomerID{rows[0].Customer}))
	if m := w.messages(); len(m) != 1 || m[0].CreatedAt != start.Add(time.Hour) {
		t.Errorf("not one message as of the date: %v", m)
	}
}

// TestAWaitThatBecomesOneForADateFollowsIt: what she stood at was a length of time.
func TestAWaitThatBecomesOneForADateFollowsIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, build(t, 1, nil, trial(journey.Wait{For: "30d"})))
	w.admit(identify("ana", "", `{"email":"ana@example.com","trial_ends":"2026-11-03T08:00:00Z"}`), track("ana", "", "Trial Began", ""))
	next := build(t, 2, nil, trial(journey.Wait{Until: "customer.trial_ends", Missed: "stop"}))
	next.Providers = w.engine.Workspace().Providers
	w.engine.Apply(next)
	w.admit(track("ana", "", "Something", ""))
	w.advance(40 * 24 * time.Hour)
	if m := w.messages(); len(m) != 1 || m[0].CreatedAt != start.Add(48*time.Hour) {
		t.Errorf("not one message as of the date: %v", m)
	}
}

// TestADateThatCameUnknownIsNotMissed: the fact that tells a date was still being built
// when it came.
func TestADateThatCameUnknownIsNotMissed(t *testing.T) {
	t.Parallel()
	until := func(version uint64, date string) *flow.Workspace {
		return build(t, version, nil, map[string]journey.Doc{"j": {Entry: journey.Entry{Event: []string{"Go"}}, Steps: []journey.Step{
			{Name: "date", Wait: journey.Wait{Until: date, Missed: "stop"}},
			{Name: "tell", Send: &journey.Send{Template: "t", Channel: "email", Class: "transactional"}},
		}}})
	}
	w := newWorld(t, until(1, `events("A").last() + duration("60m")`))
	w.admit(identify("ana", "", `{"email":"ana@example.com"}`), track("ana", "", "A", `{"k":"x"}`), track("ana", "", "Go", ""))
	next := until(2, `events("A").where(e, e.k == "x").last() + duration("60m")`)
	next.Providers = w.engine.Workspace().Providers
	w.now = w.now.Add(59*time.Minute + 50*time.Second)
	w.engine.Apply(next)
	w.admit(track("ana", "", "Other", ""))
	w.now = w.now.Add(20 * time.Second)
	for more := true; more; {
		var err error
		if more, err = w.engine.Sweep(t.Context(), w.now); err != nil {
			t.Fatal(err)
		}
	}
	w.now = w.now.Add(2 * time.Minute)
	w.admit(track("ana", "", "Other", ""))
	if m := w.messages(); len(m) != 1 {
		t.Errorf("%d messages", len(m))
	}
}
