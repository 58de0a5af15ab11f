package main

import (
	"context"
	"encoding/json"
	"os"
	"time"

	"rapport/bench"
)

type benchmark struct {
	Edge     benchEdge     `cmd:"" help:"Events in over HTTP, acknowledged when durable, with no rules."`
	Pipeline benchPipeline `cmd:"" help:"Events all the way through: rules, journeys, decisions."`
	Segment  benchSegment  `cmd:"" help:"What an event costs with few segments and with many; sizes, previews, and a new segment that builds while events come in."`
	Growth   benchGrowth   `cmd:"" help:"What an event costs, and start-up, memory, disk, sizes and previews, as customers become more."`
	Peak     benchPeak     `cmd:"" help:"Three times as many events as can be taken, while a campaign goes out, a segment builds and orders come in."`
	Send     benchSend     `cmd:"" help:"A campaign of personal mails to everybody, through a mail server; alone, or while events come in."`
}

// stream is what all benchmarks have in common.
type stream struct {
	Events      int    `help:"How many events." default:"100000"`
	Batch       int    `help:"Events of one request." default:"100"`
	Connections int    `help:"Requests under way at once." default:"64"`
	Spread      string `help:"How events fall to customers: zipf (exponent 1.1) or uniform." default:"zipf" enum:"zipf,uniform"`
	Seed        uint64 `help:"Another seed, other events." default:"1"`
	Program     string `help:"The program to measure; this one unless said." type:"path"`
	measured
}

// measured is what all benchmarks say of the server.
type measured struct {
	Database string   `help:"Measure the server over this PostgreSQL database, in a schema that is made and removed, together with all processes of the database's server. It must be on this machine, and nobody else use it." placeholder:"URL" env:"-"`
	Flag     []string `help:"A further flag of the server; may be given several times." sep:"none"`
}

func (s *stream) program() (string, error) {
	if s.Program != "" {
		return s.Program, nil
	}
	return os.Executable()
}

// printReport prints what a benchmark came to.
func printReport(std *streams, report any) error {
	out := json.NewEncoder(std.out)
	out.SetIndent("", "  ")
	out.SetEscapeHTML(false) // rules stand in it
	return out.Encode(report)
}

// load is what the benchmarks of ingest have in common.
type load struct {
	Customers int `help:"How many customers there are." default:"100000"`
	stream
}

func (l *load) run(ctx context.Context, std *streams, work string, segments, journeys int) error {
	program, err := l.program()
	if err != nil {
		return err
	}
	report, err := bench.Run(ctx, work, bench.Options{
		Program: program, Events: l.Events, Batch: l.Batch, Connections: l.Connections, Seed: l.Seed, Flags: l.Flag, Database: l.Database,
		Shape: bench.Shape{Customers: l.Customers, Spread: l.Spread}, Segments: segments, Journeys: journeys,
	})
	if err != nil {
		return err
	}
	return printReport(std, report)
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

// past is what the benchmarks with customers who have a history have in common.
type past struct {
	stream
	History int `help:"How many events each customer has had before anything is measured." default:"3"`
	Reads   int `help:"How often a size is asked for; previews at most five times." default:"200"`
}

func (p *past) trial(std *streams) (bench.Trial, error) {
	program, err := p.program()
	return bench.Trial{
		Program: program, History: p.History, Events: p.Events, Spread: p.Spread, Batch: p.Batch, Connections: p.Connections,
		Seed: p.Seed, Reads: p.Reads, Flags: p.Flag, Database: p.Database, Progress: std.err,
	}, err
}

// pastDetail is what the two say beyond their one line.
const pastDetail = "Each customer is given a history first, which is not measured with the stream. The server is started several times: " +
	"to bring in the history, for the stream and for reads. {run} in a --flag stands for which of these it is, as in --flag=--profile={run}.pprof. " +
	"Every size and every exact count is held against what was sent; if one is wrong there are no figures. Progress goes to standard error. " +
	"It needs Linux, which tells what a process takes while it runs."

type benchSegment struct {
	Customers int           `help:"How many customers there are." default:"100000"`
	Segments  []int         `help:"How many segments are live, of one run after the other." default:"10,1000"`
	Journeys  []int         `help:"How many journeys are live in each of these runs." default:"10,200"`
	Rate      int           `help:"Events a second of the steady stream, beside which sizes are asked for and a new segment builds." default:"2000"`
	Phase     time.Duration `help:"How long the steady stream is measured alone, and how long with sizes." default:"10s"`
	past
}

// Help says more.
func (b *benchSegment) Help() string { return pastDetail }

// Run measures segments.
func (b *benchSegment) Run(ctx context.Context, std *streams) error {
	o, err := b.trial(std)
	if err != nil {
		return err
	}
	o.Customers, o.Rate, o.Phase = b.Customers, b.Rate, b.Phase
	report, err := bench.Segment(ctx, o, b.Segments, b.Journeys)
	if err != nil {
		return err
	}
	return printReport(std, report)
}

type benchGrowth struct {
	Customers []int `help:"How many customers there are, in one run after the other." default:"10000,1000000"`
	Segments  int   `help:"How many segments are live." default:"50"`
	Journeys  int   `help:"How many journeys are live." default:"10"`
	past
}

// Help says more.
func (b *benchGrowth) Help() string { return pastDetail }

// Run measures growth.
func (b *benchGrowth) Run(ctx context.Context, std *streams) error {
	o, err := b.trial(std)
	if err != nil {
		return err
	}
	report, err := bench.Grow(ctx, o, b.Segments, b.Journeys, b.Customers)
	if err != nil {
		return err
	}
	return printReport(std, report)
}

type benchSend struct {
	Customers int           `help:"How many customers there are; each gets one mail." default:"10000"`
	Provider  string        `help:"Who takes the mails: a mail server of the benchmark's own (smtp), or nobody (capture)." default:"smtp" enum:"smtp,capture"`
	Rate      int           `help:"Events a second that come in meanwhile; one in ten is an order, for which a transactional mail is sent." default:"0"`
	Alone     time.Duration `help:"How long these events come in alone, before." default:"20s"`
	Program   string        `help:"The program to measure; this one unless said." type:"path"`
	measured
}

// Help says more.
func (b *benchSend) Help() string {
	return "The campaign is due at the beginning of a minute, so up to a minute is spent waiting."
}

// Run measures a campaign.
func (b *benchSend) Run(ctx context.Context, std *streams) error {
	program, err := (&stream{Program: b.Program}).program()
	if err != nil {
		return err
	}
	report, err := bench.Send(ctx, bench.Mailing{
		Program: program, Customers: b.Customers, Provider: b.Provider, Rate: b.Rate, Alone: b.Alone, Flags: b.Flag, Database: b.Database, Progress: std.err,
	})
	if err != nil {
		return err
	}
	return printReport(std, report)
}

type benchPeak struct {
	Customers   int           `help:"How many customers there are; each gets a mail of the campaign." default:"20000"`
	Rate        int           `help:"Events a second of the stream of orders; one in ten is an order, for which a transactional mail is sent." default:"100"`
	Connections int           `help:"Requests under way at once while it is found out how much can be taken." default:"64"`
	Ramp        time.Duration `help:"How long that is tried." default:"20s"`
	Times       float64       `help:"How many times as much is offered then." default:"3"`
	Phase       time.Duration `help:"For how long." default:"2m"`
	Program     string        `help:"The program to measure; this one unless said." type:"path"`
	measured
}

// Help says more.
func (b *benchPeak) Help() string {
	return "What is refused is sent again afterwards until it is accepted. If an event that was acknowledged is not counted at the end, once, there are no figures. " +
		"The campaign is due at the beginning of a minute, so up to a minute is spent waiting. It needs Linux, which tells what a process takes while it runs."
}

// Run measures a peak.
func (b *benchPeak) Run(ctx context.Context, std *streams) error {
	program, err := (&stream{Program: b.Program}).program()
	if err != nil {
		return err
	}
	report, err := bench.Peak(ctx, bench.Peaking{
		Mailing:     bench.Mailing{Program: program, Customers: b.Customers, Rate: b.Rate, Flags: b.Flag, Database: b.Database, Progress: std.err},
		Connections: b.Connections, Ramp: b.Ramp, Times: b.Times, Phase: b.Phase,
	})
	if err != nil {
		return err
	}
	return printReport(std, report)
}
