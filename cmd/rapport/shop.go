package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync/atomic"
	"time"

	"rapport"
	"rapport/client"
	"rapport/shop"
)

type shopping struct {
	remote
	WriteKey  string    `help:"The key that events are sent with." required:"" env:"RAPPORT_WRITE_KEY"`
	Visitors  int       `help:"How many people know the shop." default:"1500" env:"-"`
	Newcomers float64   `help:"How many come for the first time, each day of the shop." default:"50" env:"-"`
	Seed      uint64    `help:"Another seed is another shop, and its people are others." default:"1" env:"-"`
	Speed     float64   `help:"How much faster than a watch the shop's days pass; with --clock 0 is as fast as the server takes them." default:"1" env:"-"`
	Days      float64   `help:"Close after so many days of the shop; 0 goes on until it is stopped." default:"0" env:"-"`
	From      time.Time `help:"What the shop's calendar shows at first, such as 2026-11-10T12:00:00Z; now unless said. With --clock it is the sandbox's clock." env:"-"`
	Clock     bool      `help:"Move the sandbox's clock along, so that the server's days pass as the shop's do." env:"-"`
	Read      bool      `help:"Meet the messages that the sandbox captures: open, click, buy, leave, complain." env:"-"`
}

// The shop's time between two looks at what happens, as it passes or as fast as can be;
// and how long it says nothing at the most.
const (
	shopTick  = 250 * time.Millisecond
	shopStep  = 30 * time.Minute
	shopQuiet = time.Minute
)

// Run lets a simulated shop live at a server.
func (s *shopping) Run(ctx context.Context, std *streams) error {
	if s.Visitors < 1 || s.Newcomers < 0 || s.Days < 0 || s.Speed < 0 || s.Speed == 0 && (!s.Clock || s.Days == 0) {
		return rapport.Errorf(rapport.Invalid, "a shop has at least one visitor, and its days pass at a speed above 0; 0 needs --clock and --days")
	}
	admin := s.client()
	from, err := s.begin(ctx, admin)
	if err != nil {
		return err
	}
	people, err := shop.New(shop.Config{Seed: s.Seed, Visitors: s.Visitors, Newcomers: s.Newcomers, Start: from})
	if err != nil {
		return err
	}
	faithful := &faithful{wait: time.Second, out: std.err}
	t := &shop.Trade{Collect: faithful.to(client.New(s.URL, "")), Server: faithful.to(admin), WriteKey: s.WriteKey, Shop: people, Lived: from, Reads: s.Read}
	fmt.Fprintf(std.out, "A simulated shop, all of it synthetic, lives at %s from %s on. Ctrl-C closes it.\n", s.URL, from.UTC().Format(time.RFC3339))
	err = s.live(ctx, t, from, std.out)
	if ctx.Err() != nil {
		err = nil
	}
	fmt.Fprintf(std.out, "%d events, %d messages met%s\n", t.Events, t.Letters, reactions(t.Reactions))
	return err
}

// reactions says how messages were met, each kind with how often.
func reactions(met map[string]int) string {
	said := ""
	for _, kind := range slices.Sorted(maps.Keys(met)) {
		said += fmt.Sprintf(", %d %s", met[kind], kind)
	}
	return said
}

// begin returns when the shop opens. What is for a sandbox only is refused elsewhere.
func (s *shopping) begin(ctx context.Context, c *client.Client) (time.Time, error) {
	if s.Clock || s.Read {
		var clock struct{ Sandbox bool }
		if err := c.Call(ctx, "GET", "/v1/clock", nil, &clock); err != nil {
			return time.Time{}, err
		}
		if !clock.Sandbox {
			return time.Time{}, rapport.Errorf(rapport.Invalid, "--clock and --read are for a sandbox, and %s is live: leave them out, and the shop is load only", s.URL)
		}
	}
	if !s.Clock {
		if s.From.IsZero() {
			s.From = time.Now()
		}
		return s.From.UTC().Truncate(time.Millisecond), nil
	}
	var clock struct{ Now time.Time }
	method, body := "GET", any(nil)
	if !s.From.IsZero() {
		method, body = "POST", map[string]time.Time{"to": s.From}
	}
	err := c.Call(ctx, method, "/v1/clock", body, &clock)
	return clock.Now.UTC().Truncate(time.Millisecond), err
}

func (s *shopping) live(ctx context.Context, t *shop.Trade, from time.Time, out io.Writer) error {
	end := from.Add(time.Duration(s.Days * float64(24*time.Hour)))
	day, told := from, time.Now()
	for last := told; s.Days == 0 || t.Lived.Before(end); {
		next := t.Lived.Add(shopStep)
		if s.Speed > 0 {
			if err := client.Sleep(ctx, shopTick); err != nil {
				return err
			}
			now := time.Now()
			next = t.Lived.Add(time.Duration(float64(now.Sub(last)) * s.Speed))
			t.Stamp = stamping(next, now, s.Speed)
			last = now
		}
		if s.Days > 0 && next.After(end) {
			next = end
		}
		if err := s.liveUntil(ctx, t, next); err != nil {
			return err
		}
		if t.Lived.Sub(day) >= 24*time.Hour || time.Since(told) >= shopQuiet {
			day, told = t.Lived, time.Now()
			fmt.Fprintf(out, "%s  %d events, %d messages met\n", day.Format("2006-01-02 15:04"), t.Events, t.Letters)
		}
	}
	return nil
}

// liveUntil lives up to an instant, in steps where the clock goes along.
func (s *shopping) liveUntil(ctx context.Context, t *shop.Trade, to time.Time) error {
	if !s.Clock {
		return t.Live(ctx, to)
	}
	t.Stamp = nil // the server's clock is the shop's
	for t.Lived.Before(to) {
		next := t.Lived.Add(shopStep)
		if next.After(to) {
			next = to
		}
		// A clock that is there already, since time runs on between two moves, is left.
		err := t.Server.Call(ctx, "POST", "/v1/clock", map[string]time.Time{"to": next}, nil)
		if err != nil && rapport.KindOf(err) != rapport.Conflict {
			return err
		}
		if err := t.Live(ctx, next); err != nil {
			return err
		}
	}
	return nil
}

// stamping returns what the world's clock shows at an instant of a shop that is at
// next now.
func stamping(next, now time.Time, speed float64) func(time.Time) time.Time {
	return func(at time.Time) time.Time { return now.Add(-time.Duration(float64(next.Sub(at)) / speed)) }
}

// faithful waits for a server that answered and can't be reached any more, and then asks
// the same once more: a shop does not close because its server is started anew. What was
// taken before the answer was lost has the same messageIds.
type faithful struct {
	wait     time.Duration // between two tries
	out      io.Writer
	answered atomic.Bool
	waits    atomic.Bool // and it was told
}

// to returns a caller of a server.
func (f *faithful) to(server shop.Server) shop.Server { return faithfulCaller{f, server} }

type faithfulCaller struct {
	*faithful
	server shop.Server
}

// Call waits for as long as ctx lasts once the server has answered a call.
func (f faithfulCaller) Call(ctx context.Context, method, path string, body, out any) error {
	for {
		err := f.server.Call(ctx, method, path, body, out)
		if err == nil || rapport.KindOf(err) != rapport.Unavailable {
			f.answered.Store(true)
			f.waits.Store(false)
			return err
		}
		if !f.answered.Load() || ctx.Err() != nil {
			return err
		}
		if !f.waits.Swap(true) {
			fmt.Fprintln(f.out, "The server can't be reached. The shop waits for it.")
		}
		if err := client.Sleep(ctx, f.wait); err != nil {
			return err
		}
	}
}
