package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"rapport/client"
)

type sending struct {
	Show   sendingShow   `cmd:"" default:"withargs" help:"Say whether all sending is held, and why."`
	Hold   sendingHold   `cmd:"" help:"Hold all sending: nothing is handed over until it is resumed; all else goes on."`
	Resume sendingResume `cmd:"" help:"Let sending go on: what waits goes out, if it still may."`
}

type sendingShow struct{ remote }

// Run shows it.
func (s *sendingShow) Run(ctx context.Context, std *streams) error {
	return showSending(ctx, s.client(), "GET", "/v1/sending", nil, std.out)
}

type sendingHold struct {
	remote
	signed
	Reason string `help:"Why, for those who ask later."`
}

// Run holds all sending.
func (s *sendingHold) Run(ctx context.Context, std *streams) error {
	return showSending(ctx, s.by(ctx, s.client()), "POST", "/v1/sending/hold", map[string]string{"reason": s.Reason}, std.out)
}

type sendingResume struct {
	remote
	Skip bool `help:"Drop what may be left out and was decided before sending was held: after a restore the original may have sent it."`
}

// Run lets sending go on.
func (s *sendingResume) Run(ctx context.Context, std *streams) error {
	return showSending(ctx, s.client(), "POST", "/v1/sending/resume", map[string]bool{"skip": s.Skip}, std.out)
}

func showSending(ctx context.Context, c *client.Client, method, path string, body any, out io.Writer) error {
	var now struct {
		Held       bool
		At         time.Time
		By, Reason string
		SkipBefore time.Time
	}
	if err := c.Call(ctx, method, path, body, &now); err != nil {
		return err
	}
	if !now.Held {
		fmt.Fprintln(out, "messages are sent")
	} else {
		fmt.Fprintf(out, "all sending is held since %s, by %s: %s\n", now.At.UTC().Format(time.RFC3339), now.By, now.Reason)
	}
	if !now.SkipBefore.IsZero() {
		fmt.Fprintf(out, "what may be left out and was decided before %s is dropped\n", now.SkipBefore.UTC().Format(time.RFC3339))
	}
	return nil
}
