package main

import (
	"context"
	"fmt"

	"rapport/app"
)

type demo struct{ server }

// Run serves a sandbox in which the recipes are applied and a simulated shop goes
// on shopping.
func (d *demo) Run(ctx context.Context, std *streams) error {
	a, err := app.Open(ctx, d.config(std, true))
	if err != nil {
		return err
	}
	return serveUntilStopped(ctx, a, nil, func(address string) {
		fmt.Fprintf(std.out, "Rapport %s demo on http://%s\n", app.Version, address)
		showKeys(std, a)
	})
}
