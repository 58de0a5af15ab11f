package bench

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

// SegmentReport is what segments cost, and how fast they answer.
type SegmentReport struct {
	Work      string    `json:"work"`
	Customers int       `json:"customers"`
	Events    int       `json:"events"`
	Spread    string    `json:"spread"`
	Costs     []*Cost   `json:"cost"`                  // of the same stream, each with so many segments
	CostRatio float64   `json:"cost_of_last_to_first"` // per event
	SizeIdle  *Size     `json:"size_idle"`             // from here on with as many segments as the last
	SizeBusy  *SizeBusy `json:"size_while_events_come_in"`
	Kept      *Preview  `json:"preview_of_kept_facts"`
	NotKept   *Preview  `json:"preview_of_facts_not_kept"`
	Building  *Building `json:"building"`
	Place
}

// SizeBusy is what asking for a size came to while events came in.
type SizeBusy struct {
	Latency Latencies `json:"latency_ms"`
	CPUEach float64   `json:"cpu_ms_per_request"` // beyond what the stream takes alone; noise may make it negative
	Stream  *Steady   `json:"stream"`
}

// Building is how a new segment whose facts nobody kept came to be while events
// came in.
type Building struct {
	Rule    string  `json:"rule"`
	Alone   *Steady `json:"stream_alone"`
	Stream  *Steady `json:"stream_while_building"`
	Apply   float64 `json:"apply_seconds"`
	Seconds float64 `json:"building_seconds"` // from the answer to apply until its size was exact
	Median  float64 `json:"p50_while_building_to_alone"`
	P99     float64 `json:"p99_while_building_to_alone"`
	Size    int64   `json:"size"`
	Known   int64   `json:"size_known_to_the_generator"`
}

// Segment measures the same stream with different numbers of segments and
// journeys, and with the last of them what segments answer while nothing and
// while something else is done.
func Segment(ctx context.Context, o Trial, segments, journeys []int) (*SegmentReport, error) {
	if len(segments) == 0 || len(segments) != len(journeys) {
		return nil, fmt.Errorf("say as many numbers of journeys as of segments: there are %d and %d", len(journeys), len(segments))
	}
	if o.Rate < 1 || o.Phase <= 0 {
		return nil, fmt.Errorf("a steady stream needs a rate of at least one event a second and phases that last: not %d and %s", o.Rate, o.Phase)
	}
	r := &SegmentReport{Work: "segment", Customers: o.Customers, Events: o.Events, Spread: o.Spread, Place: here()}
	return r, r.measure(ctx, o, segments, journeys)
}

func (r *SegmentReport) measure(ctx context.Context, o Trial, segments, journeys []int) (err error) {
	all := make([]*passage, len(segments))
	for i := range all {
		t, failed := newTrial(o, segments[i], journeys[i])
		if failed != nil {
			return failed
		}
		defer func() { err = t.close(err) }()
		if all[i], err = t.prepare(ctx); err != nil {
			return err
		}
	}
	if err := inTurn(ctx, all); err != nil {
		return err
	}
	for _, p := range all {
		c, err := p.finish(ctx)
		if err != nil {
			return err
		}
		r.Costs = append(r.Costs, c)
	}
	r.CostRatio = r.Costs[len(r.Costs)-1].CPUPer100k / r.Costs[0].CPUPer100k
	return r.answers(ctx, all[len(all)-1].trial)
}

// rounds is in how many parts streams are sent that are held against each other: a
// machine that is slower for a while is so for all of them.
const rounds = 10

// inTurn sends the stream of each passage, a part of each in turn.
func inTurn(ctx context.Context, all []*passage) error {
	for round := range rounds {
		for i := range all {
			if round%2 == 1 {
				i = len(all) - 1 - i
			}
			p := all[i]
			n := len(p.bodies)
			if err := p.send(ctx, p.bodies[round*n/rounds:(round+1)*n/rounds]); err != nil {
				return err
			}
		}
	}
	return nil
}

// answers measures what a server with its history says, in rest and under way.
func (r *SegmentReport) answers(ctx context.Context, t *trial) (err error) {
	if err := t.start(ctx, "reads"); err != nil {
		return err
	}
	if r.SizeIdle, err = t.sizeIdle(ctx); err != nil {
		return err
	}
	t.say("previews")
	if r.Kept, err = t.preview(ctx, keptQuestion()); err != nil {
		return err
	}
	if r.NotKept, err = t.preview(ctx, newQuestion()); err != nil {
		return err
	}
	t.say("a steady stream, alone")
	alone, err := t.during(ctx, t.wait)
	if err != nil {
		return err
	}
	t.say("a steady stream, with sizes asked for")
	if r.SizeBusy, err = t.sizeBusy(ctx, alone); err != nil {
		return err
	}
	t.say("a steady stream, with a segment building")
	if r.Building, err = t.build(ctx, alone); err != nil {
		return err
	}
	_, err = t.stop(ctx)
	return err
}

// sizeBusy asks for the size of the live segment again and again for a phase.
func (t *trial) sizeBusy(ctx context.Context, alone *Steady) (*SizeBusy, error) {
	b := new(SizeBusy)
	var err error
	b.Stream, err = t.during(ctx, func(ctx context.Context) (err error) {
		b.Latency, err = asks(ctx, t.o.Reads, t.o.Phase/time.Duration(t.o.Reads), func() error {
			_, err := t.sizeOf(ctx, liveSegment)
			return err
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	share := float64(alone.cpu) * float64(b.Stream.Events) / float64(alone.Events)
	b.CPUEach = milliseconds(b.Stream.cpu-time.Duration(share)) / float64(t.o.Reads)
	_, err = t.checked(ctx, liveSegment, liveQuestion())
	return b, err
}

// build applies a new segment in mid-stream and waits until it is exact.
func (t *trial) build(ctx context.Context, alone *Steady) (*Building, error) {
	const name = "built"
	q := builtQuestion()
	b := &Building{Rule: q.rule, Alone: alone}
	var err error
	b.Stream, err = t.during(ctx, func(ctx context.Context) error {
		start := time.Now()
		if err := t.server.client.Call(ctx, http.MethodPut, "/v1/documents/segment/"+name, map[string]string{"where": q.rule}, nil); err != nil {
			return fmt.Errorf("applying a segment: %w", err)
		}
		applied := time.Now()
		_, err := t.settled(ctx, name)
		b.Apply, b.Seconds = applied.Sub(start).Seconds(), time.Since(applied).Seconds()
		return err
	})
	if err != nil {
		return nil, err
	}
	b.Median = b.Stream.Latency.Median / alone.Latency.Median
	b.P99 = b.Stream.Latency.P99 / alone.Latency.P99
	s, err := t.checked(ctx, name, q)
	if err != nil {
		return nil, err
	}
	b.Size, b.Known = s.Size, s.Known
	_, err = t.checked(ctx, liveSegment, liveQuestion())
	return b, err
}
