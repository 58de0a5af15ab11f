// Package balance hands messages to one of several servers, each of which gets its
// share of them.
//
// What it guarantees, besides the outcomes of package channel:
//
//  1. Which server a message goes to depends on its id and the servers' weights alone:
//     shares are as the weights say, and a message that is tried again goes where it
//     was, so that the same server can know a repeat by its Message-ID.
//  2. A server that is down, or takes none of our messages for now, is left out for a
//     while, twice as long each time; what it did not take goes to the others in the
//     same call, its share in proportion to their weights. Then one message tries it.
//  3. A message goes on to another server only if the one before certainly does not
//     have it and would take no other one either. What may have been taken is Vague,
//     and what was refused, or put off for what it is, is not tried elsewhere.
//  4. An outcome names the server that it is from, and so does its reason.
//
// What it does not do: it asks no server how it is, and remembers nothing beyond the
// life of the program.
package balance

import (
	"context"
	"errors"
	"sync"
	"time"

	"rapport"
	"rapport/internal/circuit"
)

// Provider is one server. Package channel says what its methods promise.
type Provider interface {
	// Name is how outcomes name the server.
	Name() string
	// Deliver hands a batch over and returns one outcome for each delivery.
	Deliver(ctx context.Context, batch []rapport.Delivery) []rapport.Outcome
	// Close waits for deliveries under way, until ctx ends, and lets go of connections.
	Close(ctx context.Context) error
}

// Server is a server and its weight against the others', which is at least 1.
type Server struct {
	Provider Provider
	Weight   int
}

// The rests of a server that is down.
const (
	firstRest   = 2 * time.Second
	longestRest = 2 * time.Minute
)

// Balance hands messages to several servers. Its methods may be called concurrently.
type Balance struct {
	name    string
	now     func() time.Time
	servers []*server

	mu sync.Mutex // guards what the servers are known to be
}

// server is a server and what is known of it.
type server struct {
	Provider
	weight  float64
	circuit circuit.Breaker
	why     string // it was left out
}

// New returns a provider over servers, whose names begin with its own and a slash. now
// tells the time; rests are by it.
func New(name string, servers []Server, now func() time.Time) *Balance {
	b := &Balance{name: name, now: now}
	for _, s := range servers {
		b.servers = append(b.servers, &server{
			Provider: s.Provider, weight: float64(s.Weight), circuit: circuit.Breaker{First: firstRest, Longest: longestRest},
		})
	}
	return b
}

// Name returns the name it was given.
func (b *Balance) Name() string { return b.name }

// Deliver hands a batch over, each message to its server or to one that takes it.
func (b *Balance) Deliver(ctx context.Context, batch []rapport.Delivery) []rapport.Outcome {
	c := &call{batch: batch, outcomes: make([]rapport.Outcome, len(batch)), left: make([]int, len(batch)), tried: make([]map[*server]bool, len(batch))}
	for i := range c.left {
		c.left[i] = i
	}
	for len(c.left) > 0 {
		parts := b.part(c)
		if len(parts) == 0 {
			b.putOff(c)
			break
		}
		var work sync.WaitGroup
		for _, p := range parts {
			work.Go(func() { p.outcomes = p.to.Deliver(ctx, p.batch(c)) })
		}
		work.Wait()
		for _, p := range parts {
			b.settle(ctx, c, p)
		}
	}
	return c.outcomes
}

// Resting reports whether a server is left out, and until when: zero if it is being tried.
func (b *Balance) Resting(server string) (until rapport.Instant, resting bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, s := range b.servers {
		if s.Name() == server && s.circuit.State(b.now()) != circuit.Closed {
			if at, known := s.circuit.Until(); known {
				until = rapport.InstantOf(at)
			}
			return until, true
		}
	}
	return 0, false
}

// Close closes every server.
func (b *Balance) Close(ctx context.Context) error {
	errs := make([]error, len(b.servers))
	var work sync.WaitGroup
	for i, s := range b.servers {
		work.Go(func() { errs[i] = s.Close(ctx) })
	}
	work.Wait()
	return errors.Join(errs...)
}
