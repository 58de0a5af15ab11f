package main

import (
	"context"
	"encoding/json"
	"os"

	"rapport/bench"
)

type benchmark struct {
	Edge     benchEdge     `cmd:"" help:"Events in over HTTP, acknowledged when durable, with no rules."`
	Pipeline benchPipeline `cmd:"" help:"Events all the way through: rules, journeys, decisions."`
}

// load is what the benchmarks of ingest have in common.
type load struct {
	Events      int      `help:"How many events." default:"100000"`
	Batch       int      `help:"Events of one request." default:"100"`
	Connections int      `help:"Requests under way at once." default:"64"`
	Customers   int      `help:"How many customers there are." default:"100000"`
	Spread      string   `help:"How events fall to customers: zipf (exponent 1.1) or uniform." default:"zipf" enum:"zipf,uniform"`
	Seed        uint64   `help:"Another seed, other events." default:"1"`
	Program     string   `help:"The program to measure; this one unless said." type:"path"`
	Flag        []string `help:"A further flag of the server; may be given several times." sep:"none"`
}

func (l *load) run(ctx context.Context, std *streams, work string, segments, journeys int) error {
	program := l.Program
	if program == "" {
		self, err := os.Executable()
		if err != nil {
			return err
		}
		program = self
	}
	report, err := bench.Run(ctx, work, bench.Options{
		Program: program, Events: l.Events, Batch: l.Batch, Connections: l.Connections, Seed: l.Seed, Flags: l.Flag,
		Shape: bench.Shape{Customers: l.Customers, Spread: l.Spread}, Segments: segments, Journeys: journeys,
	})
	if err != nil {
		return err
	}
	out := json.NewEncoder(std.out)
	out.SetIndent("", "  ")
	return out.Encode(report)
}

type benchEdge struct{ load }

// Run measures the edge.
func (b *benchEdge) Run(ctx context.Context, std *streams) error {
	return b.run(ctx, std, "edge", 0, 0)
}

type benchPipeline struct {
	load
	Segments int `help:"How many segments are live." default:"50"`
	Journeys int `help:"How many journeys are live." default:"10"`
}

// Run measures the whole pipeline.
func (b *benchPipeline) Run(ctx context.Context, std *streams) error {
	return b.run(ctx, std, "pipeline", b.Segments, b.Journeys)
}
