package main

import (
	"context"

	"rapport/client"
	"rapport/client/mapping"
)

type imports struct {
	Events    importEvents    `cmd:"" help:"Take in what customers did: orders, refunds, visits. Keeps the times that the file tells."`
	Customers importCustomers `cmd:"" help:"Take in who the customers are: one row a customer, with what is known of her."`
}

// importFile is what all imports have in common.
type importFile struct {
	remote
	File    string `arg:"" help:"CSV with any delimiter, or lines of JSON (.ndjson, .jsonl); may be packed with gzip."`
	Mapping string `help:"A YAML file that says which column means what; without it columns need their usual names." placeholder:"FILE"`
	Report  string `help:"Write bad rows with line and reason to this file, one JSON object a line." placeholder:"FILE"`
	Strict  bool   `help:"Fail in the end if there were bad rows; the good ones are taken in all the same."`
	DryRun  bool   `help:"Send nothing; say what would be sent, with a sample, and which rows are bad."`
}

func (f *importFile) run(ctx context.Context, std *streams, kind mapping.Kind) error {
	return f.client().Import(ctx, client.ImportOptions{
		Kind: kind, File: f.File, Mapping: f.Mapping, Report: f.Report, Strict: f.Strict, Dry: f.DryRun,
	}, std.out, std.err)
}

type importEvents struct{ importFile }

// Run imports events.
func (i *importEvents) Run(ctx context.Context, std *streams) error {
	return i.run(ctx, std, mapping.Events)
}

type importCustomers struct{ importFile }

// Run imports customers.
func (i *importCustomers) Run(ctx context.Context, std *streams) error {
	return i.run(ctx, std, mapping.Customers)
}
