package channel

import (
	"context"
	"sync"
	"time"

	"rapport"
	"rapport/channel/balance"
)

// ServerState is whether messages are handed to a mail server.
type ServerState string

// The states of a mail server.
const (
	ServerOpen    ServerState = "open"    // it takes messages, as far as is known
	ServerResting ServerState = "resting" // it is down: one of several is left out, one alone is tried with a few
	ServerWaiting ServerState = "waiting" // it can't be used before something is there that it lacks
)

// ServerHealth is how a mail server is, and what came of what it was given.
type ServerHealth struct {
	Name   string
	Weight int
	State  ServerState
	Until  rapport.Instant // when one of several that rests may be tried; zero while it is being tried
	Why    string          // it is not open
	Handed uint64          // messages that it has accepted
	Failed uint64          // messages that it was given and has not
}

// Health is how a channel's mail servers are.
type Health struct {
	Name     string
	Channel  rapport.Channel
	Provider string
	Since    rapport.Instant // when it was opened: since then messages are counted
	Servers  []ServerHealth  // none of what is captured
}

// Opened is a channel in force.
type Opened struct {
	Doc      Doc
	Provider Provider // nil while the channel waits for a secret
}

// Health returns how the channel's mail servers are now.
func (o Opened) Health() Health {
	h := Health{Name: o.Doc.Name, Channel: o.Doc.Serves(), Provider: o.Doc.Provider}
	m, opened := o.Provider.(*mailProvider)
	if opened {
		h.Since = rapport.InstantOf(m.since)
	}
	for i, s := range o.Doc.mailServers() {
		server := ServerHealth{Name: s.called(), Weight: s.weight, State: ServerWaiting}
		if opened {
			m.tell(i, &server)
		} else if _, err := s.password(noSecret); err != nil {
			server.Why = rapport.MessageOf(err)
		}
		h.Servers = append(h.Servers, server)
	}
	return h
}

func noSecret(string) (string, bool) { return "", false }

// mailProvider is the provider of a document's mail servers.
type mailProvider struct {
	Provider // the only server, or a balance over several
	since    time.Time
	servers  []*watched // in the document's order
}

// tell adds how the server at a place is.
func (m *mailProvider) tell(place int, h *ServerHealth) {
	w := m.servers[place]
	if w.Provider == nil {
		h.Why = w.why
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	down := w.down
	if b, several := m.Provider.(*balance.Balance); several {
		h.Until, down = b.Resting(w.Name())
	}
	h.State, h.Handed, h.Failed = ServerOpen, w.handed, w.failed
	if down {
		h.State, h.Why = ServerResting, w.why
	}
}

// watched is a mail server and what it did with its messages.
type watched struct {
	Provider // nil if it waits

	mu     sync.Mutex
	handed uint64
	failed uint64
	down   bool   // as the last batch found it
	why    string // it is down, or waits
}

// Deliver hands a batch over and keeps what came of it.
func (w *watched) Deliver(ctx context.Context, batch []rapport.Delivery) []rapport.Outcome {
	outcomes := w.Provider.Deliver(ctx, batch)
	w.mu.Lock()
	defer w.mu.Unlock()
	answered, down, why := false, false, ""
	for _, o := range outcomes {
		if o.Kind == rapport.Accepted {
			w.handed++
		} else {
			w.failed++
		}
		answered = answered || !o.Down && o.Kind != rapport.Vague
		if down = down || o.Down; o.Down || o.Kind == rapport.Vague {
			why = o.Reason
		}
	}
	if w.down = len(outcomes) > 0 && (down || !answered); w.down {
		w.why = why
	}
	return outcomes
}
