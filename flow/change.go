package flow

import (
	"rapport"
	"rapport/journey"
	"rapport/profile"
)

// What journeys tell of a customer in her timeline.
const (
	OfferWanted    = "Offer Wanted"
	JourneyStopped = "Journey Stopped"
)

// maxSetOff is how many updates of journeys one input may set off for a customer. Beyond
// it the runs that stand before another end.
const maxSetOff = 100

// setOff has done what runs stand ready for, one after another, with all that it sets
// off, and reports whether there was anything. It is called once all has been told of an
// input: what a run changes is heard after what changed before it.
func (b *Batch) setOff(c *customer) (done bool) {
	if c.busy {
		return false // what sets this off goes on with it
	}
	c.busy = true
	defer func() { c.busy = false }()
	for n := 0; ; n++ {
		at, ready := c.runs.Ready()
		if !ready {
			return n > 0
		}
		in := journey.Input{Do: true}
		if n >= 2*maxSetOff { // an update, and what follows it
			in = journey.Input{Halt: true}
		}
		b.effects(c, b.g.workspace.Journeys.Step(c.runs, in, &subject{customer: c}, at))
	}
}

// pass lets journeys do what is due at an instant, and what that sets off.
func (b *Batch) pass(c *customer, at rapport.Instant) {
	for range maxCatchUp {
		b.effects(c, b.g.workspace.Journeys.Step(c.runs, journey.Input{}, &subject{customer: c}, at))
		if !b.setOff(c) {
			return
		}
	}
}

// change carries out an update: it is folded as an event of our own, and so is the event
// that it tells.
func (b *Batch) change(c *customer, e *journey.Effect) {
	for _, told := range changes(e) {
		own := b.derive(c, rapport.Derived, told.name, min(e.At, b.now), told.properties)
		own.Context = causeOf(e)
		b.fold(c, &own, e.At)
	}
}

// told is an event of our own before it has a place in a batch.
type told struct {
	name       string
	properties []byte
}

// changes returns the events that an update comes to.
func changes(e *journey.Effect) (all []told) {
	step := []rapport.Value{rapport.TextOf("journey"), rapport.TextOf(e.Journey), rapport.TextOf("step"), rapport.TextOf(e.Step)}
	if e.Change.Traits != nil || len(e.Change.Left) > 0 {
		all = append(all, told{rapport.TraitsUpdated, toldTraits(step, e.Change).AppendJSON(nil)})
	}
	if e.Change.Event != "" {
		all = append(all, told{e.Change.Event, extended(e.Change.Properties, step)})
	}
	return all
}

func toldTraits(pairs []rapport.Value, change *journey.Change) rapport.Value {
	if traits, err := rapport.ParseJSON(change.Traits); err == nil && traits.IsSet() {
		pairs = append(pairs, rapport.TextOf("traits"), traits)
	}
	if len(change.Left) > 0 {
		left := make([]rapport.Value, len(change.Left))
		for i, name := range change.Left {
			left[i] = rapport.TextOf(name)
		}
		pairs = append(pairs, rapport.TextOf("left"), rapport.ListOf(left))
	}
	return rapport.ObjectOf(pairs)
}

// extended adds pairs to a JSON object.
func extended(object []byte, pairs []rapport.Value) []byte {
	var all []rapport.Value
	v, _ := rapport.ParseJSON(object)
	for i := range v.Len() {
		name, is := v.Pair(i)
		all = append(all, rapport.TextOf(name), is)
	}
	return rapport.ObjectOf(append(all, pairs...)).AppendJSON(nil)
}

// causeOf is the context of an event that a journey has caused: who replays what happened
// knows it by that.
func causeOf(e *journey.Effect) []byte {
	return rapport.ObjectOf([]rapport.Value{rapport.TextOf("cause"), rapport.ObjectOf([]rapport.Value{
		rapport.TextOf("journey"), rapport.TextOf(e.Journey), rapport.TextOf("step"), rapport.TextOf(e.Step),
	})}).AppendJSON(nil)
}

// causedBy returns the journey whose update has caused an event of our own, "" if none has.
func causedBy(e *profile.Event) string {
	if e.Type < rapport.Derived || len(e.Context) == 0 {
		return ""
	}
	context, _ := rapport.ParseJSON(e.Context)
	return context.Get("cause").Get("journey").Text()
}

// note writes into the timeline what a run came to that nothing else tells.
func (b *Batch) note(c *customer, name string, e *journey.Effect, more ...rapport.Value) {
	step := []rapport.Value{rapport.TextOf("journey"), rapport.TextOf(e.Journey), rapport.TextOf("step"), rapport.TextOf(e.Step)}
	b.tell(c, name, e.At, rapport.ObjectOf(append(step, more...)).AppendJSON(nil))
}

// offer notes the offer that a run wants.
func (b *Batch) offer(c *customer, e *journey.Effect) {
	offer, _ := rapport.ParseJSON(e.Offer)
	b.note(c, OfferWanted, e, rapport.TextOf("offer"), offer)
}
