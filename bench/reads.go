package bench

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"
)

// Size is what asking for the size of a live segment came to.
type Size struct {
	Size    int64     `json:"size"`
	Known   int64     `json:"size_known_to_the_generator"`
	Latency Latencies `json:"latency_ms"`
	CPUEach float64   `json:"cpu_ms_per_request"`
}

// sized is the size of a segment as the server tells it.
type sized struct {
	Size  int64
	State string
}

func (t *trial) sizeOf(ctx context.Context, name string) (sized, error) {
	var s sized
	if err := t.server.client.Call(ctx, http.MethodGet, "/v1/segments/"+name, nil, &s); err != nil {
		return s, fmt.Errorf("asking for the size of a segment: %w", err)
	}
	return s, nil
}

// settled waits until a segment is no longer building.
func (t *trial) settled(ctx context.Context, name string) (sized, error) {
	for {
		s, err := t.sizeOf(ctx, name)
		if err != nil || s.State == "exact" {
			return s, err
		}
		if err := rest(ctx, pollEvery); err != nil {
			return s, err
		}
	}
}

// pollEvery is how often a segment that is building is asked after.
const pollEvery = 100 * time.Millisecond

func rest(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(d):
		return nil
	}
}

// asks times so many calls, with a pause between each and the next.
func asks(ctx context.Context, n int, pause time.Duration, call func() error) (Latencies, error) {
	l := new(load)
	for range n {
		start := time.Now()
		if err := call(); err != nil {
			return Latencies{}, err
		}
		l.note(time.Since(start))
		if err := rest(ctx, pause); err != nil {
			return Latencies{}, err
		}
	}
	slices.Sort(l.latencies)
	return l.figures(), nil
}

// sizeIdle asks for the size of the live segment while nothing else is done, and
// checks it.
func (t *trial) sizeIdle(ctx context.Context) (*Size, error) {
	s, err := t.checked(ctx, liveSegment, liveQuestion())
	if err != nil {
		return nil, err
	}
	before, err := t.server.cpu()
	if err != nil {
		return nil, err
	}
	s.Latency, err = asks(ctx, t.o.Reads, 0, func() error {
		_, err := t.sizeOf(ctx, liveSegment)
		return err
	})
	if err != nil {
		return nil, err
	}
	after, err := t.server.cpu()
	s.CPUEach = milliseconds(after-before) / float64(t.o.Reads)
	return s, err
}

// checked asks for a size, once it is exact, and compares it with what is true.
func (t *trial) checked(ctx context.Context, name string, q question) (*Size, error) {
	told, err := t.settled(ctx, name)
	if err != nil {
		return nil, err
	}
	s := &Size{Size: told.Size, Known: t.crowd.count(q)}
	if s.Size != s.Known {
		return nil, fmt.Errorf("the segment %s has %d members by the server, and %d of the events that were sent", name, s.Size, s.Known)
	}
	return s, nil
}

// Preview is what asking for the count of a rule came to.
type Preview struct {
	Rule    string    `json:"rule"`
	Count   int64     `json:"count"`
	Known   int64     `json:"count_known_to_the_generator"`
	Exact   bool      `json:"exact"`
	Scanned int64     `json:"scanned"`
	Latency Latencies `json:"latency_ms"`
	CPUEach float64   `json:"cpu_ms_per_request"`
}

// maxPreviews is how often a preview is asked for: each may look at everybody.
const maxPreviews = 5

// preview asks how many customers a rule would hold for, and checks the answer if
// the server says that it is exact.
func (t *trial) preview(ctx context.Context, q question) (*Preview, error) {
	n := min(t.o.Reads, maxPreviews)
	p := &Preview{Rule: q.rule, Known: t.crowd.count(q)}
	before, err := t.server.cpu()
	if err != nil {
		return nil, err
	}
	p.Latency, err = asks(ctx, n, 0, func() error {
		var said struct {
			Count, Scanned, Customers int64
			Exact                     bool
		}
		if err := t.server.client.Call(ctx, http.MethodPost, "/v1/segments/preview", map[string]string{"where": q.rule}, &said); err != nil {
			return fmt.Errorf("asking for a preview: %w", err)
		}
		p.Count, p.Exact, p.Scanned = said.Count, said.Exact, said.Scanned
		if said.Exact && (said.Count != p.Known || said.Customers != int64(t.o.Customers)) {
			return fmt.Errorf("the preview of %s counts %d of %d customers and says that this is exact; it is %d of %d", q.rule, said.Count, said.Customers, p.Known, t.o.Customers)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	after, err := t.server.cpu()
	p.CPUEach = milliseconds(after-before) / float64(n)
	return p, err
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
