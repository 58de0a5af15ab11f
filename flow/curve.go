package flow

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"rapport"
	"rapport/segment"
	"rapport/store"
)

// curve is what the store's counters say of the sizes of segments: for each hour
// how many entered and left by which cause, and a total over all time. They change
// in the batch that changes the memberships, so the total is the size.
//
// Where the two disagree all the same, the next batch says so with the cause
// definition: a segment is gone, or there were members before there were counters.
type curve struct {
	counted map[string]int64       // the totals
	names   map[segment.Key]string // of all segments that were ever counted
	off     map[string]int64       // what the totals lack
}

// sizeCounters begin the names of the totals, sizeChanges those of the hours.
const (
	sizeCounters = "segment-size/"
	sizeChanges  = "segment/"
)

func (g *Engine) readCurve(ctx context.Context) error {
	totals, err := g.store.Counters(ctx, sizeCounters)
	if err != nil {
		return err
	}
	for _, t := range totals {
		g.curve.counted[strings.TrimPrefix(t.Name, sizeCounters)] = t.Sum
	}
	g.compareCurve()
	return nil
}

// compareCurve finds where the totals are not the sizes. A segment that the
// workspace doesn't know is to have none.
func (g *Engine) compareCurve() {
	for _, name := range g.workspace.Segments.Names() {
		g.curve.counted[name] += 0
	}
	clear(g.curve.off)
	for name, counted := range g.curve.counted {
		key := segment.KeyOf(name)
		g.curve.names[key] = name
		size := int64(0)
		if g.workspace.Segments.Rule(name) != nil {
			size = g.members.size(key)
		}
		if size != counted {
			g.curve.off[name] = size - counted
		}
	}
}

// kind is one sort of change of one segment's size.
type kind struct {
	segment string
	entered bool
	cause   segment.Cause
}

func (k kind) counter() string {
	if k.entered {
		return sizeChanges + k.segment + "/entered/" + k.cause.String()
	}
	return sizeChanges + k.segment + "/left/" + k.cause.String()
}

// fillCurve counts what the batch has moved, and what the counters lacked.
func (b *Batch) fillCurve() {
	changes := map[kind]int64{}
	for _, mv := range b.moves {
		if name, known := b.g.workspace.Segments.Name(mv.segment); known {
			changes[kind{name, mv.in, mv.cause}]++
		}
	}
	for name, n := range b.g.curve.off {
		changes[kind{name, n > 0, segment.ByDefinition}] += max(n, -n)
	}
	b.net = map[string]int64{}
	hour := bucketOf(b.now, time.Hour)
	for k, n := range changes {
		b.out.Counters = append(b.out.Counters, store.Counter{Name: k.counter(), Bucket: hour, Delta: n})
		if k.entered {
			b.net[k.segment] += n
		} else {
			b.net[k.segment] -= n
		}
	}
	for name, n := range b.net {
		if n != 0 {
			b.out.Counters = append(b.out.Counters, store.Counter{Name: sizeCounters + name, Delta: n})
		}
	}
}

func (g *Engine) keepCurve(net map[string]int64) {
	for name, n := range net {
		g.curve.counted[name] += n
	}
	clear(g.curve.off)
}

func bucketOf(at rapport.Instant, width time.Duration) rapport.Instant {
	return rapport.InstantOf(at.Time().UTC().Truncate(width))
}

// Size is how a segment's size went in one hour or day.
type Size struct {
	At            rapport.Instant // its beginning
	Size          int64           // at its end
	Entered, Left map[segment.Cause]int64
}

// Curve reads how a segment's size went, from the counters of the hours that begin
// in [from, to), each hour or day that began there, in UTC; the last may not be
// over yet. What was before anything was counted is left out. The last size of a
// curve up to now is the segment's size.
func Curve(ctx context.Context, counters Counters, name string, from, to rapport.Instant, width time.Duration) ([]Size, error) {
	prefix := sizeChanges + name + "/"
	totals, err := counters.Counters(ctx, prefix)
	if err != nil {
		return nil, err
	}
	changes := map[rapport.Instant]*Size{}
	first := bucketOf(to-1, width) // if nobody was ever in it
	for _, t := range totals {
		at := bucketOf(t.Bucket, width)
		first = min(first, at)
		if changes[at] == nil {
			changes[at] = &Size{At: at, Entered: map[segment.Cause]int64{}, Left: map[segment.Cause]int64{}}
		}
		changes[at].add(strings.TrimPrefix(t.Name, prefix), t.Sum)
	}
	return drawn(changes, max(first, bucketOf(from, width)), to, width), nil
}

// Counters reads counters; package store says what it promises.
type Counters interface {
	Counters(ctx context.Context, prefix string) ([]store.Total, error)
}

func (s *Size) add(name string, n int64) {
	way, word, _ := strings.Cut(name, "/")
	cause, ok := segment.ParseCause(word)
	switch {
	case ok && way == "entered":
		s.Entered[cause] += n
		s.Size += n
	case ok && way == "left":
		s.Left[cause] += n
		s.Size -= n
	}
}

// drawn turns what changed in each hour or day into sizes at their ends.
func drawn(changes map[rapport.Instant]*Size, from, to rapport.Instant, width time.Duration) []Size {
	var size int64
	for _, at := range slices.Sorted(maps.Keys(changes)) {
		if at < from {
			size += changes[at].Size
		}
	}
	var sizes []Size
	for at := from; at < to; at = at.Add(width) {
		one := Size{At: at}
		if changed := changes[at]; changed != nil {
			one = *changed
		}
		size += one.Size
		one.Size = size
		sizes = append(sizes, one)
	}
	return sizes
}
