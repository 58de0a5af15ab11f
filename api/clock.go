package api

import (
	"context"
	"net/http"
	"time"

	"rapport"
	"rapport/internal/durations"
)

const clockPath = "/v1/clock"

type clockNow struct {
	Now     rapport.Instant `json:"now"`
	Sandbox bool            `json:"sandbox" doc:"Whether it can be moved"`
}

type clockMove struct {
	Body struct {
		Advance string          `json:"advance,omitempty" maxLength:"40" doc:"How far forward, such as 24h or 7d"`
		To      rapport.Instant `json:"to,omitempty" doc:"Or to when"`
	}
}

func (a *api) clockOperations() {
	register(a, operation{
		method: http.MethodGet, path: clockPath, id: "get-clock", group: "Sandbox", summary: "What time it is in this environment",
	}, func(context.Context, *struct{}) (*answer[clockNow], error) {
		return &answer[clockNow]{clockNow{a.Flow.Now(), a.Sandbox != nil}}, nil
	})
	register(a, operation{
		method: http.MethodPost, path: clockPath, id: "move-clock", group: "Sandbox", summary: "Move the sandbox's clock forward",
		detail: "All that falls due on the way is done, instant by instant, before this is answered. Between moves time runs on.",
	}, a.moveClock)
}

func (a *api) moveClock(ctx context.Context, in *clockMove) (*answer[clockNow], error) {
	if a.Sandbox == nil {
		return nil, &rapport.Error{Kind: rapport.Forbidden, Code: "not_sandbox", Message: "Only a sandbox's clock can be moved, and this is the live environment. Start another with --sandbox and a data folder of its own."}
	}
	to, err := in.target()
	if err != nil {
		return nil, err
	}
	now, err := a.Sandbox.Advance(ctx, to)
	if err != nil {
		return nil, err
	}
	return &answer[clockNow]{clockNow{now, true}}, nil
}

// target returns where the clock is to be moved, given where it stands.
func (in *clockMove) target() (func(rapport.Instant) rapport.Instant, error) {
	advance, to := in.Body.Advance, in.Body.To
	switch {
	case (advance == "") == (to == 0):
		return nil, rapport.Errorf(rapport.Invalid, `Say how far with "advance", such as 24h, or to when with "to"; one of the two.`)
	case to == rapport.Never:
		return nil, rapport.Errorf(rapport.Invalid, `"to" is a time, such as 2026-11-22T09:30:00Z.`)
	case to != 0:
		return func(rapport.Instant) rapport.Instant { return to }, nil
	}
	span, err := durations.Parse(advance)
	if err != nil {
		return nil, rapport.Errorf(rapport.Invalid, `"advance": %v. Time can only be moved forward.`, err)
	}
	return func(now rapport.Instant) rapport.Instant { return rapport.InstantOf(span.Add(now.In(time.UTC))) }, nil
}
