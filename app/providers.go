package app

import (
	"context"
	"slices"
	"time"

	"rapport"
	"rapport/channel"
	"rapport/channel/capture"
	"rapport/flow"
)

// carrier is a channel's provider as flow hands messages to it.
type carrier struct {
	provider channel.Provider
	policy   channel.Policy
}

// handOver bounds one call of a provider; whatever was not begun by then is tried
// again.
const handOver = 15 * time.Minute

// Deliver hands messages over.
func (c *carrier) Deliver(deliveries []rapport.Delivery) []rapport.Outcome {
	ctx, cancel := context.WithTimeout(context.Background(), handOver)
	defer cancel()
	return c.provider.Deliver(ctx, deliveries)
}

// Again says when a message is tried again.
func (c *carrier) Again(m *rapport.Message, now rapport.Instant) (rapport.Instant, bool) {
	return channel.Next(c.policy, m.ID, m.Attempts, m.CreatedAt, now)
}

// captured is what serves a sandbox: every message is captured, whatever the
// documents say.
func captured() map[string]channel.Doc {
	return map[string]channel.Doc{
		"email": {Name: "capture", Channel: string(rapport.Email), Provider: channel.Capture},
		"sms":   {Name: "capture", Channel: string(rapport.SMS), Provider: channel.Capture},
	}
}

// openProviders opens the provider of each channel. One that still lacks a secret
// is passed over: its messages wait until [App.SetSecret] has it opened.
func openProviders(docs map[string]channel.Doc, isSandbox bool, secrets channel.Secrets) (map[rapport.Channel]flow.Provider, []channel.Provider, error) {
	kept := func(context.Context, []rapport.Delivery) error { return nil } // flow keeps what was rendered
	if isSandbox {
		docs = captured()
	}
	providers := map[rapport.Channel]flow.Provider{}
	var opened []channel.Provider
	for _, doc := range docs {
		if lacks(doc, secrets) {
			continue
		}
		c, err := openCarrier(doc, secrets, kept)
		if err != nil {
			closeProviders(context.Background(), opened)
			return nil, nil, err
		}
		opened = append(opened, c.provider)
		providers[doc.Serves()] = c
	}
	return providers, opened, nil
}

func lacks(doc channel.Doc, secrets channel.Secrets) bool {
	return slices.ContainsFunc(doc.Secrets(), func(name string) bool {
		_, ok := secrets(name)
		return !ok
	})
}

func openCarrier(doc channel.Doc, secrets channel.Secrets, kept capture.Sink) (*carrier, error) {
	policy, err := doc.Policy()
	if err != nil {
		return nil, err
	}
	p, err := channel.Open(doc, secrets, kept)
	return &carrier{provider: p, policy: policy}, err
}

func closeProviders(ctx context.Context, providers []channel.Provider) {
	for _, p := range providers {
		_ = p.Close(ctx) // nothing is in the air any more; a connection that won't close is no loss
	}
}
