package flow_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"rapport"
	"rapport/flow"
	"rapport/internal/clock"
	"rapport/journey"
	"rapport/store"
)

// counting is a workspace of journeys that change the customer, and of what follows.
func counting(t testing.TB) *flow.Workspace {
	return build(t, 1, map[string]string{"regular": `customer.visits >= 3`, "counted": `events("Counted").count() >= 2`}, map[string]journey.Doc{
		"count": {
			Entry: journey.Entry{Event: []string{"Visited"}}, Key: "event.k",
			Steps: []journey.Step{
				{Name: "count", Update: &journey.Update{
					Traits: map[string]any{"visits": "customer.visits + 1", "last": "entry.k", "lost": "customer.lost + 1"},
					Event:  "Counted", Properties: map[string]any{"k": "entry.k"},
				}},
				{Name: "which", Branch: []journey.Case{{When: `segment("regular")`, Steps: []journey.Step{{Name: "wait", Wait: journey.Wait{For: "10m"}},
					{Name: "later", Update: &journey.Update{Traits: map[string]any{"late": "customer.visits"}}}}}}},
			},
		},
		"regulars": {
			Entry: journey.Entry{Segment: "regular"},
			Steps: []journey.Step{{Name: "thank", Send: &journey.Send{Template: "t", Channel: "email", Class: "transactional"}}},
		},
		"changed": {
			Entry: journey.Entry{Trait: []string{"last", "late"}}, Key: "event.to",
			Steps: []journey.Step{{Name: "hold", Wait: journey.Wait{For: "1d"}}},
		},
	})
}

// tale is what stands in her timeline, and what is kept of her.
func (w *world) tale(user string) []string {
	w.t.Helper()
	r := w.person(user)
	events, err := flow.Events(context.Background(), w.store, r)
	if err != nil {
		w.t.Fatal(err)
	}
	var tale []string
	for _, e := range events {
		said, _, _ := strings.Cut(string(e.JSON()), `,"messageId"`) // which tells the batch
		tale = append(tale, fmt.Sprintf("%v %s %s", e.Timestamp(), e.Name(), said))
	}
	for _, t := range r.Traits {
		tale = append(tale, fmt.Sprintf("%s is %v", t.Name, t.Value))
	}
	for _, m := range w.messages() {
		tale = append(tale, fmt.Sprintf("%s/%s at %v", m.Journey, m.Step, m.CreatedAt))
	}
	return tale
}

// What an update sets off comes before whatever happens next, in one batch or in several.
func TestUpdatesDoNotCareForBatches(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		var events []rapport.Event
		for i := range rapid.IntRange(1, 6).Draw(rt, "events") {
			events = append(events, track("ana", "", rapid.SampledFrom([]string{"Visited", "Else"}).Draw(rt, "name"), fmt.Sprintf(`{"k":"%d"}`, i%3)))
		}
		var tales [2][]string
		for i := range tales {
			w := newWorld(t, counting(t))
			w.admit(identify("ana", "", `{"visits":0,"email":"ana@example.com"}`))
			w.now++
			if i == 0 {
				w.admit(append([]rapport.Event{}, events...)...)
			} else {
				for _, e := range events {
					w.admit(e)
				}
			}
			w.advance(time.Hour)
			tales[i] = w.tale("ana")
		}
		if diff := cmp.Diff(tales[0], tales[1]); diff != "" {
			rt.Fatalf("(-one batch +several):\n%s", diff)
		}
	})
}

func TestUpdateIsHeardBeforeTheRunGoesOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, counting(t))
	w.admit(identify("ana", "", `{"visits":2,"email":"ana@example.com"}`))
	w.admit(track("ana", "", "Visited", `{"k":"a"}`)) // at the instant of what was told: it counts all the same
	if v := w.person("ana").Trait("visits"); v.Number() != 3 {
		t.Fatalf("visits are %v", v)
	}
	want := []string{
		`Traits Updated {"journey":"count","step":"count","traits":{"last":"a","visits":3},"left":["lost"]}`,
		`Trait Changed {"trait":"last","to":"a"}`,
		`Segment Entered {"segment":"regular","cause":"event","event":"Traits Updated"`,
		`Counted {"k":"a","journey":"count","step":"count"}`,
	}
	tale := w.tale("ana")
	for i, line := range want {
		if got := tale[2+i]; len(got) < 25+len(line) || got[25:25+len(line)] != line {
			t.Errorf("in her timeline stands %s, not %s", got, line)
		}
	}
	if m := w.messages(); len(m) != 1 || m[0].Journey != "regulars" {
		t.Errorf("messages: %v", m)
	}
	// What falls due late is done as of its instant, on a copy as well.
	rows, err := w.store.Scan(t.Context(), rapport.CustomerID{}, 10)
	if err != nil {
		t.Fatal(err)
	}
	w.now = w.now.Add(3 * time.Hour)
	look, err := flow.LookAt(t.Context(), w.store, w.engine.Workspace(), rows[0], w.now)
	if err != nil || look.Record().Trait("late").Number() != 3 {
		t.Errorf("on the copy late is %v, %v", look.Record().Trait("late"), err)
	}
	w.run(flow.Wake([]rapport.CustomerID{rows[0].Customer}))
	for _, trait := range w.person("ana").Traits {
		if due := start.Add(10 * time.Minute); trait.Name == "late" && (trait.At != due || trait.Value.Number() != 3) {
			t.Errorf("late is %v since %v", trait.Value, trait.At)
		}
	}
	// Told anew, the past comes to the same.
	told := map[journey.EffectKind]int{}
	if err := flow.Replay(t.Context(), w.store, w.engine.Workspace(), w.person("ana"), 0, w.now, func(e journey.Effect) { told[e.Kind]++ }); err != nil {
		t.Fatal(err)
	}
	if told[journey.Updated] != 2 || told[journey.Asked] != 1 || told[journey.Entered] != 4 {
		t.Errorf("told anew: %v", told)
	}
}

func TestUpdatesThatSetEachOtherOffAreStopped(t *testing.T) {
	t.Parallel()
	w := newWorld(t, build(t, 1, nil, map[string]journey.Doc{"forth": {
		Entry: journey.Entry{Trait: []string{"n"}}, Reentry: journey.Reentry{Running: "restart"},
		Steps: []journey.Step{{Name: "on", Update: &journey.Update{Traits: map[string]any{"n": "customer.n + 1"}}}},
	}}))
	w.admit(identify("ana", "", `{"n":0}`))
	if n := w.person("ana").Trait("n").Number(); n < 100 || n > 201 {
		t.Errorf("it was stopped after %v updates", n)
	}
	totals, _ := w.store.Counters(t.Context(), "journey/forth/exited/loop")
	if len(totals) != 1 || totals[0].Sum != 1 {
		t.Errorf("counted: %v", totals)
	}
	tale := w.tale("ana")
	if last := tale[len(tale)-2]; last[25:] != `Journey Stopped {"journey":"forth","step":"on","reason":"loop"}` {
		t.Errorf("her timeline ends with %s", last)
	}
	w.admit(track("ana", "", "Else", "")) // she is well
}

// far is the far side of calls: it answers as it is told.
type far struct {
	outbox
	body string
}

func (f *far) Deliver(deliveries []rapport.Delivery) []rapport.Outcome {
	outcomes := f.outbox.Deliver(deliveries)
	for i := range outcomes {
		if outcomes[i].Kind == rapport.Accepted {
			outcomes[i].Answer = &rapport.Answer{Status: 200, Body: []byte(f.body)}
		}
		outcomes[i].Reason = "the answer was 503"
	}
	return outcomes
}

func calling(t testing.TB, answer rapport.OutcomeKind) (*world, *far) {
	w := newWorld(t, build(t, 1, nil, map[string]journey.Doc{"scoring": {
		Entry: journey.Entry{Event: []string{"Signed Up"}}, Exit: []journey.Exit{{Event: []string{"Left"}}},
		Steps: []journey.Step{
			{Name: "score", Webhook: &journey.Webhook{
				URL: "https://crm.example/score", Body: map[string]any{"plan": "entry.plan"}, Save: &journey.Save{Name: "crm", Fields: []string{"tier"}},
				Otherwise: []journey.Step{{Name: "sorry", Send: &journey.Send{Template: "sorry", Channel: "email", Class: "transactional"}}, {Stop: true}},
			}},
			{Name: "pause", Wait: journey.Wait{For: "1m"}},
			{Name: "tell", Send: &journey.Send{Template: "told", Channel: "email", Class: "transactional"}},
		},
	}}))
	f := &far{outbox: outbox{answer: answer}, body: `{"tier":"gold","more":1}`}
	w.reach(f)
	return w, f
}

// reach connects the far side; an opened world has mail only.
func (w *world) reach(f *far) { w.engine.Workspace().Providers[rapport.Webhook] = f }

// said returns the messages by mail.
func (w *world) said() (said []rapport.Message) {
	for _, m := range w.messages() {
		if m.Channel == rapport.Email {
			said = append(said, m)
		}
	}
	return said
}

func TestCallIsAnswered(t *testing.T) {
	t.Parallel()
	w, f := calling(t, rapport.Accepted)
	w.admit(identify("", "phone", ""), track("", "phone", "Signed Up", `{"plan":"team"}`))
	w.advance(0)
	if len(f.handed) != 1 || f.handed[0].Content.Text != `{"plan":"team"}` || f.handed[0].Call == nil || f.handed[0].To != "https://crm.example/score" {
		t.Fatalf("called: %+v", f.handed)
	}
	w.admit(identify("ana", "phone", `{"email":"ana@example.com"}`)) // the device becomes hers, with what its run has learned
	w.advance(time.Hour)
	if said := w.said(); len(said) != 1 || said[0].Template != "told" || string(said[0].Learned) != `{"answers":{"crm":{"tier":"gold"}}}` {
		t.Errorf("messages: %+v", said)
	}
}

// A call that was attempted when the program died is attempted again, as the same one.
func TestCallSurvivesACrash(t *testing.T) {
	t.Parallel()
	w, f := calling(t, rapport.Accepted)
	w.admit(identify("ana", "", `{"email":"ana@example.com"}`), track("ana", "", "Signed Up", ""))
	parcels, err := w.engine.Claim(t.Context(), w.now, store.Lane{Channel: rapport.Webhook, Urgency: rapport.AtOnce}, 10)
	if err != nil || len(parcels) != 1 {
		t.Fatal(parcels, err)
	}
	flow.Hand(parcels) // it was made, and nobody wrote down the answer
	w.restart()
	w.reach(f)
	w.advance(time.Hour)
	if len(f.handed) != 2 || f.handed[0].Message != f.handed[1].Message {
		t.Errorf("called %d times, not twice as the same one", len(f.handed))
	}
	if said := w.said(); len(said) != 1 || said[0].Template != "told" {
		t.Errorf("messages: %+v", said)
	}
}

func TestCallIsGivenUp(t *testing.T) {
	t.Parallel()
	w, f := calling(t, rapport.Retry)
	w.admit(identify("ana", "", `{"email":"ana@example.com"}`), track("ana", "", "Signed Up", ""))
	w.advance(time.Hour - time.Millisecond)
	if len(w.said()) != 0 {
		t.Fatal("it was given up too early")
	}
	w.advance(time.Millisecond)
	if said := w.said(); len(said) != 1 || said[0].Template != "sorry" || said[0].CreatedAt != w.now {
		t.Fatalf("messages: %+v", said)
	}
	f.answer = rapport.Accepted
	w.advance(24 * time.Hour)
	for _, m := range w.messages() {
		if m.Channel == rapport.Webhook && (m.Status != rapport.Failed || m.Reason != "given up after the answer was 503") {
			t.Errorf("the call is %v: %s", m.Status, m.Reason)
		}
	}
	if len(w.said()) != 1 {
		t.Errorf("messages: %+v", w.said())
	}
}

func TestLateAnswerIsOnlyRecorded(t *testing.T) {
	t.Parallel()
	w, f := calling(t, rapport.Retry)
	w.admit(identify("ana", "", `{"email":"ana@example.com"}`), track("ana", "", "Signed Up", ""))
	w.advance(time.Minute / 2)
	w.admit(track("ana", "", "Left", ""))
	f.answer = rapport.Accepted
	w.advance(30 * time.Minute)
	if len(w.said()) != 0 {
		t.Errorf("messages: %+v", w.said())
	}
	calls, err := w.store.Messages(t.Context(), store.MessageFilter{Channel: rapport.Webhook})
	if err != nil || len(calls) != 1 || calls[0].Status != rapport.Delivered {
		t.Errorf("calls: %+v, %v", calls, err)
	}
	if events, _ := flow.Events(t.Context(), w.store, w.person("ana")); events[len(events)-1].Name() != rapport.WebhookAnswered {
		t.Errorf("the answer is not in her timeline")
	}
}

// A call under way when its step comes to be called otherwise is made and answered all the
// same: the run that waits for it has moved along.
func TestCallMovesWithItsStep(t *testing.T) {
	t.Parallel()
	scoring := func(version uint64, step string, moved map[string]string) *flow.Workspace {
		return build(t, version, nil, map[string]journey.Doc{"scoring": {
			Entry: journey.Entry{Event: []string{"Signed Up"}}, Versions: "move", Moved: moved,
			Steps: []journey.Step{
				{Name: step, Webhook: &journey.Webhook{URL: "https://crm.example/" + step, Save: &journey.Save{Name: "crm"}, Otherwise: []journey.Step{{Stop: true}}}},
				{Name: "tell", Send: &journey.Send{Template: "told", Channel: "email", Class: "transactional"}},
			},
		}})
	}
	for _, inTheAir := range []bool{false, true} {
		w := newWorld(t, scoring(1, "score", nil))
		f := &far{outbox: outbox{answer: rapport.Retry}, body: `{"tier":"gold"}`}
		w.reach(f)
		w.admit(identify("ana", "", `{"email":"ana@example.com"}`), track("ana", "", "Signed Up", ""))
		var parcels []flow.Parcel
		if inTheAir {
			var err error
			if parcels, err = w.engine.Claim(t.Context(), w.now, store.Lane{Channel: rapport.Webhook, Urgency: rapport.AtOnce}, 10); err != nil || len(parcels) != 1 {
				t.Fatal(parcels, err)
			}
		} else {
			w.advance(0)
		}
		f.answer = rapport.Accepted
		w.apply(scoring(2, "rate", map[string]string{"score": "rate"}))
		if inTheAir {
			if err := w.engine.Settle(t.Context(), w.now, parcels, flow.Hand(parcels)); err != nil {
				t.Fatal(err)
			}
		}
		w.advance(2 * time.Minute)
		if said := w.said(); len(said) != 1 || string(said[0].Learned) != `{"answers":{"crm":{"tier":"gold"}}}` {
			t.Errorf("in the air %v: called %+v, messages %+v", inTheAir, f.handed, said)
		}
	}
}

// hanging never answers calls of one address until it is let go, and others at once.
type hanging struct {
	far
	slow string
	free chan struct{}
}

func (h *hanging) Deliver(deliveries []rapport.Delivery) []rapport.Outcome {
	outcomes := make([]rapport.Outcome, len(deliveries))
	for i, d := range deliveries {
		if outcomes[i] = (rapport.Outcome{Message: d.Message, Kind: rapport.Accepted, Answer: &rapport.Answer{Status: 200}}); d.To == h.slow {
			<-h.free
		}
	}
	return outcomes
}

// A call that was answered moves its run, though others that were made along with it hang.
func TestAnswersDoNotWaitForOneAnother(t *testing.T) {
	t.Parallel()
	to := func(host string) journey.Doc {
		return journey.Doc{Entry: journey.Entry{Event: []string{"Signed Up"}}, Steps: []journey.Step{{Name: "call", Webhook: &journey.Webhook{URL: "https://" + host}}}}
	}
	w := newWorld(t, build(t, 1, nil, map[string]journey.Doc{"slow": to("slow.example"), "quick": to("quick.example")}))
	h := &hanging{slow: "https://slow.example", free: make(chan struct{})}
	w.engine.Workspace().Providers[rapport.Webhook] = h
	f := flow.Start(w.engine, clock.NewStepped(w.now.Time()), bell{make(chan struct{}, 1)}, flow.Limits{}, slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	e := track("ana", "", "Signed Up", "")
	e.MessageID, e.Timestamp, e.ReceivedAt = "m", w.now, w.now
	changed := f.Changed()
	if err := f.Submit(ctx, []rapport.Event{e}); err != nil {
		t.Fatal(err)
	}
	for answered := false; !answered; {
		select {
		case <-changed:
		case <-ctx.Done():
			close(h.free)
			t.Fatal("the answer waits for the call that hangs")
		}
		changed = f.Changed()
		for _, m := range w.messages() {
			answered = answered || m.Journey == "quick" && m.Status == rapport.Delivered
		}
	}
	close(h.free)
	if err := f.Stop(ctx); err != nil {
		t.Fatal(err)
	}
}
