package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	"rapport"
	"rapport/app"
)

type demo struct {
	server    `set:"data=data/demo"`
	Fresh     bool    `help:"Begin anew: remove the demo that is in the data folder." env:"-"`
	Visitors  int     `help:"How many people know the shop when a demo is made." default:"1500"`
	Newcomers float64 `help:"How many come for the first time, each day of the shop." default:"50"`
	Days      int     `help:"How many days the shop has been open when a demo is made." default:"60"`
	Speed     float64 `help:"How much faster than the clock the shop's days pass." default:"150"`
	Festival  bool    `help:"Make the demo on the evening before the last 11.11, and play the day and what follows from it." env:"-"`
}

// The keys of a demo that only this machine can reach.
const (
	demoKey      = "rk_test_demo"
	demoWriteKey = "wk_test_demo"
)

// Run serves a sandbox in which the recipes are applied and a simulated shop goes
// on shopping.
func (d *demo) Run(ctx context.Context, std *streams) error {
	page, err := d.prepare(ctx)
	if err != nil {
		return err
	}
	collectLess()
	wanted := app.Shopping{Visitors: d.Visitors, Newcomers: d.Newcomers, Days: d.Days, Speed: d.Speed, Festival: d.Festival}
	config := d.config(std, true)
	config.Begin = wanted.Begin(time.Now())
	a, err := app.Open(ctx, config)
	if err != nil {
		return err
	}
	shopping, err := a.OpenDemo(ctx, wanted)
	if err != nil {
		return errors.Join(err, a.Close())
	}
	page.Progress, page.Story = shopping.Progress, shopping.Story
	err = d.serve(ctx, std, a, page, shopping)
	return errors.Join(err, a.Close())
}

// serve lets the shop go on for as long as the server answers. When that stops, what
// is under way is answered first, and the shop notes how far it came.
func (d *demo) serve(ctx context.Context, std *streams, a *app.App, page app.Page, shopping *app.Demo) error {
	collectLess()
	face, err := a.Face(page)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	var open sync.WaitGroup
	err = a.Serve(ctx, face, func(address string) {
		d.tell(std, a, address)
		open.Go(func() { d.tellWhenTold(ctx, std, shopping, "http://"+reachable(address)) })
		open.Go(func() {
			if err := shopping.Run(ctx, "http://"+reachable(address)); err != nil {
				fmt.Fprintln(std.err, "rapport: the shop has closed:", err)
			}
		})
	})
	stop()
	open.Wait()
	return err
}

// tellWhenTold says how far the past has come, and then what to look at.
func (d *demo) tellWhenTold(ctx context.Context, std *streams, shopping *app.Demo, url string) {
	ticker := time.NewTicker(progressEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			_, part := shopping.Progress()
			fmt.Fprintf(std.out, "  ... %.0f %%\n", 100*part)
		case <-shopping.Told():
			fmt.Fprintln(std.out, "  The shop's past is lived. It goes on live now. What to look at, in this order:")
			fmt.Fprintln(std.out)
			for i, b := range shopping.Story(ctx) {
				fmt.Fprintf(std.out, "  %d. %s\n     %s\n     %s%s\n", i+1, b.Title, b.Text, url, b.Path)
			}
			tellFeast(ctx, std, ticker.C, shopping)
			return
		}
	}
}

// feast tells where a festival stands.
type feast interface {
	Feast(ctx context.Context) (beat app.Beat, ok bool)
	Now() time.Time
}

// tellFeast says how a festival goes, whenever it has come further.
func tellFeast(ctx context.Context, std *streams, ticks <-chan time.Time, f feast) {
	last, ok := f.Feast(ctx)
	for ok {
		select {
		case <-ctx.Done():
			return
		case <-ticks:
		}
		now, ok := f.Feast(ctx)
		if !ok {
			return
		}
		if now == last {
			continue
		}
		if now.Title != last.Title {
			fmt.Fprintf(std.out, "\n  %s\n", now.Title)
		}
		fmt.Fprintf(std.out, "  %s  %s\n", f.Now().UTC().Format("2 January 15:04 UTC"), now.Text)
		last = now
	}
}

// progressEvery is between two words on how far the past has come.
const progressEvery = 5 * time.Second

// prepare checks what was asked for, chooses the keys and says what the page is
// like: whoever is on this machine needs not sign in, everybody else does.
func (d *demo) prepare(ctx context.Context) (app.Page, error) {
	page := app.Page{Synthetic: true, Program: os.Args[0]}
	if d.Visitors < 1 || d.Newcomers < 0 || d.Days < 0 || d.Speed <= 0 {
		return page, rapport.Errorf(rapport.Invalid, "a shop has at least one visitor, and its days pass at a speed above 0")
	}
	if page.Open = app.IsLoopback(d.Listen); page.Open {
		if d.AdminKey == "" {
			d.AdminKey, page.ShownKey = demoKey, demoKey
		}
		if d.WriteKey == "" {
			d.WriteKey, page.ShownWriteKey = demoWriteKey, demoWriteKey
		}
	} else if d.AdminKey == demoKey {
		return page, rapport.Errorf(rapport.Invalid, "others can reach %s, and everybody knows the key %s: set RAPPORT_ADMIN_KEY to another, or leave it out and one is made", d.Listen, demoKey)
	}
	if d.Fresh {
		return page, app.ForgetDemo(ctx, d.Data, d.Database)
	}
	return page, nil
}

// tell says in the terminal what is there and what to do with it.
func (d *demo) tell(std *streams, a *app.App, address string) {
	url := "http://" + reachable(address)
	fmt.Fprintf(std.out, `
  Rapport %s: a demo with synthetic data, in %s

  Open   %s

  A simulated fashion shop in five markets goes on shopping, %g times as fast as
  a watch, and its people read what they are sent. The sandbox's clock goes along.

`, app.Version, d.place(), url, d.Speed)
	d.tellCommands(std, a, url)
}

func (d *demo) tellCommands(std *streams, a *app.App, url string) {
	key := "KEY"
	switch {
	case a.Admin.Fresh != "":
		key = a.Admin.Fresh
		fmt.Fprintf(std.out, "  Sign in with any user name and the admin key, shown only now: %s\n\n", key)
	case d.AdminKey == demoKey:
		key = demoKey
	}
	at := ""
	if !strings.HasSuffix(url, ":8080") {
		at = "RAPPORT_URL=" + url + " "
	}
	fmt.Fprintf(std.out, `  Try, in another terminal:
    export %[1]sRAPPORT_API_KEY=%[2]s
    %[4]s clock advance 1h
    %[4]s export -f workspace
    curl -H "Authorization: Bearer $RAPPORT_API_KEY" %[3]s/v1/segments

  Ctrl-C stops it; the next start goes on from here, --fresh begins anew.

  The shop's past is lived first, with all that was sent and met in it ...
`, at, key, url, os.Args[0])
}

// reachable returns an address at which this machine reaches what listens at
// another, which may stand for all of its addresses.
func reachable(address string) string {
	host, port, err := net.SplitHostPort(address)
	if ip := net.ParseIP(host); err == nil && ip != nil && ip.IsUnspecified() {
		return net.JoinHostPort("127.0.0.1", port)
	}
	return address
}
