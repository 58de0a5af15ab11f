package main

import (
	"context"

	"rapport/client"
)

type rename struct {
	remote
	signed
	Kind string `arg:"" help:"The document's kind."`
	Old  string `arg:"" help:"Its name."`
	New  string `arg:"" help:"The name that it is to have."`
	Dry  bool   `name:"dry-run" help:"Only say what would change."`
	Note string `help:"Why, for the log of versions."`
}

// Run renames a document.
func (r *rename) Run(ctx context.Context, std *streams) error {
	return r.by(ctx, r.client()).Rename(ctx, r.Kind, r.Old, r.New, client.ApplyOptions{Dry: r.Dry, Note: r.Note}, std.out)
}

type remove struct {
	remote
	signed
	Kind string `arg:"" help:"The document's kind."`
	Name string `arg:"" help:"Its name."`
	Dry  bool   `name:"dry-run" help:"Only say what would change."`
	Note string `help:"Why, for the log of versions."`
}

// Run deletes a document.
func (r *remove) Run(ctx context.Context, std *streams) error {
	return r.by(ctx, r.client()).Delete(ctx, r.Kind, r.Name, client.ApplyOptions{Dry: r.Dry, Note: r.Note}, std.out)
}
