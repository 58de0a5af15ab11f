package flow_test

import (
	"context"
	"testing"
	"time"

	"rapport"
	"rapport/flow"
	"rapport/journey"
	"rapport/profile"
	"rapport/render"
	"rapport/store"
)

// letters is a workspace that sends one message of a class at once.
func letters(t testing.TB, class string) *flow.Workspace {
	send := &journey.Send{Template: "letter", Channel: "email", Class: class}
	if class != "transactional" {
		send.Purpose = "marketing"
	}
	return build(t, 1, nil, map[string]journey.Doc{"letter": {
		Entry: journey.Entry{Event: []string{"Signed Up"}}, Steps: []journey.Step{{Name: "send", Send: send}},
	}})
}

// signUp makes a user who is to get a letter.
func (w *world) signUp(user, email string) {
	w.t.Helper()
	w.admit(identify(user, "", `{"email":"`+email+`"}`))
	if err := w.do(act{consent: user}); err != nil {
		w.t.Fatal(err)
	}
	w.admit(track(user, "", "Signed Up", ""))
}

func (w *world) claim() []flow.Parcel {
	w.t.Helper()
	var all []flow.Parcel
	for _, urgency := range rapport.Urgencies() {
		parcels, err := w.engine.Claim(context.Background(), w.now, store.Lane{Channel: rapport.Email, Urgency: urgency}, 100)
		if err != nil {
			w.t.Fatal(err)
		}
		all = append(all, parcels...)
	}
	return all
}

func (w *world) only() rapport.Message {
	w.t.Helper()
	all := w.messages()
	if len(all) != 1 {
		w.t.Fatalf("%d messages, wanted one: %+v", len(all), all)
	}
	return all[0]
}

func TestCrashWhileAMessageIsInTheAir(t *testing.T) {
	t.Parallel()
	for class, want := range map[string]rapport.Status{"promotional": rapport.Unclear, "content": rapport.Unclear, "transactional": rapport.Handed} {
		w := newWorld(t, letters(t, class))
		w.signUp("ana", "ana@example.com")
		parcels := w.claim()
		if len(parcels) != 1 || w.only().Status != rapport.Attempting {
			t.Fatalf("%s: claimed %+v", class, parcels)
		}
		if again := w.claim(); len(again) != 0 {
			t.Fatalf("%s: claimed twice", class)
		}
		w.restart() // nobody knows whether it was handed over
		w.restart()
		w.advance(time.Hour)
		m := w.only()
		if m.Status != want || m.ID != parcels[0].Message.ID {
			t.Errorf("%s: %v under %v, wanted %v under %v", class, m.Status, m.ID, want, parcels[0].Message.ID)
		}
		handed := 0
		if want == rapport.Handed {
			handed = 1
		}
		if len(w.outbox.handed) != handed {
			t.Errorf("%s: handed over %d times after the crash", class, len(w.outbox.handed))
		}
	}
}

func TestFailedClaimHandsNothingOver(t *testing.T) {
	t.Parallel()
	w := newWorld(t, letters(t, "promotional"))
	w.signUp("ana", "ana@example.com")
	w.store.FailNext(context.DeadlineExceeded)
	if parcels, err := w.engine.Claim(context.Background(), w.now, store.Lane{Channel: rapport.Email, Urgency: rapport.InTurn}, 100); err == nil || len(parcels) != 0 {
		t.Fatalf("claimed %d parcels, %v", len(parcels), err)
	}
	if w.only().Status != rapport.Waiting {
		t.Fatalf("%+v", w.only())
	}
	w.advance(0)
	if w.only().Status != rapport.Handed || len(w.outbox.handed) != 1 {
		t.Fatalf("%+v", w.only())
	}
}

func TestProviderDownForAnHourLosesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, letters(t, "promotional"))
	w.outbox.answer = rapport.Retry
	for _, user := range []string{"ana", "bob", "cat"} {
		w.signUp(user, user+"@example.com")
	}
	w.advance(30 * time.Minute)
	w.restart()
	w.advance(30 * time.Minute)
	if len(w.outbox.handed) != 0 {
		t.Fatal("handed over to a provider that is down")
	}
	w.outbox.answer = rapport.Accepted
	w.advance(time.Minute)
	if len(w.outbox.handed) != 3 {
		t.Fatalf("handed over %d of 3", len(w.outbox.handed))
	}
	for _, m := range w.messages() {
		if m.Status != rapport.Handed || m.Attempts < 60 {
			t.Errorf("%v after %d attempts: %s", m.Status, m.Attempts, m.Reason)
		}
	}
}

func TestGivenUpMessageFreesItsPlace(t *testing.T) {
	t.Parallel()
	w := newWorld(t, letters(t, "transactional"))
	w.outbox.answer = rapport.Retry
	w.signUp("ana", "ana@example.com")
	w.advance(3 * time.Hour)
	if m := w.only(); m.Status != rapport.Failed || m.HandedAt != 0 {
		t.Errorf("%+v", m)
	}
}

func TestUnsubscribeIsForEverybodyAtTheAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t, letters(t, "promotional"))
	w.signUp("ana", "Family@example.com")
	letter := w.only()
	w.advance(time.Hour)
	w.admit(identify("bob", "", `{"email":"family@example.com"}`), identify("cat", "", `{"email":"cat@example.com"}`))
	for _, user := range []string{"bob", "cat"} {
		if err := w.do(act{consent: user}); err != nil {
			t.Fatal(err)
		}
	}
	w.now = w.now.Add(time.Second)
	// Dan tells the same address in the very batch in which ana leaves.
	dan := identify("dan", "", `{"email":"family@example.com"}`)
	dan.MessageID, dan.Timestamp, dan.ReceivedAt = "dan", w.now, w.now
	errs, err := w.engine.Run(context.Background(), w.now, flow.Admit([]rapport.Event{dan}), flow.Unsubscribe(letter, flow.LeaveTopic, "page"))
	if err != nil || errs[1] != nil {
		t.Fatal(err, errs)
	}
	for user, want := range map[string]rapport.ConsentState{
		"ana": rapport.ConsentWithdrawn, "bob": rapport.ConsentWithdrawn, "dan": rapport.ConsentWithdrawn, "cat": rapport.ConsentGranted,
	} {
		r := w.person(user)
		if got := r.Consent("marketing", rapport.Email, r.Email()); got != want {
			t.Errorf("%s: %v, wanted %v", user, got, want)
		}
	}
	before := len(w.outbox.handed)
	w.admit(track("bob", "", "Signed Up", ""))
	w.advance(time.Hour)
	if len(w.outbox.handed) != before {
		t.Error("bob was written to at an address that was left")
	}
}

func TestWithdrawnWhileItWaitsIsNotSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, letters(t, "promotional"))
	w.signUp("ana", "ana@example.com")
	w.run(flow.Record(userKey("ana").CustomerID(), rapport.Consent{
		Purpose: "marketing", Channel: rapport.Email, State: rapport.ConsentWithdrawn, Source: "page", At: w.now,
	}))
	w.advance(time.Hour)
	if m := w.only(); m.Status != rapport.Dropped || len(w.outbox.handed) != 0 {
		t.Errorf("%v: %s", m.Status, m.Reason)
	}
}

// A topic that is left while a message about it waits stops that message, and no other.
func TestTopicLeftWhileItWaits(t *testing.T) {
	t.Parallel()
	send := func(topic string) journey.Doc {
		return journey.Doc{
			Entry: journey.Entry{Event: []string{"Signed Up"}},
			Steps: []journey.Step{{Name: "send", Send: &journey.Send{Template: "letter", Channel: "email", Class: "promotional", Topic: topic}}},
		}
	}
	w := newWorld(t, build(t, 1, nil, map[string]journey.Doc{"arrivals": send("arrivals"), "stories": send("stories"), "plain": send("")}))
	w.signUp("ana", "ana@example.com")
	for _, m := range w.messages() {
		if m.Topic == "arrivals" {
			w.run(flow.Unsubscribe(m, flow.LeaveTopic, "page"))
		}
	}
	w.advance(time.Hour)
	for _, m := range w.messages() {
		if want := map[bool]rapport.Status{true: rapport.Dropped, false: rapport.Handed}[m.Topic == "arrivals"]; m.Status != want {
			t.Errorf("the message about %q is %s: %s", m.Topic, m.Status, m.Reason)
		}
	}
	if len(w.messages()) != 3 || w.person("ana").Consent("marketing", rapport.Email, "ana@example.com") != rapport.ConsentGranted {
		t.Error("leaving a topic left the purpose")
	}
}

func TestMessageOfADeviceReachesWhomItBecame(t *testing.T) {
	t.Parallel()
	w := newWorld(t, letters(t, "transactional"))
	w.admit(identify("", "web", `{"email":"ana@example.com"}`), track("", "web", "Signed Up", ""))
	w.admit(track("ana", "web", "Page Seen", ""), alias("bob", "ana"))
	w.advance(0)
	if m := w.only(); m.Status != rapport.Handed || len(w.outbox.handed) != 1 || w.told(flow.MessageSent) != 1 {
		t.Errorf("%v: %s", m.Status, m.Reason)
	}
}

// only renders one template; there is no other.
type only string

func (o only) Render(m *rapport.Message, c *profile.Record, zone *time.Location, now rapport.Instant) (rapport.Delivery, error) {
	if m.Template != string(o) {
		return rapport.Delivery{}, &rapport.Error{Kind: rapport.Invalid, Code: render.TemplateUnknown, Message: "there is no such template"}
	}
	return plain{}.Render(m, c, zone, now)
}

// TestAMessageOutlivesTheNameOfItsTemplate: what waits while a template gets another name
// is sent with it; what waits for one that is gone fails.
func TestAMessageOutlivesTheNameOfItsTemplate(t *testing.T) {
	t.Parallel()
	for template, want := range map[string]rapport.Status{"note": rapport.Handed, "letter": rapport.Failed} {
		w := newWorld(t, letters(t, "transactional"))
		w.signUp("ana", "ana@example.com")
		next := build(t, 2, nil, map[string]journey.Doc{"letter": {
			Entry: journey.Entry{Event: []string{"Signed Up"}},
			Steps: []journey.Step{{Name: "send", Send: &journey.Send{Template: template, Channel: "email", Class: "transactional"}}},
		}})
		next.Renderer = only("note")
		w.apply(next)
		m := w.only()
		if m.Status != want {
			t.Errorf("with %s: %v, %s", template, m.Status, m.Reason)
		}
		if want == rapport.Handed && m.Subject != "note for " {
			t.Errorf("it is %q", m.Subject)
		}
	}
}
