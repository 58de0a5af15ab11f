package flow

import (
	"context"
	"slices"

	"rapport"
	"rapport/decide"
	"rapport/journey"
	"rapport/store"
)

// Room says how many messages of a lane may be handed over now.
type Room func(store.Lane) int

// Depart is Run for whoever hands over what it returns: messages that the works ask for
// and that are due at once leave with the batch, as far as there is room. They are written
// down as being attempted from the beginning, never as waiting, so that most messages cost
// one commit and one write less. All others wait, and are claimed. What is returned is to be
// treated as what [Engine.Claim] returns.
func (g *Engine) Depart(ctx context.Context, now rapport.Instant, room Room, works ...Work) (errs []error, parcels []Parcel, err error) {
	b := g.begin(ctx, now)
	b.room = room
	errs, err = b.run(works)
	if err != nil {
		return nil, nil, err
	}
	return errs, b.parcels, nil
}

// gate is a lane as a batch sees it: how many may leave with it, and how many that might
// were asked for.
type gate struct {
	store.Lane
	room int
	born int
}

// gate returns that of a lane.
func (b *Batch) gate(l store.Lane) *gate {
	i := slices.IndexFunc(b.gates, func(g gate) bool { return g.Lane == l })
	if i < 0 {
		i = len(b.gates)
		b.gates = append(b.gates, gate{Lane: l, room: b.g.roomIn(b.ctx, l, b.now, b.room)})
	}
	return &b.gates[i]
}

// roomIn returns how many messages of a lane may leave: none while there are some in it that
// wait and are due, or while that can't be told.
func (g *Engine) roomIn(ctx context.Context, l store.Lane, now rapport.Instant, room Room) int {
	if at, err := g.nextPending(ctx, l, now); err != nil || at <= now || g.sending.Held {
		return 0
	}
	return room(l)
}

// born adds a message to those that are asked for.
func (b *Batch) born(m rapport.Message) {
	b.out.Messages = append(b.out.Messages, m)
	b.followMessage(&m)
	if b.room != nil && b.mayLeave(&m) {
		b.gate(store.LaneOf(&m)).born++
	}
}

func (b *Batch) mayLeave(m *rapport.Message) bool { return m.DueAt <= b.now && b.g.departs(m.Channel) }

// isFull reports whether no further message could leave with the batch in one of some lanes.
// Whoever gives turns then waits until there is room again: nobody is decided on who can't be
// written to.
func (b *Batch) isFull(lanes []store.Lane) bool {
	return b.room != nil && slices.ContainsFunc(lanes, func(l store.Lane) bool {
		gate := b.gate(l)
		return gate.born >= gate.room
	})
}

// hasRoomForTurns reports whether there is room again for a journey that waited for it.
func (g *Engine) hasRoomForTurns(ctx context.Context, now rapport.Instant, room Room) bool {
	if !g.agendas.full {
		return false
	}
	isFull := func(l store.Lane) bool { return g.roomIn(ctx, l, now, room) == 0 }
	for name, a := range g.agendas.all {
		j := g.workspace.Journeys.Get(name)
		if g.waitsForRoom(j, a, now) && !slices.ContainsFunc(g.lanesOf(j), isFull) {
			return true
		}
	}
	return false
}

// lanesOf returns the lanes in which messages of a journey may leave with a batch.
func (g *Engine) lanesOf(j *journey.Journey) (lanes []store.Lane) {
	for _, channel := range j.Channels() {
		if !g.departs(channel) {
			continue
		}
		for _, urgency := range rapport.Urgencies() {
			lanes = append(lanes, store.Lane{Channel: channel, Urgency: urgency})
		}
	}
	return lanes
}

// departs reports whether messages of a channel may leave with a batch. A call to a machine
// waits for its turn among those to the same machine.
func (g *Engine) departs(channel rapport.Channel) bool {
	return channel != rapport.Webhook && g.workspace.Providers[channel] != nil
}

// depart lets messages leave that may, in the order in which they were asked for.
func (b *Batch) depart() {
	if b.room == nil || b.next != nil {
		return // of a workspace that pauses a journey nothing of it goes out after this batch
	}
	for i := range b.out.Messages {
		m := &b.out.Messages[i]
		if !b.mayLeave(m) {
			continue
		}
		gate := b.gate(store.LaneOf(m))
		if gate.room == 0 {
			continue
		}
		if d, ok := b.leaves(m); ok {
			gate.room--
			b.parcels = append(b.parcels, Parcel{*m, d, b.g.workspace.Providers[m.Channel], b.stepOf(m.ID)})
		}
	}
}

// leaves writes down that a message is handed over, if nothing stands against that. Whatever
// does is found again when it is claimed.
func (b *Batch) leaves(m *rapport.Message) (rapport.Delivery, bool) {
	c := b.g.cache[m.Customer]
	if c == nil || c.batch != b.number || c.next() <= b.now || b.g.sending.skips(m) || b.g.workspace.Journeys.Standing(m.Journey) != journey.Active {
		return rapport.Delivery{}, false
	}
	if b.recheck(m, c).Outcome != decide.Send {
		return rapport.Delivery{}, false
	}
	delivery, err := b.fillIn(m, c)
	if err != nil {
		return rapport.Delivery{}, false
	}
	return b.attempting(m, delivery), true
}
