package flow_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rapport"
	"rapport/flow"
)

// passages tells which segments somebody entered and left, by what, as her timeline has it.
func (w *world) passages(user string) (told []string) {
	w.t.Helper()
	events, err := flow.Events(context.Background(), w.store, w.person(user))
	if err != nil {
		w.t.Fatal(err)
	}
	for _, e := range events {
		if e.Type == rapport.Noted && (e.Name() == flow.SegmentEntered || e.Name() == flow.SegmentLeft) {
			var p struct{ Segment, Cause string }
			if err := json.Unmarshal(e.JSON(), &p); err != nil {
				w.t.Fatal(err)
			}
			told = append(told, e.Name()+" "+p.Segment+" by "+p.Cause+" after "+e.Timestamp().Sub(start).String())
		}
	}
	return told
}

// An alias may be the first that is heard of somebody.
func TestFirstEventIsTheCause(t *testing.T) {
	t.Parallel()
	w := newWorld(t, build(t, 1, map[string]string{"nameless": `!has(customer.first_name)`}, nil))
	w.admit(alias("ana", "bob"))
	if diff := cmp.Diff([]string{"Segment Entered nameless by event after 0s"}, w.passages("ana")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// What fell due before a workspace asked for another fact is told as it was, though
// it is done only afterwards.
func TestNewFactsKeepWhatWasDue(t *testing.T) {
	t.Parallel()
	first := `events("Page Seen").within("24h").first() != ago("24h")`
	w := newWorld(t, build(t, 1, map[string]string{"here": first}, nil))
	early := track("ana", "", "Page Seen", "")
	early.Timestamp = start.Add(-time.Hour)
	w.admit(track("ana", "", "Page Seen", ""), early)
	w.now = w.now.Add(100 * time.Hour)
	w.engine.Apply(build(t, 2, map[string]string{"here": first, "buyers": `events("Order Completed").exists()`}, nil))
	w.admit(track("ana", "", "Elsewhere", ""))
	want := []string{"Segment Entered here by event after 0s", "Segment Left here by time after 24h0m0s"}
	if diff := cmp.Diff(want, w.passages("ana")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
