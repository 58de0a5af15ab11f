package flow

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"rapport"
	"rapport/decide"
	"rapport/profile"
	"rapport/render"
	"rapport/store"
)

// Parcel is a message on its way to a provider: attempted in the store, not yet
// handed over.
type Parcel struct {
	Message  rapport.Message
	Delivery rapport.Delivery
	provider Provider
	step     Step // nil if nobody follows it
}

// noProvider is how long a message waits whose channel has nobody to carry it.
const noProvider = 5 * time.Minute

// Claim takes up to so many messages of a lane that are due, asks once more whether they may
// go out, renders them and commits that they are being attempted. What it
// returns must be handed over at once, and what came of it given to
// [Engine.Settle]: after a crash in between, a message that may be left out
// counts as unclear and is not tried again.
func (g *Engine) Claim(ctx context.Context, now rapport.Instant, from store.Lane, limit int) ([]Parcel, error) {
	if g.sending.Held {
		return nil, nil
	}
	messages, err := g.store.Pending(ctx, from, now, limit)
	if err != nil || len(messages) == 0 {
		return nil, err
	}
	var parcels []Parcel
	_, err = g.Run(ctx, now, func(b *Batch) error {
		for i := range messages {
			if delivery, ok := b.attempt(&messages[i]); ok {
				parcels = append(parcels, Parcel{messages[i], delivery, g.workspace.Providers[messages[i].Channel], b.stepOf(messages[i].ID)})
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for i := range parcels {
		g.trails.take(parcels[i].Message.ID)
	}
	return parcels, nil
}

// attempt brings one message to the point where it is handed over.
func (b *Batch) attempt(m *rapport.Message) (rapport.Delivery, bool) {
	c := b.recipient(m)
	switch {
	case b.stands(m, c):
	case b.g.sending.skips(m):
		if c != nil {
			b.release(m, c)
		}
		b.end(m, rapport.Dropped, skipped)
	case c == nil:
		b.end(m, rapport.Dropped, "the customer is not there any more")
	case b.g.workspace.Providers[m.Channel] == nil:
		m.DueAt, m.Reason = b.now.Add(noProvider), "no channel for "+string(m.Channel)+" is ready: there is none, or it waits for a secret"
		b.move(m)
	default:
		delivery, ok := b.prepare(m, c)
		if ok {
			b.move(m)
		}
		return delivery, ok
	}
	return rapport.Delivery{}, false
}

// recipient returns whom a message is for, nil if she is gone. Whoever has something due,
// or has not been brought up to the workspace yet, is met as for any other input: she may
// be written to afterwards, and what is written counts as brought up.
func (b *Batch) recipient(m *rapport.Message) *customer {
	c := b.peek(b.g.identities.Root(m.Customer))
	if c == nil {
		key := rapport.IdentifierKey(m.Customer) // a device that became somebody's
		if row := b.g.rows.Row(key); row != nil && len(row.Links) > 0 {
			c = b.peek(b.g.identities.Root(row.Links[0].User.CustomerID()))
		}
	}
	if c != nil && (c.next() <= b.now || !b.g.current(c)) {
		return b.existing(c.record.ID)
	}
	return c
}

// prepare returns what is handed over of a message, or ends it.
func (b *Batch) prepare(m *rapport.Message, c *customer) (rapport.Delivery, bool) {
	if m.Channel == rapport.Webhook {
		return b.prepareCall(m, c)
	}
	if d := b.recheck(m, c); d.Outcome != decide.Send {
		b.release(m, c)
		b.end(m, rapport.Dropped, reasonOf(d))
		return rapport.Delivery{}, false
	}
	delivery, err := b.fillIn(m, c)
	if err != nil {
		m.Reason = rapport.MessageOf(err)
		b.fault(c, m, false)
		return rapport.Delivery{}, false
	}
	return b.attempting(m, delivery), true
}

// recheck asks once more whether a message may go out.
func (b *Batch) recheck(m *rapport.Message, c *customer) rapport.Decision {
	wish := decide.Wish{
		Journey: m.Journey, Version: m.Version, Run: m.Run, Step: m.Step, Template: m.Template,
		Channel: m.Channel, Class: m.Class, Purpose: m.Purpose, Topic: m.Topic, UsefulUntil: m.UsefulUntil,
	}
	return b.g.workspace.Policy.Recheck(wish, m.To, person{c}, b.now)
}

// fillIn returns what is handed over of a message that may go out.
func (b *Batch) fillIn(m *rapport.Message, c *customer) (rapport.Delivery, error) {
	var rendering Step
	if message := b.stepOf(m.ID); message != nil {
		rendering = message.Begin("render", "template", m.Template)
	}
	delivery, err := b.render(m, c)
	end(rendering, err)
	if err != nil {
		return rapport.Delivery{}, err
	}
	delivery.To = m.To
	if delivery.Unsubscribe == "" && m.Class != rapport.Transactional && b.g.unsubscribe != nil {
		delivery.Unsubscribe = b.g.unsubscribe(m.ID)
	}
	return delivery, nil
}

// render renders a message. One that has waited while its template got another name is
// rendered with the template that its step sends by now.
func (b *Batch) render(m *rapport.Message, c *customer) (rapport.Delivery, error) {
	w := b.g.workspace
	delivery, err := w.Renderer.Render(m, c.record, c.zone, b.now)
	if e := (*rapport.Error)(nil); !errors.As(err, &e) || e.Code != render.TemplateUnknown {
		return delivery, err
	}
	now, ok := w.Journeys.TemplateAt(m.Journey, m.Step, m.Channel)
	if !ok || now == m.Template {
		return delivery, err
	}
	m.Template = now
	return w.Renderer.Render(m, c.record, c.zone, b.now)
}

// reasonOf returns why a decision said no.
func reasonOf(d rapport.Decision) string {
	for _, check := range d.Checks {
		if !check.Passed {
			return check.Name + ": " + check.Reason
		}
	}
	return ""
}

// release gives back the place that a message took among her contacts.
func (b *Batch) release(m *rapport.Message, c *customer) {
	b.touch(c)
	c.contacts.Release(m.ID)
}

// move writes down that a message's life went on.
func (b *Batch) move(m *rapport.Message) {
	if b.movedAt != nil {
		b.movedAt[m.ID] = len(b.out.Moved)
	}
	b.out.Moved = append(b.out.Moved, *m)
}

// message returns a message as it stands: as the batch has left it so far, else as it is kept.
func (b *Batch) message(id rapport.MessageID) (rapport.Message, error) {
	if b.movedAt == nil {
		b.movedAt = make(map[rapport.MessageID]int, len(b.out.Moved))
		for i := range b.out.Moved {
			b.movedAt[b.out.Moved[i].ID] = i
		}
	}
	if i, ok := b.movedAt[id]; ok {
		return b.out.Moved[i], nil
	}
	return b.g.store.Message(b.ctx, id)
}

func (b *Batch) end(m *rapport.Message, status rapport.Status, reason string) {
	m.Status, m.Reason = status, reason
	b.count("messages/" + status.String())
	b.move(m)
}

// Hand gives parcels to their providers and returns what came of each, in their
// order. It touches nothing of an Engine, so it may run beside one.
func Hand(parcels []Parcel) []rapport.Outcome {
	outcomes := make([]rapport.Outcome, 0, len(parcels))
	for len(parcels) > 0 {
		n := 1
		for n < len(parcels) && parcels[n].provider == parcels[0].provider {
			n++
		}
		deliveries := make([]rapport.Delivery, n)
		for i := range deliveries {
			deliveries[i] = parcels[i].Delivery
		}
		outcomes = append(outcomes, parcels[0].provider.Deliver(deliveries)...)
		parcels = parcels[n:]
	}
	return outcomes
}

// Settle commits what came of handing parcels over.
func (g *Engine) Settle(ctx context.Context, now rapport.Instant, parcels []Parcel, outcomes []rapport.Outcome) error {
	_, err := g.Run(ctx, now, func(b *Batch) error {
		for i := range parcels {
			m := parcels[i].Message
			b.settle(&m, outcomes[i])
		}
		return nil
	})
	return err
}

func (b *Batch) settle(m *rapport.Message, o rapport.Outcome) {
	c := b.recipient(m)
	m.Reason = o.Reason
	switch {
	case o.Kind == rapport.Accepted && m.Channel == rapport.Webhook:
		b.settleCall(c, m, o.Answer)
	case o.Kind == rapport.Accepted:
		m.HandedAt = b.now
		b.end(m, rapport.Handed, "")
		b.meet(m, func(met *Met) { met.Handed++ })
		b.tellOutcome(c, m, MessageSent, rapport.TextOf("provider"), rapport.TextOf(o.Provider))
	case o.Kind == rapport.Refused:
		b.fault(c, m, o.Bad)
	case o.Kind == rapport.Vague && m.Class.Optional():
		b.end(m, rapport.Unclear, o.Reason)
	default:
		b.again(c, m, o)
	}
}

// again plans the next attempt, or gives up.
func (b *Batch) again(c *customer, m *rapport.Message, o rapport.Outcome) {
	provider := b.g.workspace.Providers[m.Channel]
	if provider == nil {
		m.Status, m.DueAt = rapport.Waiting, b.now.Add(noProvider)
		b.move(m)
		return
	}
	tried := *m
	if o.Down {
		tried.Attempts = 1 // it is not the message's fault, and its lane rests
	}
	at, giveUp := provider.Again(&tried, b.now)
	if giveUp {
		m.Reason = "given up after " + m.Reason
		b.fault(c, m, false)
		return
	}
	m.Status, m.DueAt = rapport.Waiting, max(at, o.RetryAt, b.now+1)
	b.move(m)
}

// fault ends a message that was not accepted. A bad address is not written to again.
func (b *Batch) fault(c *customer, m *rapport.Message, bad bool) {
	b.end(m, rapport.Failed, m.Reason)
	if m.Channel == rapport.Webhook {
		b.failCall(c, m)
		return
	}
	b.meet(m, func(met *Met) { met.Failed++ })
	if c == nil {
		return
	}
	b.release(m, c)
	b.tellOutcome(c, m, MessageFailed, rapport.TextOf("reason"), rapport.TextOf(m.Reason))
	if bad {
		b.happen(c, profile.AddressSuppressed, b.now, profile.SuppressionProperties(profile.Suppression{
			Channel: m.Channel, Address: m.To, Reason: "bounced",
		}))
	}
}

// tellOutcome puts what came of a message into its customer's timeline, where
// rules and journeys see it.
func (b *Batch) tellOutcome(c *customer, m *rapport.Message, name string, more ...rapport.Value) {
	if c == nil {
		return
	}
	b.touch(c)
	b.happen(c, name, b.now, outcomeProperties(m, more...))
}

// recoverMessages decides what becomes of the messages that were being handed
// over when the last owner died: what may be left out is unclear and stays so,
// what must not be lost is attempted again under the same id.
func (g *Engine) recoverMessages(ctx context.Context) error {
	for {
		messages, err := g.store.InStatus(ctx, rapport.Attempting, 500)
		if err != nil || len(messages) == 0 {
			return err
		}
		_, err = g.Run(ctx, g.now, func(b *Batch) error {
			for i := range messages {
				m := &messages[i]
				if m.Class.Optional() {
					b.end(m, rapport.Unclear, "the program stopped while it was being handed over")
					continue
				}
				m.Status = rapport.Waiting
				b.move(m)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
}

// Leaving says how much of what a message was allowed by is withdrawn.
type Leaving uint8

// What can be left. Who leaves the topic of a message that has none leaves its purpose.
const (
	LeaveTopic Leaving = iota
	LeavePurpose
)

// LeftBy returns the purpose, in the words of the ledger, that is withdrawn when the reader
// of a message leaves.
func LeftBy(m *rapport.Message, l Leaving) string {
	if l == LeaveTopic && m.Topic != "" {
		return rapport.TopicPurpose(m.Topic)
	}
	return cmp.Or(m.Purpose, rapport.PurposeMarketing)
}

// hasLeft reports whether the reader of a message has left its topic or its purpose already.
func hasLeft(r *profile.Record, m *rapport.Message) bool {
	return slices.ContainsFunc([]Leaving{LeaveTopic, LeavePurpose}, func(l Leaving) bool {
		return r.Consent(LeftBy(m, l), m.Channel, m.To) == rapport.ConsentWithdrawn
	})
}

// Unsubscribe is the work of withdrawing what a message was allowed by: its topic or its
// purpose, on its channel, for its address.
func Unsubscribe(m rapport.Message, l Leaving, source string) Work {
	return func(b *Batch) error {
		c := b.recipient(&m)
		if c == nil || !hasLeft(c.record, &m) {
			b.meet(&m, func(met *Met) { met.Unsubscribed++ })
		}
		act := rapport.Consent{
			Purpose: LeftBy(&m, l), Channel: m.Channel, Address: m.To,
			State: rapport.ConsentWithdrawn, Source: source, At: b.now,
		}
		if c != nil {
			return Record(c.record.ID, act)(b)
		}
		if b.withdraw(act, rapport.CustomerID{}) == 0 {
			return rapport.Errorf(rapport.NotFound, "this link belongs to nobody any more")
		}
		return nil
	}
}
