package main

import (
	"context"
	"errors"

	"rapport/client"
)

type copyCustomers struct {
	between
	Customers int `help:"How many customers at most. Who they are is chance." default:"1000"`
}

// Validate says what nobody can be copied with.
func (c *copyCustomers) Validate() error {
	if c.Customers < 1 {
		return errors.New("--customers: at least 1")
	}
	return c.keys()
}

// Run copies customers under pseudonyms.
func (c *copyCustomers) Run(ctx context.Context, std *streams) error {
	from, to := c.clients()
	return client.CopyCustomers(ctx, from, to, c.Customers, std.out)
}
