package flow_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"rapport"
	"rapport/flow"
	"rapport/journey"
	"rapport/profile"
	"rapport/store"
)

func roomFor(n int) flow.Room { return func(store.Lane) int { return n } }

// depart takes events through a batch with which messages may leave.
func (w *world) depart(room int, events ...rapport.Event) []flow.Parcel {
	w.t.Helper()
	parcels, err := w.tryDepart(room, events...)
	if err != nil {
		w.t.Fatal(err)
	}
	return parcels
}

func (w *world) tryDepart(room int, events ...rapport.Event) ([]flow.Parcel, error) {
	for i := range events {
		w.n++
		events[i].MessageID, events[i].Timestamp, events[i].ReceivedAt = fmt.Sprint("m", w.n), w.now, w.now
	}
	_, parcels, err := w.engine.Depart(context.Background(), w.now, roomFor(room), flow.Admit(events))
	return parcels, err
}

// agreed makes users who may be written to.
func (w *world) agreed(users ...string) {
	for _, user := range users {
		w.admit(identify(user, "", `{"email":"`+user+`@example.com"}`))
		w.consent(user)
	}
}

func (w *world) statuses() map[rapport.Status]int {
	n := map[rapport.Status]int{}
	for _, m := range w.messages() {
		n[m.Status]++
	}
	return n
}

// What is due at once leaves with the batch that decides it, in one commit; and after a crash
// it is what a message that was claimed would be.
func TestLeavesWithTheBatch(t *testing.T) {
	t.Parallel()
	for class, want := range map[string]rapport.Status{"promotional": rapport.Unclear, "must-send": rapport.Handed, "transactional": rapport.Handed} {
		w := newWorld(t, letters(t, class))
		w.agreed("ana")
		before := w.store.State().Position
		parcels := w.depart(5, track("ana", "", "Signed Up", ""))
		m := w.only()
		if len(parcels) != 1 || w.store.State().Position != before+1 {
			t.Fatalf("%s: %d parcels after %d commits", class, len(parcels), w.store.State().Position-before)
		}
		if m.Status != rapport.Attempting || m.Attempts != 1 || m.Subject != parcels[0].Delivery.Content.Subject || m.Subject == "" {
			t.Errorf("%s: %+v", class, m)
		}
		if again := w.claim(); len(again) != 0 {
			t.Errorf("%s: claimed besides", class)
		}
		crashed := *w
		crashed.restart()
		crashed.advance(time.Hour)
		if got := crashed.only(); got.Status != want || got.ID != m.ID {
			t.Errorf("%s: %v after a crash, wanted %v", class, got.Status, want)
		}
	}
}

func TestLeftMessagesAreSettled(t *testing.T) {
	t.Parallel()
	w := newWorld(t, letters(t, "promotional"))
	w.agreed("ana")
	parcels := w.depart(5, track("ana", "", "Signed Up", ""))
	if err := w.engine.Settle(context.Background(), w.now, parcels, flow.Hand(parcels)); err != nil {
		t.Fatal(err)
	}
	if m := w.only(); m.Status != rapport.Handed || len(w.outbox.handed) != 1 || w.outbox.handed[0].To != "ana@example.com" {
		t.Errorf("%+v, %+v", m, w.outbox.handed)
	}
}

// As many leave as there is room for, and nobody before those who wait already.
func TestLeavesAsFarAsThereIsRoom(t *testing.T) {
	t.Parallel()
	w := newWorld(t, letters(t, "promotional"))
	w.agreed("ana", "bob", "cat", "dan")
	first := w.depart(2, track("ana", "", "Signed Up", ""), track("bob", "", "Signed Up", ""), track("cat", "", "Signed Up", ""))
	if n := w.statuses(); len(first) != 2 || n[rapport.Attempting] != 2 || n[rapport.Waiting] != 1 {
		t.Fatalf("%d left: %v", len(first), n)
	}
	w.now = w.now.Add(time.Minute)
	if second := w.depart(2, track("dan", "", "Signed Up", "")); len(second) != 0 {
		t.Errorf("%s left before somebody who waited", second[0].Message.To)
	}
	if waited := w.claim(); len(waited) != 2 || waited[0].Message.To != "cat@example.com" {
		t.Errorf("%d were claimed", len(waited))
	}
	if third := w.depart(2, identify("eve", "", `{"email":"eve@example.com"}`)); len(third) != 0 {
		t.Errorf("%d left though nothing was asked for", len(third))
	}
}

func TestWithdrawnInTheSameBatchDoesNotLeave(t *testing.T) {
	t.Parallel()
	w := newWorld(t, letters(t, "promotional"))
	w.agreed("ana")
	left := identify("ana", "", "{}")
	left.Context = []byte(`{"consent":{"categoryPreferences":{"marketing":false}}}`)
	if parcels := w.depart(5, track("ana", "", "Signed Up", ""), left); len(parcels) != 0 {
		t.Fatalf("%d left", len(parcels))
	}
	w.advance(0)
	if m := w.only(); m.Status != rapport.Dropped || len(w.outbox.handed) != 0 {
		t.Errorf("%+v", m)
	}
}

// Of a journey that is paused in the batch, nothing leaves with it.
func TestPausedInTheSameBatchDoesNotLeave(t *testing.T) {
	t.Parallel()
	w := newWorld(t, letters(t, "transactional"))
	w.agreed("ana")
	next := *w.engine.Workspace()
	next.Journeys = next.Journeys.With(map[string]journey.Standing{"letter": journey.Paused})
	event := track("ana", "", "Signed Up", "")
	event.MessageID, event.Timestamp, event.ReceivedAt = "last", w.now, w.now
	_, parcels, err := w.engine.Depart(context.Background(), w.now, roomFor(5), flow.Admit([]rapport.Event{event}), flow.Stand(&next, store.Setting{Name: "standings"}))
	if err != nil || len(parcels) != 0 {
		t.Fatalf("%d left, %v", len(parcels), err)
	}
	w.advance(0)
	if m := w.only(); m.Status != rapport.Waiting || len(w.outbox.handed) != 0 {
		t.Errorf("%+v", m)
	}
}

// A batch that is not kept hands nothing over; one that was, though the store met an error, does.
func TestOnlyWhatIsKeptLeaves(t *testing.T) {
	t.Parallel()
	w := newWorld(t, letters(t, "promotional"))
	w.agreed("ana", "bob")
	w.store.FailNext(errors.New("the disk is full"))
	if parcels, err := w.tryDepart(5, track("ana", "", "Signed Up", "")); err == nil || len(parcels) != 0 || len(w.messages()) != 0 {
		t.Errorf("%d left, %v", len(parcels), err)
	}
	w.store.LoseNext(errors.New("the disk refused"))
	if parcels, err := w.tryDepart(5, track("bob", "", "Signed Up", "")); err != nil || len(parcels) != 1 || w.only().Status != rapport.Attempting {
		t.Errorf("%d left, %v", len(parcels), err)
	}
}

// broken is a renderer whose templates can't be filled in.
type broken struct{}

func (broken) Render(*rapport.Message, *profile.Record, *time.Location, rapport.Instant) (rapport.Delivery, error) {
	return rapport.Delivery{}, rapport.Errorf(rapport.Invalid, "there is no name")
}

// A message that can't be filled in is found out when it is claimed, as any other.
func TestBrokenTemplateDoesNotLeave(t *testing.T) {
	t.Parallel()
	ws := letters(t, "promotional")
	ws.Renderer = broken{}
	w := newWorld(t, ws)
	w.agreed("ana")
	if parcels := w.depart(5, track("ana", "", "Signed Up", "")); len(parcels) != 0 {
		t.Fatalf("%d left", len(parcels))
	}
	w.advance(0)
	if m := w.only(); m.Status != rapport.Failed || m.Reason != "there is no name" {
		t.Errorf("%+v", m)
	}
}

// Turns are given to as many as can be written to at once, and go on when there is room.
func TestTurnsWaitForRoom(t *testing.T) {
	t.Parallel()
	w := newWorld(t, scheduled(t, 1, journey.Schedule{On: []string{day(1)}, At: "00:00", Zone: "UTC"}))
	const people = 300
	w.crowd(people)
	for i := range people {
		w.consent(fmt.Sprint("user", i))
	}
	w.now = w.now.Add(16 * time.Hour)
	for begun := int64(0); begun < people; {
		parcels, err := w.engine.DepartTurns(context.Background(), w.now, roomFor(40), 5, 64)
		if err != nil {
			t.Fatal(err)
		}
		n := w.statuses()
		if w.begun()-begun != int64(len(parcels)) || len(parcels) != int(min(40, people-begun)) || n[rapport.Waiting] > 0 {
			t.Fatalf("%d turns, %d parcels: %v", w.begun()-begun, len(parcels), n)
		}
		if begun = w.begun(); begun < people {
			if none, err := w.engine.DepartTurns(context.Background(), w.now, roomFor(0), 5, 64); err != nil || len(none) != 0 || w.begun() != begun {
				t.Fatalf("%d turns without room, %v", w.begun()-begun, err)
			}
		}
		if err := w.engine.Settle(context.Background(), w.now, parcels, flow.Hand(parcels)); err != nil {
			t.Fatal(err)
		}
	}
	if len(w.outbox.handed) != people {
		t.Errorf("%d of %d are written to", len(w.outbox.handed), people)
	}
}

// A campaign goes on as soon as its provider has taken what it was given, without time passing.
func TestCampaignFollowsItsProvider(t *testing.T) {
	t.Parallel()
	o := officeOf(t, scheduled(t, 1, journey.Schedule{On: []string{day(0)}, At: "09:00", Zone: "UTC"}), flow.Limits{}, map[rapport.Channel]flow.Provider{rapport.Email: &carrier{accepts}})
	const people = 2000
	o.hearAll(`{"email":"%[1]s@example.com","phone":"+49301%07[2]d","in":true}`, "Product Viewed", people)
	o.pass(time.Hour)
	o.until(rapport.Handed, people)
}

// A campaign that waits for room, and is paused or stops by itself meanwhile, gives no more
// turns, however much room there is then; nobody's is lost when it goes on.
func TestNobodyHasATurnWhoseCampaignStandsStill(t *testing.T) {
	t.Parallel()
	for name, halt := range map[string]func(*world){
		"paused": func(w *world) { w.stand("news", journey.Paused) },
		"stopped": func(w *world) {
			for _, m := range w.messages() {
				if _, err := w.engine.Run(context.Background(), w.now, flow.Hear(m.ID, flow.FeedbackComplained)); err != nil {
					w.t.Fatal(err)
				}
			}
		},
	} {
		w := newWorld(t, scheduled(t, 1, journey.Schedule{On: []string{day(1)}, At: "00:00", Zone: "UTC", Canary: &journey.Canary{Stages: []float64{90}}}))
		w.crowd(100)
		for i := range 100 {
			w.consent(fmt.Sprint("user", i))
		}
		w.now = w.now.Add(16 * time.Hour)
		w.handOver(w.departTurns(40))
		if w.begun() != 40 {
			t.Fatalf("%s: %d turns", name, w.begun())
		}
		halt(w)
		for range 3 {
			w.now = w.now.Add(2 * time.Second)
			if parcels := w.departTurns(40); len(parcels) > 0 || w.begun() != 40 {
				t.Errorf("%s: %d turns, %d parcels", name, w.begun(), len(parcels))
			}
		}
		w.stand("news", journey.Paused)
		w.stand("news", journey.Active)
		w.now = w.now.Add(2 * time.Second)
		if w.departTurns(100); w.begun() < 80 {
			t.Errorf("%s: %d turns after it went on", name, w.begun())
		}
	}
}

// departTurns gives turns in a batch with which messages may leave.
func (w *world) departTurns(room int) []flow.Parcel {
	w.t.Helper()
	parcels, err := w.engine.DepartTurns(context.Background(), w.now, roomFor(room), 5, 64)
	if err != nil {
		w.t.Fatal(err)
	}
	return parcels
}

func (w *world) handOver(parcels []flow.Parcel) {
	w.t.Helper()
	if err := w.engine.Settle(context.Background(), w.now, parcels, flow.Hand(parcels)); err != nil {
		w.t.Fatal(err)
	}
}

// held is a carrier that holds the first parcel back until it is let go, and then answers;
// it counts how often it was called.
type held struct {
	answer rapport.Outcome
	begun  chan struct{}
	letGo  chan struct{}
	calls  atomic.Int32
}

func newHeld(answer rapport.Outcome) *held {
	return &held{answer: answer, begun: make(chan struct{}), letGo: make(chan struct{})}
}

func (h *held) carrier() *carrier {
	return &carrier{func(batch []rapport.Delivery) []rapport.Outcome {
		if h.calls.Add(1) == 1 {
			close(h.begun)
			<-h.letGo
		}
		return answers(batch, h.answer)
	}}
}

// A provider that says that it is down, in the batch with which more would leave, gets none
// of it: its lane rests from then on.
func TestNothingLeavesToAProviderThatIsDown(t *testing.T) {
	t.Parallel()
	h := newHeld(rapport.Outcome{Kind: rapport.Retry, Reason: "down", Down: true})
	o := newOffice(t, flow.Limits{}, map[rapport.Channel]flow.Provider{rapport.Email: h.carrier()})
	o.hear("News", 10)
	<-h.begun
	resume := o.holdLoop()
	close(h.letGo)
	o.queued(1) // what came of them
	heard := make(chan struct{})
	go func() {
		defer close(heard)
		o.hear("News", 10)
	}()
	o.queued(2)
	resume()
	<-heard
	o.until(rapport.Waiting, 20)
	o.settled()
	if n := h.calls.Load(); n != 1 {
		t.Errorf("it was called %d times", n)
	}
}

// holdLoop keeps the loop busy until what it returns is called.
func (o *office) holdLoop() (resume func()) {
	busy, release := make(chan struct{}), make(chan struct{})
	go func() {
		_ = o.flow.Do(context.Background(), func(*flow.Batch) error {
			close(busy)
			<-release
			return nil
		})
	}()
	<-busy
	return func() { close(release) }
}

// queued waits until so many requests wait for the loop.
func (o *office) queued(n int) {
	for o.flow.Queued() < n && o.Context().Err() == nil {
		runtime.Gosched()
	}
}

// A store that can't be written to is tried again a little later, not over and over, whatever
// is due.
func TestFullStoreIsTriedLater(t *testing.T) {
	t.Parallel()
	o := officeOf(t, scheduled(t, 1, journey.Schedule{On: []string{day(0)}, At: "09:00", Zone: "UTC"}), flow.Limits{}, map[rapport.Channel]flow.Provider{rapport.Email: &carrier{accepts}})
	o.hearAll(`{"email":"%[1]s@example.com","phone":"+49301%07[2]d","in":true}`, "Product Viewed", 10)
	o.store.full.Store(true)
	o.pass(time.Hour)
	o.waitsAWhile()
	o.store.full.Store(false)
	o.pass(time.Second)
	o.until(rapport.Handed, 10)
}

// waitsAWhile sees that the loop, once the store has refused a batch, goes on a little later.
func (o *office) waitsAWhile() {
	o.Helper()
	for o.store.refused.Load() == 0 && o.Context().Err() == nil {
		runtime.Gosched()
	}
	o.settled()
	o.settled() // the turn of before has set the alarm
	now := rapport.InstantOf(o.clock.Now())
	if at := o.alarm.next(); at <= now || at > now.Add(time.Second) {
		o.Errorf("the loop goes on at %v, it is %v", at, now)
	}
}

// So it is while many are brought up to another workspace.
func TestFullStoreIsTriedLaterBySweep(t *testing.T) {
	t.Parallel()
	o := newOffice(t, flow.Limits{}, nil)
	o.hear("Seen", 300)
	o.store.full.Store(true)
	if err := o.flow.Apply(o.Context(), build(t, 2, map[string]string{"seen": `events("Seen").exists()`}, nil)); err != nil {
		t.Fatal(err)
	}
	o.waitsAWhile()
}

// Nothing runs alone beside messages in the air, also when what came of others can't be
// written down.
func TestNothingIsAloneBesideMessagesInTheAir(t *testing.T) {
	t.Parallel()
	h := newHeld(rapport.Outcome{Kind: rapport.Accepted})
	var o *office
	fills := &carrier{func(batch []rapport.Delivery) []rapport.Outcome {
		o.store.full.Store(true)
		return accepts(batch)
	}}
	o = newOffice(t, flow.Limits{}, map[rapport.Channel]flow.Provider{rapport.Email: h.carrier(), rapport.SMS: fills})
	o.hear("News", 1)
	<-h.begun
	o.hear("Text", 1)
	err := o.flow.Alone(o.Context(), func(context.Context, *flow.Engine) error {
		t.Error("it ran while a message was in the air")
		return nil
	})
	if rapport.KindOf(err) != rapport.Unavailable {
		t.Errorf("%v", err)
	}
	close(h.letGo)
	o.store.full.Store(false)
	o.pass(time.Second)
	o.until(rapport.Handed, 2)
	o.settled()
}
