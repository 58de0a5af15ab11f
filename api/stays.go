package api

import (
	"context"
	"net/http"
	"slices"

	"rapport"
	"rapport/flow"
)

type stay struct {
	Segment   string          `json:"segment"`
	EnteredAt rapport.Instant `json:"enteredAt,omitzero" doc:"Missing if that is not known: it was before her timeline begins"`
	LeftAt    rapport.Instant `json:"leftAt,omitzero" doc:"Missing while she is in it, and if it is not known"`
	EnteredBy *reason         `json:"enteredBy,omitempty"`
	LeftBy    *reason         `json:"leftBy,omitempty" doc:"Missing while she is in it"`
}

type reason struct {
	Cause     string `json:"cause" enum:"event,time,definition" doc:"An event; a window that moved on or a date that came; or a new or changed segment"`
	Event     string `json:"event,omitempty" doc:"The event that caused it"`
	MessageID string `json:"messageId,omitempty" doc:"Its messageId, as it stands in her timeline"`
}

type stayPage struct {
	Stays []stay `json:"stays"`
	Next  string `json:"next,omitempty"`
}

type stayQuery struct {
	CustomerPath
	Segment string `query:"segment" maxLength:"80" doc:"Only stays in this segment"`
	Page
}

func (a *api) stayOperations() {
	register(a, operation{
		method: http.MethodGet, path: "/v1/customers/{id}/segments/history", id: "list-stays", group: "Customers", summary: "When a customer was in which segment, and why",
		detail: "From new to old by when she entered, as her timeline tells it, segments that are gone among them. Of profiles that became one, stays in a segment that overlapped are one stay.",
	}, a.listStays)
}

func (a *api) listStays(ctx context.Context, in *stayQuery) (*answer[stayPage], error) {
	look, err := a.look(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	stays, err := flow.Stays(ctx, a.Customers, look)
	if err != nil {
		return nil, err
	}
	if in.Segment != "" {
		stays = slices.DeleteFunc(stays, func(s flow.Stay) bool { return s.Segment != in.Segment })
	}
	page, next, err := timePage(stayList, stays, func(s flow.Stay) rapport.Instant { return s.EnteredAt }, in.Page)
	if err != nil {
		return nil, err
	}
	out := stayPage{Stays: make([]stay, len(page)), Next: next}
	for i, s := range page {
		out.Stays[i] = stay{s.Segment, s.EnteredAt, s.LeftAt, showReason(s.EnteredBy), showReason(s.LeftBy)}
	}
	return &answer[stayPage]{out}, nil
}

func showReason(r flow.Reason) *reason {
	if r.Cause == 0 {
		return nil
	}
	return &reason{r.Cause.String(), r.Event, r.MessageID}
}
