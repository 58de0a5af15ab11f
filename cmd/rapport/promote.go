package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"rapport/client"
)

type promote struct {
	between
	signed
	Keep         bool   `help:"Leave documents that are only there; otherwise they are deleted."`
	Dry          bool   `name:"dry-run" help:"Only say what would change."`
	Yes          bool   `short:"y" help:"Do not ask."`
	AnyDirection bool   `help:"Also from a live environment, or to a sandbox."`
	Note         string `help:"Why, for the log of versions; which version it is of which environment is said besides."`
}

// Validate refuses keys that are set to nothing.
func (p *promote) Validate() error { return p.keys() }

// Run puts a sandbox's documents in force where it is live.
func (p *promote) Run(ctx context.Context, std *streams) error {
	o := client.PromoteOptions{Note: p.Note, Keep: p.Keep, Dry: p.Dry, AnyDirection: p.AnyDirection}
	if !p.Yes {
		o.Confirm = func() (bool, error) { return confirm(std) }
	}
	from, to := p.clients()
	return client.Promote(ctx, from, p.by(ctx, to), o, std.out)
}

// confirm asks whether to go on. No answer is no.
func confirm(std *streams) (bool, error) {
	fmt.Fprint(std.err, "Put this in force? Type yes: ")
	answer, err := bufio.NewReader(std.in).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return false, err
	}
	return strings.TrimSpace(answer) == "yes", nil
}
