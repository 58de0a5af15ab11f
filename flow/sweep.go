package flow

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"rapport"
)

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
	g.notePauses(old)
	g.facts.add(w.Facts)
	if !w.judgesAs(old) || w.walks() != old.walks() {
		g.startSweep(next.changed(old))
	}
	g.compareCurve()
	g.plan()
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

func (f *Flow) sweep(ctx context.Context) {
	if f.span != nil {
		start := f.Now()
		more, err := f.engine.Install(ctx, start, f.span, func() bool { return f.Now().Sub(start) >= patience })
		if err != nil {
			f.report("bringing customers up to the workspace", err)
			f.stuck = true // the next turn tries again
			return
		}
		if more {
			return
		}
		f.span = nil
	}
	if f.reading || f.Now() < f.readAt {
		return
	}
	if next := f.engine.NextSpan(); next != nil {
		f.read(ctx, next)
	}
}

// read reads a span beside the loop, which then goes on with it.
func (f *Flow) read(ctx context.Context, s *Span) {
	f.reading = true
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		select {
		case <-f.stop:
			cancel()
		case <-ctx.Done():
		}
	}()
	f.sending.Go(func() {
		err := s.Read(ctx, f.engine.store)
		cancel()
		done := &request{note: func() {
			f.span, f.reading = s, false
			if err != nil {
				f.span, f.readAt = nil, f.Now().Add(again)
				f.report("reading customers for the workspace", err)
			}
		}}
		select {
		case f.inbox <- done:
		case <-f.stopped:
		}
	})
}
