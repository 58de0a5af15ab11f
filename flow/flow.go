package flow

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"rapport"
	"rapport/internal/clock"
	"rapport/store"
)

// Alarm rings once an instant has come.
type Alarm interface {
	// Set makes the alarm ring at an instant, instead of at the one set before.
	Set(at rapport.Instant)
	// C returns the channel on which it rings. It may ring too often, never too rarely.
	C() <-chan struct{}
}

// Limits are how much a Flow takes on at once. Zero means the stated default.
type Limits struct {
	Queued   int // events that may wait; 100,000
	Batch    int // events of one micro-batch; 20,000
	Attempts int // messages of one lane being handed over at once; 2,000
	Parcel   int // messages handed to a provider in one call; 100
}

func (l Limits) withDefaults() Limits {
	or := func(n *int, standard int) {
		if *n <= 0 {
			*n = standard
		}
	}
	or(&l.Queued, 100_000)
	or(&l.Batch, 20_000)
	or(&l.Attempts, 2_000)
	or(&l.Parcel, 100)
	return l
}

// Flow is an Engine that is fed through a queue by many at once. It forms
// micro-batches by itself from whatever waits: the busier it is, the larger they
// are.
type Flow struct {
	engine *Engine
	clock  clock.Clock
	alarm  Alarm
	limits Limits
	lanes  []*lane // of the loop
	log    *slog.Logger

	inbox   chan *request
	queued  atomic.Int64 // events in the inbox
	stop    chan struct{}
	stopped chan struct{}
	fatal   atomic.Pointer[error] // why no batch can be committed any more
	failing atomic.Pointer[error] // why the last one could not be; nil if it was

	flying   int             // parcels being handed over; of the loop
	grounded bool            // no message leaves with a batch; of the loop
	span     *Span           // read, and being installed; of the loop
	reading  bool            // a span is being read; of the loop
	readAt   rapport.Instant // when one may be read again, if the last could not be; of the loop
	stuck    bool            // something that is due could not be done; of the loop
	setBack  bool            // the clock was found set back; of the loop
	failed   []*request      // settlements that could not be committed yet; of the loop
	sending  sync.WaitGroup
	changed  atomic.Pointer[chan struct{}] // closed at the next commit
	observe  atomic.Pointer[func(Report)]
	handed   atomic.Pointer[func(Handover)]
	pulse    atomic.Pointer[Pulse]
	follow   atomic.Pointer[func(context.Context) Step]
	stopping atomic.Pointer[func(journey, why string)]
}

// request is one caller's wish: events to admit, a work, or something that needs
// the engine for itself.
type request struct {
	events  []rapport.Event
	work    Work
	alone   func(ctx context.Context) error
	note    func()     // something for the loop to know
	inAir   bool       // alone does not mind messages being handed over
	heard   func()     // for the loop to know before it is committed: what came of parcels
	settled func()     // for the loop to know once it is: they are no longer in the air
	from    *lane      // in which these were
	landed  int        // how many they were
	asked   time.Time  // when somebody began to wait
	way     *way       // nil if nobody follows it
	done    chan error // nil if nobody waits
}

// Start lets an engine run. From then on nobody else may use it.
func Start(engine *Engine, c clock.Clock, alarm Alarm, limits Limits, log *slog.Logger) *Flow {
	f := &Flow{
		engine: engine, clock: c, alarm: alarm, limits: limits.withDefaults(), log: log,
		lanes: newLanes(limits.withDefaults().Attempts), inbox: make(chan *request, 8192), stop: make(chan struct{}), stopped: make(chan struct{}),
	}
	first := make(chan struct{})
	f.changed.Store(&first)
	f.takePulse()
	go f.loop()
	return f
}

// Now returns the instant that the flow's clock shows.
func (f *Flow) Now() rapport.Instant { return rapport.InstantOf(f.clock.Now()) }

// reached returns the instant that time has come to: what the clock shows, unless that was
// set back.
func (f *Flow) reached() rapport.Instant { return max(f.Now(), f.engine.now) }

// rings returns when an alarm rings at an instant by a clock that shows now and may have been
// set back: at once if time has come to it.
func (g *Engine) rings(at, now rapport.Instant) rapport.Instant {
	if at <= g.now {
		return min(at, now)
	}
	return at
}

// Submit admits events and returns when they are committed. The kinds of its
// errors: Exhausted if too much waits already, Unavailable while stopping or when
// the store cannot write; in both cases nothing was admitted, and the same events
// may be submitted again. If ctx ends first, they may or may not be admitted.
func (f *Flow) Submit(ctx context.Context, events []rapport.Event) error {
	if len(events) == 0 {
		return nil
	}
	n := int64(len(events))
	if f.queued.Add(n) > int64(f.limits.Queued) && f.queued.Load() != n {
		f.queued.Add(-n)
		return rapport.Errorf(rapport.Exhausted, "Too many events are waiting. Send them again in a moment.")
	}
	err := f.ask(ctx, &request{events: events, done: make(chan error, 1)})
	return err
}

// Do takes a work through the next micro-batch and returns its error once that
// is committed.
func (f *Flow) Do(ctx context.Context, work Work) error {
	return f.ask(ctx, &request{work: work, done: make(chan error, 1)})
}

// Alone runs something between two batches, when nothing else uses the engine and
// no message is being handed over.
func (f *Flow) Alone(ctx context.Context, run func(ctx context.Context, g *Engine) error) error {
	alone := func(ctx context.Context) error { return run(ctx, f.engine) }
	return f.ask(ctx, &request{alone: alone, done: make(chan error, 1)})
}

func (f *Flow) ask(ctx context.Context, r *request) error {
	r.asked = f.clock.Now()
	f.followed(ctx, r)
	select {
	case f.inbox <- r:
	case <-f.stop:
		f.queued.Add(-int64(len(r.events)))
		return errStopping()
	case <-ctx.Done():
		f.queued.Add(-int64(len(r.events)))
		return ctx.Err()
	}
	select {
	case err := <-r.done:
		return err
	case <-f.stopped:
		select {
		case err := <-r.done:
			return err
		default:
			return errStopping()
		}
	case <-ctx.Done():
		return ctx.Err()
	}
}

func errStopping() error {
	return rapport.Errorf(rapport.Unavailable, "The server is stopping. Try again in a moment.")
}

// Waiting returns how many events wait to be admitted.
func (f *Flow) Waiting() int64 { return f.queued.Load() }

// MaxWaiting returns how many may.
func (f *Flow) MaxWaiting() int { return f.limits.Queued }

// Changed returns a channel that is closed when the next batch is committed.
func (f *Flow) Changed() <-chan struct{} { return *f.changed.Load() }

// Failure returns why the flow can't write: another owner has taken over, or the
// last batch could not be committed. It is nil once one can be.
func (f *Flow) Failure() error {
	for _, kept := range []*atomic.Pointer[error]{&f.fatal, &f.failing} {
		if err := kept.Load(); err != nil {
			return *err
		}
	}
	return nil
}

// Stop ends the loop after the batch under way: what waits is refused with kind
// Unavailable, what is being handed over is waited for until ctx ends.
func (f *Flow) Stop(ctx context.Context) error {
	close(f.stop)
	return f.Wait(ctx)
}

// Wait returns once the loop has ended, which only [Flow.Stop] asks it to, or when ctx ends.
func (f *Flow) Wait(ctx context.Context) error {
	select {
	case <-f.stopped:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// loop is the only goroutine that uses the engine.
func (f *Flow) loop() {
	defer close(f.stopped)
	ctx := context.Background()
	for {
		select {
		case <-f.stop: // before whatever else waits, or chance would decide
			f.finish(ctx)
			return
		default:
		}
		select {
		case r := <-f.inbox:
			f.turn(ctx, r)
		case <-f.alarm.C():
			f.turn(ctx, nil)
		case <-f.stop:
			f.finish(ctx)
			return
		}
		f.setAlarm(ctx)
		f.noteClock()
		f.takePulse()
	}
}

// turn takes what waits through one batch, and what fell due along with it.
func (f *Flow) turn(ctx context.Context, first *request) {
	batch, alone := f.gather(first)
	f.commit(ctx, batch)
	f.letGo(ctx)
	f.claim(ctx)
	f.sweep(ctx)
	if alone != nil {
		f.runAlone(ctx, alone)
	}
	f.tellStops()
}

// runAlone does what needs the engine for itself, unless it minds messages being handed
// over and what came of some can't be written down.
func (f *Flow) runAlone(ctx context.Context, r *request) {
	if !r.inAir {
		f.settleAll(ctx)
		if f.flying > 0 {
			r.answer(rapport.Errorf(rapport.Unavailable, "The store cannot be written to at the moment. Try again in a moment."))
			return
		}
	}
	err := r.alone(ctx)
	f.tellChange() // it may have committed batches of its own
	r.answer(err)
}

// gather takes what waits from the inbox, as much as one batch may hold, up to
// the first request that needs the engine for itself.
func (f *Flow) gather(first *request) (batch []*request, alone *request) {
	events := 0
	for r := first; r != nil; {
		if r.alone != nil {
			return batch, r
		}
		if r.note != nil {
			r.note()
		} else {
			batch = append(batch, r)
		}
		if events += len(r.events); events >= f.limits.Batch {
			return batch, nil
		}
		select {
		case r = <-f.inbox:
		default:
			r = nil
		}
	}
	return batch, nil
}

func (f *Flow) commit(ctx context.Context, batch []*request) {
	batch, f.failed = append(f.failed, batch...), nil
	var groups [][]rapport.Event
	events := 0
	works := make([]Work, 0, len(batch)+1)
	began, lead := f.clock.Now(), beginTrails(batch)
	for _, r := range batch {
		r.land()
		if r.work != nil {
			works = append(works, r.follow(r.work))
			continue
		}
		groups = append(groups, r.events)
		events += len(r.events)
		works = append(works, r.follow(Admit(r.events)))
	}
	reading := part(lead, "read")
	ids, err := f.engine.dueCustomers(ctx, f.reached())
	if err == nil {
		err = f.engine.Preload(ctx, groups...)
	}
	end(reading, err)
	read := f.clock.Now().Sub(began)
	if len(ids) > 0 {
		begun := f.Now()
		works = append(works, wakeUntil(ids, func() bool { return len(f.inbox) > 0 && f.Now().Sub(begun) >= patience }))
	}
	if f.engine.agendas.next <= f.reached() || f.engine.agendas.full {
		begun, pages := f.Now(), pagesOf(batchTurns)
		works = append(works, turns(func() bool { return pages() || len(f.inbox) > 0 && f.Now().Sub(begun) >= patience }))
	}
	if f.unwell() {
		works = append(works, probe)
	}
	var errs []error
	var parcels []Parcel
	if err == nil && len(works) > 0 {
		errs, parcels, err = f.engine.Depart(ctx, f.Now(), f.roomOf, works...)
		if err == nil {
			f.reportBatch(batch, events, began, read)
		}
	}
	f.queued.Add(-int64(events))
	for _, l := range f.lanes {
		l.landing = 0
	}
	endTrails(batch, err)
	f.answer(batch, errs, err)
	f.handAll(parcels)
}

// land notes what came of parcels: they take no room from the batch on in which that is
// committed, and what that tells of their provider holds for it already.
func (r *request) land() {
	if r.from == nil {
		return
	}
	r.from.landing += r.landed
	if r.heard != nil {
		r.heard()
		r.heard = nil
	}
}

// patience is how long a turn goes on with what nobody waits for while others wait:
// with what fell due, and with bringing customers up to a new workspace.
const patience = 5 * time.Millisecond

// unwell reports whether the last batch failed and the next may not.
func (f *Flow) unwell() bool { return f.failing.Load() != nil && f.fatal.Load() == nil }

// probe writes a little, so that a store that could not be written to is found
// well again also when nobody sends anything, as behind a load balancer that has
// read that we are not ready.
func probe(b *Batch) error {
	b.out.Settings = append(b.out.Settings, store.Setting{Name: "write probe", Data: []byte(b.now.String())})
	return nil
}

func (f *Flow) answer(batch []*request, errs []error, err error) {
	if err != nil {
		f.report("committing a batch", err)
		cause := err
		f.failing.Store(&cause)
		err = &rapport.Error{Kind: rapport.Unavailable, Message: "The store cannot be written to at the moment. Nothing was accepted; send it again.", Err: err}
	} else {
		if errs != nil {
			f.failing.Store(nil)
		}
		f.tellChange()
	}
	for i, r := range batch {
		switch {
		case err == nil:
			if r.settled != nil {
				r.settled()
			}
			r.answer(errs[i])
		case r.settled != nil:
			f.failed = append(f.failed, r) // what came of a message must not be lost
		default:
			r.answer(err)
		}
	}
}

// tellChange wakes those who wait for the next batch.
func (f *Flow) tellChange() {
	next := make(chan struct{})
	close(*f.changed.Swap(&next))
}

func (r *request) answer(err error) {
	if r.done != nil {
		r.done <- err
	}
}

// report logs an error of the store, and keeps it if another owner has taken over.
func (f *Flow) report(doing string, err error) {
	f.log.Error(doing, "err", err)
	if rapport.KindOf(err) == rapport.Conflict {
		f.fatal.CompareAndSwap(nil, &err)
	}
}

// settleAll waits until nothing is in the air, or what came of something can't be committed.
func (f *Flow) settleAll(ctx context.Context) {
	before := f.grounded
	f.grounded = true
	defer func() { f.grounded = before }()
	var later []*request
	for f.flying > 0 && len(f.failed) == 0 {
		r := <-f.inbox
		if r.done == nil {
			f.take(ctx, r)
			continue
		}
		later = append(later, r)
	}
	for _, r := range later {
		if r.alone != nil {
			f.runAlone(ctx, r)
			continue
		}
		f.commit(ctx, []*request{r})
	}
}

// take does what nobody waits for.
func (f *Flow) take(ctx context.Context, r *request) {
	if r.note != nil {
		r.note()
		return
	}
	f.commit(ctx, []*request{r})
}

// finish refuses what waits and settles what is in the air.
func (f *Flow) finish(ctx context.Context) {
	f.grounded = true
	for f.flying > 0 && len(f.failed) == 0 {
		r := <-f.inbox
		if r.done == nil {
			f.take(ctx, r)
			continue
		}
		r.answer(errStopping())
	}
	for {
		select {
		case r := <-f.inbox:
			r.answer(errStopping())
		default:
			return
		}
	}
}

// again is how long the loop waits before it tries again what the store refused, whatever
// else is due.
const again = 500 * time.Millisecond

func (f *Flow) setAlarm(ctx context.Context) {
	at, err := f.nextDue(ctx)
	if err != nil {
		f.report("looking for what is due", err)
		f.stuck = true
	}
	switch {
	case f.span != nil:
		at = f.Now()
	case f.engine.sweep != nil && !f.reading:
		at = min(at, f.readAt)
	}
	if f.stuck || f.failing.Load() != nil {
		at = f.Now().Add(again)
	}
	f.alarm.Set(at)
}

// nextDue returns when there is something to do by itself.
func (f *Flow) nextDue(ctx context.Context) (rapport.Instant, error) {
	next, err := f.engine.nextWork(ctx)
	next = f.engine.rings(next, f.Now())
	for _, l := range f.lanes {
		if err != nil {
			break
		}
		var at rapport.Instant
		at, err = l.next(ctx, f.Now(), f.engine)
		next = min(next, at)
	}
	if err == nil && f.engine.hasRoomForTurns(ctx, f.reached(), f.roomOf) {
		next = f.Now()
	}
	return next, err
}

// Apply puts another workspace in force at a batch boundary. Messages that are being
// handed over then go on by the providers of the one before.
//
// Few customers are brought up to it at once, so that who tries something out sees
// what it comes to; many are later, see [Engine.Sweep].
func (f *Flow) Apply(ctx context.Context, w *Workspace) error {
	apply := func(ctx context.Context) error {
		g := f.engine
		g.now = max(g.now, f.Now()) // a schedule begins now, not when something last happened
		f.changeProviders(g.workspace, w)
		g.Apply(w)
		if g.customers > fewCustomers || g.state.Position > fewBatches {
			return nil
		}
		if err := g.sweepAll(ctx); err != nil {
			f.report("bringing customers up to the workspace", err) // the next turn tries again
		}
		return nil
	}
	return f.ask(ctx, &request{alone: apply, inAir: true, done: make(chan error, 1)})
}

// fewCustomers is how many are brought up to a workspace within some milliseconds, if
// they have not lived through more than fewBatches.
const (
	fewCustomers = 200
	fewBatches   = 1000
)

// Advance moves an offset clock to an instant and does everything that falls due
// on the way, see [Engine.Advance]. A target that has passed is refused with kind
// Conflict. The clock's new offset is kept in the setting [ClockSetting].
func (f *Flow) Advance(ctx context.Context, c *clock.Offset, to func(now rapport.Instant) rapport.Instant) (now rapport.Instant, err error) {
	err = f.Alone(ctx, func(ctx context.Context, g *Engine) error {
		start := max(f.Now(), g.now)
		target := to(start)
		if target < start {
			return rapport.Errorf(rapport.Conflict, "The clock shows %v and can only be moved forward.", start)
		}
		if !c.Reaches(target.Time()) { // before anything is done as of then
			return rapport.Errorf(rapport.Invalid, "The clock can't be moved so far: %w.", clock.ErrTooFar)
		}
		if err := g.Advance(ctx, target, nil); err != nil {
			return err
		}
		if f.Now() < target {
			if err := c.MoveTo(target.Time()); err != nil {
				return rapport.Errorf(rapport.Invalid, "The clock can't be moved so far: %w.", err)
			}
		}
		now = target
		_, err := g.Run(ctx, target, func(b *Batch) error {
			b.out.Settings = append(b.out.Settings, store.Setting{Name: ClockSetting, Data: []byte(c.Ahead().String())})
			return nil
		})
		return err
	})
	return now, err
}

// ClockSetting is the setting that keeps the offset of a sandbox's clock.
const ClockSetting = "clock offset"
