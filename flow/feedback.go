package flow

import (
	"rapport"
	"rapport/profile"
)

// Feedback is what is heard of a message after it was handed over.
type Feedback string

// The kinds of feedback, from those that concern the address to those that concern the reader.
const (
	FeedbackDelivered  Feedback = "delivered"  // her mailbox has it
	FeedbackBounced    Feedback = "bounced"    // her mailbox does not exist, or refused it for good
	FeedbackComplained Feedback = "complained" // she called it spam
	FeedbackOpened     Feedback = "opened"
	FeedbackClicked    Feedback = "clicked"
)

// event returns the name under which the feedback stands in her timeline.
func (f Feedback) event() string {
	return map[Feedback]string{
		FeedbackDelivered: rapport.MessageDelivered, FeedbackBounced: rapport.MessageBounced, FeedbackComplained: rapport.MessageComplained,
		FeedbackOpened: rapport.MessageOpened, FeedbackClicked: rapport.MessageClicked,
	}[f]
}

// Hear is the work of noting feedback. A message that was unclear is not any more: it
// arrived, or came back. Neither is one that waits since it is unclear whether an attempt
// succeeded: it is not attempted again. Feedback of which there can be only one says
// nothing new when it is told again. While a message is being handed over the error is of
// kind Unavailable: what comes of that is written down first.
func Hear(id rapport.MessageID, f Feedback) Work {
	return func(b *Batch) error {
		m, err := b.message(id)
		if err != nil {
			return err
		}
		switch {
		case m.Channel == rapport.Webhook:
			return rapport.Errorf(rapport.Conflict, "This is the call of a webhook, of which nothing is heard but its answer.")
		case m.Status == rapport.Attempting:
			return rapport.Errorf(rapport.Unavailable, "The message is being handed over at this moment. Tell it again in a moment.")
		case m.Status < rapport.Handed && m.Attempts == 0, m.Status == rapport.Failed, m.Status >= rapport.Dropped:
			return rapport.Errorf(rapport.Conflict, "The message is %s, so nothing can have been heard of it.", m.Status)
		}
		c := b.recipient(&m)
		if b.heardBefore(&m, c, f) {
			return nil
		}
		b.resolve(&m, f)
		if c == nil {
			return nil
		}
		b.tellOutcome(c, &m, f.event())
		if f == FeedbackBounced || f == FeedbackComplained {
			b.happen(c, profile.AddressSuppressed, b.now, profile.SuppressionProperties(profile.Suppression{
				Channel: m.Channel, Address: m.To, Reason: string(f),
			}))
		}
		return nil
	}
}

// heardBefore reports whether feedback of which there can be only one was heard already.
func (b *Batch) heardBefore(m *rapport.Message, c *customer, f Feedback) bool {
	switch f {
	case FeedbackDelivered:
		return m.Status == rapport.Delivered || m.Status == rapport.Bounced
	case FeedbackBounced:
		return m.Status == rapport.Bounced
	case FeedbackComplained:
		if c == nil {
			return false
		}
		reason, suppressed := c.record.SuppressionOf(m.Channel, m.To)
		return suppressed && reason == string(f)
	}
	return false
}

// resolve moves the message on in its life, and tells those who watch its campaign.
func (b *Batch) resolve(m *rapport.Message, f Feedback) {
	unclear := m.Status == rapport.Unclear || m.Status == rapport.Waiting
	if unclear && f != FeedbackBounced {
		b.meet(m, func(met *Met) { met.Handed++ })
	}
	switch f {
	case FeedbackBounced:
		b.end(m, rapport.Bounced, "it came back")
		b.meet(m, func(met *Met) { met.Failed++ })
		return
	case FeedbackDelivered:
		b.end(m, rapport.Delivered, "")
	default:
		if unclear {
			b.end(m, rapport.Handed, "")
		}
	}
	if f == FeedbackComplained {
		b.meet(m, func(met *Met) { met.Complained++ })
	}
}
