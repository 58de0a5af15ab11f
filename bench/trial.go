package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// Trial says how runs with customers who have a history are done.
type Trial struct {
	Program     string
	Customers   int
	History     int // events of each customer before anything is measured
	Events      int // whose cost is measured
	Spread      string
	Batch       int
	Connections int
	Seed        uint64
	Rate        int           // events a second of a steady stream
	Phase       time.Duration // how long each phase of a steady stream lasts
	Reads       int           // how often each figure is asked for
	Database    string        // address of the PostgreSQL database that it is to use; "" for none
	Flags       []string      // of the server; {run} in them stands for what it is run for
	Progress    io.Writer
}

// check says what no run can be done with.
func (o *Trial) check() error {
	for name, n := range map[string]int{"events": o.Events, "a batch's events": o.Batch, "connections": o.Connections, "the history": o.History, "reads": o.Reads} {
		if n < 1 {
			return fmt.Errorf("%s must be at least 1, not %d", name, n)
		}
	}
	return nil
}

// trial is a data folder whose customers have a history, and the server upon it.
type trial struct {
	o        Trial
	name     string
	segments int
	journeys int
	crowd    *crowd
	data     string
	database *database // nil if there is none but the folder
	server   *server   // while it runs
	sent     int       // events that the folder has acknowledged
}

// Loaded is what bringing the history in came to.
type Loaded struct {
	Events     int     `json:"events"`
	Seconds    float64 `json:"seconds"`
	PerSecond  float64 `json:"events_per_second"`
	CPUPer100k float64 `json:"cpu_seconds_per_100k_events"`
	MemoryMB   float64 `json:"memory_mb"`
	DiskMB     float64 `json:"disk_mb"`
	DiskEach   float64 `json:"disk_bytes_per_customer"`
}

// Cost is what a stream that is sent as fast as it is answered came to.
type Cost struct {
	Segments    int       `json:"segments"`
	Journeys    int       `json:"journeys"`
	Readers     float64   `json:"segments_reading_an_event"` // on average, by what the event says: those that must be evaluated
	Naming      float64   `json:"segments_naming_an_event"`  // on average: those whose filters must be tried
	History     Loaded    `json:"history"`
	StartUp     float64   `json:"start_up_seconds"` // with the history in place
	ReadyMB     float64   `json:"memory_mb_when_ready"`
	CPUSeconds  float64   `json:"cpu_seconds"`                    // of the server, from when it was ready until its graceful exit, and of its database
	DatabaseCPU float64   `json:"database_cpu_seconds,omitempty"` // that part of it
	CPUPer100k  float64   `json:"cpu_seconds_per_100k_events"`
	FloorPer100 float64   `json:"floor_cpu_seconds_per_100k_events"`
	Ratio       float64   `json:"ratio_to_floor"`
	PerSecond   float64   `json:"events_per_second"`
	Latency     Latencies `json:"latency_ms"`
	SentAgain   int64     `json:"requests_sent_again"`
	MemoryMB    float64   `json:"memory_mb"`
}

// Place is where and when a run was done.
type Place struct {
	Machine string    `json:"machine"`
	Cores   int       `json:"cores"`
	Started time.Time `json:"started"`
}

func here() Place {
	return Place{Machine: machine(), Cores: runtime.NumCPU(), Started: time.Now().UTC().Truncate(time.Second)}
}

// newTrial makes an empty folder; whoever asked for it calls close.
func newTrial(o Trial, segments, journeys int) (*trial, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	if segments < 1 || journeys < 0 {
		return nil, fmt.Errorf("there must be at least one segment, and journeys are not fewer than none: not %d and %d", segments, journeys)
	}
	c, err := newCrowd(Shape{Customers: o.Customers, Spread: o.Spread}, o.Seed, time.Now())
	if err != nil {
		return nil, err
	}
	db, err := openDatabase(context.Background(), o.Database)
	if err != nil {
		return nil, err
	}
	data, err := os.MkdirTemp("", "rapport-bench-")
	name := fmt.Sprintf("%d-customers-%d-segments", o.Customers, segments)
	return &trial{o: o, name: name, segments: segments, journeys: journeys, crowd: c, data: data, database: db}, err
}

// close ends what still runs and removes the folder. It returns the error of the
// run, with the server's last words if that is what it came from.
func (t *trial) close(err error) error {
	if s := t.server; s != nil {
		if err != nil && s.over() {
			err = fmt.Errorf("the server has ended (%v): %w\n%s", s.failed, err, s.output)
		}
		s.kill()
	}
	return errors.Join(err, os.RemoveAll(t.data), t.database.close())
}

// start starts the server upon the folder, for some purpose.
func (t *trial) start(ctx context.Context, purpose string) (err error) {
	t.say("%s", purpose)
	flags := slices.Clone(t.o.Flags)
	for i := range flags {
		flags[i] = strings.ReplaceAll(flags[i], "{run}", strings.ReplaceAll(purpose, " ", "-")+"-"+t.name)
	}
	t.server, err = startServer(ctx, t.o.Program, filepath.Join(t.data, "store"), t.database, flags...)
	return err
}

// stop checks that every event was counted and stops the server.
func (t *trial) stop(ctx context.Context) (usage, error) {
	if err := t.server.counted(ctx, t.sent); err != nil {
		return usage{}, err
	}
	s := t.server
	t.server = nil
	used, err := s.stop()
	if err != nil {
		s.kill()
	}
	return used, err
}

// load applies the documents to the empty folder and brings the history in.
func (t *trial) load(ctx context.Context) (Loaded, error) {
	if err := t.start(ctx, "history"); err != nil {
		return Loaded{}, err
	}
	if err := t.server.client.Call(ctx, "POST", "/v1/apply", []byte(documents(t.segments, t.journeys)), nil); err != nil {
		return Loaded{}, fmt.Errorf("applying the documents: %w", err)
	}
	events := t.o.Customers * t.o.History
	l, err := send(ctx, t.server.url, t.counting(batches(t.crowd.history(t.o.History), t.o.Batch), events), t.o.Connections)
	if err != nil {
		return Loaded{}, err
	}
	t.sent += events
	used, err := t.stop(ctx)
	tables, failed := t.database.size(ctx)
	disk := float64(size(t.data) + tables)
	return Loaded{
		Events: events, Seconds: l.wall.Seconds(), PerSecond: float64(events) / l.wall.Seconds(), CPUPer100k: per100k(used.all(), events),
		MemoryMB: float64(used.memory) / (1 << 20), DiskMB: disk / (1 << 20), DiskEach: disk / float64(t.o.Customers),
	}, errors.Join(err, failed)
}

// counting says now and then how far the sending of bodies is.
func (t *trial) counting(bodies iter.Seq[[]byte], events int) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		start := time.Now()
		said, taken := start, 0
		for body := range bodies {
			if now := time.Now(); now.Sub(said) >= 5*time.Second {
				said = now
				left := time.Duration(float64(now.Sub(start)) * float64(events-taken) / float64(taken))
				t.say("history: %d of %d events, %.0f a second, about %s left", taken, events, float64(taken)/now.Sub(start).Seconds(), left.Round(time.Second))
			}
			if !yield(body) {
				return
			}
			taken += t.o.Batch
		}
	}
}

func (t *trial) say(format string, args ...any) {
	if t.o.Progress != nil {
		fmt.Fprintf(t.o.Progress, "%s: %s\n", t.name, fmt.Sprintf(format, args...))
	}
}

// cost brings the history in and measures the stream upon it.
func (t *trial) cost(ctx context.Context) (*Cost, error) {
	p, err := t.prepare(ctx)
	if err != nil {
		return nil, err
	}
	if err := p.send(ctx, p.bodies); err != nil {
		return nil, err
	}
	return p.finish(ctx)
}

// passage is a stream that is measured upon a history. The server runs anew for it: what
// the history has cost is not in it.
type passage struct {
	*trial
	cost   *Cost
	bodies [][]byte      // of the whole stream
	before time.Duration // of the server alone
	others time.Duration // of the database, for this stream: others may be sent in turn with it
	client *http.Client
	load   load
}

func (t *trial) prepare(ctx context.Context) (*passage, error) {
	loaded, err := t.load(ctx)
	if err != nil {
		return nil, err
	}
	p := &passage{trial: t, bodies: Batches(t.crowd.stream(t.o.Events), t.o.Batch), client: connect(t.o.Connections)}
	floor, err := floorOf(p.bodies, t.data)
	if err != nil {
		return nil, err
	}
	if err := t.start(ctx, "stream"); err != nil {
		return nil, err
	}
	p.cost = &Cost{
		Segments: t.segments, Journeys: t.journeys, History: loaded, StartUp: t.server.ready.Seconds(), FloorPer100: per100k(floor, t.o.Events),
	}
	held, err := t.server.memory()
	if err != nil {
		return nil, err
	}
	p.cost.ReadyMB = float64(held) / (1 << 20)
	p.before, err = t.server.own()
	return p, err
}

// send sends a part of the stream.
func (p *passage) send(ctx context.Context, bodies [][]byte) error {
	return p.counted(func() error {
		l, err := sendBy(ctx, p.client, p.server.url, slices.Values(bodies), p.o.Connections)
		if err == nil {
			p.load.add(l)
		}
		return err
	})
}

// counted counts to the stream what the database takes while something is done for it.
func (p *passage) counted(do func() error) error {
	before, err := p.database.cpu()
	if err != nil {
		return err
	}
	if err := do(); err != nil {
		return err
	}
	after, err := p.database.cpu()
	p.others += after - before
	return err
}

func (p *passage) finish(ctx context.Context) (*Cost, error) {
	p.client.CloseIdleConnections()
	p.sent += p.o.Events
	var used usage
	if err := p.counted(func() (err error) { used, err = p.stop(ctx); return err }); err != nil {
		return nil, err
	}
	c, all := p.cost, used.cpu-p.before+p.others
	c.MemoryMB = float64(used.memory) / (1 << 20)
	c.CPUSeconds, c.DatabaseCPU, c.CPUPer100k = all.Seconds(), p.others.Seconds(), per100k(all, p.o.Events)
	c.Ratio = c.CPUPer100k / c.FloorPer100
	c.PerSecond, c.Latency, c.SentAgain = float64(p.o.Events)/p.load.wall.Seconds(), p.load.figures(), p.load.waited
	var err error
	c.Readers, c.Naming, err = p.perEvent()
	return c, err
}

// perEvent returns how many segments read and name an event, on average.
func (t *trial) perEvent() (reading, naming float64, err error) {
	other, err := newCrowd(t.crowd.shape, t.o.Seed+1, t.crowd.began)
	if err != nil {
		return 0, 0, err
	}
	reading, naming = other.perEvent(t.segments)
	return reading, naming, nil
}
