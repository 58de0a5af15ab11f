package flow_test

import (
	"context"
	"testing"
	"time"

	"rapport"
	"rapport/flow"
	"rapport/journey"
	"rapport/store"
)

func (w *world) work(work flow.Work) error {
	w.t.Helper()
	errs, err := w.engine.Run(context.Background(), w.now, work)
	if err != nil {
		w.t.Fatal(err)
	}
	return errs[0]
}

// What became of a message is unclear until somebody says so, or has it sent again: then
// it goes out once, unless she has said no meanwhile, or it is not useful any more.
func TestResend(t *testing.T) {
	t.Parallel()
	doc := journey.Doc{
		Entry: journey.Entry{Event: []string{"Signed Up"}},
		Steps: []journey.Step{{Name: "hello", Send: &journey.Send{Template: "welcome", Channel: "email", Class: "promotional", UsefulFor: "1d"}}},
	}
	for _, c := range []struct {
		name    string
		then    func(w *world, m rapport.Message)
		refused bool
		status  rapport.Status
		handed  int
	}{
		{"again", func(*world, rapport.Message) {}, false, rapport.Handed, 1},
		{"she has left", func(w *world, m rapport.Message) { w.work(flow.Unsubscribe(m, flow.LeaveTopic, "link")) }, false, rapport.Dropped, 0},
		{"too late", func(w *world, _ rapport.Message) { w.advance(25 * time.Hour) }, true, rapport.Unclear, 0},
		{"it arrived", func(w *world, m rapport.Message) { w.work(flow.Hear(m.ID, flow.FeedbackOpened)) }, true, rapport.Handed, 0},
	} {
		w := newWorld(t, build(t, 1, nil, map[string]journey.Doc{"welcome": doc}))
		w.outbox.answer = rapport.Vague
		w.admit(identify("ana", "", `{"email":"ana@example.com"}`))
		w.consent("ana")
		w.admit(track("ana", "", "Signed Up", "{}"))
		w.advance(0)
		m := w.messages()[0]
		if m.Status != rapport.Unclear {
			t.Fatalf("%s: %v", c.name, m.Status)
		}
		c.then(w, m)
		w.outbox.answer = rapport.Accepted
		if err := w.work(flow.Resend(m.ID)); (rapport.KindOf(err) == rapport.Conflict && err != nil) != c.refused {
			t.Errorf("%s: %v", c.name, err)
		}
		w.advance(0)
		if m = w.messages()[0]; m.Status != c.status || len(w.outbox.handed) != c.handed {
			t.Errorf("%s: %v, %d handed over", c.name, m.Status, len(w.outbox.handed))
		}
		if err := w.work(flow.Resend(m.ID)); err == nil {
			t.Errorf("%s: sent again a second time", c.name)
		}
	}
}

// What is heard of a message that hurries while it waits, since its first attempt may have
// succeeded, keeps it from going out twice; while it is being handed over, whoever tells
// has to tell again.
func TestHeardBeforeItIsSettled(t *testing.T) {
	t.Parallel()
	for kind, status := range map[flow.Feedback]rapport.Status{
		flow.FeedbackDelivered: rapport.Delivered, flow.FeedbackOpened: rapport.Handed, flow.FeedbackBounced: rapport.Bounced,
	} {
		w := newWorld(t, build(t, 1, nil, map[string]journey.Doc{"hello": {
			Entry: journey.Entry{Event: []string{"Signed Up"}},
			Steps: []journey.Step{{Name: "hello", Send: &journey.Send{Template: "hello", Channel: "email", Class: "transactional"}}},
		}}))
		w.outbox.answer = rapport.Vague
		w.admit(identify("ana", "", `{"email":"ana@example.com"}`), track("ana", "", "Signed Up", ""))
		m := w.messages()[0]
		if err := w.work(flow.Hear(m.ID, kind)); rapport.KindOf(err) != rapport.Conflict || err == nil {
			t.Errorf("%s of what was never attempted: %v", kind, err)
		}
		parcels, err := w.engine.Claim(context.Background(), w.now, store.Lane{Channel: rapport.Email, Urgency: rapport.AtOnce}, 10)
		if err != nil || len(parcels) != 1 {
			t.Fatal(parcels, err)
		}
		if err := w.work(flow.Hear(m.ID, kind)); rapport.KindOf(err) != rapport.Unavailable {
			t.Errorf("%s of what is being handed over: %v", kind, err)
		}
		if err := w.engine.Settle(context.Background(), w.now, parcels, flow.Hand(parcels)); err != nil {
			t.Fatal(err)
		}
		if err := w.work(flow.Hear(m.ID, kind)); err != nil {
			t.Errorf("%s of what may have arrived: %v", kind, err)
		}
		w.outbox.answer = rapport.Accepted
		w.advance(time.Hour)
		if m = w.messages()[0]; m.Status != status || len(w.outbox.handed) != 0 {
			t.Errorf("%s: it is %v, and was handed over %d times more", kind, m.Status, len(w.outbox.handed))
		}
	}
}

// Requests of one batch see what those before them have come to.
func TestRequestsOfOneBatchSeeOneAnother(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		works  func(rapport.MessageID) []flow.Work
		errs   int
		status rapport.Status
		told   string // once
		handed int
	}{
		"heard, then sent again": {func(id rapport.MessageID) []flow.Work {
			return []flow.Work{flow.Hear(id, flow.FeedbackDelivered), flow.Resend(id)}
		}, 1, rapport.Delivered, rapport.MessageDelivered, 0},
		"heard twice": {func(id rapport.MessageID) []flow.Work {
			return []flow.Work{flow.Hear(id, flow.FeedbackBounced), flow.Hear(id, flow.FeedbackBounced)}
		}, 0, rapport.Bounced, rapport.MessageBounced, 0},
		"sent again twice": {func(id rapport.MessageID) []flow.Work {
			return []flow.Work{flow.Resend(id), flow.Resend(id)}
		}, 1, rapport.Handed, flow.MessageResent, 1},
	} {
		w := newWorld(t, letters(t, "promotional"))
		w.signUp("ana", "ana@example.com")
		w.outbox.answer = rapport.Vague
		w.advance(0)
		w.outbox.answer = rapport.Accepted
		errs, err := w.engine.Run(context.Background(), w.now, c.works(w.only().ID)...)
		if err != nil {
			t.Fatal(err)
		}
		w.advance(0)
		refused := 0
		for _, err := range errs {
			if err != nil {
				refused++
			}
		}
		if m := w.only(); refused != c.errs || m.Status != c.status || w.told(c.told) != 1 || len(w.outbox.handed) != c.handed {
			t.Errorf("%s: %d refused, %v, told %d times, handed over %d times", name, refused, m.Status, w.told(c.told), len(w.outbox.handed))
		}
	}
}
