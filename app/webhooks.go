package app

import (
	"context"
	"fmt"
	"slices"
	"time"

	"rapport"
	"rapport/channel"
	"rapport/channel/capture"
	"rapport/channel/webhook"
)

// callPolicy says when a call of a journey is made again; when it is given up the journey
// says.
func callPolicy() channel.Policy {
	return channel.Policy{First: 10 * time.Second, Longest: 10 * time.Minute}
}

// caller makes the calls of journeys.
type caller struct{ *carrier }

// Again says when a call is made again, or that it is given up.
func (c caller) Again(m *rapport.Message, now rapport.Instant) (rapport.Instant, bool) {
	policy := c.policy
	policy.GiveUp = m.UsefulUntil.Sub(m.CreatedAt)
	return channel.Next(policy, m.ID, m.Attempts, m.CreatedAt, now)
}

// callsName is how the provider of calls is kept among those of channels: no document has
// such a name.
const callsName = "calls of journeys"

// open opens the provider of each channel, and the one that makes calls, save those that
// are open. In a sandbox calls are captured.
func (w *Workspaces) open(docs map[string]channel.Doc) (carriers, error) {
	opened, err := openCarriers(docs, w.sandbox, w.secrets, w.carriers)
	if err != nil {
		return nil, err
	}
	if opened[callsName] = w.carriers[callsName]; opened[callsName] != nil {
		return opened, nil
	}
	calls, err := w.calls()
	if err != nil {
		delete(opened, callsName)
		opened.retire(w.carriers)
		return nil, err
	}
	opened[callsName] = &carrier{provider: calls, policy: callPolicy(), doc: channel.Doc{Channel: string(rapport.Webhook)}}
	return opened, nil
}

func (w *Workspaces) calls() (channel.Provider, error) {
	if w.sandbox {
		return capture.New("capture", rapport.Sender{}, func(context.Context, []rapport.Delivery) error { return nil })
	}
	return webhook.New(webhook.Config{Secrets: w.secrets, AllowPrivate: w.private}), nil
}

// callers returns the journeys whose calls need a secret, in order: those in force by name,
// and of earlier versions those that runs still follow.
func (w *Workspaces) callers(ctx context.Context, secret string) (all []string, err error) {
	journeys := w.Current().Running.Journeys
	for _, j := range journeys.Journeys() {
		if slices.Contains(j.Secrets(), secret) {
			all = append(all, j.Name())
		}
	}
	for _, j := range journeys.Earlier() {
		if !slices.Contains(j.Secrets(), secret) {
			continue
		}
		runs, err := w.underWay(ctx, j.Name())
		if err != nil {
			return nil, err
		}
		if runs[j.Version()] > 0 {
			all = append(all, fmt.Sprintf("%s in version %d, which runs still follow,", j.Name(), j.Version()))
		}
	}
	return all, nil
}
