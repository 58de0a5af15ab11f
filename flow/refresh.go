package flow

import (
	"context"

	"rapport"
	"rapport/journey"
	"rapport/profile"
	"rapport/segment"
)

// refresh brings a customer up to the workspace in force: facts that were not
// kept for her are built from her history, then every rule that is new or other
// than it was is evaluated. What she gains or loses by it has the cause
// "definition".
func (b *Batch) refresh(c *customer) {
	w := b.g.workspace
	c.record.Workspace = w.Version
	c.zone = w.Places.Zone(c.record)
	touched := segment.Touched{Zone: true} // markets may have moved
	if c.record.FactSet != w.Facts.Hash() {
		b.buildFacts(c)
		touched.All = true
	}
	s := &subject{customer: c}
	b.moved(c, w.Segments.Refresh(c.segments, s, touched, b.now))
	b.effects(c, w.Journeys.Step(c.runs, journey.Input{}, s, b.now))
}

// buildFacts makes a customer's facts anew from her history.
func (b *Batch) buildFacts(c *customer) {
	events, err := b.g.history(b.ctx, c.record.ID, c.record.Head, b.entries, map[entryKey]bool{})
	if err != nil {
		b.fail(err)
		return
	}
	own := make([]*profile.Event, 0, len(events))
	for i := range events {
		if e := profile.Read(&events[i]); c.record.Owns(&events[i]) {
			own = append(own, e)
		}
	}
	c.record.BuildFacts(own, b.g.workspace.Facts, b.now)
}

// sweep is a walk through all customers that brings each up to the workspace.
type sweep struct{ after rapport.CustomerID }

// Apply puts another workspace in force. It takes effect between two batches;
// customers are brought up to it when they are next met, and by [Engine.Sweep].
func (g *Engine) Apply(w *Workspace) {
	g.workspace = w
	g.sweep = new(sweep)
	for name := range g.sizes {
		if w.Segments.Rule(name) == nil {
			delete(g.sizes, name)
		}
	}
}

// Sweep brings up to so many customers up to the workspace, fewer if enough says so
// after one of them, and reports whether there are more. After a restart it begins
// again from the start, which costs only the reading.
func (g *Engine) Sweep(ctx context.Context, now rapport.Instant, limit int, enough func() bool) (more bool, err error) {
	if g.sweep == nil {
		return false, nil
	}
	records, err := g.store.Scan(ctx, g.sweep.after, limit)
	if err != nil {
		return true, err
	}
	if len(records) == 0 {
		g.sweep = nil
		return false, nil
	}
	last := records[len(records)-1].Customer
	_, err = g.Run(ctx, now, func(b *Batch) error {
		for _, row := range records {
			if c := b.peek(row.Customer); c != nil && !g.current(c) {
				b.existing(row.Customer)
			}
			if enough != nil && enough() {
				last = row.Customer
				break
			}
		}
		return nil
	})
	if err == nil {
		g.sweep.after = last
	}
	return true, err
}
