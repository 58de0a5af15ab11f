package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"
)

// Options say how a run is done.
type Options struct {
	Program     string // the binary to measure
	Database    string // address of the PostgreSQL database that it is to use; "" for none
	Events      int
	Batch       int // events of one request
	Connections int // requests under way at once
	Shape       Shape
	Segments    int
	Journeys    int
	Seed        uint64
	Flags       []string // further flags of the server
}

// Report is what a run came to, for people and programs.
type Report struct {
	Work        string    `json:"work"`
	Events      int       `json:"events"`
	Customers   int       `json:"customers"`
	Spread      string    `json:"spread"`
	BatchSize   int       `json:"batch_size"`
	Connections int       `json:"connections"`
	Segments    int       `json:"segments"`
	Journeys    int       `json:"journeys"`
	CPUSeconds  float64   `json:"cpu_seconds"`                    // of the server, user and system, from its start to its graceful exit, and of its database
	DatabaseCPU float64   `json:"database_cpu_seconds,omitempty"` // that part of it
	CPUPer100k  float64   `json:"cpu_seconds_per_100k_events"`
	FloorPer100 float64   `json:"floor_cpu_seconds_per_100k_events"` // of reading, appending and syncing the same bytes, in the same run
	Ratio       float64   `json:"ratio_to_floor"`
	WallSeconds float64   `json:"wall_seconds"`
	PerSecond   float64   `json:"events_per_second"`
	Latency     Latencies `json:"latency_ms"` // of a request, until it was acknowledged as durable
	SentAgain   int64     `json:"requests_sent_again"`
	MemoryMB    float64   `json:"memory_mb"`
	DiskMB      float64   `json:"disk_mb"`
	Machine     string    `json:"machine"`
	Cores       int       `json:"cores"`
	Started     time.Time `json:"started"`
}

// Latencies are in milliseconds.
type Latencies struct {
	Requests int     `json:"requests"`
	Median   float64 `json:"p50"`
	P99      float64 `json:"p99"`
	Worst    float64 `json:"max"`
}

// Run starts a server, sends it events, stops it and reports. With no segments
// and journeys it measures the edge and the record alone.
func Run(ctx context.Context, work string, o Options) (r *Report, err error) {
	events, err := Events(o.Events, o.Shape, o.Seed)
	if err != nil {
		return nil, err
	}
	bodies := Batches(events, o.Batch)
	data, err := os.MkdirTemp("", "rapport-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(data)
	started := time.Now()
	floor, err := floorOf(bodies, data)
	if err != nil {
		return nil, err
	}
	db, err := openDatabase(ctx, o.Database)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.close()) }()
	s, err := startServer(ctx, o.Program, filepath.Join(data, "store"), db, o.Flags...)
	if err != nil {
		return nil, err
	}
	l, used, err := drive(ctx, s, o, bodies)
	if err != nil {
		s.kill()
		return nil, err
	}
	disk, err := db.size(ctx)
	if err != nil {
		return nil, err
	}
	r = &Report{
		Work: work, Events: o.Events, Customers: o.Shape.Customers, Spread: o.Shape.Spread, BatchSize: o.Batch,
		Connections: o.Connections, Segments: o.Segments, Journeys: o.Journeys, CPUSeconds: used.all().Seconds(), DatabaseCPU: used.database.Seconds(),
		WallSeconds: l.wall.Seconds(), PerSecond: float64(o.Events) / l.wall.Seconds(), SentAgain: l.waited,
		Latency:  l.figures(),
		MemoryMB: float64(used.memory) / (1 << 20), DiskMB: float64(size(data)+disk) / (1 << 20),
		Machine: machine(), Cores: runtime.NumCPU(), Started: started.UTC().Truncate(time.Second),
	}
	r.CPUPer100k = r.CPUSeconds * 100_000 / float64(o.Events)
	r.FloorPer100 = floor.Seconds() * 100_000 / float64(o.Events)
	r.Ratio = r.CPUPer100k / r.FloorPer100
	return r, nil
}

// drive applies the workspace, sends the load, checks that every event was counted,
// and stops the server.
func drive(ctx context.Context, s *server, o Options, bodies [][]byte) (*load, usage, error) {
	if o.Segments+o.Journeys > 0 {
		if err := s.client.Call(ctx, "POST", "/v1/apply", []byte(Workspace(o.Segments, o.Journeys)), nil); err != nil {
			return nil, usage{}, fmt.Errorf("applying the documents: %w", err)
		}
	}
	l, err := send(ctx, s.url, slices.Values(bodies), o.Connections)
	if err != nil {
		return nil, usage{}, err
	}
	if err := s.counted(ctx, o.Events); err != nil {
		return nil, usage{}, err
	}
	used, err := s.stop()
	return l, used, err
}

// size returns how many bytes the files of a folder have.
func size(dir string) (total int64) {
	_ = filepath.WalkDir(dir, func(_ string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			if info, err := d.Info(); err == nil {
				total += info.Size()
			}
		}
		return nil
	})
	return total
}
