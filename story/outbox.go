package story

import (
	"cmp"
	"slices"

	"rapport"
	"rapport/channel"
	"rapport/flow"
)

// outbox is the providers of a story.
type outbox map[rapport.Channel]*provider

// provider keeps what it is handed, unless it was told to fail.
type provider struct {
	handed []rapport.Delivery
	faults []rapport.Outcome // what the next messages are answered with
}

func (o outbox) providers() map[rapport.Channel]flow.Provider {
	all := map[rapport.Channel]flow.Provider{}
	for name, p := range o {
		all[name] = p
	}
	return all
}

// order returns the messages that were accepted, in that order.
func (o outbox) order() []rapport.MessageID {
	var all []rapport.Delivery
	for _, p := range o {
		all = append(all, p.handed...)
	}
	slices.SortStableFunc(all, func(a, b rapport.Delivery) int {
		return cmp.Or(cmp.Compare(a.At, b.At), slices.Compare(a.Message[:], b.Message[:]))
	})
	ids := make([]rapport.MessageID, len(all))
	for i := range all {
		ids[i] = all[i].Message
	}
	return ids
}

// delivery returns what was handed over as a message.
func (o outbox) delivery(m rapport.Message) rapport.Delivery {
	handed := o[m.Channel].handed
	i := slices.IndexFunc(handed, func(d rapport.Delivery) bool { return d.Message == m.ID })
	if i < 0 {
		return rapport.Delivery{}
	}
	return handed[i]
}

// Deliver keeps the batch, or fails as it was told.
func (p *provider) Deliver(batch []rapport.Delivery) []rapport.Outcome {
	outcomes := make([]rapport.Outcome, len(batch))
	for i, d := range batch {
		outcomes[i] = rapport.Outcome{Kind: rapport.Accepted}
		if len(p.faults) > 0 {
			outcomes[i], p.faults = p.faults[0], p.faults[1:]
		} else {
			p.handed = append(p.handed, d)
		}
		outcomes[i].Message, outcomes[i].Provider = d.Message, "story"
	}
	return outcomes
}

// Again says when a message is tried again, as the server does unless a channel's
// document says otherwise.
func (p *provider) Again(m *rapport.Message, now rapport.Instant) (rapport.Instant, bool) {
	return channel.Next(channel.DefaultPolicy(), m.ID, m.Attempts, m.CreatedAt, now)
}

func readFail(l *line) play {
	return readFault(l, rapport.Outcome{Kind: rapport.Retry, Reason: "the provider is not there"})
}

func readRefuse(l *line) play {
	return readFault(l, rapport.Outcome{Kind: rapport.Refused, Reason: "the provider refused it"})
}

func readBounce(l *line) play {
	return readFault(l, rapport.Outcome{Kind: rapport.Refused, Reason: "there is no such address", Bad: true})
}

// maxFaults is how many messages can be told to fail at once.
const maxFaults = 10_000

// readFault reads how many messages of a channel meet a fault.
func readFault(l *line, fault rapport.Outcome) play {
	channel := rapport.Channel(l.one("channel", string(rapport.Email), string(rapport.SMS), string(rapport.Webhook)))
	count := 1
	if l.peek().kind != noToken {
		count = min(l.number("the number of messages"), maxFaults)
	}
	return func(w *world) error {
		p := w.outbox[channel]
		p.faults = append(p.faults, slices.Repeat([]rapport.Outcome{fault}, count)...)
		return nil
	}
}

func (l *line) channel() rapport.Channel {
	return rapport.Channel(l.one("channel", string(rapport.Email), string(rapport.SMS)))
}
