package api

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"rapport"
	"rapport/flow"
	"rapport/internal/strictyaml"
	"rapport/journey"
	"rapport/workspace"
)

type campaign struct {
	Description string `json:"description,omitempty"`
	Hypothesis  string `json:"hypothesis,omitempty" doc:"What was expected of it"`
	Result      string `json:"result,omitempty" doc:"What came of it"`
	journeyCount
	Canary    *canary         `json:"canary,omitempty" doc:"How a few go first, where its schedule says so"`
	Next      rapport.Instant `json:"next,omitzero" doc:"When somebody has her turn next"`
	Occasions []occasion      `json:"occasions" doc:"Its days, new to old: those under way, and the last thirty"`
}

// canary is how a few go first as it is in force, with what the document left unsaid.
type canary struct {
	Stages []float64 `json:"stages" doc:"So many of a hundred customers go first, then so many; the last is everybody"`
	Wait   string    `json:"wait" doc:"How long each stage is watched"`
	Stop   stopRules `json:"stop" doc:"How many of a hundred messages may meet something before it stops by itself"`
}

type stopRules struct {
	Unsubscribes float64 `json:"unsubscribes"`
	Complaints   float64 `json:"complaints"`
	Failures     float64 `json:"failures"`
}

type occasion struct {
	Day          string          `json:"day"`
	State        string          `json:"state" enum:"waiting,going,watching,stopped,over,missed" doc:"waiting for the next time zone's turn or for the rate; going on; watching those who went first; stopped by itself; over; or missed, where the server was down"`
	Begun        rapport.Instant `json:"begun,omitzero"`
	Ended        rapport.Instant `json:"ended,omitzero"`
	Share        float64         `json:"share" doc:"How many of a hundred customers may have had their turns so far"`
	Entered      int64           `json:"entered" doc:"Runs that began"`
	Handed       int64           `json:"handed" doc:"Messages of its runs that were handed over"`
	Failed       int64           `json:"failed"`
	Unsubscribed int64           `json:"unsubscribed"`
	Complained   int64           `json:"complained"`
	Why          string          `json:"why,omitempty" doc:"Why it stopped"`
}

type campaignPage struct {
	Campaigns []campaign `json:"campaigns"`
	Next      string     `json:"next,omitempty"`
}

func (a *api) campaignOperations() {
	register(a, operation{
		method: http.MethodGet, path: "/v1/campaigns", id: "list-campaigns", group: "Journeys", summary: "All campaigns, how far they have come and what became of their runs",
	}, func(ctx context.Context, in *journeyList) (*answer[campaignPage], error) {
		page, next, err := offsetPage(namesList, a.journeys(true, in.Archived), in.Page)
		if err != nil {
			return nil, err
		}
		out := campaignPage{Campaigns: make([]campaign, len(page)), Next: next}
		for i, j := range page {
			if out.Campaigns[i], err = a.campaign(ctx, j); err != nil {
				return nil, err
			}
		}
		return &answer[campaignPage]{out}, nil
	})
	register(a, operation{
		method: http.MethodGet, path: "/v1/campaigns/{name}", id: "get-campaign", group: "Journeys", summary: "One campaign, how far it has come and what became of its runs",
		detail: "A journey that a schedule enters can be asked for in the same way.",
	}, func(ctx context.Context, in *struct {
		Name string `path:"name" maxLength:"80"`
	}) (*answer[campaign], error) {
		j, err := a.journey(in.Name)
		if err != nil {
			return nil, err
		}
		if j.Calendar() == nil {
			return nil, rapport.Errorf(rapport.NotFound, "%q is no campaign, and no schedule enters it. GET /v1/journeys/%s tells of it.", in.Name, in.Name)
		}
		out, err := a.campaign(ctx, j)
		return &answer[campaign]{out}, err
	})
}

func (a *api) campaign(ctx context.Context, j *journey.Journey) (campaign, error) {
	counts, err := a.countJourney(ctx, j)
	if err != nil {
		return campaign{}, err
	}
	out := campaign{journeyCount: counts, Canary: canaryOf(j.Calendar().Pace()), Occasions: []occasion{}}
	if d, err := a.document("campaign", j.Name()); err == nil {
		doc := campaignOf(d)
		out.Description, out.Hypothesis, out.Result = doc.Description, doc.Hypothesis, doc.Result
	}
	var agenda flow.Agenda
	if err := a.Flow.Do(ctx, flow.ReadAgenda(j.Name(), &agenda)); err != nil {
		return campaign{}, err
	}
	if agenda.Next != rapport.Never {
		out.Next = agenda.Next
	}
	now := a.Flow.Now()
	for _, o := range slices.Backward(agenda.Open) {
		out.Occasions = append(out.Occasions, showOccasion(&o, o.State(j.Calendar().Pace(), now)))
	}
	for _, o := range slices.Backward(agenda.Past) {
		out.Occasions = append(out.Occasions, showOccasion(&o, o.State(j.Calendar().Pace(), now)))
	}
	return out, nil
}

// canaryOf returns nil where nothing is watched.
func canaryOf(p journey.Pace) *canary {
	stop := p.Stop
	if stop == (journey.Thresholds{}) {
		return nil
	}
	out := &canary{Wait: p.Wait.String(), Stop: stopRules{*stop.Unsubscribes, *stop.Complaints, *stop.Failures}}
	for _, share := range p.Stages {
		out.Stages = append(out.Stages, shareOf(share))
	}
	return out
}

// shareOf returns a share of everybody as so many of a hundred.
func shareOf(share int) float64 { return float64(share) * 100 / journey.Everybody }

func showOccasion(o *flow.Occasion, state string) occasion {
	return occasion{
		Day: o.Day.String(), State: state, Begun: o.Begun, Ended: o.Ended, Share: shareOf(o.Share), Entered: o.Entered,
		Handed: o.Met.Handed, Failed: o.Met.Failed, Unsubscribed: o.Met.Unsubscribed, Complained: o.Met.Complained, Why: o.Stopped,
	}
}

func campaignOf(d workspace.Document) (doc journey.CampaignDoc) {
	if tree, _ := strictyaml.Parse(strictyaml.Source{File: d.Name, Text: d.Body}); tree != nil {
		tree.Decode(&doc, "kind", "name") // it was right when it was put in force
	}
	return doc
}

// explainTurn tells why a schedule has begun no run for a customer.
func (a *api) explainTurn(out *explanation, look *flow.Look, entry journey.Entry, name string, since rapport.Instant) {
	running, now := a.Workspaces.Current().Running, a.Flow.Now()
	c := running.Journeys.Get(name).Calendar()
	turns := flow.TurnsOf(running, c, look.Record(), running.Places.Zone(look.Record()), since, now)
	check := rapport.Check{Name: "schedule", Passed: !turns.Last.IsZero(), Values: "last=never"}
	if check.Passed {
		check.Values = "last=" + turns.Last.String()
	}
	later := "The schedule names no other day."
	if !turns.Next.IsZero() {
		check.Values += " next=" + turns.Next.String()
		later = fmt.Sprintf("Time passes until %s, and the customer belongs to the audience then.", turns.Next)
	}
	switch {
	case !check.Passed:
		check.Reason = "The customer has not had a turn since the schedule was put in force."
	case !c.Hers(turns.Day, look.Subject(nil), now):
		check.Passed, check.Reason = false, "The date of the customer does not fall on the day of her last turn."
	}
	out.Checks = append(out.Checks, check)
	if check.Passed {
		a.explainWhere(out, look, entry, nil)
	}
	if out.Change == "" {
		out.Change = later
	}
}
