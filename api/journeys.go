package api

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"strconv"
	"strings"

	"rapport"
	"rapport/collect"
	"rapport/flow"
	"rapport/journey"
	"rapport/workspace"
)

type journeyCount struct {
	Name     string           `json:"name"`
	Running  int64            `json:"running" doc:"Runs under way"`
	Entered  int64            `json:"entered" doc:"Runs that began"`
	Goal     int64            `json:"goal" doc:"Runs that reached the goal"`
	Exited   map[string]int64 `json:"exited" doc:"Runs that ended, by reason"`
	Refused  map[string]int64 `json:"refused" doc:"Triggers that started no run, by reason"`
	Steps    []stepCount      `json:"steps" doc:"In the order of the document; steps that are gone come last"`
	Standing standing         `json:"standing" doc:"Whether it is in force"`
	Versions []runsOf         `json:"versions" doc:"How many runs follow which version of it"`
	Worst    *worstCase       `json:"worstCase,omitempty" doc:"How many messages one customer may get in any seven days; of one journey only"`
}

type stepCount struct {
	Name    string `json:"name"`
	Passed  int64  `json:"passed" doc:"Runs that went on behind it"`
	Asked   int64  `json:"asked,omitempty" doc:"Of a send: wishes to send"`
	Dropped int64  `json:"dropped,omitempty" doc:"Of a send: wishes that were decided against"`
	Called  int64  `json:"called,omitempty" doc:"Of a webhook: calls that were asked for"`

	Ways map[string]int64 `json:"ways,omitempty" doc:"Of a branch, a split, a wait_until or a webhook how many runs went which way; of a wait until a date how many missed it"`
}

type journeyPage struct {
	Journeys []journeyCount `json:"journeys"`
	Next     string         `json:"next,omitempty"`
}

type journeyList struct {
	Archived bool `query:"archived" doc:"Those that are archived among them"`
	Page
}

func (a *api) journeyOperations() {
	register(a, operation{
		method: http.MethodGet, path: "/v1/journeys", id: "list-journeys", group: "Journeys", summary: "All journeys with what became of their runs",
	}, func(ctx context.Context, in *journeyList) (*answer[journeyPage], error) {
		page, next, err := offsetPage(namesList, a.journeys(false, in.Archived), in.Page)
		if err != nil {
			return nil, err
		}
		out := journeyPage{Journeys: make([]journeyCount, len(page)), Next: next}
		for i, j := range page {
			if out.Journeys[i], err = a.countJourney(ctx, j); err != nil {
				return nil, err
			}
		}
		return &answer[journeyPage]{out}, nil
	})
	register(a, operation{
		method: http.MethodGet, path: "/v1/journeys/{name}", id: "get-journey", group: "Journeys", summary: "One journey with what became of its runs",
	}, func(ctx context.Context, in *struct {
		Name string `path:"name" maxLength:"80"`
	}) (*answer[journeyCount], error) {
		j, err := a.journey(in.Name)
		if err != nil {
			return nil, err
		}
		out, err := a.countJourney(ctx, j)
		out.Worst = worstCaseOf(j.WorstCase())
		return &answer[journeyCount]{out}, err
	})
	register(a, operation{
		method: http.MethodPost, path: "/v1/journeys/{name}/runs", id: "request-run", group: "Journeys", summary: "Ask for a run of a journey whose entry says api: true",
		detail: "Answered once it is committed. It is an event of hers like any other: what the journey says of its entry, its key and its re-entry holds, so that it may start none; /v1/explain says why. The same messageId again asks for nothing more of the same journey.",
	}, a.requestRun)
}

type runRequest struct {
	Name string `path:"name" maxLength:"80"`
	Body struct {
		UserID      string                     `json:"userId,omitempty" maxLength:"512" doc:"Who it is for; this or anonymousId must be there"`
		AnonymousID string                     `json:"anonymousId,omitempty" maxLength:"512"`
		Properties  map[string]json.RawMessage `json:"properties,omitempty" doc:"What the journey and its templates read of the request"`
		MessageID   string                     `json:"messageId,omitempty" maxLength:"255" doc:"A name of your own for the request; made up unless said"`
	}
}

type runRequested struct {
	MessageID string `json:"messageId"`
}

// maxRequest is how many bytes the properties of a request may have, as of an event.
const maxRequest = 32 << 10

func (a *api) requestRun(ctx context.Context, in *runRequest) (*answer[runRequested], error) {
	j, err := a.journey(in.Name)
	if err != nil {
		return nil, err
	}
	if !j.Requested() {
		return nil, rapport.Errorf(rapport.Conflict, "The journey %q is not started by requests. Its entry has to say api: true.", in.Name)
	}
	e, err := requested(in)
	if err != nil {
		return nil, err
	}
	name := cmp.Or(e.MessageID, a.NewID())
	e.MessageID = "journey " + in.Name + " " + name // no event's, and no other journey's
	e.Timestamp = a.Flow.Now()
	e.ReceivedAt = e.Timestamp
	if err := a.Flow.Do(ctx, flow.Admit([]rapport.Event{e})); err != nil {
		return nil, err
	}
	return &answer[runRequested]{runRequested{name}}, nil
}

// requested makes an event of a request, under the name that was given to it. What an
// event would be refused for is refused.
func requested(in *runRequest) (rapport.Event, error) {
	e := rapport.Event{Type: rapport.Derived, Name: rapport.JourneyRequested}
	for _, id := range [...]struct {
		to   *string
		said string
	}{{&e.UserID, in.Body.UserID}, {&e.AnonymousID, in.Body.AnonymousID}, {&e.MessageID, in.Body.MessageID}} {
		var err error
		if *id.to, err = collect.ID(id.said); err != nil {
			return e, err
		}
	}
	if e.UserID == "" && e.AnonymousID == "" {
		return e, rapport.Errorf(rapport.Invalid, "Say whom it is for: userId or anonymousId.")
	}
	given := map[string]json.RawMessage{}
	maps.Copy(given, in.Body.Properties)
	given["journey"] = rapport.AppendQuoted(nil, in.Name)
	var err error
	if e.Properties, err = json.Marshal(given); err != nil || len(e.Properties) > maxRequest {
		return e, rapport.Errorf(rapport.Invalid, "The properties are larger than %d KB.", maxRequest>>10)
	}
	if _, err := rapport.ParseJSON(e.Properties); err != nil {
		return e, rapport.Errorf(rapport.Invalid, "The properties have lists or objects nested more than 64 deep.")
	}
	return e, nil
}

func (a *api) journey(name string) (*journey.Journey, error) {
	if j := a.Workspaces.Current().Running.Journeys.Get(name); j != nil {
		return j, nil
	}
	_, err := a.journeyDocument(name) // says what there is instead
	if err == nil {
		err = rapport.Errorf(rapport.Unavailable, "The journey %q is being put in force. Try again in a moment.", name)
	}
	return nil, err
}

// journeys returns those that were written as campaigns, or those that were not, by name.
func (a *api) journeys(campaigns, archived bool) (all []*journey.Journey) {
	set := a.Workspaces.Current().Running.Journeys
	for _, j := range set.Journeys() {
		if j.IsCampaign() == campaigns && (archived || set.Standing(j.Name()) != journey.Archived) {
			all = append(all, j)
		}
	}
	return all
}

// journeyDocument returns the document of a journey or a campaign.
func (a *api) journeyDocument(name string) (workspace.Document, error) {
	if d, err := a.document("campaign", name); err == nil {
		return d, nil
	}
	return a.document("journey", name)
}

// countJourney reads the counters that flow keeps of a journey: kind/detail,
// where the detail is a step or a reason.
func (a *api) countJourney(ctx context.Context, j *journey.Journey) (journeyCount, error) {
	out := journeyCount{Name: j.Name(), Exited: map[string]int64{}, Refused: map[string]int64{}, Steps: []stepCount{}}
	for _, name := range j.Steps() {
		out.Steps = append(out.Steps, stepCount{Name: name})
	}
	prefix := "journey/" + j.Name() + "/"
	totals, err := a.Ledger.Counters(ctx, prefix)
	runs := map[uint64]int64{}
	for _, t := range totals {
		if t.Bucket.IsZero() {
			kind, detail, _ := strings.Cut(strings.TrimPrefix(t.Name, prefix), "/")
			if version, err := strconv.ParseUint(detail, 10, 64); kind == "version" && err == nil {
				runs[version] += t.Sum
			}
			out.add(kind, detail, t.Sum)
		}
	}
	out.Standing, out.Versions = a.standingOf(j.Name()), editions(j, runs)
	out.Running = out.Entered
	for _, n := range out.Exited {
		out.Running -= n
	}
	return out, err
}

func (c *journeyCount) add(kind, detail string, n int64) {
	switch kind {
	case journey.Entered.String():
		c.Entered += n
	case journey.Reached.String():
		c.Goal += n
	case journey.Exited.String():
		c.Exited[detail] += n
	case journey.Refused.String():
		c.Refused[detail] += n
	case journey.Called.String():
		c.step(detail).Called += n
	case journey.Moved.String(), journey.Updated.String(), journey.Offered.String():
		c.step(detail).Passed += n
	case "took":
		way, step, _ := strings.Cut(detail, "/")
		c.step(step).took(way, n)
	case journey.Asked.String():
		c.step(detail).Asked += n
		c.step(detail).Passed += n
	case "dropped":
		c.step(detail).Dropped += n
	}
}

func (s *stepCount) took(way string, n int64) {
	if s.Ways == nil {
		s.Ways = map[string]int64{}
	}
	s.Ways[way] += n
}

func (c *journeyCount) step(name string) *stepCount {
	for i := range c.Steps {
		if c.Steps[i].Name == name {
			return &c.Steps[i]
		}
	}
	c.Steps = append(c.Steps, stepCount{Name: name})
	return &c.Steps[len(c.Steps)-1]
}
