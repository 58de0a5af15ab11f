package app

import (
	"context"
	"slices"
	"time"

	"rapport"
	"rapport/channel"
	"rapport/channel/capture"
	"rapport/channel/webhook"
	"rapport/flow"
)

// callPolicy says when a call of a journey is made again; when it is given up the journey
// says.
func callPolicy() channel.Policy {
	return channel.Policy{First: 10 * time.Second, Longest: 10 * time.Minute}
}

// caller makes the calls of journeys.
type caller struct{ carrier }

// Again says when a call is made again, or that it is given up.
func (c *caller) Again(m *rapport.Message, now rapport.Instant) (rapport.Instant, bool) {
	policy := c.policy
	policy.GiveUp = m.UsefulUntil.Sub(m.CreatedAt)
	return channel.Next(policy, m.ID, m.Attempts, m.CreatedAt, now)
}

// open opens the provider of each channel, and the one that makes calls. In a sandbox
// these are captured.
func (w *Workspaces) open(docs map[string]channel.Doc) (map[rapport.Channel]flow.Provider, []channel.Provider, error) {
	providers, opened, err := openProviders(docs, w.sandbox, w.secrets)
	if err != nil {
		return nil, nil, err
	}
	calls, err := w.calls()
	if err != nil {
		closeProviders(context.Background(), opened)
		return nil, nil, err
	}
	providers[rapport.Webhook] = &caller{carrier{provider: calls, policy: callPolicy()}}
	return providers, append(opened, calls), nil
}

func (w *Workspaces) calls() (channel.Provider, error) {
	if w.sandbox {
		return capture.New("capture", rapport.Sender{}, func(context.Context, []rapport.Delivery) error { return nil })
	}
	return webhook.New(webhook.Config{Secrets: w.secrets, AllowPrivate: w.private}), nil
}

// callers returns the names of the journeys in force whose calls need a secret, in order.
func (w *Workspaces) callers(secret string) (names []string) {
	for _, j := range w.Current().Running.Journeys.Journeys() {
		if slices.Contains(j.Secrets(), secret) {
			names = append(names, j.Name())
		}
	}
	return names
}
