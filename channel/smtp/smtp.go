package smtp

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"rapport"
	"rapport/channel/mail"
)

// Provider hands e-mails to one server. Its methods may be called concurrently.
type Provider struct {
	config Config
	bounce mail.Address
	slots  chan struct{} // holds one for each connection at work
	urgent atomic.Int64  // batches that hurry and wait for the right to a connection

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
	p := &Provider{config: config, slots: make(chan struct{}, config.Connections)}
	p.bounce, _ = mail.ParseAddress(config.Bounce) // checked; none is the zero address
	p.closing, p.close = context.WithCancel(context.Background())
	p.life, p.kill = context.WithCancel(context.Background())
	return p, nil
}

// Name returns the configured name.
func (p *Provider) Name() string { return p.config.Name }

// perWorker is how many messages are worth one more connection.
const perWorker = 10

// Deliver sends a batch and returns one outcome for each message, in order. A batch
// that hurries waits for at most one message of any that does not. It
// returns within the configured grace after ctx has ended; what was not begun by
// then is Retry.
func (p *Provider) Deliver(ctx context.Context, batch []rapport.Delivery) []rapport.Outcome {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(p.life, cancel)()
	q := newQueue(ctx, p.config.Name, batch)
	if len(batch) == 0 {
		return q.finish()
	}
	q.hurries = slices.ContainsFunc(batch, func(d rapport.Delivery) bool { return d.Class.Urgency() < rapport.InTurn })
	if err := p.enterAs(ctx, q); err != nil {
		q.blame(explain(err))
		return q.finish()
	}
	var work sync.WaitGroup
	work.Go(func() { p.work(q) })
	for range min(p.config.Connections, (len(batch)+perWorker-1)/perWorker) - 1 {
		if !p.tryEnter() {
			break
		}
		work.Go(func() { p.work(q) })
	}
	work.Wait()
	return q.finish()
}

var errClosed = errors.New("sending was stopped")

// enterAs is enter, before which those make way who do not hurry.
func (p *Provider) enterAs(ctx context.Context, q *queue) error {
	if q.hurries {
		p.urgent.Add(1)
		defer p.urgent.Add(-1)
	}
	return p.enter(ctx)
}

// makesWay reports whether a queue is to stop for one that hurries.
func (p *Provider) makesWay(q *queue) bool { return !q.hurries && p.urgent.Load() > 0 }

// makeWay lets batches that hurry and wait already have the right to a connection first.
func (p *Provider) makeWay(q *queue) {
	if p.makesWay(q) && !q.empty() {
		<-p.slots
		p.slots <- struct{}{}
	}
}

// enter waits for the right to a connection.
func (p *Provider) enter(ctx context.Context) error {
	if p.closing.Err() != nil {
		return errClosed
	}
	select {
	case p.slots <- struct{}{}:
		return nil
	case <-p.closing.Done():
		return errClosed
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (p *Provider) tryEnter() bool {
	select {
	case p.slots <- struct{}{}:
		return true
	default:
		return false
	}
}

// maxUseless is how many new connections in a row may break before they carried
// anything; then the server is taken to be down.
const maxUseless = 2

// work sends from the queue, over one connection at a time, and gives the right
// to it back.
func (p *Provider) work(q *queue) {
	defer func() { <-p.slots }()
	for useless := 0; useless < maxUseless && !q.empty(); {
		c, err := p.get(q.ctx)
		if err != nil {
			q.blame(explain(err))
			return
		}
		p.run(c, q)
		switch {
		case c.heard > 0:
			useless = 0
		case c.broken && !c.kept:
			useless++
			q.blame(c.fault)
		}
		p.put(c)
		p.makeWay(q)
	}
}

// run sends from the queue over one connection, until Close can wait no longer.
func (p *Provider) run(c *conn, q *queue) {
	defer context.AfterFunc(p.life, func() { c.net.Close() })()
	c.run(q, func() bool { return p.makesWay(q) })
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
	for range cap(p.slots) {
		select {
		case p.slots <- struct{}{}:
		case <-ctx.Done():
			late = ctx.Err()
			p.kill()
			p.slots <- struct{}{}
		}
		defer func() { <-p.slots }()
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
