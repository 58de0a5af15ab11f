package flow

import (
	"rapport"
	"rapport/decide"
	"rapport/journey"
	"rapport/profile"
	"rapport/segment"
)

// join makes two customers one, because an event said so.
func (b *Batch) join(j profile.Join, e *rapport.Event) {
	from := b.existing(j.From)
	if from == nil {
		return // she was only named, nothing was ever kept of her
	}
	into := b.customer(j.Into)
	b.catchUp(from)
	b.catchUp(into)
	head := from.record.Head
	into.record.Join(from.record, b.g.workspace.Facts, b.now)
	into.record.LogMerge(profile.Merge{From: j.From, Into: j.Into, By: e.MessageID, Via: j.Via, At: b.now})
	b.leave(from)
	b.joinStages(into, from)
	b.tell(into, ProfilesMerged, b.now, link(j.From, head, rapport.TextOf("via"), rapport.TextOf(j.Via.Kind.String())))
	if j.Via.Kind == rapport.UserID {
		for _, relink := range b.g.identities.Recheck(into.record) {
			b.relink(relink)
		}
	}
}

// link is the properties by which the reader of a timeline finds the entries of
// a profile that became part of this one.
func link(from rapport.CustomerID, head uint64, more ...rapport.Value) rapport.Value {
	return rapport.ObjectOf(append([]rapport.Value{
		rapport.TextOf("from"), rapport.TextOf(from.String()),
		rapport.TextOf("chunk"), rapport.NumberOf(float64(head)),
	}, more...))
}

// leave takes a customer away whose record has become part of another.
func (b *Batch) leave(c *customer) {
	id := c.record.ID
	delete(b.g.cache, id)
	for _, m := range b.g.workspace.Segments.Memberships(c.segments) {
		b.sizes[m.Segment]--
	}
	b.dropAddresses(c)
	if c.stored {
		b.gone = append(b.gone, id)
	} else {
		b.born--
	}
}

func (b *Batch) dropAddresses(c *customer) {
	gone := customer{record: profile.New(c.record.ID), email: c.email, phone: c.phone}
	b.fillAddresses(&gone)
}

// joinStages joins what segments, journeys and decisions keep of two customers.
func (b *Batch) joinStages(into, from *customer) {
	w := b.g.workspace
	before := w.Segments.Memberships(into.segments)
	into.segments = segment.Merge(into.segments, from.segments)
	for _, m := range before {
		b.sizes[m.Segment]--
	}
	for _, m := range w.Segments.Memberships(into.segments) {
		b.sizes[m.Segment]++
	}
	into.contacts = decide.Merge(into.contacts, from.contacts)
	into.zone = w.Places.Zone(into.record)
	runs, ended := w.Journeys.Merge(into.runs, from.runs, b.now)
	into.runs = runs
	s := &subject{customer: into}
	changes := w.Segments.Update(into.segments, s, segment.Touched{All: true}, b.now)
	b.effects(into, ended)
	b.effects(into, w.Journeys.Step(into.runs, journey.Input{}, s, b.now))
	b.moved(into, changes)
}

// relink looks at the customers among whom a device's anonymous events may have
// changed hands, and builds them anew if any has.
func (b *Batch) relink(r profile.Relink) {
	strayed := false
	var affected []*customer
	for _, id := range r.Affected {
		if c := b.existing(id); c != nil {
			affected = append(affected, c)
			strayed = c.record.Relink(b.g.identities, r.Device) || strayed
		}
	}
	if strayed {
		b.rebuild(r.Affected, affected)
	}
}

// rebuild folds the events of some customers anew, each into the record of whom
// it belongs to by now. It reads their whole history, and is rare.
func (b *Batch) rebuild(ids []rapport.CustomerID, existing []*customer) {
	shares := map[rapport.CustomerID][]*profile.Event{}
	read := map[entryKey]bool{}
	for _, c := range existing {
		b.catchUp(c)
		events, err := b.g.history(b.ctx, c.record.ID, c.record.Head, b.entries, read)
		if err != nil {
			b.fail(err)
			return
		}
		for i := range events {
			owner := b.g.identities.Owner(&events[i])
			shares[owner] = append(shares[owner], profile.Read(&events[i]))
		}
	}
	for _, id := range ids {
		b.rebuildOne(id, shares[id], existing)
	}
}

func (b *Batch) rebuildOne(id rapport.CustomerID, events []*profile.Event, existing []*customer) {
	c := b.existing(id)
	switch {
	case c == nil && len(events) == 0:
		return
	case c != nil && len(events) == 0:
		b.leave(c)
		return
	case c == nil:
		c = b.customer(id)
	}
	head := c.record.Head
	rebuilt := profile.Rebuild(id, b.g.identities, events, c.record, b.g.workspace.Facts, b.now)
	rebuilt.Head = head
	for _, other := range existing {
		for _, s := range other.record.Suppressed {
			rebuilt.Suppress(s)
		}
		if other.record.ID != id {
			rebuilt.Withdraw(other.record)
			c.contacts = decide.Merge(c.contacts, other.contacts)
		}
	}
	c.record = rebuilt
	c.zone = b.g.workspace.Places.Zone(rebuilt)
	for _, other := range existing {
		if other.record.ID != id {
			b.tell(c, ProfilesSplit, b.now, link(other.record.ID, other.record.Head))
		}
	}
	c.version = b.g.workspace.Version
	b.moved(c, b.g.workspace.Segments.Refresh(c.segments, &subject{customer: c}, segment.Touched{All: true}, b.now))
}

// Undo is the work of taking the joining of two profiles back. It is the last
// entry of that name in the customer's log that is undone.
func Undo(id, from rapport.CustomerID) Work {
	return func(b *Batch) error {
		c := b.existing(b.g.identities.Root(id))
		if c == nil {
			return rapport.Errorf(rapport.NotFound, "there is no such customer")
		}
		merge, ok := c.record.Forget(from)
		if !ok {
			return rapport.Errorf(rapport.NotFound, "no profile of that id was joined into this customer")
		}
		b.g.identities.Undo(merge)
		for i := range c.record.Identifiers {
			if device := c.record.Identifiers[i].Identifier; device.Kind == rapport.AnonymousID {
				c.record.Relink(b.g.identities, device)
			}
		}
		b.rebuild([]rapport.CustomerID{c.record.ID, merge.From}, []*customer{c})
		return nil
	}
}
