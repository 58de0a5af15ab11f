package app

import (
	"context"
	"errors"
	"maps"
	"math"
	"net/http"
	"sync/atomic"
	"time"

	"rapport"
	"rapport/client"
)

// How the shop lives.
const (
	step        = 30 * time.Minute       // of the shop's time: so often it tells what happened, and looks for letters
	fineStep    = 5 * time.Minute        // the same shortly before somebody looks
	fineFor     = 48 * time.Hour         // shortly before that
	tick        = 250 * time.Millisecond // between two looks at the clock
	longestTick = 5 * time.Second        // a longer pause is no time for the shop
	noteEvery   = 5 * time.Second        // of how far it came
)

// Run lets the shop live at the program that answers at a URL, until ctx ends: first
// its past, as fast as it is taken, then at its pace. A request under way is waited
// for, so that what is acknowledged is known.
func (d *Demo) Run(ctx context.Context, url string) error {
	d.mu.Lock()
	d.url = url
	d.mu.Unlock()
	d.trade.Collect, d.trade.Server = calling(url, ""), calling(url, d.app.within)
	defer d.letters.Close()
	defer close(d.ended)

	var err error
	if d.memory.Lived.After(d.memory.Opened) { // of a new demo not even what was before is told
		err = d.trade.Recall(d.memory.Lived)
		d.showReactions()
	}
	if err == nil {
		d.app.lives.Store(d)
		defer d.app.lives.Store(nil)
		err = d.liveThePast(ctx)
	}
	if err == nil {
		err = d.live(ctx)
	}
	if ctx.Err() != nil {
		err = nil // it was stopped
	}
	return errors.Join(err, d.remember())
}

// calling returns a caller that waits for as long as it takes: while the clock is moved,
// requests wait.
func calling(url, key string) patient {
	c := client.New(url, key)
	c.HTTP = &http.Client{}
	return patient{c}
}

// patient calls a server and lets a request under way come to its end when it is to stop.
type patient struct{ *client.Client }

// Call waits for the answer for as long as a program that stops has.
func (p patient) Call(ctx context.Context, method, path string, body, out any) error {
	calm, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(grace, cancel) })
	defer stop()
	return p.Client.Call(calm, method, path, body, out)
}

// liveThePast lets the time pass in which the shop has been open already.
func (d *Demo) liveThePast(ctx context.Context) error {
	whole := d.memory.Made.Sub(d.memory.Opened)
	noted := time.Now()
	for d.memory.Lived.Before(d.memory.Made) {
		d.loaded.set(float64(d.memory.Lived.Sub(d.memory.Opened)) / float64(whole))
		if err := d.liveUntil(ctx, earlier(d.memory.Lived.Add(6*time.Hour), d.memory.Made)); err != nil {
			return err
		}
		if err := d.note(&noted); err != nil {
			return err
		}
	}
	d.loaded.set(1)
	close(d.told)
	return d.remember()
}

// Told returns a channel that is closed once the shop's past is lived.
func (d *Demo) Told() <-chan struct{} { return d.told }

// live lets the shop's days pass at their speed, and the sandbox's clock with them.
func (d *Demo) live(ctx context.Context) error {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	last, noted := time.Now(), time.Now()
	for {
		var err error
		select {
		case <-ctx.Done():
			return nil
		case m := <-d.moves:
			err = d.move(ctx, m)
			last = time.Now()
		case <-ticker.C:
			now := time.Now()
			passed := min(now.Sub(last), longestTick)
			last = now
			ahead := d.memory.Lived.Add(time.Duration(float64(passed) * d.pace(d.memory.Lived)))
			err = d.liveUntil(ctx, later(ahead, d.app.clock.Now()))
		}
		if err == nil {
			err = d.note(&noted)
		}
		if err != nil {
			return err
		}
	}
}

// liveUntil lives up to an instant: the clock goes on, what falls due is done, and
// then the shop tells what happened in between and reads what it was sent.
func (d *Demo) liveUntil(ctx context.Context, target time.Time) error {
	for d.memory.Lived.Before(target) {
		next := earlier(d.memory.Lived.Add(stepTo(d.memory.Lived, later(target, d.memory.Made))), target).Truncate(time.Millisecond)
		if !next.After(d.memory.Lived) {
			return nil
		}
		_, err := d.app.Flow.Advance(ctx, d.app.ahead, func(now rapport.Instant) rapport.Instant { return max(now, rapport.InstantOf(next)) })
		if err == nil {
			err = d.trade.Live(ctx, next)
		}
		if err != nil {
			return err
		}
		d.memory.Lived = next
		d.showReactions()
	}
	return nil
}

// showReactions lets the story tell how letters were met.
func (d *Demo) showReactions() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.reacted = maps.Clone(d.trade.Reactions)
}

// stepTo returns how far the shop goes at once on its way to an instant at which
// somebody looks. What is told within a step is known at its end only, so the last days
// go by in small ones.
func stepTo(from, end time.Time) time.Duration {
	if end.Sub(from) <= fineFor {
		return fineStep
	}
	return step
}

// met returns how letters were met.
func (d *Demo) met() map[string]int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.reacted
}

// note remembers how far the shop came, now and then.
func (d *Demo) note(last *time.Time) error {
	if time.Since(*last) < noteEvery {
		return nil
	}
	*last = time.Now()
	return d.remember()
}

// going is a move of the clock in which the shop lives on.
type going struct {
	to   func(now rapport.Instant) rapport.Instant
	done chan moved
}

type moved struct {
	now rapport.Instant
	err error
}

// goAlong moves the clock, and the shop lives through the time that passes. It waits
// until the shop's past is told.
func (d *Demo) goAlong(ctx context.Context, to func(now rapport.Instant) rapport.Instant) (rapport.Instant, error) {
	m := going{to, make(chan moved, 1)}
	select {
	case d.moves <- m:
	case <-d.ended:
		return d.app.Flow.Advance(ctx, d.app.ahead, to)
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	select {
	case r := <-m.done:
		return r.now, r.err
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

// move does a move. What is wrong with it is the caller's to hear; what is wrong with
// the shop is the shop's.
func (d *Demo) move(ctx context.Context, m going) error {
	start := max(d.app.Now(), d.app.Flow.Now())
	target := m.to(start)
	if target < start || !d.app.ahead.Reaches(target.Time()) {
		now, err := d.app.Flow.Advance(ctx, d.app.ahead, func(rapport.Instant) rapport.Instant { return target })
		m.done <- moved{now, err}
		return nil
	}
	err := d.liveUntil(ctx, target.Time())
	m.done <- moved{target, err}
	return err
}

// pace returns how many times faster than a watch the shop's time passes at an
// instant. A demo of a festival plays its day, then the weeks to the credit it has
// earned twenty times as fast.
func (d *Demo) pace(at time.Time) float64 {
	if d.memory.Festival && at.After(d.memory.Made.Add(festivalLasts)) && at.Before(d.memory.Made.Add(festivalAfter)) {
		return 20 * d.speed
	}
	return d.speed
}

// A demo of a festival begins at eight in the evening before it, by Singapore's clock.
// It ends when the day is over everywhere; the last of its credit ends on 27 December.
const (
	festivalLasts = 36 * time.Hour
	festivalAfter = 47 * 24 * time.Hour
)

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// Progress tells what is being loaded and which part of it is there.
func (d *Demo) Progress() (what string, part float64) {
	if part = d.loaded.part(); part >= 1 {
		return "", 1
	}
	return "The shop's past is being lived, day by day: its visits, its orders, and the messages that were sent and met.", part
}

// progress is a part between 0 and 1.
type progress struct{ bits atomic.Uint64 }

func (p *progress) set(part float64) { p.bits.Store(math.Float64bits(part)) }

func (p *progress) part() float64 { return math.Float64frombits(p.bits.Load()) }
