package flow_test

import (
	"context"
	"testing"
	"time"

	"rapport"
	"rapport/flow"
	"rapport/journey"
)

// send changes what was said of all sending.
func (w *world) send(s flow.Sending) {
	w.t.Helper()
	if _, err := w.engine.Run(context.Background(), w.now, flow.ChangeSending(func(flow.Sending) flow.Sending { return s })); err != nil {
		w.t.Fatal(err)
	}
	kept, err := w.store.Setting(context.Background(), flow.SendingSetting)
	if err != nil {
		w.t.Fatal(err)
	}
	if found, err := flow.ParseSending(kept); err != nil || found != s {
		w.t.Fatalf("%+v was said, %+v is kept, error %v", s, found, err)
	}
}

// While all sending is held nothing leaves, neither with a batch nor later, and all else
// goes on; when it goes on, what waited does.
func TestHeldSending(t *testing.T) {
	t.Parallel()
	w := inLetters(t, 20, "1h")
	w.send(flow.Sending{Held: true})
	w.config.Sending.Held = true
	w.advance(time.Minute)
	w.restart()
	w.advance(2 * time.Hour)
	if n := len(w.messages()); n != 40 || len(w.outbox.handed) != 0 {
		t.Fatalf("%d of 40 messages were decided, and %d were handed over", n, len(w.outbox.handed))
	}
	w.send(flow.Sending{})
	w.advance(0)
	if len(w.outbox.handed) != 40 {
		t.Errorf("%d of 40 messages were handed over when sending went on", len(w.outbox.handed))
	}
}

// What another copy of the database may have sent is left out, if it may be left out.
func TestSkippedAfterARestore(t *testing.T) {
	t.Parallel()
	for _, class := range []string{"transactional", "promotional"} {
		w := newWorld(t, build(t, 1, nil, letterOf(class)))
		w.send(flow.Sending{Held: true})
		w.config.Sending.Held = true
		w.admit(consenting("u1"), track("u1", "", "Signed Up", ""))
		w.advance(time.Hour)
		w.send(flow.Sending{SkipBefore: w.now})
		w.advance(time.Hour)
		w.admit(consenting("u2"), track("u2", "", "Signed Up", ""))
		w.advance(time.Hour)
		got := map[rapport.Status]int{}
		for _, m := range w.messages() {
			got[m.Status]++
		}
		switch {
		case class == "transactional" && got[rapport.Handed] != 2:
			t.Errorf("%s: %v", class, got)
		case class == "promotional" && (got[rapport.Handed] != 1 || got[rapport.Dropped] != 1):
			t.Errorf("%s: %v", class, got)
		}
	}
}

// letterOf is a journey that writes one letter of a class.
func letterOf(class string) map[string]journey.Doc {
	send := journey.Send{Template: "letter", Channel: "email", Class: class}
	if class == "promotional" {
		send.Purpose = "marketing"
	}
	return map[string]journey.Doc{"letter": {Entry: journey.Entry{Event: []string{"Signed Up"}}, Steps: []journey.Step{{Name: "letter", Send: &send}}}}
}

// consenting is the call of somebody who has an address and may be written to.
func consenting(user string) rapport.Event {
	e := identify(user, "", `{"email":"`+user+`@example.com"}`)
	e.Context = []byte(`{"consent":{"categoryPreferences":{"marketing":true}}}`)
	return e
}
