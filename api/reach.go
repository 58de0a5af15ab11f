package api

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"

	"rapport"
	"rapport/journey"
	"rapport/workspace"
)

// reach is whom a journey would reach among the customers there are now.
type reach struct {
	People    *int64 `json:"people" doc:"How many; null if it can't be told"`
	Exact     bool   `json:"exact" doc:"Whether all customers were looked at; otherwise it is an estimate"`
	Of        string `json:"of" doc:"What was counted: the audience, the members, or who did in the last seven days what starts a run"`
	First     *int64 `json:"first,omitempty" doc:"Of a canary: how many go first, before it is watched"`
	PerMinute *int64 `json:"perMinute,omitempty" doc:"How many runs begin in the fullest minute, at most"`
	Messages  *int64 `json:"messages,omitempty" doc:"How many messages that is at most, in a week"`
	Cost      []cost `json:"cost,omitempty" doc:"What these cost at most, by the prices of the channels"`
	Unsaid    string `json:"unsaid,omitempty" doc:"Why it can't be told how many"`
}

// cost is an amount in a currency.
type cost struct {
	Amount   float64 `json:"amount"`
	Currency string  `json:"currency"`
}

// How long counting takes at most: of one journey, and of a plan. What is not counted
// by then is estimated, or said not to be.
const (
	reachTime = 5 * time.Second
	reachAll  = 20 * time.Second
)

// reaches says of each journey of a plan whom it would reach.
func (a *api) reaches(ctx context.Context, planned Applied, journeys []outlook) error {
	until := time.Now().Add(reachAll)
	for i, j := range planned.Journeys {
		r, err := a.reach(ctx, planned, j, until)
		if err != nil {
			return err
		}
		journeys[i].Reach = r
	}
	return nil
}

func (a *api) reach(ctx context.Context, planned Applied, j *journey.Journey, until time.Time) (*reach, error) {
	out := &reach{}
	var where string
	if where, out.Of, out.Unsaid = whoStarts(j); out.Unsaid != "" {
		return out, nil
	}
	where = inForce(where, planned)
	if time.Now().After(until) {
		out.Unsaid = "There was no time to count it among so many. Plan it alone."
		return out, nil
	}
	counted, err := a.preview(ctx, where, time.Now().Add(reachTime))
	if err != nil {
		out.Unsaid = "It can be counted once the documents are in force: " + rapport.MessageOf(err)
		return out, nil
	}
	people := counted.Count
	if out.Exact = counted.Exact; !out.Exact {
		if counted.Estimate == nil {
			out.Unsaid = "There are too many customers to count them in time. POST /v1/segments/preview takes longer."
			return out, nil
		}
		people = *counted.Estimate
	}
	out.People = &people
	out.load(j)
	out.price(j, planned.Workspace)
	return out, nil
}

// whoStarts returns a rule about those who start a journey's runs, and what it counts.
func whoStarts(j *journey.Journey) (where, of, unsaid string) {
	name, left, existing := j.EntrySegment()
	audience := cmp.Or(j.Audience(), "true")
	switch {
	case j.Calendar() != nil:
		return audience, "the audience", ""
	case existing && !left:
		return fmt.Sprintf("segment(%q) && (%s)", name, audience), "the members of the segment, who start runs at once", ""
	case name != "":
		return "", "", fmt.Sprintf("Runs start when somebody enters or leaves the segment %q; nobody does by the apply.", name)
	case j.Requested():
		return "", "", "Runs start when they are asked for."
	case slices.Contains(j.EntryEvents(), rapport.TraitChanged):
		return "", "", "Runs start when a trait changes, which the past does not tell."
	}
	var did []string
	for _, event := range j.EntryEvents() {
		did = append(did, fmt.Sprintf("events(%q).within(\"7d\").exists()", event))
	}
	return strings.Join(did, " || "), "who did in the last seven days what starts a run", ""
}

// segmentCall is how a rule in canonical form asks for a segment.
var segmentCall = regexp.MustCompile(`segment\("([^"\\]*)"\)`)

// inForce puts for each segment that a plan brings or changes its rule, since what is in
// force does not know it. Segments can't read one another in a circle.
func inForce(where string, planned Applied) string {
	changed := map[string]bool{}
	for _, c := range planned.Changes {
		if c.Kind == "segment" && c.Action != workspace.Unchanged && c.Action != workspace.Deleted {
			changed[c.Name] = true
		}
	}
	for depth := 0; depth < maxDepth && segmentCall.MatchString(where) && len(where) < maxWhere; depth++ {
		next := segmentCall.ReplaceAllStringFunc(where, func(call string) string {
			name := segmentCall.FindStringSubmatch(call)[1]
			if r := planned.Workspace.Segments.Rule(name); changed[name] && r != nil {
				return "(" + r.Text() + ")"
			}
			return call
		})
		if next == where {
			break
		}
		where = next
	}
	return where
}

// How far a rule is written out.
const (
	maxDepth = 20
	maxWhere = 100_000
)

// load says how many runs begin at once.
func (r *reach) load(j *journey.Journey) {
	c := j.Calendar()
	if c == nil {
		return
	}
	perMinute, pace := *r.People, c.Pace()
	if pace.Rate > 0 {
		perMinute = min(perMinute, int64(math.Ceil(float64(pace.Rate)*float64(time.Minute)/float64(pace.Per))))
	}
	r.PerMinute = &perMinute
	if first := pace.Stages[0]; first < journey.Everybody {
		n := int64(math.Ceil(float64(*r.People) * float64(first) / journey.Everybody))
		r.First = &n
	}
}

// price says what the messages come to at most.
func (r *reach) price(j *journey.Journey, w *workspace.Compiled) {
	worst := j.WorstCase()
	if worst.Unbounded != "" || worst.PerKey != "" && j.Calendar() == nil {
		return
	}
	messages := *r.People * int64(worst.Most)
	r.Messages = &messages
	sums := map[string]float64{}
	for _, part := range worst.Of {
		for _, doc := range w.Channels {
			if doc.Serves() == part.Channel && doc.Price != nil {
				sums[doc.Price.Currency] += float64(*r.People) * float64(part.Most) * doc.Price.Amount
			}
		}
	}
	for currency, amount := range sums {
		r.Cost = append(r.Cost, cost{math.Round(amount*1e4) / 1e4, currency})
	}
	slices.SortFunc(r.Cost, func(x, y cost) int { return strings.Compare(x.Currency, y.Currency) })
}
