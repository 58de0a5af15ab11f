package flow

import (
	"fmt"
	"strconv"

	"rapport"
	"rapport/decide"
	"rapport/journey"
	"rapport/profile"
	"rapport/store"
)

// call writes down what a webhook asks for: a message to a machine. It takes the way of
// one that must not be lost, so it is attempted until it is answered or given up, always
// under the same id. Its version is that of the journey that its run follows.
func (b *Batch) call(c *customer, e *journey.Effect) {
	b.count("webhooks")
	b.born(rapport.Message{
		ID: decide.MessageID(c.record.ID, e.Run, e.Step, 0, e.At), Customer: c.record.ID,
		Journey: e.Journey, Version: e.Version, Run: e.Run, Step: e.Step,
		Channel: rapport.Webhook, Class: rapport.Transactional, Status: rapport.Waiting, To: e.Call.URL,
		CreatedAt: e.At, DueAt: e.At, UsefulUntil: e.Call.GiveUp, Entry: e.Call.Body,
	})
}

// prepareCall brings a call to the point where it is made, as the journey says by now.
func (b *Batch) prepareCall(m *rapport.Message, c *customer) (rapport.Delivery, bool) {
	how, ok := b.g.workspace.Journeys.CallAt(m.Journey, m.Version, m.Step)
	switch {
	case !ok:
		m.Reason = "the step is not in the journey any more"
	case b.now > m.UsefulUntil && m.Reason != "":
		m.Reason = "given up after " + m.Reason
	case b.now > m.UsefulUntil:
		m.Reason = "it was not made in time"
	default:
		m.To = how.URL
		return b.attempting(m, rapport.Delivery{To: how.URL, Content: rapport.Content{Text: string(m.Entry)}, Call: &how}), true
	}
	b.fault(c, m, false)
	return rapport.Delivery{}, false
}

// attempting makes a message one that is being handed over.
func (b *Batch) attempting(m *rapport.Message, d rapport.Delivery) rapport.Delivery {
	d.Message, d.Channel, d.Class, d.At = m.ID, m.Channel, m.Class, b.now
	m.Status, m.Subject, m.Reason = rapport.Attempting, d.Content.Subject, ""
	m.Attempts++
	if b.g.keep {
		b.out.Contents = append(b.out.Contents, store.Content{Message: m.ID, At: b.now, Content: d.Content})
	}
	return d
}

// settleCall ends a call that was taken. One that was captured waits for whoever says
// what the answer is.
func (b *Batch) settleCall(c *customer, m *rapport.Message, answer *rapport.Answer) {
	m.HandedAt = b.now
	if answer == nil {
		b.end(m, rapport.Handed, "")
		return
	}
	b.end(m, rapport.Delivered, "")
	if c == nil {
		return
	}
	more := []rapport.Value{rapport.TextOf("status"), rapport.NumberOf(float64(answer.Status))}
	kept, problem := b.g.workspace.Journeys.Keep(m.Journey, m.Version, m.Step, answer.Body)
	if v, err := rapport.ParseJSON(kept); err == nil && v.IsSet() {
		more = append(more, rapport.TextOf("answer"), v)
	}
	if problem != "" {
		more = append(more, rapport.TextOf("problem"), rapport.TextOf(problem))
	}
	b.tellCall(c, m, rapport.WebhookAnswered, more)
}

// failCall ends a call that was refused, or given up.
func (b *Batch) failCall(c *customer, m *rapport.Message) {
	if c == nil {
		return
	}
	b.tellCall(c, m, rapport.WebhookFailed, []rapport.Value{rapport.TextOf("reason"), rapport.TextOf(m.Reason)})
}

// tellCall puts what came of a call into its customer's timeline, which moves the run
// that waits for it.
func (b *Batch) tellCall(c *customer, m *rapport.Message, name string, more []rapport.Value) {
	b.touch(c)
	properties := []rapport.Value{
		rapport.TextOf("webhook"), rapport.TextOf(m.ID.String()), rapport.TextOf("journey"), rapport.TextOf(m.Journey),
		rapport.TextOf("step"), rapport.TextOf(m.Step), rapport.TextOf("run"), rapport.TextOf(strconv.FormatUint(m.Run, 10)),
	}
	b.happen(c, name, b.now, rapport.ObjectOf(append(properties, more...)).AppendJSON(nil))
}

// answerOf returns the answer that an event of our own tells, nil if it tells none.
func answerOf(e *profile.Event) *journey.Answer {
	if e.Type != rapport.Derived || e.Name() != rapport.WebhookAnswered && e.Name() != rapport.WebhookFailed {
		return nil
	}
	run, err := strconv.ParseUint(e.Property("run").Text(), 10, 64)
	if err != nil {
		return nil
	}
	a := &journey.Answer{Run: run, Step: e.Property("step").Text(), Refused: e.Name() == rapport.WebhookFailed}
	if answer := e.Property("answer"); answer.IsSet() {
		a.Body = answer.AppendJSON(nil)
	}
	return a
}

// AnswerCall is the work of saying what the answer is to a call that was captured. A
// status other than 2xx refuses it.
func AnswerCall(id rapport.MessageID, answer rapport.Answer) Work {
	return func(b *Batch) error {
		m, err := b.message(id)
		if err != nil {
			return err
		}
		if m.Channel != rapport.Webhook || m.Status != rapport.Handed {
			return rapport.Errorf(rapport.Conflict, "Only a call that was captured and not answered yet can be answered.")
		}
		c := b.recipient(&m)
		if answer.Status >= 200 && answer.Status < 300 {
			b.settleCall(c, &m, &answer)
			return nil
		}
		m.Reason = fmt.Sprintf("the answer was %d", answer.Status)
		b.fault(c, &m, false)
		return nil
	}
}
