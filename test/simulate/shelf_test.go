package simulate_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"rapport"
	"rapport/store"
	"rapport/store/memory"
)

// simClock shows what the simulation says. It may be set back.
type simClock struct{ at atomic.Int64 }

// Now returns the instant that was set last.
func (c *simClock) Now() time.Time { return time.UnixMilli(c.at.Load()).UTC() }

// alarm rings when the simulation lets it.
type alarm struct {
	at   atomic.Int64
	rung chan struct{}
}

func newAlarm() *alarm {
	a := &alarm{rung: make(chan struct{}, 1)}
	a.at.Store(0) // a flow that has just started has not looked yet
	return a
}

// Set notes when the alarm is to ring.
func (a *alarm) Set(at rapport.Instant) { a.at.Store(int64(at)) }

// C returns the channel on which it rings.
func (a *alarm) C() <-chan struct{} { return a.rung }

func (a *alarm) ring() {
	select {
	case a.rung <- struct{}{}:
	default:
	}
}

// parked is something that somebody waits for and that the simulation decides on: a batch to
// be kept, messages to be taken, a part of the log to be read.
type parked struct {
	owner      *owner
	key        string // the same in each run of a seed
	batch      *store.Batch
	deliveries []rapport.Delivery
	done       chan struct{}
	err        error             // of a batch or a reading
	outcomes   []rapport.Outcome // of messages
}

// port is where everything parks.
type port struct {
	mu   sync.Mutex
	list []*parked
}

// wait parks something until it is decided.
func (p *port) wait(what *parked) {
	what.done = make(chan struct{})
	p.mu.Lock()
	p.list = append(p.list, what)
	p.mu.Unlock()
	<-what.done
}

// all returns what is parked, in an order that does not depend on who came first.
func (p *port) all() []*parked {
	p.mu.Lock()
	defer p.mu.Unlock()
	slices.SortFunc(p.list, func(a, b *parked) int { return cmp.Or(cmp.Compare(a.owner.n, b.owner.n), cmp.Compare(a.key, b.key)) })
	return slices.Clone(p.list)
}

// release lets what is parked go on.
func (p *port) release(what *parked) {
	p.mu.Lock()
	p.list = slices.DeleteFunc(p.list, func(one *parked) bool { return one == what })
	p.mu.Unlock()
	close(what.done)
}

var (
	errDisk = errors.New("the disk is full")
	errDead = errors.New("the program is dead")
)

// shelf is the store as one owner has it in hand: it keeps and reads when the simulation
// lets it, and nothing any more once its program is dead.
type shelf struct {
	*memory.Store
	owner *owner
	port  *port
	dead  atomic.Bool
	dark  atomic.Bool // nothing can be read
}

// may returns why nothing can be read, nil if it can.
func (s *shelf) may() error {
	switch {
	case s.dead.Load():
		return errDead
	case s.dark.Load():
		return rapport.Errorf(rapport.Unavailable, "the disk does not answer")
	}
	return nil
}

// Commit waits for what becomes of a batch.
func (s *shelf) Commit(_ context.Context, b *store.Batch) error {
	if s.dead.Load() {
		return errDead
	}
	p := &parked{owner: s.owner, key: "commit", batch: b}
	s.port.wait(p)
	return p.err
}

// Scan waits until it may read.
func (s *shelf) Scan(ctx context.Context, after rapport.CustomerID, limit int) ([]store.Record, error) {
	if s.dead.Load() {
		return nil, errDead
	}
	p := &parked{owner: s.owner, key: "scan"}
	s.port.wait(p)
	if p.err != nil {
		return nil, p.err
	}
	return s.Store.Scan(ctx, after, limit)
}

// read reads, if that is possible.
func read[T any](s *shelf, from func() (T, error)) (out T, err error) {
	if err := s.may(); err != nil {
		return out, err
	}
	return from()
}

// What follows reads as the store does.

func (s *shelf) Load(ctx context.Context, ids []rapport.CustomerID) ([]store.Record, error) {
	return read(s, func() ([]store.Record, error) { return s.Store.Load(ctx, ids) })
}

func (s *shelf) Identifiers(ctx context.Context, keys []rapport.IdentifierKey) ([][]byte, error) {
	return read(s, func() ([][]byte, error) { return s.Store.Identifiers(ctx, keys) })
}

func (s *shelf) Customers(ctx context.Context, kind store.AddressKind, value string, limit int) ([]rapport.CustomerID, error) {
	return read(s, func() ([]rapport.CustomerID, error) { return s.Store.Customers(ctx, kind, value, limit) })
}

func (s *shelf) Chunks(ctx context.Context, from uint64, limit int) ([]store.Chunk, error) {
	return read(s, func() ([]store.Chunk, error) { return s.Store.Chunks(ctx, from, limit) })
}

func (s *shelf) ChunksOf(ctx context.Context, from uint64, limit int, first, last rapport.CustomerID) ([]store.Chunk, error) {
	return read(s, func() ([]store.Chunk, error) { return s.Store.ChunksOf(ctx, from, limit, first, last) })
}

func (s *shelf) Due(ctx context.Context, until rapport.Instant, limit int) ([]store.Wake, error) {
	return read(s, func() ([]store.Wake, error) { return s.Store.Due(ctx, until, limit) })
}

func (s *shelf) NextWake(ctx context.Context) (rapport.Instant, error) {
	return read(s, func() (rapport.Instant, error) { return s.Store.NextWake(ctx) })
}

func (s *shelf) Pending(ctx context.Context, lane store.Lane, until rapport.Instant, limit int) ([]rapport.Message, error) {
	return read(s, func() ([]rapport.Message, error) { return s.Store.Pending(ctx, lane, until, limit) })
}

func (s *shelf) NextPending(ctx context.Context, lane store.Lane) (rapport.Instant, error) {
	return read(s, func() (rapport.Instant, error) { return s.Store.NextPending(ctx, lane) })
}

func (s *shelf) CountPending(ctx context.Context, lane store.Lane, until rapport.Instant, most int) (int, error) {
	return read(s, func() (int, error) { return s.Store.CountPending(ctx, lane, until, most) })
}

func (s *shelf) InStatus(ctx context.Context, status rapport.Status, limit int) ([]rapport.Message, error) {
	return read(s, func() ([]rapport.Message, error) { return s.Store.InStatus(ctx, status, limit) })
}

func (s *shelf) Message(ctx context.Context, id rapport.MessageID) (rapport.Message, error) {
	return read(s, func() (rapport.Message, error) { return s.Store.Message(ctx, id) })
}

func (s *shelf) Messages(ctx context.Context, f store.MessageFilter) ([]rapport.Message, error) {
	return read(s, func() ([]rapport.Message, error) { return s.Store.Messages(ctx, f) })
}

// carrier is the provider of a channel as one owner knows it.
type carrier struct {
	owner   *owner
	port    *port
	channel rapport.Channel
}

// Deliver waits for what the provider makes of messages.
func (c *carrier) Deliver(batch []rapport.Delivery) []rapport.Outcome {
	if !c.owner.shelf.dead.Load() {
		p := &parked{owner: c.owner, key: fmt.Sprintf("deliver %s %x", c.channel, batch[0].Message), deliveries: batch}
		c.port.wait(p)
		return p.outcomes
	}
	outcomes := make([]rapport.Outcome, len(batch))
	for i := range outcomes {
		outcomes[i] = rapport.Outcome{Message: batch[i].Message, Kind: rapport.Vague}
	}
	return outcomes
}

// Again says that a message is never given up, and tried again ever later, up to hourly.
func (c *carrier) Again(m *rapport.Message, now rapport.Instant) (at rapport.Instant, giveUp bool) {
	return now.Add(min(time.Duration(m.Attempts*m.Attempts)*time.Minute, time.Hour)), false
}
