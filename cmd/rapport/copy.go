package main

import (
	"context"
	"errors"

	"rapport"
	"rapport/client"
)

type copyCustomers struct {
	From      string `required:"" help:"The server to copy from." env:"RAPPORT_FROM_URL" placeholder:"URL"`
	FromKey   string `help:"Its API key; better set in the environment than given here." env:"RAPPORT_FROM_KEY" placeholder:"KEY"`
	To        string `required:"" help:"The sandbox to copy into." env:"RAPPORT_TO_URL" placeholder:"URL"`
	ToKey     string `help:"Its API key; better set in the environment than given here." env:"RAPPORT_TO_KEY" placeholder:"KEY"`
	Customers int    `help:"How many customers at most. Who they are is chance." default:"1000"`
}

// Validate says what nobody can be copied with.
func (c *copyCustomers) Validate() error {
	if c.Customers < 1 {
		return errors.New("--customers: at least 1")
	}
	return nil
}

// Run copies customers under pseudonyms.
func (c *copyCustomers) Run(ctx context.Context, std *streams) error {
	if c.FromKey == "" || c.ToKey == "" {
		return rapport.Errorf(rapport.Unauthorised, "this needs an API key: set RAPPORT_FROM_KEY and RAPPORT_TO_KEY to those of the two servers")
	}
	return client.CopyCustomers(ctx, client.New(c.From, c.FromKey), client.New(c.To, c.ToKey), c.Customers, std.out)
}
