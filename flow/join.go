package flow

import (
	"slices"

	"rapport"
	"rapport/decide"
	"rapport/journey"
	"rapport/profile"
	"rapport/segment"
)

// reunite carries out what an event has changed in who is who. All joins come
// first: whose a device's events are follows from the last of them.
func (b *Batch) reunite(whose *profile.Attribution, e *rapport.Event) {
	relinks := whose.Relinks
	for _, join := range whose.Joins {
		b.join(join, e)
	}
	if len(whose.Joins) > 0 {
		if c := b.existing(whose.Customer); c != nil {
			relinks = append(b.g.identities.Recheck(c.record), relinks...)
		}
	}
	if affected, strayed := b.relink(relinks); strayed {
		b.rebuild(affected)
	}
}

// join makes two customers one, because an event said so.
func (b *Batch) join(j profile.Join, e *rapport.Event) {
	from := b.existing(j.From)
	if from == nil && j.Via.Kind == rapport.AnonymousID {
		return // nothing was kept of the device
	}
	into := b.customer(j.Into)
	into.record.LogMerge(profile.Merge{From: j.From, Into: j.Into, By: e.MessageID, Via: j.Via, At: b.now})
	if from == nil {
		return // she was only named so far; it can be undone all the same
	}
	head := from.record.Head
	b.joinFacts(into, from)
	into.record.Join(from.record, b.g.factsOf(into), b.now)
	b.leave(from, segment.ByEvent)
	b.tell(into, ProfilesMerged, b.now, link(j.From, head, rapport.TextOf("via"), rapport.TextOf(j.Via.Kind.String())))
	b.joinStages(into, from, e)
}

// link is the properties by which the reader of a timeline finds the entries of
// a profile that became part of this one.
func link(from rapport.CustomerID, head uint64, more ...rapport.Value) []byte {
	return rapport.ObjectOf(append([]rapport.Value{
		rapport.TextOf("from"), rapport.TextOf(from.String()),
		rapport.TextOf("chunk"), rapport.NumberOf(float64(head)),
	}, more...)).AppendJSON(nil)
}

// leave takes a customer away: she has become part of another, or is forgotten.
func (b *Batch) leave(c *customer, cause segment.Cause) {
	id := c.record.ID
	delete(b.g.cache, id)
	c.segments.Keys(func(key segment.Key) { b.moveSeat(c, key, false, cause) })
	b.freed = append(b.freed, c.record.Seat)
	b.dropAddresses(c)
	if c.stored {
		b.gone[id] = struct{}{}
	} else {
		b.news--
	}
}

func (b *Batch) dropAddresses(c *customer) {
	gone := customer{record: profile.New(c.record.ID), email: c.email, phone: c.phone}
	b.fillAddresses(&gone)
}

// expire lets go of a customer who was only a device and is not met any more: her
// record, and what is known of the device unless somebody has logged in on it.
func (b *Batch) expire(c *customer) {
	b.leave(c, segment.ByTime)
	delete(b.entries, c.record.ID) // of whom comes back it is not the past
	b.count("customers/expired")
	for i := range c.record.Identifiers {
		key := b.g.key.Identifier(c.record.Identifiers[i].Identifier)
		row := b.g.rows.Row(key)
		if key.CustomerID() == c.record.ID && row != nil && len(row.Links) == 0 {
			b.g.rows.SetRow(key, nil)
		}
	}
}

// joinStages joins what segments, journeys and decisions keep of two customers.
func (b *Batch) joinStages(into, from *customer, by *rapport.Event) {
	w := b.g.workspace
	from.segments.Keys(func(key segment.Key) {
		if !into.segments.MemberOf(key) {
			b.moveSeat(into, key, true, segment.ByEvent)
		}
	})
	into.segments = segment.Merge(into.segments, from.segments)
	into.contacts = decide.Merge(into.contacts, from.contacts)
	into.zone = w.Places.Zone(into.record)
	runs, ended := w.Journeys.Merge(into.runs, from.runs, b.now)
	into.runs = runs
	s := &subject{customer: into}
	changes := w.Segments.Update(into.segments, s, segment.Touched{All: true}, b.now)
	b.effects(into, ended)
	b.effects(into, w.Journeys.Step(into.runs, journey.Input{}, s, b.now))
	b.moved(into, changes, by)
	if b.setOff(into) {
		b.pass(into, b.now)
	}
}

// relink tells the customers among whom devices' anonymous events may have changed
// hands. It returns who they are, and whether any event has: then they must be
// built anew.
func (b *Batch) relink(relinks []profile.Relink) (affected []rapport.CustomerID, strayed bool) {
	for _, r := range relinks {
		for _, id := range r.Affected {
			id = b.g.identities.Root(id) // who may have been joined meanwhile
			if c := b.existing(id); c != nil {
				strayed = c.record.Relink(b.g.identities, r.Device) || strayed
			}
			if !slices.Contains(affected, id) {
				affected = append(affected, id)
			}
		}
	}
	return affected, strayed
}

// rebuild folds the events of some customers anew, each into the record of whom
// it belongs to by now. It reads their whole history, and is rare.
func (b *Batch) rebuild(ids []rapport.CustomerID) {
	ids, before := b.concerned(ids)
	shares := map[rapport.CustomerID][]*profile.Event{}
	read := map[entryKey]bool{}
	var log []profile.Merge
	for _, c := range before {
		events, err := b.g.history(b.ctx, c.record.ID, c.record.Head, b.entries, read)
		if err != nil {
			b.fail(err)
			return
		}
		for i := range events {
			owner := b.g.identities.Owner(&events[i])
			shares[owner] = append(shares[owner], profile.Read(&events[i]))
		}
		log = append(log, c.record.Merges...)
	}
	for _, id := range ids {
		if events := shares[id]; slices.ContainsFunc(events, folded) {
			b.rebuildOne(id, events, before, log)
		}
	}
	for _, c := range before {
		named := c.record.Events == 0 // by the event at hand, which is still to be folded
		if !named && !slices.ContainsFunc(shares[c.record.ID], folded) {
			b.bequeath(c)
		}
	}
}

// folded reports whether an event is more than a note in the timeline.
func folded(e *profile.Event) bool { return e.Type != rapport.Noted }

// concerned adds to some customers those whom their events have strayed to, and
// returns besides those of them who have a record.
func (b *Batch) concerned(ids []rapport.CustomerID) (all []rapport.CustomerID, existing []*customer) {
	for i := 0; i < len(ids); i++ {
		c := b.existing(ids[i])
		if c == nil {
			continue
		}
		existing = append(existing, c)
		for _, owner := range c.record.RelinkAll(b.g.identities) {
			if !slices.Contains(ids, owner) {
				ids = append(ids, owner)
			}
		}
	}
	return ids, existing
}

func (b *Batch) rebuildOne(id rapport.CustomerID, events []*profile.Event, before []*customer, log []profile.Merge) {
	c, w := b.customer(id), b.g.workspace
	head := c.record.Head
	c.record = profile.Rebuild(id, b.g.identities, events, c.record, w.Facts, b.now)
	c.record.KeepMerges(b.g.identities, log)
	c.record.Head = head
	c.zone, c.kept, c.unjudged = w.Places.Zone(c.record), nil, nil
	for _, other := range before {
		if other != c {
			b.tell(c, ProfilesSplit, b.now, link(other.record.ID, other.record.Head))
		}
	}
	b.settleIn(c)
}

// settleIn brings segments and journeys up to a record that was built anew.
func (b *Batch) settleIn(c *customer) {
	w, s := b.g.workspace, &subject{customer: c}
	b.moved(c, w.Segments.Refresh(c.segments, s, segment.Touched{All: true}, b.now), nil)
	b.setOff(c)
	b.pass(c, b.now)
}

// bequeath takes away a customer who is left without events. Her runs and contacts
// go to whom the events went to.
func (b *Batch) bequeath(c *customer) {
	b.leave(c, segment.ByEvent)
	last := rapport.Event{Timestamp: c.record.LastSeen}
	switch primary := c.record.Primary(); primary.Kind {
	case rapport.UserID:
		last.UserID = primary.Value
	case rapport.AnonymousID:
		last.AnonymousID = primary.Value
	}
	heir := b.existing(b.g.identities.Owner(&last))
	if heir == nil {
		return
	}
	heir.contacts = decide.Merge(heir.contacts, c.contacts)
	runs, ended := b.g.workspace.Journeys.Merge(heir.runs, c.runs, b.now)
	heir.runs = runs
	b.effects(heir, ended)
	b.settleIn(heir)
}

// Undo is the work of taking the joining of two profiles back. It is the last
// entry of that name in the customer's log that is undone. What was withdrawn,
// suppressed or sent while they were one stays with both.
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
		b.g.identities.Undo(merge, b.now)
		one := c.record
		b.relink(b.g.identities.Recheck(one))
		b.rebuild([]rapport.CustomerID{c.record.ID, merge.From})
		for _, id := range []rapport.CustomerID{c.record.ID, merge.From} {
			if half := b.existing(id); half != nil {
				half.contacts = decide.Merge(half.contacts, c.contacts)
				b.keepFrom(half, one)
			}
		}
		return nil
	}
}

// keepFrom tells of one half of a profile what the whole had withdrawn, and where
// it must not be written to.
func (b *Batch) keepFrom(half *customer, one *profile.Record) {
	for _, act := range one.Consents {
		if act.State == rapport.ConsentWithdrawn && !slices.Contains(half.record.Consents, act) {
			b.happen(half, profile.ConsentChanged, act.At, profile.ConsentProperties(act))
		}
	}
	for _, s := range one.Suppressed {
		if !slices.Contains(half.record.Suppressed, s) {
			b.happen(half, profile.AddressSuppressed, s.At, profile.SuppressionProperties(s))
		}
	}
}
