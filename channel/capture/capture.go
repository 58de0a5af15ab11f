// Package capture hands messages to nobody: it gives them to a function, which
// may show them to whoever is trying things out.
//
// What it guarantees: the outcomes of package channel. A message counts as
// accepted once the sink has returned for the batch it came in. For tests a
// provider can be told to fail in each way that a real one fails.
//
// What it does not do: it keeps nothing, and checks no addresses.
package capture

import (
	"context"
	"slices"
	"sync"

	"rapport"
)

// Sink takes captured messages, one batch at a time. An error means that it took
// none of them.
type Sink func(ctx context.Context, batch []rapport.Delivery) error

// Provider captures messages. Its methods may be called concurrently.
type Provider struct {
	name string
	from rapport.Sender
	sink Sink

	mu     sync.Mutex
	fail   Failure
	closed bool
	busy   sync.WaitGroup
}

// Failure is how a provider fails on purpose. The zero Failure is none.
type Failure struct {
	Kind  rapport.OutcomeKind // what failing messages are answered with
	Bad   bool                // with Refused
	Down  bool                // with Retry
	Count int                 // how many messages fail; all of them if 0
	// Taken says that the sink gets failing messages all the same, as a real
	// provider may have what it never confirmed.
	Taken bool
}

// New returns a provider that gives messages to sink; from is the sender of those
// that name none.
func New(name string, from rapport.Sender, sink Sink) (*Provider, error) {
	if sink == nil {
		return nil, rapport.Errorf(rapport.Invalid, "captured messages have nowhere to go")
	}
	return &Provider{name: name, from: from, sink: sink}, nil
}

// Name returns the name it was given.
func (p *Provider) Name() string { return p.name }

// Fail makes the next messages fail.
func (p *Provider) Fail(f Failure) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fail = f
}

// Deliver gives the batch to the sink, and accepts all of it unless told otherwise.
func (p *Provider) Deliver(ctx context.Context, batch []rapport.Delivery) []rapport.Outcome {
	if ctx.Err() != nil || !p.enter() {
		return p.all(batch, rapport.Outcome{Kind: rapport.Retry, Reason: "sending was stopped"})
	}
	defer p.busy.Done()
	failing, failure := p.failing(len(batch))
	taken := p.addressed(batch)
	if !failure.Taken {
		taken = taken[failing:]
	}
	if len(taken) > 0 {
		if err := p.sink(ctx, taken); err != nil {
			return p.all(batch, rapport.Outcome{Kind: rapport.Retry, Reason: "the message could not be kept", Down: true})
		}
	}
	outcomes := p.all(batch, rapport.Outcome{Kind: rapport.Accepted})
	for i := range failing {
		outcomes[i].Kind, outcomes[i].Bad, outcomes[i].Down, outcomes[i].Reason = failure.Kind, failure.Bad, failure.Down, "failed on purpose"
	}
	return outcomes
}

// enter reports whether the provider is open; if so Close waits for busy.
func (p *Provider) enter() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return false
	}
	p.busy.Add(1)
	return true
}

// failing returns how many of the next n messages fail, and how.
func (p *Provider) failing(n int) (int, Failure) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f := p.fail
	if f.Kind == 0 {
		return 0, f
	}
	if f.Count == 0 {
		return n, f
	}
	n = min(n, f.Count)
	if p.fail.Count -= n; p.fail.Count == 0 {
		p.fail = Failure{}
	}
	return n, f
}

// addressed returns a copy of the batch in which every message has a sender.
func (p *Provider) addressed(batch []rapport.Delivery) []rapport.Delivery {
	batch = slices.Clone(batch)
	for i := range batch {
		if batch[i].From.Address == "" {
			batch[i].From = p.from
		}
	}
	return batch
}

// all answers alike for each delivery of a batch.
func (p *Provider) all(batch []rapport.Delivery, o rapport.Outcome) []rapport.Outcome {
	o.Provider = p.name
	outcomes := slices.Repeat([]rapport.Outcome{o}, len(batch))
	for i := range batch {
		outcomes[i].Message = batch[i].Message
	}
	return outcomes
}

// Close waits for the sink, until ctx ends.
func (p *Provider) Close(ctx context.Context) error {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	idle := make(chan struct{})
	go func() {
		p.busy.Wait()
		close(idle)
	}()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
