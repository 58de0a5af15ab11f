package api

import (
	"context"
	"net/http"

	"rapport"
	"rapport/journey"
)

// Standing is whether a journey is in force, and why not.
type Standing struct {
	State  journey.Standing `json:"state"`
	At     rapport.Instant  `json:"at"`
	By     string           `json:"by"`               // the name of the key, which is proved
	Author string           `json:"author,omitempty"` // who it was, as was only said
	Reason string           `json:"reason,omitempty"`
}

// StatesOf returns the states of standings.
func StatesOf(standings map[string]Standing) map[string]journey.Standing {
	states := map[string]journey.Standing{}
	for name, s := range standings {
		states[name] = s.State
	}
	return states
}

// standing is a standing as it is answered.
type standing struct {
	State  string          `json:"state" enum:"active,paused,archived" doc:"paused: nobody enters, runs stand still, messages are held; archived: nobody enters, and its runs have ended"`
	At     rapport.Instant `json:"at,omitzero" doc:"Since when"`
	By     string          `json:"by,omitempty" doc:"The name of the key that it was done with"`
	Author string          `json:"author,omitempty" doc:"Who did it, as was said along"`
	Reason string          `json:"reason,omitempty" doc:"Why"`
}

func (a *api) standingOf(name string) standing {
	s := a.Workspaces.Current().Standings[name]
	return standing{State: s.State.String(), At: s.At, By: s.By, Author: s.Author, Reason: s.Reason}
}

type standRequest struct {
	By
	Name string `path:"name" maxLength:"80" doc:"Of a journey or a campaign"`
	Body *struct {
		Reason string `json:"reason,omitempty" maxLength:"500" doc:"Why, for those who ask later"`
	}
}

// act is one way to another standing.
type act struct {
	verb, summary, detail string
	to                    journey.Standing
	against               journey.Standing // the standing in which it can't be done; that of to if it always can
	remedy                string
}

func acts() []act {
	return []act{
		{"pause", "Stop a journey for a while", "Within one batch nobody enters any more, runs stand still, and messages that wait are held. Exits and goals still take effect. It stays so over restarts and whatever is applied.",
			journey.Paused, journey.Archived, "It is archived, so nothing of it happens. Restore it first."},
		{"resume", "Let a paused journey go on", "What fell due meanwhile is done now, and judged as of now: exits, consent, use. Of a schedule's turns those are given that are not too late.",
			journey.Active, journey.Archived, "It is archived, not paused. Restore it."},
		{"archive", "Put a journey away", "Its runs end, messages that wait are dropped, nobody enters, and lists leave it out unless asked.",
			journey.Archived, journey.Archived, ""},
		{"restore", "Take an archived journey back", "Whoever meets its entry from now on enters. The runs that ended stay ended.",
			journey.Active, journey.Paused, "It is paused, not archived. Resume it."},
	}
}

func (a *api) standingOperations() {
	for _, x := range acts() {
		register(a, operation{
			method: http.MethodPost, path: "/v1/journeys/{name}/" + x.verb, id: x.verb + "-journey", group: "Journeys", summary: x.summary, detail: x.detail,
		}, func(ctx context.Context, in *standRequest) (*answer[standing], error) {
			return a.stand(ctx, in, x)
		})
	}
}

// stand takes a journey to another standing. Whoever does what is done already is
// answered who did it first.
func (a *api) stand(ctx context.Context, in *standRequest, x act) (*answer[standing], error) {
	if _, known := a.Workspaces.Current().Standings[in.Name]; !known {
		if _, err := a.journey(in.Name); err != nil {
			return nil, err
		}
	}
	reason := ""
	if in.Body != nil {
		reason = in.Body.Reason
	}
	by, err := in.sign(ctx, reason)
	if err != nil {
		return nil, err
	}
	next := Standing{State: x.to, At: a.Flow.Now(), By: by.Key, Author: by.Author, Reason: by.Note}
	err = a.Workspaces.Stand(ctx, in.Name, func(present Standing) (Standing, error) {
		switch present.State {
		case x.to:
			return present, nil
		case x.against:
			return present, rapport.Errorf(rapport.Conflict, "The journey %q can't do that. %s", in.Name, x.remedy)
		}
		return next, nil
	})
	if err != nil {
		return nil, err
	}
	return &answer[standing]{a.standingOf(in.Name)}, nil
}

// explainStanding adds that a journey is not active.
func explainStanding(out *explanation, s standing) {
	if s.State == journey.Active.String() {
		return
	}
	reason := "The journey is " + s.State
	if s.Reason != "" {
		reason += ": " + s.Reason
	}
	out.Checks = append(out.Checks, rapport.Check{Name: "active", Values: s.State + "=" + s.At.String() + " by=" + s.By, Reason: reason})
}

// change says what would have to change about a standing; "" if it is active.
func (s standing) change() string {
	switch s.State {
	case journey.Paused.String():
		return "The journey is resumed."
	case journey.Archived.String():
		return "The journey is restored."
	}
	return ""
}
