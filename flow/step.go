package flow

import (
	"cmp"
	"encoding/binary"
	"encoding/hex"
	"slices"

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
	MessageSent    = rapport.MessageSent
	MessageFailed  = rapport.MessageFailed
)

// admit takes an event from outside through all stages. It has happened by now, even where
// the clock was set back since it came.
func (b *Batch) admit(e *rapport.Event) {
	e.Timestamp = min(e.Timestamp, b.now)
	key := b.g.seen.keyOf(e)
	if b.g.seen.has(key) {
		return
	}
	whose := b.g.identities.Attribute(e)
	b.reunite(&whose, e)
	c := b.customer(whose.Customer)
	if b.err != nil {
		return
	}
	repeated := b.repeated(c, e)
	b.g.seen.add(key, b.now) // of a repeat too: who she is may change before it comes once more
	b.keys = append(b.keys, key)
	if repeated {
		return
	}
	b.count("events")
	if e.Type != rapport.Derived && c.record.Count(e.Timestamp, b.g.perDay) { // what we are told ourselves is no machine's
		b.quarantine(c, e)
		return
	}
	b.fold(c, e, b.now)
}

// maxSources is under how many identifiers of hers a messageId is looked for.
const maxSources = 16

// repeated reports whether an event of this messageId was counted for her under
// another of her identifiers.
func (b *Batch) repeated(c *customer, e *rapport.Event) bool {
	source := sourceOf(e)
	for i := range c.record.Identifiers[:min(len(c.record.Identifiers), maxSources)] {
		id := &c.record.Identifiers[i]
		used := id.Kind == rapport.UserID || id.FirstAnonymous != 0
		if used && id.Identifier != source && b.g.seen.has(b.g.seen.key(id.Identifier, e.MessageID)) {
			return true
		}
	}
	return false
}

// quarantine keeps an event of a machine in the timeline only: no fact, no segment
// and no journey ever sees it.
func (b *Batch) quarantine(c *customer, e *rapport.Event) {
	b.count("events/quarantined")
	c.record.Note(b.g.identities, e)
	noted := *e
	noted.Type, noted.Name = rapport.Noted, e.RuleName()
	entry := b.entry(c)
	entry.Events = append(entry.Events, noted)
}

// fold takes an event into a customer's record and lets segments and journeys
// see it, as of an instant: now, or when what tells it fell due.
func (b *Batch) fold(c *customer, e *rapport.Event, at rapport.Instant) {
	c.record.Note(b.g.identities, e)
	entry := b.entry(c)
	entry.Events = append(entry.Events, *e)
	event := profile.Read(e)
	b.changed.Reset()
	c.record.Fold(event, b.g.factsOf(c), at, &b.changed)
	b.see(c, event, at)
}

// see lets segments and journeys see what a fold has changed.
func (b *Batch) see(c *customer, event *profile.Event, at rapport.Instant) {
	touched := segment.Touched{Traits: b.changed.Traits, Facts: b.changed.Facts, Fell: b.changed.Fell}
	if len(b.changed.Traits) > 0 {
		zone := b.g.workspace.Places.Zone(c.record)
		touched.Zone = zone != c.zone
		c.zone = zone
		b.g.homes.note(c.record.Seat, zone)
	}
	s := &subject{customer: c, event: event}
	var changes []segment.Change
	if len(touched.Traits) > 0 || len(touched.Facts) > 0 || !b.g.workspace.Segments.Evaluated(c.segments) {
		changes = b.g.workspace.Segments.Update(c.segments, s, touched, at)
	}
	var room [4]*profile.Event
	for _, e := range hear(room[:0], b.g.workspace, c, event, &b.changed) {
		if e.Name() == rapport.TraitChanged && e != event {
			b.tell(c, e.Name(), e.Timestamp(), e.JSON()).Context = e.Context
		}
		s.event = e
		b.effects(c, b.g.workspace.Journeys.Step(c.runs, journey.Input{Event: e}, s, at))
	}
	if answer := answerOf(event); answer != nil {
		b.effects(c, b.g.workspace.Journeys.Step(c.runs, journey.Input{Answer: answer}, s, at))
	}
	b.moved(c, changes, event.Event)
	b.setOff(c)
}

// moved tells the timeline, the bitmaps and the journeys which segments a customer
// has entered and left, by which event if it was one.
func (b *Batch) moved(c *customer, changes []segment.Change, by *rapport.Event) {
	for _, change := range changes {
		name := SegmentEntered
		if !change.Entered {
			name = SegmentLeft
		}
		b.moveSeat(c, segment.KeyOf(change.Segment), change.Entered, change.Cause)
		b.tell(c, name, change.At, changeProperties(change, by))
		in := journey.Input{Segment: &journey.SegmentChange{
			Name: change.Segment, Entered: change.Entered, ByDefinition: change.Cause == segment.ByDefinition,
		}}
		b.effects(c, b.g.workspace.Journeys.Step(c.runs, in, &subject{customer: c}, max(change.At, 1)))
	}
}

// changeProperties writes a change of segment as the properties of its event. It
// is written by hand since there are so many.
func changeProperties(change segment.Change, by *rapport.Event) []byte {
	p := append(make([]byte, 0, 160), `{"segment":`...)
	p = rapport.AppendQuoted(p, change.Segment)
	p = rapport.AppendQuoted(append(p, `,"cause":`...), change.Cause.String())
	if by != nil && change.Cause == segment.ByEvent {
		p = rapport.AppendQuoted(append(p, `,"event":`...), by.RuleName())
		p = rapport.AppendQuoted(append(p, `,"messageId":`...), by.MessageID)
	}
	return append(p, '}')
}

// tell writes an event of our own into a customer's timeline and returns it as it stands
// there. It is not folded.
func (b *Batch) tell(c *customer, name string, at rapport.Instant, properties []byte) *rapport.Event {
	e := b.derive(c, rapport.Noted, name, at, properties)
	entry := b.entry(c)
	entry.Events = append(entry.Events, e)
	return &entry.Events[len(entry.Events)-1]
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
		b.moved(c, b.g.workspace.Segments.Due(c.segments, &subject{customer: c}, b.now), nil)
		b.setOff(c)
	}
}

// close does what falls due for a customer at now, after all inputs of now.
func (b *Batch) close(c *customer) {
	b.dueBefore(c, b.now+1)
	if b.g.expiry(c) <= b.now {
		b.expire(c)
	}
}

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
		b.moved(c, b.g.workspace.Segments.Due(c.segments, s, at), nil)
	}
	if b.setOff(c); c.runs.Next() <= at {
		b.pass(c, at)
	}
}

// Wake is the work of doing what fell due for customers.
func Wake(ids []rapport.CustomerID) Work {
	return wakeUntil(ids, func() bool { return false })
}

// wakePage is how many customers are loaded together to be woken.
const wakePage = 100

// wakeUntil is Wake until enough says so, which is asked now and then; the others
// stay due.
func wakeUntil(ids []rapport.CustomerID, enough func() bool) Work {
	return func(b *Batch) error {
		for page := range slices.Chunk(ids, wakePage) {
			b.preload(page)
			for _, id := range page {
				b.existing(id)
			}
			if enough() {
				break
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
		b.countVersion(e)
		if e.Choice != "" {
			b.count("journey/" + e.Journey + "/took/" + e.Choice + "/" + e.Step)
		}
		b.effect(c, e)
	}
}

// effect carries out one thing that journeys ask for, or notes it.
func (b *Batch) effect(c *customer, e *journey.Effect) {
	switch {
	case e.Kind == journey.Asked:
		b.ask(c, e)
	case e.Kind == journey.Updated:
		b.change(c, e)
	case e.Kind == journey.Called:
		b.call(c, e)
	case e.Kind == journey.Offered:
		b.offer(c, e)
	case e.Kind == journey.Exited && e.Reason == journey.Looped:
		b.note(c, JourneyStopped, e, rapport.TextOf("reason"), rapport.TextOf(string(e.Reason)))
	}
}

func counterOf(e *journey.Effect) string {
	switch e.Kind {
	case journey.Moved, journey.Asked, journey.Updated, journey.Called, journey.Offered:
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
		Template: e.Wish.Template, Channel: e.Wish.Channel, Class: e.Wish.Class, Purpose: e.Wish.Purpose, Topic: e.Wish.Topic, UsefulUntil: e.Wish.UsefulUntil,
	}
	var deciding Step
	if b.step != nil {
		deciding = b.step.Begin("decide", "journey", e.Journey, "step", e.Step)
	}
	d := b.g.workspace.Policy.Decide(wish, person{c}, c.contacts, e.At)
	end(deciding, nil)
	b.out.Decisions = append(b.out.Decisions, d)
	if d.Outcome != decide.Send {
		b.count("journey/" + e.Journey + "/dropped/" + e.Step)
		return
	}
	to, _ := c.record.Address(wish.Channel)
	b.count("messages")
	b.born(rapport.Message{
		ID: d.Message, Customer: c.record.ID, Journey: e.Journey, Version: b.g.workspace.Version, Run: e.Run, Step: e.Step,
		Template: wish.Template, Channel: wish.Channel, Class: wish.Class, Purpose: wish.Purpose, Topic: wish.Topic, Status: rapport.Waiting, To: to,
		CreatedAt: e.At, DueAt: e.At, UsefulUntil: wish.UsefulUntil, Entry: e.Wish.Entry, Learned: e.Wish.Learned,
	})
}

// Record is the work of noting an act of consent by a customer; one without an instant is
// of now. Whoever else has the address it was said for is noted too.
func Record(id rapport.CustomerID, act rapport.Consent) Work {
	return func(b *Batch) error {
		act := act
		act.At = cmp.Or(act.At, b.now) // a clock that was set back must not put it behind what was said before
		id := b.g.identities.Root(id)
		c := b.existing(id)
		if c == nil {
			return rapport.Errorf(rapport.NotFound, "there is no such customer")
		}
		own := act
		if act.State == rapport.ConsentWithdrawn {
			own.Address = "" // whoever says no at one address is not written to at another
		}
		b.happen(c, profile.ConsentChanged, act.At, profile.ConsentProperties(own))
		if act.State == rapport.ConsentWithdrawn {
			b.withdraw(act, id)
		}
		return nil
	}
}

// withdraw notes a withdrawal for everybody who is reached at its address, save
// one who has said so herself, and returns how many there were.
func (b *Batch) withdraw(act rapport.Consent, save rapport.CustomerID) (others int) {
	for _, id := range b.reachedAt(act.Channel, act.Address) {
		if id == save {
			continue
		}
		if other := b.existing(id); other != nil {
			b.happen(other, profile.ConsentChanged, act.At, profile.ConsentProperties(act))
			others++
		}
	}
	return others
}

// maxSharers is how many customers of one address are looked for.
const maxSharers = 10_000

// reachedAt returns the customers who have an address, those who told it in the
// open batch among them.
func (b *Batch) reachedAt(channel rapport.Channel, address string) []rapport.CustomerID {
	form := lookupForm(channel, address)
	if form == "" {
		return nil
	}
	ids, err := b.g.store.Customers(b.ctx, addressKind(channel), form, maxSharers)
	b.fail(err)
	for _, c := range b.touched {
		if own, _ := c.record.Address(channel); lookupForm(channel, own) == form && !slices.Contains(ids, c.record.ID) {
			ids = append(ids, c.record.ID)
		}
	}
	return ids
}

// happen makes an event of our own and folds it as any other.
func (b *Batch) happen(c *customer, name string, at rapport.Instant, properties []byte) {
	e := b.derive(c, rapport.Derived, name, min(at, b.now), properties)
	b.fold(c, &e, b.now)
}
