package flow

import (
	"rapport"
)

// Resend is the work of sending a message once more, since somebody has decided so: one of
// which it is unclear whether it arrived, or that failed. Whether it may go out is asked
// again when it is handed over. It stands in the customer's timeline.
func Resend(id rapport.MessageID) Work {
	return func(b *Batch) error {
		m, err := b.message(id)
		if err != nil {
			return err
		}
		switch {
		case m.Status != rapport.Unclear && m.Status != rapport.Failed:
			return rapport.Errorf(rapport.Conflict, "The message is %s. Only one that is unclear or failed can be sent again.", m.Status)
		case m.UsefulUntil <= b.now:
			return rapport.Errorf(rapport.Conflict, "The message was useful until %s, which is past.", m.UsefulUntil)
		}
		b.count("messages/resent")
		m.Status, m.DueAt, m.Reason = rapport.Waiting, b.now, "sent again on request; before: "+m.Reason
		b.move(&m)
		if c := b.recipient(&m); c != nil {
			b.touch(c)
			b.tell(c, MessageResent, b.now, outcomeProperties(&m))
		}
		return nil
	}
}

// MessageResent is the name of what a timeline is told when a message is sent once more.
const MessageResent = "Message Resent"

// outcomeProperties says which message something is told of.
func outcomeProperties(m *rapport.Message, more ...rapport.Value) []byte {
	return rapport.ObjectOf(append([]rapport.Value{
		rapport.TextOf("message"), rapport.TextOf(m.ID.String()),
		rapport.TextOf("journey"), rapport.TextOf(m.Journey),
		rapport.TextOf("step"), rapport.TextOf(m.Step),
		rapport.TextOf("template"), rapport.TextOf(m.Template),
		rapport.TextOf("channel"), rapport.TextOf(string(m.Channel)),
		rapport.TextOf("class"), rapport.TextOf(m.Class.String()),
	}, more...)).AppendJSON(make([]byte, 0, 256))
}
