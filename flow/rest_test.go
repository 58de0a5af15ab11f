package flow_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"rapport"
	"rapport/flow"
	"rapport/internal/clock"
	"rapport/journey"
	"rapport/store"
	"rapport/store/memory"
)

// carrier answers as a test says.
type carrier struct {
	deliver func([]rapport.Delivery) []rapport.Outcome
}

func (c *carrier) Deliver(batch []rapport.Delivery) []rapport.Outcome { return c.deliver(batch) }

func (c *carrier) Again(m *rapport.Message, now rapport.Instant) (rapport.Instant, bool) {
	return now.Add(time.Duration(m.Attempts) * time.Minute), now >= m.CreatedAt.Add(24*time.Hour)
}

// answers are like outcomes of a batch.
func answers(batch []rapport.Delivery, o rapport.Outcome) []rapport.Outcome {
	outcomes := slices.Repeat([]rapport.Outcome{o}, len(batch))
	for i := range batch {
		outcomes[i].Message = batch[i].Message
	}
	return outcomes
}

func accepts(batch []rapport.Delivery) []rapport.Outcome {
	return answers(batch, rapport.Outcome{Kind: rapport.Accepted})
}

// steppedAlarm rings when the clock that a test steps has come to its instant.
type steppedAlarm struct {
	clock *clock.Stepped
	mu    sync.Mutex
	at    rapport.Instant
	rung  chan struct{}
}

func (a *steppedAlarm) Set(at rapport.Instant) {
	a.mu.Lock()
	a.at = at
	a.mu.Unlock()
	a.ring()
}

func (a *steppedAlarm) ring() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.at > rapport.InstantOf(a.clock.Now()) {
		return
	}
	select {
	case a.rung <- struct{}{}:
	default:
	}
}

// next returns the instant that the alarm is set to.
func (a *steppedAlarm) next() rapport.Instant {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.at
}

func (a *steppedAlarm) C() <-chan struct{} { return a.rung }

// queue is a store whose messages can't be asked for while it is jammed, and that can't be
// written to while it is full.
type queue struct {
	*memory.Store
	jammed, full atomic.Bool
	refused      atomic.Int32 // batches
}

func (q *queue) Commit(ctx context.Context, b *store.Batch) error {
	if q.full.Load() {
		q.refused.Add(1)
		return rapport.Errorf(rapport.Unavailable, "full")
	}
	return q.Store.Commit(ctx, b)
}

func (q *queue) Pending(ctx context.Context, lane store.Lane, now rapport.Instant, limit int) ([]rapport.Message, error) {
	if q.jammed.Load() {
		return nil, rapport.Errorf(rapport.Unavailable, "jammed")
	}
	return q.Store.Pending(ctx, lane, now, limit)
}

// office is a running flow whose time a test steps.
type office struct {
	*testing.T
	flow  *flow.Flow
	store *queue
	clock *clock.Stepped
	alarm *steppedAlarm
	n     int

	workspace *flow.Workspace // in force
}

// newOffice runs a flow that answers News with an optional mail, Recall with one that
// must go out, Order Completed with a transactional one, and Text with an optional text.
func newOffice(t *testing.T, limits flow.Limits, providers map[rapport.Channel]flow.Provider) *office {
	t.Helper()
	journeys := map[string]journey.Doc{}
	for event, send := range map[string]journey.Send{
		"News":            {Channel: "email", Class: "promotional", Purpose: "marketing"},
		"Recall":          {Channel: "email", Class: "must-send", Purpose: "marketing"},
		"Order Completed": {Channel: "email", Class: "transactional"},
		"Text":            {Channel: "sms", Class: "promotional", Purpose: "marketing"},
	} {
		send.Template = "letter"
		journeys[fmt.Sprint("on ", event)] = journey.Doc{
			Entry: journey.Entry{Event: []string{event}}, Steps: []journey.Step{{Name: "send", Send: &send}},
		}
	}
	return officeOf(t, build(t, 1, nil, journeys), limits, providers)
}

// officeOf runs a flow of any workspace.
func officeOf(t *testing.T, workspace *flow.Workspace, limits flow.Limits, providers map[rapport.Channel]flow.Provider) *office {
	t.Helper()
	return openOffice(t, workspace, limits, providers, start)
}

// openOffice is officeOf where the store's last owner came to an instant.
func openOffice(t *testing.T, workspace *flow.Workspace, limits flow.Limits, providers map[rapport.Channel]flow.Provider, last rapport.Instant) *office {
	t.Helper()
	workspace.Providers = providers
	o := &office{T: t, store: &queue{Store: memory.New()}, clock: clock.NewStepped(start.Time()), workspace: workspace}
	o.alarm = &steppedAlarm{clock: o.clock, rung: make(chan struct{}, 1)}
	engine, err := flow.Open(t.Context(), flow.Config{Key: key, Store: o.store, Workspace: workspace}, last)
	if err != nil {
		t.Fatal(err)
	}
	o.flow = flow.Start(engine, o.clock, o.alarm, limits, slog.New(slog.DiscardHandler))
	t.Cleanup(func() { _ = o.flow.Stop(context.Background()) })
	return o
}

// hear lets so many people, each of them new, do something.
func (o *office) hear(event string, people int) {
	o.Helper()
	o.hearAll(`{"email":"%[1]s@example.com","phone":"+49301%07[2]d"}`, event, people)
}

// hearAll is hear of people whose traits are made of their name and number.
func (o *office) hearAll(traits, event string, people int) {
	o.Helper()
	var events []rapport.Event
	now := rapport.InstantOf(o.clock.Now())
	for range people {
		o.n++
		user := fmt.Sprint("user", o.n)
		who := identify(user, "", fmt.Sprintf(traits, user, o.n))
		who.Context = []byte(`{"consent":{"categoryPreferences":{"marketing":true}}}`)
		events = append(events, who, track(user, "", event, ""))
	}
	for i := range events {
		events[i].MessageID, events[i].Timestamp, events[i].ReceivedAt = fmt.Sprint(o.n, "-", i), now, now
	}
	if err := o.flow.Submit(o.Context(), events); err != nil {
		o.Fatal(err)
	}
}

// until waits until so many messages are in a state.
func (o *office) until(status rapport.Status, n int) {
	o.Helper()
	ctx, cancel := context.WithTimeout(o.Context(), time.Minute)
	defer cancel()
	for {
		changed := o.flow.Changed()
		if o.count(status) >= n {
			return
		}
		select {
		case <-changed:
		case <-ctx.Done():
			o.Fatalf("%d messages are %s, wanted %d", o.count(status), status, n)
		}
	}
}

func (o *office) count(status rapport.Status) int {
	list, err := o.store.Messages(context.Background(), store.MessageFilter{Status: status, Limit: 100_000})
	if err != nil {
		o.Fatal(err)
	}
	return len(list)
}

// pass lets time pass.
func (o *office) pass(d time.Duration) {
	o.Helper()
	if _, err := o.clock.Advance(d); err != nil {
		o.Fatal(err)
	}
	o.alarm.ring()
}

// settled returns once the loop has nothing to do before time passes.
func (o *office) settled() {
	o.Helper()
	if err := o.flow.Alone(o.Context(), func(context.Context, *flow.Engine) error { return nil }); err != nil {
		o.Fatal(err)
	}
}

// A store that refuses a claim is asked again a little later, not over and over.
func TestRefusedClaimIsTriedLater(t *testing.T) {
	t.Parallel()
	o := newOffice(t, flow.Limits{}, map[rapport.Channel]flow.Provider{rapport.Email: &carrier{accepts}})
	o.store.jammed.Store(true)
	o.hear("News", 200) // more than may be in the air at first: some are claimed
	o.settled()         // the turn of before has set the alarm
	now := rapport.InstantOf(o.clock.Now())
	if at := o.alarm.next(); at <= now || at > now.Add(time.Second) {
		t.Errorf("the loop goes on at %v, it is %v", at, now)
	}
	o.store.jammed.Store(false)
	o.pass(time.Second)
	o.until(rapport.Handed, 200)
}

// While a provider sits on a campaign, messages of other lanes and other channels go out,
// and another workspace can be put in force.
func TestLanesDoNotWaitForEachOther(t *testing.T) {
	t.Parallel()
	begun, held := make(chan struct{}), make(chan struct{})
	begin := sync.OnceFunc(func() { close(begun) })
	release := sync.OnceFunc(func() { close(held) })
	defer release()
	mail := &carrier{func(batch []rapport.Delivery) []rapport.Outcome {
		if batch[0].Class == rapport.Promotional {
			begin()
			<-held
		}
		return accepts(batch)
	}}
	text := &carrier{accepts}
	o := newOffice(t, flow.Limits{Attempts: 200}, map[rapport.Channel]flow.Provider{rapport.Email: mail, rapport.SMS: text})
	o.hear("News", 1000)
	<-begun
	for n, event := range []string{"Order Completed", "Recall", "Text"} {
		o.hear(event, 1)
		o.until(rapport.Handed, n+1)
	}
	o.apply(nil)
	if n := o.count(rapport.Handed); n != 3 {
		t.Errorf("%d messages went out, wanted 3", n)
	}
	release()
	o.until(rapport.Handed, 1003)
}

// apply puts the workspace in force with other providers, if there are any.
func (o *office) apply(providers map[rapport.Channel]flow.Provider) {
	o.Helper()
	next := *o.workspace
	next.Version++
	if providers != nil {
		next.Providers = providers
	}
	o.workspace = &next
	ctx, cancel := context.WithTimeout(o.Context(), 30*time.Second) // for ever, if it waits for what a test holds
	defer cancel()
	if err := o.flow.Apply(ctx, &next); err != nil {
		o.Fatal(err)
	}
}

// A provider that is down is left alone: it is tried with a few messages after a second,
// two, four and so on to a minute, or when it said. Nothing is lost and nothing doubled.
func TestLaneRestsWhileItsProviderIsDown(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var calls []int // how many messages each call brought
	answer := rapport.Outcome{Kind: rapport.Retry, Reason: "down", Down: true}
	taken := map[rapport.MessageID]int{}
	mail := &carrier{func(batch []rapport.Delivery) []rapport.Outcome {
		mu.Lock()
		defer mu.Unlock()
		calls = append(calls, len(batch))
		for _, d := range batch {
			if answer.Kind == rapport.Accepted {
				taken[d.Message]++
			}
		}
		return answers(batch, answer)
	}}
	say := func(o rapport.Outcome) (before []int) {
		mu.Lock()
		defer mu.Unlock()
		before, calls, answer = calls, nil, o
		return before
	}
	o := newOffice(t, flow.Limits{}, map[rapport.Channel]flow.Provider{rapport.Email: mail})
	o.hear("News", 700)
	o.settled()
	if got := say(answer); !slices.Equal(got, []int{100}) {
		t.Fatalf("a provider that is down got %v", got)
	}
	for _, rest := range []time.Duration{1, 2, 4, 8, 16, 32, 60, 60} {
		o.pass(rest*time.Second - time.Millisecond)
		o.settled()
		o.pass(time.Millisecond)
		o.settled()
		if got := say(answer); !slices.Equal(got, []int{10}) {
			t.Fatalf("after %d seconds it got %v, wanted one call of 10", rest, got)
		}
	}
	later := answer
	later.RetryAt = rapport.InstantOf(o.clock.Now()).Add(11 * time.Minute)
	say(later)
	o.pass(time.Minute)
	o.settled()
	if got := say(answer); !slices.Equal(got, []int{10}) {
		t.Fatalf("the call that names an instant: %v", got)
	}
	o.pass(9 * time.Minute)
	o.settled()
	if got := say(rapport.Outcome{Kind: rapport.Accepted}); len(got) != 0 {
		t.Fatalf("before the instant that it named it got %v", got)
	}
	o.pass(2 * time.Minute)
	o.until(rapport.Handed, 700)
	for id, n := range taken {
		if n != 1 {
			t.Errorf("%s was taken %d times", id, n)
		}
	}
	if calls[0] != 10 || calls[1] > 20 {
		t.Errorf("it was tried with %d messages and then with %d", calls[0], calls[1])
	}
}

// Of one that never answers, as of one that is down, few are made unclear.
func TestLaneRestsWhenNothingIsAnswered(t *testing.T) {
	t.Parallel()
	mail := &carrier{func(batch []rapport.Delivery) []rapport.Outcome {
		return answers(batch, rapport.Outcome{Kind: rapport.Vague, Reason: "no answer"})
	}}
	o := newOffice(t, flow.Limits{}, map[rapport.Channel]flow.Provider{rapport.Email: mail})
	o.hear("News", 700)
	o.settled()
	if n := o.count(rapport.Unclear); n != 100 {
		t.Errorf("%d messages are unclear, wanted those of the first call", n)
	}
}

// As many messages are in the air as the provider takes in about a second, so that few
// are unclear after a crash: one that is slow gets few, one that is fast many.
func TestLaneAdaptsToItsProvider(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		each        time.Duration // how long a message takes
		least, most int           // in the air, after a while
	}{{200 * time.Millisecond, 1, 10}, {10 * time.Millisecond, 50, 100}, {0, 400, 1500}} {
		air, done := 0, 0
		var mu sync.Mutex
		var o *office
		mail := &carrier{func(batch []rapport.Delivery) []rapport.Outcome {
			mu.Lock()
			defer mu.Unlock()
			if done += len(batch); done > 1000 {
				air = max(air, o.count(rapport.Attempting))
			}
			o.pass(time.Duration(len(batch)) * c.each)
			return accepts(batch)
		}}
		o = newOffice(t, flow.Limits{Attempts: 1500}, map[rapport.Channel]flow.Provider{rapport.Email: mail})
		o.hear("News", 2000)
		o.until(rapport.Handed, 2000)
		if air < c.least || air > c.most {
			t.Errorf("%s a message: %d were in the air, wanted %d to %d", c.each, air, c.least, c.most)
		}
	}
}

// Messages of a channel that nobody carries are told so a few at a time, and all of them
// go out when there is somebody.
func TestLaneWithoutAProvider(t *testing.T) {
	t.Parallel()
	o := newOffice(t, flow.Limits{}, nil)
	o.hear("News", 300)
	o.settled()
	told := 0
	waiting, err := o.store.Messages(t.Context(), store.MessageFilter{Status: rapport.Waiting, Limit: 500})
	for _, m := range waiting {
		if m.Reason != "" {
			told++
		}
	}
	if err != nil || len(waiting) != 300 || told != 10 {
		t.Fatalf("%d wait and %d of them are told why, %v", len(waiting), told, err)
	}
	o.apply(map[rapport.Channel]flow.Provider{rapport.Email: &carrier{accepts}})
	o.until(rapport.Handed, 290)
	o.pass(5 * time.Minute)
	o.until(rapport.Handed, 300)
}
