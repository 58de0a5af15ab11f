package smtp

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"rapport"
	"rapport/channel/mail"
)

// Provider hands e-mails to one server. Its methods may be called concurrently.
type Provider struct {
	config Config
	bounce mail.Address
	turns  *turns // one right for each connection at work

	closing context.Context // ended when Close is called
	close   context.CancelFunc
	life    context.Context // ended when Close can wait no longer
	kill    context.CancelFunc

	mu   sync.Mutex
	idle []*conn // the one used last is last
}

// New returns a provider for a server. It makes no connection yet.
func New(config Config) (*Provider, error) {
	config = config.withDefaults()
	if err := config.check(); err != nil {
		return nil, err
	}
	p := &Provider{config: config, turns: newTurns(config.Connections)}
	p.bounce, _ = mail.ParseAddress(config.Bounce) // checked; none is the zero address
	p.closing, p.close = context.WithCancel(context.Background())
	p.life, p.kill = context.WithCancel(context.Background())
	return p, nil
}

// Name returns the configured name.
func (p *Provider) Name() string { return p.config.Name }

// perWorker is how many messages are worth a new connection.
const perWorker = 10

// Deliver sends a batch and returns one outcome for each message, in order. It
// returns within the configured grace after ctx has ended; what was not begun by
// then is Retry.
func (p *Provider) Deliver(ctx context.Context, batch []rapport.Delivery) []rapport.Outcome {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(p.life, cancel)()
	q := newQueue(ctx, p.config.Name, batch, p.turns.wanted)
	for !q.down && !q.empty() {
		if err := p.enter(q); err != nil {
			q.blame(explain(err))
			break
		}
		p.workTogether(q)
	}
	return q.finish()
}

// workTogether sends from the queue over the connection that is to be had and those
// that happen to be free. It returns when the queue is empty, when there is nobody to
// send to, or when more urgent messages have taken all the connections.
func (p *Provider) workTogether(q *queue) {
	var work sync.WaitGroup
	work.Go(func() { p.work(q) })
	for range p.workers(q.left()) - 1 {
		if p.closing.Err() != nil || !p.turns.tryTake(q.urgency) {
			break
		}
		work.Go(func() { p.work(q) })
	}
	work.Wait()
}

var errClosed = errors.New("sending was stopped")

// enter waits for the right to a connection.
func (p *Provider) enter(q *queue) error {
	if p.closing.Err() != nil {
		return errClosed
	}
	return p.turns.take(q.ctx, p.closing.Done(), q.urgency)
}

// workers returns over how many connections so many messages are sent: over all that are
// open, and new ones only for many.
func (p *Provider) workers(messages int) int {
	p.mu.Lock()
	open := len(p.idle)
	p.mu.Unlock()
	return min(p.config.Connections, max(min(messages, open), (messages+perWorker-1)/perWorker))
}

// maxUseless is how many connections in a row may break before anything that they
// carried was answered; then the server is taken to be down.
const maxUseless = 2

// work sends from the queue, over one connection at a time, and gives the right to it
// back: at the end, or between two messages when more urgent ones wait.
func (p *Provider) work(q *queue) {
	defer p.turns.giveBack(q.urgency)
	for useless := 0; !q.empty() && !q.yields(); {
		c, err := p.get(q.ctx)
		if err != nil {
			q.giveUp(explain(err))
			return
		}
		p.run(c, q)
		switch {
		case c.heard > c.vague:
			useless = 0
		case c.broken && (!c.kept || c.vague > 0):
			useless++
			q.blame(c.fault)
		}
		p.put(c)
		if useless == maxUseless {
			q.giveUp(c.fault)
			return
		}
	}
}

// run sends from the queue over one connection, until Close can wait no longer.
func (p *Provider) run(c *conn, q *queue) {
	defer context.AfterFunc(p.life, func() { c.net.Close() })()
	c.run(q)
}

// get returns a connection that is ready to send: an idle one or a new one.
func (p *Provider) get(ctx context.Context) (*conn, error) {
	for c := p.takeIdle(); c != nil; c = p.takeIdle() {
		if time.Since(c.usedAt) < checkAfter || c.alive(ctx) {
			return c, nil
		}
		c.net.Close()
	}
	c, err := connect(ctx, &p.config)
	if err == nil {
		c.bounce = p.bounce
	}
	return c, err
}

func (p *Provider) takeIdle() *conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(p.idle)
	if n == 0 {
		return nil
	}
	c := p.idle[n-1]
	p.idle = p.idle[:n-1]
	c.expiry.Stop()
	c.kept = true
	return c
}

// put keeps a connection for the next message, if it is any good.
func (p *Provider) put(c *conn) {
	if c.broken || c.begun >= p.config.PerConnection || !p.keep(c) {
		c.quit()
	}
}

func (p *Provider) keep(c *conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closing.Err() != nil {
		return false
	}
	c.usedAt = time.Now()
	c.net.SetDeadline(time.Time{})
	c.expiry = time.AfterFunc(p.config.Timeouts.Idle, func() { p.expire(c) })
	p.idle = append(p.idle, c)
	return true
}

// expire closes a connection that nobody needed for long.
func (p *Provider) expire(c *conn) {
	p.mu.Lock()
	at := slices.Index(p.idle, c)
	if at >= 0 {
		p.idle = slices.Delete(p.idle, at, at+1)
	}
	p.mu.Unlock()
	if at >= 0 {
		c.quit()
	}
}

// Close waits until no message is under way and says goodbye to the server. When
// ctx ends first it breaks the connections, and what was under way is answered
// accordingly. Deliver answers Retry from then on.
func (p *Provider) Close(ctx context.Context) error {
	p.mu.Lock()
	if p.closing.Err() != nil {
		p.mu.Unlock()
		return p.closed(ctx)
	}
	p.close()
	idle := p.idle
	p.idle = nil
	p.mu.Unlock()
	for _, c := range idle {
		c.expiry.Stop()
		c.quit()
	}
	return p.drain(ctx)
}

// drain waits for every connection at work to end, and ends it when ctx does.
func (p *Provider) drain(ctx context.Context) error {
	var late error
	for range p.config.Connections {
		err := p.turns.take(ctx, nil, rapport.AtOnce)
		if err != nil {
			late = err
			p.kill()
			_ = p.turns.take(context.Background(), nil, rapport.AtOnce) // never ends
		}
		defer p.turns.giveBack(rapport.AtOnce)
	}
	p.kill()
	return late
}

// closed waits for an earlier call of Close.
func (p *Provider) closed(ctx context.Context) error {
	select {
	case <-p.life.Done():
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
