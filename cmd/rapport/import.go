package main

import (
	"context"

	"rapport"
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
	File    string `arg:"" help:"CSV with any delimiter, or lines of JSON (.ndjson, .jsonl); may be packed with gzip. Of a folder every file is taken in."`
	Mapping string `help:"A YAML file that says which column means what; without it columns need their usual names." placeholder:"FILE"`
	Report  string `help:"Write bad rows with line and reason to this file, one JSON object a line." placeholder:"FILE"`
	Strict  bool   `help:"Fail in the end if there were bad rows; the good ones are taken in all the same."`
	DryRun  bool   `help:"Send nothing; say what would come of it: events, customers, times, consents, currencies, what is bad or not used, and a sample."`
}

func (f *importFile) run(ctx context.Context, std *streams, kind mapping.Kind, asOf rapport.Instant) error {
	return f.client().Import(ctx, client.ImportOptions{
		Kind: kind, AsOf: asOf, File: f.File, Mapping: f.Mapping, Report: f.Report, Strict: f.Strict, Dry: f.DryRun,
	}, std.out, std.err)
}

type importEvents struct{ importFile }

// Run imports events.
func (i *importEvents) Run(ctx context.Context, std *streams) error {
	return i.run(ctx, std, mapping.Events, 0)
}

type importCustomers struct {
	importFile
	AsOf string `help:"When the file was written, such as 2026-12-24T18:00:00Z, if it does not tell itself: what a customer has said since counts more. Now unless said." placeholder:"INSTANT"`
}

// Run imports customers.
func (i *importCustomers) Run(ctx context.Context, std *streams) error {
	if i.AsOf == "" {
		return i.run(ctx, std, mapping.Customers, 0)
	}
	asOf, err := rapport.ParseInstant(i.AsOf)
	if err != nil {
		return rapport.Errorf(rapport.Invalid, "--as-of %s is no instant: write one such as 2026-12-24T18:00:00Z", i.AsOf)
	}
	return i.run(ctx, std, mapping.Customers, asOf)
}
