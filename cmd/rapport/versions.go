package main

import (
	"context"
	"errors"

	"rapport/client"
)

type versions struct {
	remote
	Version uint64 `arg:"" optional:"" help:"A version: says what it changed, line by line. Without it the newest are listed."`
	Most    int    `help:"How many are listed at most." default:"20"`
}

// Validate refuses a list of nothing.
func (v *versions) Validate() error {
	if v.Most < 1 {
		return errors.New("--most: list at least one")
	}
	return nil
}

// Run lists versions, or tells of one.
func (v *versions) Run(ctx context.Context, std *streams) error {
	if v.Version > 0 {
		return v.client().Version(ctx, v.Version, std.out)
	}
	return v.client().Versions(ctx, v.Most, std.out)
}

type rollback struct {
	remote
	signed
	Version uint64 `arg:"" optional:"" help:"The version whose documents are put in force again, as a new version; the one before that in force unless said."`
	Dry     bool   `name:"dry-run" help:"Only say what would change, and whom journeys would reach."`
	Note    string `help:"Why, for the log of versions."`
}

// Run goes back to an earlier version.
func (r *rollback) Run(ctx context.Context, std *streams) error {
	return r.by(ctx, r.client()).Rollback(ctx, r.Version, client.ApplyOptions{Dry: r.Dry, Note: r.Note}, std.out)
}
