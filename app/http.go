package app

import (
	"context"
	"net/http"
	"time"

	"github.com/google/uuid"

	"rapport"
	"rapport/api"
	"rapport/flow"
)

// Handler returns the HTTP face of the program. Home serves whatever no other
// address is; it may be nil.
func (a *App) Handler(home http.Handler) (http.Handler, error) {
	return a.handler(home, func([]rapport.Event) {}, a.keyNamed)
}

// handler returns the face. Heard is told of events once they are admitted.
func (a *App) handler(home http.Handler, heard func([]rapport.Event), keyNamed func(key string) (string, bool)) (http.Handler, error) {
	metrics := api.NewMetrics(Version)
	collect := api.NewCollect(metrics.Admitter(admitter{a, heard}), []string{a.Write}, a.Now, uuid.NewString, a.config.Log)
	collect.OnRefused = metrics.Refused
	a.watch(metrics)
	c := api.Config{
		Flow: unstuck{a}, Customers: a.Store, Messages: a.Store, Ledger: a.Store, Workspaces: a.Workspaces, Secrets: a, Keys: a.keys, Key: a.key,
		Columns: flow.NewColumns(mirrorLimit, a.Flow.Do, a.Store), KeyNamed: keyNamed, Ready: a.ready, Collect: collect,
		Metrics: metrics, Home: home, NewID: uuid.NewString, Log: a.config.Log, Version: Version,
	}
	if a.tracing != nil {
		c.Trace = a.tracing.request
	}
	if a.ahead != nil {
		c.Sandbox = sandboxClock{a}
	}
	return api.New(c)
}

// mirrorLimit is how many bytes of memory may be taken for answering previews of
// segments. Of customers with more to keep the records are read instead.
const mirrorLimit = 1 << 30

// Version is the program's.
const Version = "0.1.0"

// admitter takes events through the flow.
type admitter struct {
	app   *App
	heard func([]rapport.Event)
}

// Admit returns once the events are committed. While a commit is stuck whose fate the
// store can't find out, nobody is kept waiting for it: who sends again what was
// admitted after all has sent it once.
func (a admitter) Admit(ctx context.Context, events []rapport.Event) error {
	if err := a.app.trouble(); err != nil {
		return refusal(err)
	}
	waiting, cancel := context.WithCancel(ctx)
	defer cancel()
	if st, ok := a.app.Store.(remote); ok {
		defer watch(waiting, st, cancel)()
	}
	err := a.app.Flow.Submit(waiting, events)
	switch {
	case err == nil:
		a.heard(events)
	case waiting.Err() != nil && ctx.Err() == nil:
		return refusal(err)
	}
	return err
}

// watch looks now and then whether a commit is stuck, and calls give up then. Whoever
// waits no longer calls what it returns.
func watch(waiting context.Context, st remote, giveUp func()) (stop func() bool) {
	var look *time.Timer
	look = time.AfterFunc(time.Hour, func() {
		switch {
		case st.Trouble() != nil:
			giveUp()
		case waiting.Err() == nil:
			look.Reset(stuckAfter)
		}
	})
	look.Reset(stuckAfter)
	return look.Stop
}

// stuckAfter is how long a sender waits for a commit before it is looked whether that
// is stuck.
const stuckAfter = 3 * time.Second

// unstuck is the flow, but for those who need not wait for a commit that is stuck.
type unstuck struct{ app *App }

// Now returns the instant that the environment's clock shows.
func (u unstuck) Now() rapport.Instant { return u.app.Flow.Now() }

// Do returns once the work is committed.
func (u unstuck) Do(ctx context.Context, work flow.Work) error {
	if err := u.app.trouble(); err != nil {
		return refusal(err)
	}
	return u.app.Flow.Do(ctx, work)
}

// sandboxClock moves the clock of a sandbox.
type sandboxClock struct{ app *App }

// Advance moves the clock and does what falls due on the way. Where a simulated shop
// lives in the sandbox, it goes along.
func (s sandboxClock) Advance(ctx context.Context, to func(now rapport.Instant) rapport.Instant) (rapport.Instant, error) {
	if d := s.app.lives.Load(); d != nil {
		return d.goAlong(ctx, to)
	}
	return s.app.Flow.Advance(ctx, s.app.ahead, to)
}
