package flow

import (
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
	b.g.homes.note(c.record.Seat, c.zone)
	b.g.noteKept(c)
	b.leaveForgotten(c)
	b.judge(c, touched)
}

// judge evaluates what a definition has changed.
func (b *Batch) judge(c *customer, touched segment.Touched) {
	w, s := b.g.workspace, &subject{customer: c}
	b.moved(c, w.Segments.Refresh(c.segments, s, touched, b.now), nil)
	b.setOff(c)
	b.pass(c, b.now)
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
	c.kept, c.unjudged = nil, nil
	b.judge(c, segment.Touched{Built: s.built})
}
