package flow_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"rapport"
	"rapport/flow"
	"rapport/journey"
	"rapport/store"
)

// stand puts a journey in another standing.
func (w *world) stand(name string, s journey.Standing) {
	w.t.Helper()
	next := *w.engine.Workspace()
	next.Journeys = next.Journeys.With(map[string]journey.Standing{name: s})
	errs, err := w.engine.Run(context.Background(), w.now, flow.Stand(&next, store.Setting{Name: "standings", Data: []byte(s.String())}))
	if err != nil || errs[0] != nil {
		w.t.Fatal(err, errs)
	}
}

// inLetters is a journey that writes, waits and writes again, and how many are in it.
func inLetters(t *testing.T, people int, wait string) *world {
	t.Helper()
	send := func(name string) journey.Step {
		return journey.Step{Name: name, Send: &journey.Send{Template: name, Channel: "email", Class: "transactional", UsefulFor: "6h"}}
	}
	w := newWorld(t, build(t, 1, nil, map[string]journey.Doc{"letters": {
		Entry: journey.Entry{Event: []string{"Signed Up"}},
		Steps: []journey.Step{send("first"), {Name: "pause", Wait: journey.Wait{For: wait}}, send("second")},
	}}))
	for i := range people {
		user := fmt.Sprint("u", i)
		w.admit(identify(user, "", `{"email":"`+user+`@example.com"}`), track(user, "", "Signed Up", ""))
	}
	return w
}

// While a journey is paused nothing of it is ever due, however many wait in it: those
// whom the sweep has not met yet are held when their time comes.
func TestPausedRunsAreNotDue(t *testing.T) {
	t.Parallel()
	w := inLetters(t, 50, "1h")
	w.advance(time.Minute)
	w.stand("letters", journey.Paused)
	w.now = w.now.Add(2 * time.Hour)
	for range 3 { // without the sweep
		due, err := w.store.Due(context.Background(), w.now, 1000)
		if err != nil {
			t.Fatal(err)
		}
		var ids []rapport.CustomerID
		for _, d := range due {
			ids = append(ids, d.Customer)
		}
		if _, err := w.engine.Run(context.Background(), w.now, flow.Wake(ids)); err != nil {
			t.Fatal(err)
		}
	}
	if next, err := w.store.NextWake(context.Background()); err != nil || next != rapport.Never {
		t.Fatalf("something is due at %v, %v", next, err)
	}
	w.admit(track("u1", "", "Signed Up", ""), track("new", "", "Signed Up", ""))
	if w.counter("journey/letters/refused/paused") != 2 {
		t.Error("somebody entered, or it was not counted")
	}
	w.restart()
	w.advance(10 * time.Hour)
	if n := len(w.messages()); n != 50 {
		t.Fatalf("%d messages", n)
	}
	w.stand("letters", journey.Active)
	w.advance(0)
	handed := 0
	for _, m := range w.messages() {
		if m.Step == "second" && m.Status == rapport.Handed && m.CreatedAt == w.now {
			handed++
		}
	}
	if handed != 50 {
		t.Errorf("%d of 50 had their second letter when it went on", handed)
	}
}

// Messages that wait are kept back, over restarts, and judged anew afterwards.
func TestMessagesOfAPausedJourneyAreHeld(t *testing.T) {
	t.Parallel()
	w := inLetters(t, 700, "30d")
	w.outbox.answer = rapport.Retry
	w.advance(time.Minute)
	w.stand("letters", journey.Paused)
	w.outbox.answer = rapport.Accepted
	w.advance(time.Hour)
	if len(w.outbox.handed) > 0 {
		t.Fatalf("%d messages went out of a paused journey", len(w.outbox.handed))
	}
	if next, err := w.engine.NextDue(context.Background()); err != nil || next < w.now.Add(24*time.Hour) {
		t.Fatalf("something is due at %v, %v", next, err)
	}
	w.restart()
	w.admit(track("u1", "", "Other", ""))
	for i := range 10 { // those who are gone for long before it goes on
		w.admit(rapport.Event{Type: rapport.Track, Name: "Nothing", UserID: fmt.Sprint("u", i)})
	}
	w.stand("letters", journey.Active)
	w.restart() // before any was let go
	w.advance(time.Minute)
	if n := len(w.outbox.handed); n != 700 {
		t.Errorf("%d of 700 went out when it went on", n)
	}
	if data, err := w.store.Mark(context.Background(), "release/letters"); err != nil || data != nil {
		t.Errorf("the mark stays: %s, %v", data, err)
	}
}

func TestHeldMessagesThatAreOfNoUseAnyMoreAreDropped(t *testing.T) {
	t.Parallel()
	for _, end := range []journey.Standing{journey.Active, journey.Archived} {
		w := inLetters(t, 3, "30d")
		w.outbox.answer = rapport.Retry
		w.advance(time.Minute)
		w.stand("letters", journey.Paused)
		w.outbox.answer = rapport.Accepted
		w.advance(7 * time.Hour)
		w.stand("letters", end)
		w.advance(0)
		if w.counter("messages/dropped") != 3 || len(w.outbox.handed) > 0 {
			t.Errorf("%s: %d dropped, %d handed over", end, w.counter("messages/dropped"), len(w.outbox.handed))
		}
		if end == journey.Archived && w.counter("journey/letters/exited/archived") != 3 {
			t.Error("the runs of an archived journey go on")
		}
	}
}

// The counters of runs by version say at any time how many there are.
func TestRunsAreCountedByVersion(t *testing.T) {
	t.Parallel()
	versions := func(w *world) (counted []string) {
		for _, version := range []string{"1", "2"} {
			counted = append(counted, fmt.Sprint(w.counter("journey/slow/version/"+version)))
		}
		return counted
	}
	slow := func(version uint64, how string) *flow.Workspace {
		return build(t, version, nil, map[string]journey.Doc{"slow": {
			Entry: journey.Entry{Event: []string{"Signed Up"}}, Key: "event.k", Versions: how, Reentry: journey.Reentry{Running: "restart"},
			Exit:  []journey.Exit{{Event: []string{"Left"}}},
			Steps: []journey.Step{{Name: "pause", Wait: journey.Wait{For: fmt.Sprint(version, "d")}}},
		}})
	}
	w := newWorld(t, slow(1, ""))
	for _, k := range []string{"a", "b", "c"} {
		w.admit(track("ana", "", "Signed Up", `{"k":"`+k+`"}`))
	}
	next := slow(2, "")
	next.Journeys = journey.NewSet(next.Journeys.Journeys(), w.engine.Workspace().Journeys.Journeys()...)
	w.apply(next)
	w.admit(track("ana", "", "Signed Up", `{"k":"d"}`), track("ana", "", "Signed Up", `{"k":"a"}`))
	if got, want := versions(w), []string{"2", "2"}; !slices.Equal(got, want) {
		t.Errorf("while both are kept %v, want %v", got, want)
	}
	w.apply(slow(2, "move"))
	if got, want := versions(w), []string{"0", "4"}; !slices.Equal(got, want) {
		t.Errorf("after all moved %v, want %v", got, want)
	}
	w.admit(track("ana", "", "Left", ""))
	if got, want := versions(w), []string{"0", "0"}; !slices.Equal(got, want) {
		t.Errorf("after all ended %v, want %v", got, want)
	}
}

// campaign is a world in which twenty people have their turn at noon; it is ten o'clock.
func campaign(t *testing.T) *world {
	t.Helper()
	w := newWorld(t, scheduled(t, 1, journey.Schedule{On: []string{day(1)}, At: "12:00"}))
	for i := range 20 {
		w.admit(identify(fmt.Sprint("u", i), "", `{"in":true}`))
	}
	w.advance(26 * time.Hour)
	return w
}

// A campaign that is paused half-way gives no more turns, also after a restart, and goes
// on where it stood.
func TestAPausedCampaignStandsStill(t *testing.T) {
	t.Parallel()
	w := campaign(t)
	w.now = w.now.Add(2 * time.Hour)
	if _, err := w.engine.GiveTurns(context.Background(), w.now, 2, 2); err != nil {
		t.Fatal(err)
	}
	before := w.counter("journey/news/entered")
	w.stand("news", journey.Paused)
	w.restart()
	w.advance(time.Hour)
	if n := w.counter("journey/news/entered"); n != before || before == 0 || before == 20 || w.counter("journey/news/refused/paused") > 0 {
		t.Errorf("%d turns were given before the pause, %d by its end", before, n)
	}
	w.stand("news", journey.Active)
	w.advance(time.Minute)
	if n := w.counter("journey/news/entered"); n != 20 {
		t.Errorf("%d of 20 have had their turns", n)
	}
}

// Turns that are too late when a campaign goes on are missed.
func TestTurnsOfALongPauseAreMissed(t *testing.T) {
	t.Parallel()
	for pause, want := range map[time.Duration]int64{7 * time.Hour: 20, 9 * time.Hour: 0} {
		w := campaign(t)
		w.stand("news", journey.Paused)
		w.advance(pause)
		w.stand("news", journey.Active)
		w.advance(time.Minute)
		if n := w.counter("journey/news/entered"); n != want {
			t.Errorf("after a pause of %v: %d turns, want %d", pause, n, want)
		}
	}
}

// Somebody who is met for a message that came back, while the sweep has not come to her
// yet, is brought up to the journeys that go on as well.
func TestWhoIsMetByAMessageGoesOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, build(t, 1, nil, map[string]journey.Doc{
		"held": {Entry: journey.Entry{Event: []string{"Signed Up"}}, Steps: []journey.Step{
			{Name: "pause", Wait: journey.Wait{For: "1h"}}, {Name: "send", Send: &journey.Send{Template: "late", Channel: "email", Class: "transactional"}},
		}},
		"other": {Entry: journey.Entry{Event: []string{"Ordered"}}, Steps: []journey.Step{
			{Name: "send", Send: &journey.Send{Template: "receipt", Channel: "email", Class: "transactional"}},
		}},
	}))
	w.admit(identify("ana", "", `{"email":"ana@example.com"}`), track("ana", "", "Signed Up", ""))
	w.stand("held", journey.Paused)
	w.advance(2 * time.Hour)
	w.admit(track("ana", "", "Ordered", ""))
	parcels, err := w.engine.Claim(context.Background(), w.now, store.Lane{Channel: rapport.Email, Urgency: rapport.AtOnce}, 10)
	if err != nil || len(parcels) != 1 {
		t.Fatal(parcels, err)
	}
	w.stand("held", journey.Active)
	if err := w.engine.Settle(context.Background(), w.now, parcels, flow.Hand(parcels)); err != nil {
		t.Fatal(err)
	}
	w.advance(time.Minute)
	if n := len(w.outbox.handed); n != 2 {
		t.Errorf("%d messages went out, not those of both journeys", n)
	}
}

// What waits of a journey that is archived is dropped, though it is not due for long, and
// though the journey is taken back meanwhile.
func TestMessagesOfAnArchivedJourneyAreDropped(t *testing.T) {
	t.Parallel()
	w := inLetters(t, 600, "30d")
	w.outbox.answer = rapport.Retry
	w.advance(0) // they are to be tried again in a minute
	w.outbox.answer = rapport.Accepted
	w.stand("letters", journey.Archived)
	w.restart()
	w.advance(0)
	w.stand("letters", journey.Active)
	w.advance(time.Hour)
	if n := w.counter("messages/dropped"); n != 600 || len(w.outbox.handed) > 0 {
		t.Errorf("%d of 600 messages were dropped, %d handed over", n, len(w.outbox.handed))
	}
}
