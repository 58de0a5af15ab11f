package flow

import (
	"encoding/binary"
	"encoding/hex"

	"github.com/cespare/xxhash/v2"

	"rapport"
	"rapport/decide"
	"rapport/journey"
	"rapport/profile"
	"rapport/segment"
)

// Names of the events that flow itself tells of a customer.
const (
	SegmentEntered = "Segment Entered"
	SegmentLeft    = "Segment Left"
	ProfilesMerged = "Profiles Merged"
	ProfilesSplit  = "Profiles Split"
	MessageSent    = "Message Sent"
	MessageFailed  = "Message Failed"
)

// admit takes an event from outside through all stages.
func (b *Batch) admit(e *rapport.Event) {
	whose := b.g.identities.Attribute(e)
	for _, join := range whose.Joins {
		b.join(join, e)
	}
	c := b.customer(whose.Customer)
	if b.err != nil || b.repeated(c, e.MessageID) {
		return
	}
	for _, relink := range whose.Relinks {
		b.relink(relink)
	}
	c = b.customer(whose.Customer) // a relink may have built her anew
	b.catchUp(c)
	b.fold(c, e)
	b.count("events")
}

// repeated reports whether an event of this name was counted for her before, and
// remembers it.
func (b *Batch) repeated(c *customer, messageID string) bool {
	key := dedupeKey(c.record.ID, messageID)
	if b.g.seen.has(key) {
		return true
	}
	for _, former := range c.record.Former(b.now.Add(-2 * DedupeWindow)) {
		if b.g.seen.has(dedupeKey(former, messageID)) {
			return true
		}
	}
	b.g.seen.add(key, b.now)
	b.keys = append(b.keys, key)
	return false
}

// fold takes an event into a customer's record and lets segments and journeys
// see it.
func (b *Batch) fold(c *customer, e *rapport.Event) {
	c.record.Note(b.g.identities, e)
	entry := b.entry(c)
	entry.Events = append(entry.Events, *e)
	event := profile.Read(e)
	b.changed.Reset()
	c.record.Fold(event, b.g.workspace.Facts, b.now, &b.changed)
	if c.record.Events == 1 {
		c.version = b.g.workspace.Version
	}
	b.see(c, event)
}

// see lets segments and journeys see what a fold has changed.
func (b *Batch) see(c *customer, event *profile.Event) {
	touched := segment.Touched{Traits: b.changed.Traits, Facts: b.changed.Facts}
	if len(b.changed.Traits) > 0 {
		zone := b.g.workspace.Places.Zone(c.record)
		touched.Zone = zone != c.zone
		c.zone = zone
	}
	s := &subject{customer: c, event: event}
	changes := b.g.workspace.Segments.Update(c.segments, s, touched, b.now)
	b.effects(c, b.g.workspace.Journeys.Step(c.runs, journey.Input{Event: event}, s, b.now))
	b.moved(c, changes)
}

// moved tells the timeline, the sizes and the journeys which segments a customer
// has entered and left.
func (b *Batch) moved(c *customer, changes []segment.Change) {
	for _, change := range changes {
		name, delta := SegmentEntered, int64(1)
		if !change.Entered {
			name, delta = SegmentLeft, -1
		}
		b.sizes[change.Segment] += delta
		b.tell(c, name, change.At, rapport.ObjectOf([]rapport.Value{
			rapport.TextOf("segment"), rapport.TextOf(change.Segment),
			rapport.TextOf("cause"), rapport.TextOf(change.Cause.String()),
		}))
		in := journey.Input{Segment: &journey.SegmentChange{
			Name: change.Segment, Entered: change.Entered, ByDefinition: change.Cause == segment.ByDefinition,
		}}
		b.effects(c, b.g.workspace.Journeys.Step(c.runs, in, &subject{customer: c}, max(change.At, 1)))
	}
}

// tell writes an event of our own into a customer's timeline. It is not folded.
func (b *Batch) tell(c *customer, name string, at rapport.Instant, properties rapport.Value) {
	e := b.derive(c, rapport.Noted, name, at, properties.AppendJSON(nil))
	entry := b.entry(c)
	entry.Events = append(entry.Events, e)
}

// derive makes an event of our own. Its messageId follows from the customer, the
// batch and its place in the batch.
func (b *Batch) derive(c *customer, kind rapport.EventType, name string, at rapport.Instant, properties []byte) rapport.Event {
	b.derived++
	var room [28]byte
	id := append(room[:0], c.record.ID[:]...)
	id = binary.LittleEndian.AppendUint64(id, b.number)
	id = binary.LittleEndian.AppendUint32(id, b.derived)
	e := rapport.Event{
		Type: kind, Name: name, Timestamp: at, ReceivedAt: b.now, Properties: properties,
		MessageID: "rapport-" + hex.EncodeToString(binary.BigEndian.AppendUint64(nil, xxhash.Sum64(id))),
	}
	switch primary := c.record.Primary(); primary.Kind {
	case rapport.UserID:
		e.UserID = primary.Value
	case rapport.AnonymousID:
		e.AnonymousID = primary.Value
	}
	return e
}

// catchUp does what fell due for a customer before an input of now, each as of
// its instant. Of what falls due at now itself only segments move: a purchase at
// the very instant at which a journey's hour ends comes before the end of the hour.
func (b *Batch) catchUp(c *customer) {
	b.dueBefore(c, b.now)
	if c.segments.Next() <= b.now {
		b.moved(c, b.g.workspace.Segments.Due(c.segments, &subject{customer: c}, b.now))
	}
}

// close does what falls due for a customer at now, after all inputs of now.
func (b *Batch) close(c *customer) { b.dueBefore(c, b.now+1) }

func (b *Batch) dueBefore(c *customer, end rapport.Instant) {
	for range maxCatchUp {
		at := c.next()
		if at >= end {
			return
		}
		b.due(c, at)
	}
}

// maxCatchUp bounds how much can fall due for one customer within one batch; the
// rest follows in the next one.
const maxCatchUp = 10_000

// due does what falls due for a customer at an instant.
func (b *Batch) due(c *customer, at rapport.Instant) {
	s := &subject{customer: c}
	if c.segments.Next() <= at {
		b.moved(c, b.g.workspace.Segments.Due(c.segments, s, at))
	}
	if c.runs.Next() <= at {
		b.effects(c, b.g.workspace.Journeys.Step(c.runs, journey.Input{}, s, at))
	}
}

// Wake is the work of doing what fell due for customers.
func Wake(ids []rapport.CustomerID) Work {
	return func(b *Batch) error {
		for _, id := range ids {
			if c := b.existing(id); c != nil {
				b.catchUp(c)
			}
		}
		return nil
	}
}

// effects carries out what journeys ask for.
func (b *Batch) effects(c *customer, effects []journey.Effect) {
	for i := range effects {
		e := &effects[i]
		b.count("journey/" + e.Journey + "/" + counterOf(e))
		if e.Kind == journey.Asked {
			b.ask(c, e)
		}
	}
}

func counterOf(e *journey.Effect) string {
	switch e.Kind {
	case journey.Moved, journey.Asked:
		return e.Kind.String() + "/" + e.Step
	case journey.Exited, journey.Refused:
		return e.Kind.String() + "/" + string(e.Reason)
	}
	return e.Kind.String()
}

// ask decides a journey's wish to send. What passes is written down as a
// message, what does not as a decision only.
func (b *Batch) ask(c *customer, e *journey.Effect) {
	wish := decide.Wish{
		Journey: e.Journey, Version: b.g.workspace.Version, Run: e.Run, Step: e.Step,
		Template: e.Wish.Template, Channel: e.Wish.Channel, Class: e.Wish.Class, Purpose: e.Wish.Purpose, UsefulUntil: e.Wish.UsefulUntil,
	}
	d := b.g.workspace.Policy.Decide(wish, person{c}, c.contacts, e.At)
	b.out.Decisions = append(b.out.Decisions, d)
	if d.Outcome != decide.Send {
		b.count("journey/" + e.Journey + "/dropped/" + e.Step)
		return
	}
	to, _ := c.record.Address(wish.Channel)
	b.count("messages")
	b.out.Messages = append(b.out.Messages, rapport.Message{
		ID: d.Message, Customer: c.record.ID, Journey: e.Journey, Version: b.g.workspace.Version, Run: e.Run, Step: e.Step,
		Template: wish.Template, Channel: wish.Channel, Class: wish.Class, Purpose: wish.Purpose, Status: rapport.Waiting, To: to,
		CreatedAt: e.At, DueAt: e.At, UsefulUntil: wish.UsefulUntil, Entry: e.Wish.Entry,
	})
}

// Record is the work of noting an act of consent by a customer. Whoever else has
// the address it was said for is noted too.
func Record(id rapport.CustomerID, act rapport.Consent) Work {
	return func(b *Batch) error {
		c := b.existing(b.g.identities.Root(id))
		if c == nil {
			return rapport.Errorf(rapport.NotFound, "there is no such customer")
		}
		b.catchUp(c)
		address := act.Address
		act.Address = ""
		b.happen(c, profile.ConsentChanged, act.At, profile.ConsentProperties(act))
		if act.Address = address; address != "" && act.State == rapport.ConsentWithdrawn {
			b.others(c, act)
		}
		return nil
	}
}

// others notes a withdrawal for everybody else who is reached at its address.
func (b *Batch) others(c *customer, act rapport.Consent) {
	ids, err := b.g.store.Customers(b.ctx, addressKind(act.Channel), lookupForm(act.Channel, act.Address), 100)
	b.fail(err)
	for _, id := range ids {
		if id == c.record.ID {
			continue
		}
		if other := b.existing(id); other != nil {
			b.catchUp(other)
			b.happen(other, profile.ConsentChanged, act.At, profile.ConsentProperties(act))
		}
	}
}

// happen makes an event of our own and folds it as any other.
func (b *Batch) happen(c *customer, name string, at rapport.Instant, properties []byte) {
	e := b.derive(c, rapport.Derived, name, min(at, b.now), properties)
	b.fold(c, &e)
}
