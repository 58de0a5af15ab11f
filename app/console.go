//go:build !noconsole

package app

import (
	"context"
	"net/http"
	"sync/atomic"
	"time"

	"rapport"
	"rapport/console"
	"rapport/flow"
)

// startPage returns the pages for a person, which call the face with a key, and
// who is told of events that were admitted.
func (a *App) startPage(p Page, face http.Handler, key string) (http.Handler, func([]rapport.Event), error) {
	pulse := &console.Pulse{}
	c := console.Config{
		Face: face, Key: key, Figures: &figures{app: a}, Pulse: pulse, Sandbox: a.config.Sandbox, Synthetic: p.Synthetic,
		Progress: p.Progress, URL: a.config.URL, ShownKey: p.ShownKey, ShownWriteKey: p.ShownWriteKey, Program: p.Program,
	}
	if p.Story != nil {
		c.Story = func(ctx context.Context) (story []console.Beat) {
			for _, b := range p.Story(ctx) {
				story = append(story, console.Beat(b))
			}
			return story
		}
	}
	if !p.Open {
		c.Authorised = a.isAdmin
	}
	home, err := console.New(c)
	return home, func(events []rapport.Event) { pulse.Admitted(events, time.Now()) }, err
}

// figures counts what the start page shows.
type figures struct {
	app       *App
	customers atomic.Int64 // as counted last
}

// Figures counts. While the flow is at work on something else, such as moving the
// clock, customers are as many as before.
func (f *figures) Figures(ctx context.Context) (console.Count, error) {
	var sizes flow.Sizes
	if err := f.app.Flow.Do(ctx, flow.Count(&sizes)); err == nil {
		f.customers.Store(sizes.Customers)
	}
	count := console.Count{Customers: f.customers.Load(), Messages: map[string]int64{}}
	ctx = context.WithoutCancel(ctx)
	totals, err := f.app.Store.Counters(ctx, "events")
	for _, t := range totals {
		if t.Bucket.IsZero() && t.Name == "events" {
			count.Events = t.Sum
		}
	}
	if err != nil {
		return count, err
	}
	totals, err = f.app.Store.Counters(ctx, messagesCounter)
	for _, t := range totals {
		if t.Bucket.IsZero() {
			count.Messages[statusOf(t.Name)] += t.Sum
		}
	}
	count.Messages[rapport.Waiting.String()] = waiting(count.Messages)
	return count, err
}

const messagesCounter = "messages"

// statusOf returns the status that a counter of messages counts, "" for all.
func statusOf(name string) string {
	if name == messagesCounter {
		return ""
	}
	return name[len(messagesCounter)+1:]
}

// waiting returns how many messages nothing has become of yet.
func waiting(counts map[string]int64) int64 {
	left := counts[""]
	for _, s := range []rapport.Status{rapport.Handed, rapport.Failed, rapport.Unclear, rapport.Dropped, rapport.Withheld} {
		left -= counts[s.String()]
	}
	return max(0, left)
}

// Reached returns the instant of the last batch.
func (f *figures) Reached() rapport.Instant { return f.app.Store.State().At }
