package app

import (
	"context"
	"maps"
	"reflect"
	"slices"
	"time"

	"rapport"
	"rapport/channel"
	"rapport/channel/capture"
	"rapport/flow"
)

// carrier is a channel's provider as flow hands messages to it, and what it was opened
// with.
type carrier struct {
	provider channel.Provider
	policy   channel.Policy
	doc      channel.Doc
	secrets  []string
}

// carriers are the providers that are open, by the names of their documents.
type carriers map[string]*carrier

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

// openCarriers opens the provider of each channel; one that is open and would be the
// same is kept, with its connections and what it knows of its servers. One that still
// lacks a secret is passed over: its messages wait until [App.SetSecret] has it opened. Of
// several mail servers only those wait that lack theirs.
func openCarriers(docs map[string]channel.Doc, isSandbox bool, secrets channel.Secrets, before carriers) (carriers, error) {
	kept := func(context.Context, []rapport.Delivery) error { return nil } // flow keeps what was rendered
	if isSandbox {
		docs = captured()
	}
	opened := carriers{}
	for name, doc := range docs {
		if doc.Lacks(secrets) {
			continue
		}
		if c := before[name]; c != nil && c.isFor(doc, secrets) {
			opened[name] = c
			continue
		}
		c, err := openCarrier(doc, secrets, kept)
		if err != nil {
			opened.retire(before)
			return nil, err
		}
		opened[name] = c
	}
	return opened, nil
}

// providers returns what carries each channel.
func (cs carriers) providers() map[rapport.Channel]flow.Provider {
	providers := map[rapport.Channel]flow.Provider{}
	for name, c := range cs {
		if name == callsName {
			providers[rapport.Webhook] = caller{c}
			continue
		}
		providers[c.doc.Serves()] = c
	}
	return providers
}

// isFor reports whether a carrier was opened with the same document and secrets.
func (c *carrier) isFor(doc channel.Doc, secrets channel.Secrets) bool {
	return reflect.DeepEqual(c.doc, doc) && slices.Equal(c.secrets, valuesOf(doc, secrets))
}

func valuesOf(doc channel.Doc, secrets channel.Secrets) (values []string) {
	for _, name := range doc.Secrets() {
		value, _ := secrets(name)
		values = append(values, value)
	}
	return values
}

// opened returns the channels in force with their providers, in the order of names.
func (w *Workspaces) opened(docs map[string]channel.Doc, by carriers) (all []channel.Opened) {
	if w.sandbox {
		docs = captured()
	}
	for _, name := range slices.Sorted(maps.Keys(docs)) {
		o := channel.Opened{Doc: docs[name]}
		if c := by[name]; c != nil {
			o.Provider = c.provider
		}
		all = append(all, o)
	}
	return all
}

func openCarrier(doc channel.Doc, secrets channel.Secrets, kept capture.Sink) (*carrier, error) {
	policy, err := doc.Policy()
	if err != nil {
		return nil, err
	}
	p, err := channel.Open(doc, secrets, kept)
	return &carrier{provider: p, policy: policy, doc: doc, secrets: valuesOf(doc, secrets)}, err
}

// retire closes those carriers that are not among others, beside whatever goes on: what
// they are handing over comes back first.
func (cs carriers) retire(others carriers) {
	for name, c := range cs {
		if others[name] == c {
			continue
		}
		go func() {
			ctx, cancel := context.WithTimeout(context.Background(), handOver)
			defer cancel()
			_ = c.provider.Close(ctx) // a connection that won't close is no loss
		}()
	}
}

// close closes all of them.
func (cs carriers) close(ctx context.Context) {
	for _, c := range cs {
		_ = c.provider.Close(ctx) // nothing is in the air any more
	}
}
