package flow_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"rapport"
	"rapport/flow"
	"rapport/journey"
	"rapport/profile"
)

// TestWhatPretendsToBeOursStartsNothing: a page may send events under any name.
func TestWhatPretendsToBeOursStartsNothing(t *testing.T) {
	t.Parallel()
	tell := []journey.Step{{Name: "tell", Send: &journey.Send{Template: "t", Channel: "email", Class: "transactional"}}}
	w := newWorld(t, build(t, 1, nil, map[string]journey.Doc{
		"trait": {Entry: journey.Entry{Trait: []string{"plan"}}, Steps: tell},
		"any":   {Entry: journey.Entry{Event: []string{"Trait Changed", "Journey Requested"}}, Steps: tell},
		"api":   {Entry: journey.Entry{API: true}, Steps: tell},
	}))
	w.admit(identify("ana", "", `{"email":"ana@example.com"}`)) // one change, which only any hears
	w.admit(track("ana", "", "Trait Changed", `{"trait":"plan","to":"gold"}`), track("ana", "", "Journey Requested", `{"journey":"api"}`))
	if m := w.messages(); len(m) != 1 || m[0].Journey != "any" {
		t.Errorf("%v", m)
	}
}

// TestWhatPretendsToBeOursIsAFact: rules that a run waits for are asked also then.
func TestWhatPretendsToBeOursIsAFact(t *testing.T) {
	t.Parallel()
	w := newWorld(t, build(t, 1, nil, map[string]journey.Doc{"j": {
		Entry: journey.Entry{Event: []string{"A"}},
		Steps: []journey.Step{
			{Name: "wait", WaitUntil: &journey.WaitUntil{When: `events("Journey Requested").exists()`, Timeout: "10d"}},
			{Name: "tell", Send: &journey.Send{Template: "t", Channel: "email", Class: "transactional"}},
		},
	}}))
	w.admit(identify("ana", "", `{"email":"ana@example.com"}`), track("ana", "", "A", ""))
	w.now = w.now.Add(time.Hour)
	w.admit(track("ana", "", "Journey Requested", ""))
	if m := w.messages(); len(m) != 1 || m[0].CreatedAt != w.now {
		t.Errorf("%v", m)
	}
}

// TestATraitThatMakesRoomIsNotHersAnyMore: of too many traits the last of the alphabet
// go, and she leaves the segments that need them.
func TestATraitThatMakesRoomIsNotHersAnyMore(t *testing.T) {
	t.Parallel()
	w := newWorld(t, build(t, 1, map[string]string{"gold": `customer.zplan == "gold"`, "calm": `customer.zplan == "gold" && events("X").count() < 100`}, map[string]journey.Doc{
		"lost": {
			Entry: journey.Entry{Trait: []string{"zplan"}, Where: `event.from == "gold" && !has(event.to)`},
			Steps: []journey.Step{{Name: "wait", Wait: journey.Wait{For: "1h"}}},
		},
	}))
	w.admit(identify("ana", "", `{"zplan":"gold"}`))
	if sizes, _, _ := w.engine.Sizes(); sizes["gold"] != 1 || sizes["calm"] != 1 {
		t.Fatal(sizes)
	}
	var many strings.Builder
	for i := range 12 {
		fmt.Fprintf(&many, `,"a%02d":%q`, i, strings.Repeat("x", 1900))
	}
	w.admit(identify("ana", "", "{"+many.String()[1:]+"}"))
	if sizes, _, _ := w.engine.Sizes(); sizes["gold"] != 0 || sizes["calm"] != 0 {
		t.Error(sizes)
	}
	if totals, err := w.store.Counters(t.Context(), "journey/lost/entered"); err != nil || len(totals) == 0 {
		t.Errorf("the change was not told: %v, %v", totals, err)
	}
}

// TestADeviceOfRequestsIsLetGo: one that only requests name is forgotten like any other.
func TestADeviceOfRequestsIsLetGo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, build(t, 1, nil, nil))
	w.admit(rapport.Event{Type: rapport.Derived, Name: rapport.JourneyRequested, AnonymousID: "d9", Properties: []byte(`{"journey":"x"}`)})
	w.advance(100 * 24 * time.Hour)
	if rows, err := w.store.Scan(t.Context(), rapport.CustomerID{}, 10); err != nil || len(rows) != 0 {
		t.Errorf("%d customers are still there, %v", len(rows), err)
	}
}

// TestARequestIsNoMachines: who is quarantined for her many events is asked a run for all
// the same.
func TestARequestIsNoMachines(t *testing.T) {
	t.Parallel()
	doc := journey.Doc{Entry: journey.Entry{API: true}, Steps: []journey.Step{{Name: "wait", Wait: journey.Wait{For: "1h"}}}}
	w := newWorldWith(t, build(t, 1, nil, map[string]journey.Doc{"x": doc}), flow.Config{EventsPerDay: 3})
	for range 6 {
		w.admit(track("ana", "", "A", ""))
	}
	w.now = w.now.Add(time.Minute)
	w.admit(rapport.Event{Type: rapport.Derived, Name: rapport.JourneyRequested, UserID: "ana", Properties: []byte(`{"journey":"x"}`)})
	if totals, err := w.store.Counters(t.Context(), "journey/x/entered"); err != nil || len(totals) == 0 {
		t.Errorf("no run began: %v, %v", totals, err)
	}
}

// TestWhatAJoinBringsIsNoChange: neither for journeys nor where the past is told anew.
func TestWhatAJoinBringsIsNoChange(t *testing.T) {
	t.Parallel()
	doc := journey.Doc{Entry: journey.Entry{Trait: []string{"plan"}, Where: `event.from == "free"`}, Steps: []journey.Step{{Name: "wait", Wait: journey.Wait{For: "1h"}}}}
	w := newWorld(t, build(t, 1, nil, map[string]journey.Doc{"j": doc}))
	entered := func() (now, told int) {
		t.Helper()
		totals, err := w.store.Counters(t.Context(), "journey/j/entered")
		if err != nil {
			t.Fatal(err)
		}
		rows, err := w.store.Scan(t.Context(), rapport.CustomerID{}, 10)
		if err != nil || len(rows) != 1 {
			t.Fatal(len(rows), err)
		}
		r, err := profile.Decode(rows[0].Customer, rows[0].Data)
		if err != nil {
			t.Fatal(err)
		}
		err = flow.Replay(t.Context(), w.store, w.engine.Workspace(), r, 0, w.now, func(e journey.Effect) {
			if e.Kind == journey.Entered {
				told++
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		return len(totals), told
	}
	for _, e := range []rapport.Event{identify("", "d1", `{"plan":"free"}`), identify("ana", "", `{"plan":"gold"}`), track("ana", "d1", "Logged In", "")} {
		w.admit(e)
		w.now = w.now.Add(time.Minute)
	}
	if now, told := entered(); now != 0 || told != 0 {
		t.Errorf("a join brought a change: %d runs began, %d are told of", now, told)
	}
	for _, plan := range []string{"free", "gold"} {
		w.admit(identify("ana", "", `{"plan":"`+plan+`"}`))
		w.now = w.now.Add(time.Minute)
	}
	if now, told := entered(); now != 1 || told != 1 {
		t.Errorf("%d runs began, %d are told of", now, told)
	}
}
