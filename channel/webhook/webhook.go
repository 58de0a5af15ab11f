// Package webhook calls addresses outside for journeys.
//
// What it guarantees, besides the outcomes of package channel:
//
//  1. Each call carries its message's id as webhook-id and Idempotency-Key, the same
//     at every attempt, so that the far side can know a repeat. It is signed as
//     Standard Webhooks say, if it says with which secret.
//  2. An answer of 2xx is accepted, whatever it holds; 408, 425, 429 and 5xx are
//     Retry, not before the instant that Retry-After names; everything else is
//     refused. No redirection is followed.
//  3. Nothing within a private network is called, nor this machine, unless that is
//     allowed; and never a link-local address, by which clouds tell machines their
//     credentials. The address that is dialled is judged, not the name. No proxy of the
//     environment is used.
//  4. A call takes no longer than it says, and no more than [MaxAnswer] bytes of an
//     answer are read.
//  5. One host that does not answer keeps [perHost] of [atOnce] calls at most. What
//     finds no room within a while is Retry.
//  6. Reasons hold no address, no secret and nothing of what was sent or answered.
//
// What it does not do: it tries nothing again, keeps no answers, and does not know
// what they mean.
package webhook

import (
	"cmp"
	"context"
	"sync"
	"time"

	"rapport"
)

// MaxAnswer is how many bytes of an answer are read. Of a larger one nothing is kept.
const MaxAnswer = 64 << 10

// How many calls are made at once, to all hosts and to one.
const (
	atOnce  = 64
	perHost = 8
)

// Config is what a provider needs. Secrets is required.
type Config struct {
	// Secrets looks up a secret by name.
	Secrets func(name string) (value string, ok bool)
	// AllowPrivate lets calls go into private networks and to this machine.
	AllowPrivate bool
	// Patience is how long a call waits until there is room for it; 10s unless set.
	// Beyond it, it is for later.
	Patience time.Duration
	// Now is the machine's clock unless set.
	Now func() time.Time
}

// Provider makes calls. Its methods may be called concurrently.
type Provider struct {
	config Config
	client client
	all    gate
	life   context.Context // ended when Close can wait no longer
	kill   context.CancelFunc

	mu     sync.Mutex
	hosts  map[string]gate
	closed bool
	busy   sync.WaitGroup
}

// gate lets only so many pass at once.
type gate chan struct{}

// New returns a provider that has not called anybody yet.
func New(c Config) *Provider {
	if c.Now == nil {
		c.Now = time.Now
	}
	c.Patience = cmp.Or(c.Patience, 10*time.Second)
	p := &Provider{config: c, client: newClient(c.AllowPrivate), all: make(gate, atOnce), hosts: map[string]gate{}}
	p.life, p.kill = context.WithCancel(context.Background())
	return p
}

// Name returns the name of the provider.
func (p *Provider) Name() string { return "webhook" }

// Deliver makes the calls of a batch beside each other.
func (p *Provider) Deliver(ctx context.Context, batch []rapport.Delivery) []rapport.Outcome {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(p.life, cancel)()
	outcomes := make([]rapport.Outcome, len(batch))
	open := p.enter()
	var calls sync.WaitGroup
	for i := range batch {
		if !open {
			outcomes[i] = later("sending was stopped")
			continue
		}
		calls.Go(func() { outcomes[i] = p.inTurn(ctx, &batch[i]) })
	}
	calls.Wait()
	if open {
		p.busy.Done()
	}
	for i := range outcomes {
		outcomes[i].Message, outcomes[i].Provider = batch[i].Message, p.Name()
	}
	return outcomes
}

// inTurn makes a call once its host, and then any host, has room for it.
func (p *Provider) inTurn(ctx context.Context, d *rapport.Delivery) rapport.Outcome {
	r, refusal := p.request(d)
	if r == nil {
		return refusal
	}
	patience := time.NewTimer(p.config.Patience)
	defer patience.Stop()
	for _, g := range [...]gate{p.gateOf(r.URL.Host), p.all} {
		select {
		case g <- struct{}{}:
			defer func() { <-g }()
		case <-patience.C:
			return later("other calls to the host have not ended yet")
		case <-ctx.Done():
			return later("sending was stopped")
		}
	}
	if ctx.Err() != nil {
		return later("sending was stopped")
	}
	return p.call(ctx, r, d.Call.Timeout)
}

func (p *Provider) gateOf(host string) gate {
	p.mu.Lock()
	defer p.mu.Unlock()
	g := p.hosts[host]
	if g == nil {
		g = make(gate, perHost)
		p.hosts[host] = g
	}
	return g
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

// Close waits for the calls under way, and breaks them off when ctx ends.
func (p *Provider) Close(ctx context.Context) error {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	defer p.client.CloseIdleConnections()
	defer p.kill()
	idle := make(chan struct{})
	go func() {
		p.busy.Wait()
		close(idle)
	}()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		p.kill()
		<-idle
		return ctx.Err()
	}
}

func later(reason string) rapport.Outcome {
	return rapport.Outcome{Kind: rapport.Retry, Reason: reason}
}

func refused(reason string) rapport.Outcome {
	return rapport.Outcome{Kind: rapport.Refused, Reason: reason}
}
