package api

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"net/http"
	"slices"

	"rapport"
	"rapport/profile"
	"rapport/store"
)

// Message is a message as lists show it.
type Message struct {
	ID          rapport.MessageID  `json:"id"`
	Customer    rapport.CustomerID `json:"customer"`
	Journey     string             `json:"journey"`
	Step        string             `json:"step"`
	Template    string             `json:"template"`
	Channel     rapport.Channel    `json:"channel"`
	Class       string             `json:"class" enum:"transactional,must-send,promotional,content"`
	Purpose     string             `json:"purpose,omitempty"`
	Topic       string             `json:"topic,omitempty" doc:"What it is about, which its reader may leave by itself"`
	Status      string             `json:"status" enum:"waiting,claimed,attempting,handed,delivered,bounced,failed,unclear,dropped,withheld"`
	CreatedAt   rapport.Instant    `json:"createdAt"`
	DueAt       rapport.Instant    `json:"dueAt,omitzero"`
	HandedAt    rapport.Instant    `json:"handedAt,omitzero"`
	UsefulUntil rapport.Instant    `json:"usefulUntil,omitzero"`
	Subject     string             `json:"subject"`
	To          string             `json:"to"`
	Reason      string             `json:"reason,omitempty" doc:"Why it failed, was dropped or is unclear"`
	Attempts    int                `json:"attempts"`
	Version     uint64             `json:"version" doc:"Of the workspace it was decided under"`
}

type messagePage struct {
	Messages []Message `json:"messages"`
	Next     string    `json:"next,omitempty"`
}

type messageQuery struct {
	Customer string `query:"customer" maxLength:"512" doc:"Any id of a customer"`
	Journey  string `query:"journey" maxLength:"80"`
	Status   string `query:"status" enum:"waiting,claimed,attempting,handed,delivered,bounced,failed,unclear,dropped,withheld"`
	Channel  string `query:"channel" enum:"email,sms,webhook" doc:"Calls of journeys are the messages of the channel webhook"`
	Page
}

type messageWithContent struct {
	Message
	Content *content `json:"content,omitempty" doc:"What was rendered; kept in sandbox only"`
}

type content struct {
	Subject string          `json:"subject"`
	HTML    string          `json:"html,omitempty"`
	Text    string          `json:"text,omitempty"`
	At      rapport.Instant `json:"at" doc:"When it was rendered"`
}

func (a *api) messageOperations() {
	register(a, operation{
		method: http.MethodGet, path: "/v1/messages", id: "list-messages", group: "Messages", summary: "Messages, new to old",
	}, a.listMessages)
	register(a, operation{
		method: http.MethodGet, path: "/v1/messages/{id}", id: "get-message", group: "Messages", summary: "One message, in sandbox with its content",
	}, a.getMessage)
	register(a, operation{
		method: http.MethodGet, path: "/v1/customers/{id}/messages", id: "list-customer-messages", group: "Customers", summary: "A customer's messages, new to old",
	}, func(ctx context.Context, in *struct {
		CustomerPath
		Page
	}) (*answer[messagePage], error) {
		r, err := a.record(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		return a.messagesOf(ctx, ids(r), store.MessageFilter{}, in.Page)
	})
	register(a, operation{
		method: http.MethodGet, path: "/v1/customers/{id}/decisions", id: "list-decisions", group: "Customers", summary: "What was decided about a customer, new to old",
		detail: "Each wish to send with the checks it passed and, where it was refused, the one it did not.",
	}, a.listDecisions)
}

func (a *api) listMessages(ctx context.Context, in *messageQuery) (*answer[messagePage], error) {
	status, _ := rapport.ParseStatus(in.Status)
	f := store.MessageFilter{Journey: in.Journey, Channel: rapport.Channel(in.Channel), Status: status}
	whose := []rapport.CustomerID{{}}
	if in.Customer != "" {
		r, err := a.record(ctx, in.Customer)
		switch {
		case rapport.KindOf(err) == rapport.NotFound && err != nil:
			whose = nil // nobody has met her yet, so there is nothing
		case err != nil:
			return nil, err
		default:
			whose = ids(r)
		}
	}
	return a.messagesOf(ctx, whose, f, in.Page)
}

// messagesOf lists the messages of some customers, all customers being the zero id.
func (a *api) messagesOf(ctx context.Context, whose []rapport.CustomerID, f store.MessageFilter, p Page) (*answer[messagePage], error) {
	place, err := decodeCursor(messageList, p.Cursor, 8+len(rapport.MessageID{}))
	if err != nil {
		return nil, err
	}
	if place != nil {
		f.Before.CreatedAt = rapport.Instant(binary.BigEndian.Uint64(place))
		copy(f.Before.ID[:], place[8:])
	}
	f.Limit = p.Limit + 1
	var found []rapport.Message
	for _, f.Customer = range whose {
		more, err := a.Messages.Messages(ctx, f)
		if err != nil {
			return nil, err
		}
		found = append(found, more...)
	}
	slices.SortFunc(found, func(x, y rapport.Message) int {
		return cmp.Or(cmp.Compare(y.CreatedAt, x.CreatedAt), bytes.Compare(y.ID[:], x.ID[:]))
	})
	out := messagePage{Messages: []Message{}}
	if len(found) > p.Limit {
		found = found[:p.Limit]
		last := found[p.Limit-1]
		out.Next = encodeCursor(messageList, append(binary.BigEndian.AppendUint64(nil, uint64(last.CreatedAt)), last.ID[:]...))
	}
	for i := range found {
		out.Messages = append(out.Messages, showMessage(&found[i]))
	}
	return &answer[messagePage]{out}, nil
}

func showMessage(m *rapport.Message) Message {
	shown := Message{
		ID: m.ID, Customer: m.Customer, Journey: m.Journey, Step: m.Step, Template: m.Template, Channel: m.Channel,
		Class: m.Class.String(), Purpose: m.Purpose, Topic: m.Topic, Status: m.Status.String(), CreatedAt: m.CreatedAt, DueAt: m.DueAt,
		HandedAt: m.HandedAt, Subject: m.Subject, To: m.To, Reason: m.Reason, Attempts: m.Attempts, Version: m.Version,
	}
	if m.UsefulUntil != rapport.Never {
		shown.UsefulUntil = m.UsefulUntil
	}
	return shown
}

// MessagePath is the id of a message in an address.
type MessagePath struct {
	ID string `path:"id" maxLength:"64" doc:"msg_ and 26 letters and digits"`
}

func (p MessagePath) id() (rapport.MessageID, error) {
	id, ok := rapport.ParseMessageID(p.ID)
	if !ok {
		return id, rapport.Errorf(rapport.NotFound, "There is no such message. A message's id looks like msg_ and 26 letters and digits.")
	}
	return id, nil
}

func (a *api) getMessage(ctx context.Context, in *MessagePath) (*answer[messageWithContent], error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	m, err := a.Messages.Message(ctx, id)
	if err != nil {
		return nil, err
	}
	out := messageWithContent{Message: showMessage(&m)}
	if a.Sandbox == nil {
		return &answer[messageWithContent]{out}, nil
	}
	c, err := a.Messages.Content(ctx, id)
	switch {
	case err == nil:
		out.Content = &content{c.Subject, c.HTML, c.Text, c.At}
	case rapport.KindOf(err) != rapport.NotFound: // not rendered yet
		return nil, err
	}
	return &answer[messageWithContent]{out}, nil
}

type decision struct {
	Journey   string            `json:"journey"`
	Step      string            `json:"step"`
	Outcome   string            `json:"outcome" doc:"send, wait or drop"`
	At        rapport.Instant   `json:"at"`
	Message   rapport.MessageID `json:"message,omitzero"`
	Checks    []rapport.Check   `json:"checks"`
	Change    string            `json:"change,omitempty" doc:"The smallest change that would have let it pass"`
	Workspace uint64            `json:"workspace" doc:"The version it was decided under"`
}

type decisionPage struct {
	Decisions []decision `json:"decisions"`
	Next      string     `json:"next,omitempty"`
}

// maxDecisions is how many of a customer's newest decisions can be listed.
const maxDecisions = 10_000

func (a *api) listDecisions(ctx context.Context, in *struct {
	CustomerPath
	Journey string `query:"journey" maxLength:"80"`
	Page
}) (*answer[decisionPage], error) {
	r, err := a.record(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	found, err := a.decisions(ctx, r, in.Journey, maxDecisions)
	if err != nil {
		return nil, err
	}
	page, next, err := timePage(decisionList, found, func(d rapport.Decision) rapport.Instant { return d.At }, in.Page)
	if err != nil {
		return nil, err
	}
	out := decisionPage{Decisions: []decision{}, Next: next}
	for i := range page {
		out.Decisions = append(out.Decisions, showDecision(&page[i]))
	}
	return &answer[decisionPage]{out}, nil
}

// decisions returns what was decided about a customer, old to new.
func (a *api) decisions(ctx context.Context, r *profile.Record, journey string, limit int) ([]rapport.Decision, error) {
	var found []rapport.Decision
	for _, id := range ids(r) {
		more, err := a.Messages.Decisions(ctx, store.DecisionFilter{Customer: id, Journey: journey, Limit: limit})
		if err != nil {
			return nil, err
		}
		found = append(found, more...)
	}
	slices.Reverse(found)
	slices.SortStableFunc(found, func(x, y rapport.Decision) int { return cmp.Compare(x.At, y.At) })
	return found, nil
}

func showDecision(d *rapport.Decision) decision {
	return decision{d.Journey, d.Step, d.Outcome, d.At, d.Message, d.Checks, d.Change, d.Workspace}
}
