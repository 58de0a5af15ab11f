package api

import (
	"context"
	"encoding/json"
	"net/http"

	"rapport"
	"rapport/flow"
	"rapport/profile"
)

type timelineEvent struct {
	MessageID   string          `json:"messageId"`
	Event       string          `json:"event" doc:"The name by which rules and journeys know it"`
	Type        string          `json:"type" doc:"identify, track, page, screen, group, alias; derived and noted for what the product itself tells"`
	Timestamp   rapport.Instant `json:"timestamp" doc:"When it happened"`
	ReceivedAt  rapport.Instant `json:"receivedAt" doc:"When it was admitted"`
	UserID      string          `json:"userId,omitempty"`
	AnonymousID string          `json:"anonymousId,omitempty"`
	Properties  json.RawMessage `json:"properties" doc:"Properties, or the traits of identify and group"`
	Context     json.RawMessage `json:"context,omitempty"`
}

type timelinePage struct {
	Events []timelineEvent `json:"events"`
	Next   string          `json:"next,omitempty"`
}

type timelineQuery struct {
	CustomerPath
	Event string `query:"event" maxLength:"200" doc:"Only events of this name"`
	Page
}

func (a *api) timelineOperations() {
	register(a, operation{
		method: http.MethodGet, path: "/v1/customers/{id}/timeline", id: "get-timeline", group: "Customers", summary: "What a customer did and what was told of her",
		detail: "From new to old by when it happened; of one instant what was admitted last comes first.",
	}, a.timeline)
}

func (a *api) timeline(ctx context.Context, in *timelineQuery) (*answer[timelinePage], error) {
	r, err := a.record(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	events, err := flow.Events(ctx, a.Customers, r)
	if err != nil {
		return nil, err
	}
	if in.Event != "" {
		events = named(events, in.Event)
	}
	page, next, err := timePage(timelineList, events, (*profile.Event).Timestamp, in.Page)
	if err != nil {
		return nil, err
	}
	out := timelinePage{Events: make([]timelineEvent, len(page)), Next: next}
	for i, e := range page {
		out.Events[i] = showEvent(e)
	}
	return &answer[timelinePage]{out}, nil
}

func named(events []*profile.Event, name string) []*profile.Event {
	var found []*profile.Event
	for _, e := range events {
		if e.Name() == name {
			found = append(found, e)
		}
	}
	return found
}

func showEvent(e *profile.Event) timelineEvent {
	shown := timelineEvent{
		MessageID: e.MessageID, Event: e.Name(), Type: e.Type.String(), Timestamp: e.Timestamp(), ReceivedAt: e.ReceivedAt,
		UserID: e.UserID, AnonymousID: e.AnonymousID, Properties: json.RawMessage("{}"),
	}
	if len(e.JSON()) > 0 {
		shown.Properties = e.JSON()
	}
	if len(e.Context) > 0 {
		shown.Context = e.Context
	}
	return shown
}
