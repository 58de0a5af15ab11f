package flow_test

import (
	"testing"
	"time"

	"rapport/journey"
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
