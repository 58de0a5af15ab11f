package main

import (
	"encoding/json"
	"os/exec"
	"strings"
	"testing"

	"rapport/bench"
)

// measure runs a benchmark of this program and reads its report.
func measure(t *testing.T, report any, args ...string) {
	t.Helper()
	program, err := exec.LookPath("rapport")
	if err != nil {
		t.Fatal(err)
	}
	var out, complaints strings.Builder
	args = append([]string{"bench"}, append(args, "--program="+program, "--spread=uniform", "--reads=3")...)
	if code := run(t.Context(), args, nil, &out, &complaints); code != 0 {
		t.Fatalf("%v: exit code %d, %s", args, code, &complaints)
	}
	if err := json.Unmarshal([]byte(out.String()), report); err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
}

// TestBenchSegment: what is measured is true of the events that were sent.
func TestBenchSegment(t *testing.T) {
	t.Parallel()
	var r bench.SegmentReport
	measure(t, &r, "segment", "--customers=300", "--history=5", "--events=500", "--segments=10,60", "--journeys=2,8", "--rate=500", "--phase=50ms")
	if len(r.Costs) != 2 || r.Costs[0].Segments != 10 || r.Costs[1].Segments != 60 || r.Costs[1].Journeys != 8 {
		t.Errorf("the runs: %+v", r.Costs)
	}
	for _, c := range r.Costs {
		if c.History.Events != 1500 || c.Latency.Requests != 5 || c.CPUSeconds <= 0 || c.MemoryMB <= 0 || c.ReadyMB <= 0 || c.History.DiskEach <= 0 {
			t.Errorf("a run: %+v", c)
		}
	}
	if a, b := r.Costs[0], r.Costs[1]; a.Readers <= 0 || a.Readers >= b.Readers || a.Naming >= b.Naming {
		t.Errorf("of 10 segments %v read an event and %v name it, of 60 %v and %v", a.Readers, a.Naming, b.Readers, b.Naming)
	}
	if s := r.SizeIdle; s.Size == 0 || s.Size != s.Known || s.Latency.Requests != 3 {
		t.Errorf("the size: %+v", s)
	}
	for _, p := range []*bench.Preview{r.Kept, r.NotKept} {
		if !p.Exact || p.Count == 0 || p.Count != p.Known || p.Scanned != 300 {
			t.Errorf("a preview: %+v", p)
		}
	}
	if r.SizeBusy.Latency.Requests != 3 || r.SizeBusy.Stream.Events == 0 {
		t.Errorf("sizes while events come in: %+v", r.SizeBusy)
	}
	if b := r.Building; b.Size == 0 || b.Size != b.Known || b.Alone.Events == 0 || b.Stream.Events == 0 || b.Apply <= 0 || b.Seconds <= 0 {
		t.Errorf("the building segment: %+v", b)
	}
}

// TestBenchGrowth: the same, with customers that become more.
func TestBenchGrowth(t *testing.T) {
	t.Parallel()
	var r bench.GrowthReport
	measure(t, &r, "growth", "--customers=100,400", "--history=5", "--events=300", "--segments=20", "--journeys=4")
	if len(r.Grown) != 2 {
		t.Fatalf("the runs: %+v", r.Grown)
	}
	for i, customers := range []int{100, 400} {
		g := r.Grown[i]
		if g.Customers != customers || g.History.Events != 5*customers || g.Segments != 20 || g.Journeys != 4 || g.StartUp <= 0 {
			t.Errorf("a run: %+v", g)
		}
		if g.Size.Size != g.Size.Known || g.Kept.Count == 0 || g.Kept.Count != g.Kept.Known || g.NotKept.Count != g.NotKept.Known ||
			!g.Kept.Exact || !g.NotKept.Exact || int(g.NotKept.Scanned) != customers {
			t.Errorf("with %d customers: %+v %+v %+v", customers, g.Size, g.Kept, g.NotKept)
		}
	}
}
