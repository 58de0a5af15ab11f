package flow

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"rapport"
	"rapport/journey"
	"rapport/segment"
)

// refresh brings a customer up to the workspace in force: every rule that is new or
// other than it was is evaluated. What she gains or loses by it has the cause
// "definition". Rules that read facts that were not kept for her wait until the
// sweep has built them: a batch never reads anybody's history for them, so a new
// rule does not hold the stream up.
func (b *Batch) refresh(c *customer) {
	w := b.g.workspace
	touched := segment.Touched{Zone: c.record.Homes != w.Homes}
	c.record.Homes, c.record.Walks = w.Homes, w.walks()
	c.zone = w.Places.Zone(c.record)
	c.kept = b.g.keptOf(c)
	b.leaveForgotten(c)
	b.judge(c, touched)
}

// judge evaluates what a definition has changed.
func (b *Batch) judge(c *customer, touched segment.Touched) {
	w, s := b.g.workspace, &subject{customer: c}
	b.moved(c, w.Segments.Refresh(c.segments, s, touched, b.now), nil)
	b.effects(c, w.Journeys.Step(c.runs, journey.Input{}, s, b.now))
}

// leaveForgotten takes a customer out of the segments that the workspace doesn't
// know any more. Her state is about to forget them without a change. Only the
// timeline is told: no journey asks for them.
func (b *Batch) leaveForgotten(c *customer) {
	c.segments.Keys(func(key segment.Key) {
		if _, known := b.g.workspace.Segments.Name(key); known {
			return
		}
		b.moveSeat(c, key, false, segment.ByDefinition)
		if name, ok := b.g.curve.names[key]; ok {
			b.tell(c, SegmentLeft, b.now, changeProperties(segment.Change{Segment: name, Cause: segment.ByDefinition}, nil))
		}
	})
}

// complete gives a customer the facts that were built for her, if they still are
// all there is of her past.
func (b *Batch) complete(c *customer, p *past, s *Span) {
	if !p.catchUp(b, c, s.missing) {
		b.g.visitAgain()
		return
	}
	c.record.TakeFacts(p.record, s.missing, s.facts, b.now)
	c.kept = nil
	b.judge(c, segment.Touched{Built: s.built})
}

// sweep is a walk through all customers that brings each up to the workspace.
type sweep struct {
	after   rapport.CustomerID
	again   bool            // somebody who was passed is to be visited once more
	done    int64           // customers that were looked at
	size    int             // customers of the next span
	waiting map[string]bool // segments whose members may be others until it has ended; nil: all
	span    *Span           // the one that is to be installed next
}

// spanSize is how many customers are brought up to a workspace together; where
// reading the log costs far more than bringing them up, up to maxSpan.
const (
	spanSize = 2_000
	maxSpan  = 128_000
)

// startSweep has everybody visited, from the start again if that is under way.
// Waiting names the segments whose members may be others meanwhile; nil: all.
func (g *Engine) startSweep(waiting []string) {
	next := &sweep{size: cmp.Or(g.spanSize, spanSize)}
	if waiting != nil && (g.sweep == nil || g.sweep.waiting != nil) {
		next.waiting = map[string]bool{}
		for _, name := range waiting {
			next.waiting[name] = true
		}
		if g.sweep != nil {
			maps.Copy(next.waiting, g.sweep.waiting)
		}
	}
	g.sweep = next
}

// visitAgain has everybody visited once more after the walk that is under way:
// somebody it may have passed lacks facts.
func (g *Engine) visitAgain() {
	if g.sweep == nil {
		g.startSweep(nil)
		return
	}
	g.sweep.again = true
}

// Apply puts another workspace in force. It takes effect between two batches;
// customers are brought up to it when they are next met, and by [Engine.Sweep].
func (g *Engine) Apply(w *Workspace) {
	old, next := g.workspace, *w
	next.Segments = w.Segments.After(old.Segments)
	g.workspace = &next
	g.facts.add(w.Facts)
	if !w.judgesAs(old) || w.walks() != old.walks() {
		g.startSweep(next.changed(old))
	}
	g.compareCurve()
}

// changed returns the segments of a workspace whose members may be others than
// those that are known. It is never nil.
func (w *Workspace) changed(old *Workspace) []string {
	kept, names := old.Facts.Kept(), []string{}
	for _, name := range w.Segments.Names() { // those that it reads come before
		now, before := w.Segments.Rule(name), old.Segments.Rule(name)
		reads := func(other string) bool { return slices.Contains(names, other) }
		if before == nil || before.Definition() != now.Definition() || !kept.Covers(now.Facts()) ||
			slices.ContainsFunc(now.Reads().Segments, reads) || now.Reads().Calendar && w.Homes != old.Homes {
			names = append(names, name)
		}
	}
	return names
}

// NextSpan returns the customers who are to be brought up to the workspace next,
// still to be read; nil if everybody has been.
func (g *Engine) NextSpan() *Span {
	if g.sweep == nil {
		return nil
	}
	g.sweep.span = &Span{
		workspace: g.workspace, facts: g.workspace.Facts, kept: g.facts.copy(),
		after: g.sweep.after, now: g.now, limit: g.sweep.size,
	}
	return g.sweep.span
}

// Install brings customers of a span that was read up to the workspace, fewer if
// enough says so after one of them, and reports whether there are more of them. A
// span that is not the last that was asked for is passed over.
func (g *Engine) Install(ctx context.Context, now rapport.Instant, s *Span, enough func() bool) (more bool, err error) {
	if g.sweep == nil || g.sweep.span != s {
		return false, nil
	}
	left := s.ids
	if len(left) > 0 {
		_, err := g.Run(ctx, now, func(b *Batch) error {
			for len(left) > 0 {
				b.install(left[0], s)
				if left = left[1:]; enough != nil && enough() {
					break
				}
			}
			return nil
		})
		if err != nil {
			return true, err
		}
	}
	if s.ids = left; len(left) > 0 {
		return true, nil
	}
	g.passed(s)
	return false, nil
}

func (b *Batch) install(id rapport.CustomerID, s *Span) {
	c := b.existing(id)
	if p := s.pasts[id]; c != nil && c.kept != nil && p != nil {
		b.complete(c, p, s)
	}
}

// passed notes that everybody of a span was brought up to the workspace.
func (g *Engine) passed(s *Span) {
	g.sweep.after, g.sweep.span = s.last, nil
	g.sweep.done += int64(s.looked)
	switch cost := 10 * s.chunks; {
	case g.spanSize > 0:
	case cost > 2*s.looked:
		g.sweep.size = min(2*g.sweep.size, maxSpan)
	case cost < s.looked/2:
		g.sweep.size = max(g.sweep.size/2, spanSize)
	}
	switch {
	case s.more:
	case g.sweep.again:
		g.sweep.after, g.sweep.again, g.sweep.done = rapport.CustomerID{}, false, 0
	default:
		g.sweep = nil
		g.facts.only(g.workspace.Facts)
		g.members.forget(g.workspace.Segments)
	}
}

// Sweep reads a span and brings its customers up to the workspace, and reports
// whether there are more. After a restart the walk begins again from the start,
// which for those who were visited costs only the reading.
func (g *Engine) Sweep(ctx context.Context, now rapport.Instant) (more bool, err error) {
	s := g.NextSpan()
	if s == nil {
		return false, nil
	}
	if err := s.Read(ctx, g.store); err != nil {
		return true, err
	}
	for more := true; more; {
		if more, err = g.Install(ctx, now, s, nil); err != nil {
			return true, err
		}
	}
	return g.sweep != nil, nil
}
