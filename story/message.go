package story

import (
	"fmt"
	"strings"

	"rapport"
	"rapport/channel/mail"
	"rapport/decide"
)

// wanted is a message that is expected.
type wanted struct {
	of      who
	at      place
	details []detail
	calls   bool // it is the call of a webhook
}

// detail is one thing about a message, and what it must be.
type detail struct {
	name string
	fits func(m rapport.Message, d rapport.Delivery) (is string, ok bool)
}

func readMessage(l *line) play {
	want := wanted{of: l.who(), at: l.place()}
	for l.peek().kind != noToken && l.err == nil {
		want.details = append(want.details, l.detail())
	}
	return want.play
}

func (l *line) detail() detail {
	name := l.text("a detail")
	switch name {
	case string(rapport.Email), string(rapport.SMS):
		return equal("channel", name, func(m rapport.Message, _ rapport.Delivery) string { return string(m.Channel) })
	case "to":
		return equal("address", l.text("an address"), func(m rapport.Message, _ rapport.Delivery) string { return m.To })
	case "from":
		return equal("sender", l.text("an address"), func(_ rapport.Message, d rapport.Delivery) string { return d.From.Address })
	case "subject":
		return equal(name, l.text("a subject"), func(m rapport.Message, _ rapport.Delivery) string { return m.Subject })
	case "contains":
		return holding(l.text("a part of the message"), true)
	case "without":
		return holding(l.text("what is not to be in the message"), false)
	}
	l.fail("no detail of a message: %q; write email, sms, to, from, subject, contains or without", name)
	return detail{}
}

func equal(name, want string, of func(rapport.Message, rapport.Delivery) string) detail {
	return detail{name, func(m rapport.Message, d rapport.Delivery) (string, bool) {
		is := of(m, d)
		return is, plain(is) == plain(want)
	}}
}

// holding asks whether a message holds something: in what is read of it, or in
// its HTML, where the links are.
func holding(part string, want bool) detail {
	return detail{"text", func(_ rapport.Message, d rapport.Delivery) (string, bool) {
		c := d.Content
		text := c.Text
		if text == "" {
			text = mail.Text(c.HTML)
		}
		holds := false
		for _, in := range [...]string{c.Subject, text, c.HTML} {
			holds = holds || strings.Contains(plain(in), plain(part))
		}
		return text, holds == want
	}}
}

// plain writes the spaces at which no line may break as others: nobody sees, or
// types, the difference.
func plain(s string) string {
	return strings.NewReplacer("\u00a0", " ", "\u202f", " ").Replace(s)
}

// play takes the first message there that the story has not spoken of yet; it must
// agree in all details.
func (x wanted) play(w *world) error {
	id, err := w.find(x.of)
	if err == nil {
		err = w.known(x.at)
	}
	if err != nil {
		return err
	}
	for _, m := range w.sent() {
		if w.named[m.ID] || x.calls != (m.Channel == rapport.Webhook) || !x.at.holds(m.Journey, m.Step) || !w.isFor(m, id) {
			continue
		}
		w.named[m.ID] = true
		return x.compare(m, w.outbox.delivery(m))
	}
	what := "message has gone out"
	if x.calls {
		what = "call was made"
	}
	return w.failure("no such "+what+" that was not named before", id, aboutMessages, aboutRuns, aboutDecisions)
}

func (x wanted) compare(m rapport.Message, d rapport.Delivery) error {
	for _, detail := range x.details {
		if is, ok := detail.fits(m, d); !ok {
			return fmt.Errorf("its %s is:\n%s", detail.name, indented(is))
		}
	}
	return nil
}

// chosen is which messages an expectation speaks of.
type chosen struct {
	of    who
	some  bool // of is set
	at    place
	calls bool // calls of webhooks, not messages
}

// chosen reads: to ana from cart-recovery/reminder; both may be left out.
func (l *line) chosen() (c chosen) {
	if l.may("to") {
		c.of, c.some = l.who(), true
	}
	if l.may("from") {
		c.at = l.place()
	}
	return c
}

// messages returns those that have gone out and are spoken of.
func (c chosen) messages(w *world) (found []rapport.Message, err error) {
	if err := w.known(c.at); err != nil {
		return nil, err
	}
	var id rapport.CustomerID
	if c.some {
		if id, err = w.find(c.of); err != nil {
			return nil, err
		}
	}
	for _, m := range w.sent() {
		if c.calls == (m.Channel == rapport.Webhook) && c.at.holds(m.Journey, m.Step) && (!c.some || w.isFor(m, id)) {
			found = append(found, m)
		}
	}
	return found, nil
}

func readNoMessages(l *line) play {
	return l.chosen().none
}

// none fails if there is a message that was not named before.
func (c chosen) none(w *world) error {
	found, err := c.messages(w)
	for _, m := range found {
		if !w.named[m.ID] {
			return w.failure("there is one that was not named before", rapport.CustomerID{}, aboutMessages)
		}
	}
	return err
}

func readMessages(l *line) play {
	count, which := l.number("the number of messages"), l.chosen()
	return func(w *world) error {
		found, err := which.messages(w)
		if err == nil && len(found) != count {
			err = w.failure(fmt.Sprintf("there are %d", len(found)), rapport.CustomerID{}, aboutMessages)
		}
		return err
	}
}

// readStatus reads what must have become of the latest message of a step.
func readStatus(l *line) play {
	of, at := l.who(), l.place()
	want := l.text("a status")
	if _, ok := rapport.ParseStatus(want); !ok {
		l.fail("%q is no status: write waiting, handed, failed, dropped or unclear", want)
	}
	part := ""
	if l.peek().kind == quoted {
		part = l.take().text
	}
	return func(w *world) error {
		id, err := w.find(of)
		if err == nil {
			err = w.known(at)
		}
		if err != nil {
			return err
		}
		for _, m := range w.messages() {
			if at.holds(m.Journey, m.Step) && w.isFor(m, id) {
				return compareStatus(m, want, part)
			}
		}
		return w.failure("there is no such message", id, aboutMessages, aboutRuns, aboutDecisions)
	}
}

func compareStatus(m rapport.Message, want, part string) error {
	if m.Status.String() == want && strings.Contains(m.Reason, part) {
		return nil
	}
	if m.Reason != "" {
		return fmt.Errorf("it is %s: %s", m.Status, m.Reason)
	}
	return fmt.Errorf("it is %s", m.Status)
}

// saysNo returns the last question of a decision and why it was answered with no.
func saysNo(d rapport.Decision) string {
	last := d.Checks[len(d.Checks)-1]
	if d.Outcome == decide.Send {
		return ""
	}
	return " " + last.Name + ": " + last.Reason
}
