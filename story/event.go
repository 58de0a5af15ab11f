package story

import (
	"encoding/json"
	"fmt"
	"strings"

	"rapport"
	"rapport/collect"
	"rapport/flow"
	"rapport/internal/durations"
)

// who is whom a line speaks of: a user, a device (@NAME), or a user on a device.
type who struct{ user, device string }

func (l *line) who() (of who) {
	name := l.text("who it is, such as ana or @phone,")
	if device, ok := strings.CutPrefix(name, "@"); ok {
		of.device = device
	} else {
		of.user = name
		if next := l.peek(); next.kind == word && strings.HasPrefix(next.text, "@") {
			of.device = l.take().text[1:]
		}
	}
	if of == (who{}) {
		l.fail("the device has no name")
	}
	return of
}

// call is the body of one call of an SDK.
type call struct {
	kind       rapport.EventType
	MessageID  string          `json:"messageId"`
	UserID     string          `json:"userId,omitempty"`
	Anonymous  string          `json:"anonymousId,omitempty"`
	PreviousID string          `json:"previousId,omitempty"`
	GroupID    string          `json:"groupId,omitempty"`
	Event      string          `json:"event,omitempty"`
	Name       string          `json:"name,omitempty"`
	Timestamp  string          `json:"timestamp,omitempty"`
	Properties json.RawMessage `json:"properties,omitempty"`
	Traits     json.RawMessage `json:"traits,omitempty"`
	Context    json.RawMessage `json:"context,omitempty"`
}

func (l *line) call(kind rapport.EventType) call {
	of := l.who()
	return call{kind: kind, UserID: of.user, Anonymous: of.device}
}

// data reads the object that ends a call, and the context behind it.
func (l *line) data(into *json.RawMessage, c *call) {
	*into = raw(l.object())
	if l.may("context") {
		if c.Context = raw(l.object()); c.Context == nil {
			l.fail("the context is missing: write it as an object {…}")
		}
	}
}

func raw(text string) json.RawMessage {
	if text == "" {
		return nil
	}
	return json.RawMessage(text)
}

func readIdentify(l *line) play {
	c := l.call(rapport.Identify)
	l.data(&c.Traits, &c)
	return c.play
}

func readTrack(l *line) play {
	c := l.call(rapport.Track)
	c.Event = l.text("the event's name")
	l.data(&c.Properties, &c)
	return c.play
}

func readPage(l *line) play   { return readView(l, rapport.Page) }
func readScreen(l *line) play { return readView(l, rapport.Screen) }

func readView(l *line, kind rapport.EventType) play {
	c := l.call(kind)
	if next := l.peek().kind; next == word || next == quoted {
		c.Name = l.take().text
	}
	l.data(&c.Properties, &c)
	return c.play
}

func readGroup(l *line) play {
	c := l.call(rapport.Group)
	c.GroupID = l.text("the group's id")
	l.data(&c.Traits, &c)
	return c.play
}

func readAlias(l *line) play {
	c := l.call(rapport.Alias)
	c.PreviousID = strings.TrimPrefix(l.text("who she was before"), "@")
	return c.play
}

// readLate reads a call that arrives a while after it happened.
func readLate(l *line) play {
	ago := l.span()
	calls := []verb{
		{"identify", readIdentify}, {"track", readTrack}, {"page", readPage}, {"screen", readScreen},
		{"group", readGroup}, {"alias", readAlias},
	}
	sent := choose(l, calls, "nothing can be late that is called")
	return func(w *world) error {
		w.late = ago
		defer func() { w.late = durations.Span{} }()
		return sent(w)
	}
}

// play sends the call.
func (c call) play(w *world) error {
	if err := w.started(); err != nil {
		return err
	}
	w.events++
	c.MessageID = fmt.Sprintf("story-%d", w.events)
	if !w.late.IsZero() {
		c.Timestamp = rapport.InstantOf(back(w.now.In(w.zone), w.late)).String()
	}
	body, err := json.Marshal(c)
	if err != nil {
		return err
	}
	result, err := collect.Parse(c.kind, body, collect.Meta{ReceivedAt: w.now, RequestID: "story"})
	if err != nil {
		return err
	}
	if len(result.Refused) > 0 {
		return fmt.Errorf("the server would refuse this: %s", result.Refused[0].Detail)
	}
	return w.admit(result.Events[0])
}

// readAgain sends the last event once more, as an SDK does that got no answer.
func readAgain(*line) play {
	return func(w *world) error {
		if w.last == nil {
			return fmt.Errorf("nothing was sent yet that could be sent again")
		}
		e := *w.last
		e.ReceivedAt = w.now
		return w.admit(e)
	}
}

func (w *world) admit(e rapport.Event) error {
	w.last = &e
	return w.do(flow.Admit([]rapport.Event{e}))
}

func readConsent(l *line) play {
	of := l.who()
	purpose := l.text("the purpose")
	act := rapport.Consent{Purpose: purpose, Source: "story"}
	if next := l.peek().text; next == string(rapport.Email) || next == string(rapport.SMS) {
		act.Channel = rapport.Channel(l.take().text)
	}
	act.State, _ = rapport.ParseConsentState(l.one("answer", "granted", "withdrawn"))
	return func(w *world) error {
		id, err := w.find(of)
		if err != nil {
			return err
		}
		said := act
		said.At = w.now
		return w.do(flow.Record(id, said))
	}
}

// readUnsubscribe follows the link in the last message that somebody got.
func readUnsubscribe(l *line) play {
	of := l.who()
	return func(w *world) error {
		id, err := w.find(of)
		if err != nil {
			return err
		}
		for _, m := range w.messages() {
			if w.isFor(m, id) && m.Status == rapport.Handed && m.Channel != rapport.Webhook {
				return w.do(flow.Unsubscribe(m, flow.LeaveTopic, "story"))
			}
		}
		return w.failure("there is no message whose link could be followed", id)
	}
}
