package flow_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"rapport"
	"rapport/flow"
	"rapport/internal/clock"
	"rapport/journey"
)

// gate is a provider that holds what may be left out until it is opened, and takes the rest.
type gate struct {
	held   chan int // how many there were in each parcel that is held
	open   chan struct{}
	urgent chan rapport.Delivery
}

func (g *gate) Deliver(deliveries []rapport.Delivery) []rapport.Outcome {
	outcomes := make([]rapport.Outcome, len(deliveries))
	for i, d := range deliveries {
		outcomes[i] = rapport.Outcome{Message: d.Message, Kind: rapport.Accepted}
		if !d.Class.Optional() {
			g.urgent <- d
		}
	}
	if deliveries[0].Class.Optional() {
		g.held <- len(deliveries)
		<-g.open
	}
	return outcomes
}

func (g *gate) Again(m *rapport.Message, now rapport.Instant) (rapport.Instant, bool) {
	return now.Add(time.Minute), false
}

// A transactional message goes out at once, however many others wait, and though those that
// are in the air never come back.
func TestUrgentMessagesDoNotWait(t *testing.T) {
	t.Parallel()
	send := func(class string) []journey.Step {
		return []journey.Step{{Name: "send", Send: &journey.Send{Template: class, Channel: "email", Class: class}}}
	}
	w := newWorld(t, build(t, 1, nil, map[string]journey.Doc{
		"many": {Entry: journey.Entry{Event: []string{"Signed Up"}}, Steps: send("promotional")},
		"one":  {Entry: journey.Entry{Event: []string{"Order Completed"}}, Steps: send("transactional")},
	}))
	for i := range 500 {
		w.signUp(fmt.Sprint("user", i), fmt.Sprintf("u%d@example.com", i))
	}
	g := &gate{held: make(chan int, 100), open: make(chan struct{}), urgent: make(chan rapport.Delivery, 10)}
	w.engine.Workspace().Providers[rapport.Email] = g
	f := flow.Start(w.engine, clock.NewStepped(w.now.Time()), bell{make(chan struct{}, 1)}, flow.Limits{}, slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	order := func(n int) {
		e := track("user1", "", "Order Completed", "")
		e.MessageID, e.Timestamp, e.ReceivedAt = fmt.Sprint("order", n), w.now, w.now
		if err := f.Submit(ctx, []rapport.Event{e}); err != nil {
			t.Fatal(err)
		}
		select {
		case d := <-g.urgent:
			if d.Class != rapport.Transactional {
				t.Errorf("%v", d)
			}
		case <-ctx.Done():
			t.Fatal("the transactional message waits for the others")
		}
	}
	order(1)
	if n := <-g.held; n > 100 {
		t.Errorf("%d messages that may be left out are in the air at first", n)
	}
	for n := range 5 {
		order(2 + n)
	}
	if len(g.held) > 0 {
		t.Error("more went into the air while nothing came back")
	}
	close(g.open)
	if err := f.Stop(ctx); err != nil {
		t.Fatal(err)
	}
}

// While many messages wait, nobody has a turn; afterwards everybody has.
func TestTurnsWaitForSending(t *testing.T) {
	t.Parallel()
	w := newWorld(t, scheduled(t, 1, journey.Schedule{On: []string{day(1)}, At: "00:00", Zone: "UTC"}))
	w.crowd(300)
	for i := range 300 {
		w.consent(fmt.Sprint("user", i))
	}
	w.engine.SetCrowd(50)
	w.now = w.now.Add(16 * time.Hour)
	for more := true; more; {
		var err error
		if more, err = w.engine.GiveTurns(context.Background(), w.now, 1, 20); err != nil {
			t.Fatal(err)
		}
	}
	if n := w.begun(); n < 50 || n > 100 {
		t.Errorf("%d turns were given while nothing was sent", n)
	}
	w.advance(0)
	w.advance(10 * time.Minute)
	if n := w.begun(); n != 300 || len(w.outbox.handed) != 300 {
		t.Errorf("%d turns were given, and %d messages sent", n, len(w.outbox.handed))
	}
}

// What was due while nothing happened is not due to a campaign that is applied afterwards.
func TestScheduleBeginsWhenItIsApplied(t *testing.T) {
	t.Parallel()
	w := newWorld(t, build(t, 1, nil, nil))
	w.engine.Workspace().Places, w.engine.Workspace().Markets = newAround(), newAround()
	w.crowd(1)
	c := clock.NewStepped(w.now.Time())
	f := flow.Start(w.engine, c, bell{make(chan struct{}, 1)}, flow.Limits{}, slog.New(slog.DiscardHandler))
	defer func() { _ = f.Stop(t.Context()) }()
	if _, err := c.Advance(17 * time.Hour); err != nil { // an hour after midnight
		t.Fatal(err)
	}
	next := scheduled(t, 2, journey.Schedule{On: []string{day(1)}, At: "00:00", Zone: "UTC"})
	next.Providers = w.engine.Workspace().Providers
	if err := f.Apply(t.Context(), next); err != nil {
		t.Fatal(err)
	}
	var a flow.Agenda
	for range 3 {
		if err := f.Do(t.Context(), flow.ReadAgenda("news", &a)); err != nil {
			t.Fatal(err)
		}
	}
	if n := w.begun(); n != 0 || len(a.Past)+len(a.Open) != 0 {
		t.Errorf("%d turns were given: %+v", n, a)
	}
}
