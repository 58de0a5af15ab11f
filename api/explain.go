package api

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"rapport"
	"rapport/flow"
	"rapport/internal/strictyaml"
	"rapport/journey"
	"rapport/profile"
	"rapport/rule"
	"rapport/segment"
	"rapport/store"
	"rapport/workspace"
)

type explanation struct {
	Outcome  string            `json:"outcome" doc:"send, drop, failed or unclear of a message; else waiting, exited or not entered"`
	Checks   []rapport.Check   `json:"checks" doc:"What was asked, in order, up to the first that was answered with no"`
	Change   string            `json:"change" doc:"The smallest change that would have let it pass; empty if it did"`
	Versions explainVersions   `json:"versions"`
	Step     string            `json:"step,omitempty"`
	At       rapport.Instant   `json:"at,omitzero" doc:"When it was decided"`
	Message  rapport.MessageID `json:"message,omitzero"`
}

type explainVersions struct {
	Workspace uint64 `json:"workspace" doc:"It was decided under"`
	Current   uint64 `json:"current" doc:"In force now"`
	Engine    string `json:"engine,omitempty" doc:"Of the program"`
}

func (a *api) explainOperations() {
	register(a, operation{
		method: http.MethodGet, path: "/v1/explain", id: "explain", group: "Journeys", summary: "Why did a customer get a journey's message, or why not?",
		detail: "The newest decision of the journey about her; if nothing was decided yet, where she is: not entered, waiting, or exited and why.",
	}, a.explain)
}

func (a *api) explain(ctx context.Context, in *struct {
	Customer string `query:"customer" required:"true" maxLength:"512" doc:"Any id of the customer"`
	Journey  string `query:"journey" required:"true" maxLength:"80"`
}) (*answer[explanation], error) {
	look, err := a.look(ctx, in.Customer)
	if err != nil {
		return nil, err
	}
	current := a.Workspaces.Current().Running
	out := &explanation{Checks: []rapport.Check{}, Versions: explainVersions{current.Version, current.Version, a.Version}}
	found, err := a.decisions(ctx, look.Record(), in.Journey, 1)
	switch {
	case err != nil:
		return nil, err
	case len(found) > 0:
		err = a.explainDecision(ctx, out, &found[len(found)-1])
	default:
		err = a.explainAbsence(ctx, out, look, in.Journey)
	}
	return &answer[explanation]{*out}, err
}

// explainDecision tells a decision, and what became of its message.
func (a *api) explainDecision(ctx context.Context, out *explanation, d *rapport.Decision) error {
	out.Outcome, out.Checks, out.Change = d.Outcome, append(out.Checks, d.Checks...), d.Change
	out.Versions.Workspace, out.Step, out.At, out.Message = d.Workspace, d.Step, d.At, d.Message
	if d.Message.IsZero() {
		return nil
	}
	m, err := a.Messages.Message(ctx, d.Message)
	if err != nil {
		return err
	}
	switch m.Status {
	case rapport.Dropped:
		name, reason, _ := strings.Cut(m.Reason, ": ")
		out.Outcome = "drop"
		out.Checks = append(out.Checks, rapport.Check{Name: name, Values: "asked once more before it was handed over", Reason: cmp.Or(reason, m.Reason)})
		out.Change = "This was otherwise when the message was about to be handed over."
	case rapport.Failed, rapport.Unclear, rapport.Bounced:
		out.Outcome = m.Status.String()
		out.Checks = append(out.Checks, rapport.Check{Name: "handed over", Values: fmt.Sprintf("attempts=%d", m.Attempts), Reason: m.Reason})
		out.Change = "The provider accepts the message."
	case rapport.Waiting:
		if now := a.standingOf(m.Journey); now.State == journey.Paused.String() {
			explainStanding(out, now)
			out.Outcome, out.Change = "waiting", now.change()
			return nil
		}
		fallthrough
	default:
		out.Checks = append(out.Checks, rapport.Check{Name: "handed over", Passed: true, Values: "status=" + m.Status.String()})
	}
	return nil
}

// explainAbsence tells why nothing was decided about a customer yet.
func (a *api) explainAbsence(ctx context.Context, out *explanation, look *flow.Look, name string) error {
	if _, err := a.journey(name); err != nil {
		return err
	}
	now := a.standingOf(name)
	explainStanding(out, now)
	running := a.Workspaces.Current().Running
	for _, run := range look.Runs() {
		if run.Journey == journey.NameHash(name) {
			explainRun(out, running.Journeys.Of(run), run)
			out.Change = cmp.Or(now.change(), out.Change)
			return nil
		}
	}
	if now.State != journey.Active.String() {
		out.Outcome, out.Change = "not entered", now.change()
		return nil
	}
	since, err := a.journeySince(ctx, name)
	if err != nil {
		return err
	}
	var last journey.Effect
	err = flow.Replay(ctx, a.Customers, running, look.Record(), since, a.Flow.Now(), func(e journey.Effect) {
		if e.Journey == name && (e.Kind == journey.Exited || e.Kind == journey.Refused) {
			last = e
		}
	})
	switch {
	case err != nil:
		return err
	case last.Kind == journey.Exited:
		explainExit(out, &last)
		return nil
	case last.Kind == journey.Refused:
		explainRefusal(out, &last)
		return nil
	}
	return a.explainEntry(ctx, out, look, name, since)
}

func explainRun(out *explanation, j *journey.Journey, run journey.Run) {
	out.Outcome, out.Versions.Workspace, out.At = "waiting", run.Version, run.Entered
	out.Step, _ = j.StepAt(run)
	out.Checks = append(out.Checks, rapport.Check{Name: "entry", Passed: true, Values: "entered=" + run.Entered.String()})
	wait := rapport.Check{Name: "wait", Values: "step=" + out.Step, Reason: "The customer is at this step, which waits for something to happen."}
	out.Change = "What the step waits for happens."
	if run.Due != rapport.Never {
		wait.Values += " until=" + run.Due.String()
		wait.Reason = fmt.Sprintf("The customer is at this step until %s.", run.Due)
		out.Change = fmt.Sprintf("Time passes until %s, or what the step waits for happens.", run.Due)
	}
	out.Checks = append(out.Checks, wait)
}

func explainExit(out *explanation, e *journey.Effect) {
	out.Outcome, out.Step, out.At = "exited", e.Step, e.At
	reason := map[journey.Reason]string{
		journey.Finished:       "The run came to its end without asking to send anything.",
		journey.ByExitEvent:    fmt.Sprintf("The event %q ended the run.", e.Detail),
		journey.ByExitRule:     fmt.Sprintf("The rule %s came to hold and ended the run.", e.Detail),
		journey.StepRemoved:    "The step that the run stood on is not in the journey any more.",
		journey.JourneyRemoved: "The journey was not there any more.",
		journey.WhenArchived:   "The journey was archived.",
		journey.RunMerged:      "Two profiles became one, and the older run of the two went on.",
		journey.Looped:         "What its updates set off has set them off again, more often than can be meant.",
		journey.OverLimit:      "Two profiles became one and had too many runs together.",
	}[e.Reason]
	out.Checks = append(out.Checks,
		rapport.Check{Name: "entry", Passed: true},
		rapport.Check{Name: "exit", Values: "at=" + e.At.String() + " step=" + e.Step, Reason: cmp.Or(reason, string(e.Reason))})
	out.Change = "What ended the run happens later than the send, or not at all."
}

func explainRefusal(out *explanation, e *journey.Effect) {
	out.Outcome, out.At = "not entered", e.At
	reason := map[journey.Reason]string{
		journey.AlreadyRunning: "There was a run under way already.",
		journey.OutOfDate:      "What would have started a run happened before the run that was under way.",
		journey.TooEarly:       fmt.Sprintf("The last run ended too recently; another may start %s.", cmp.Or(e.Detail, "later")),
		journey.TooOld:         fmt.Sprintf("The event happened at %s, too long before it arrived.", e.Detail),
		journey.AlreadyExited:  fmt.Sprintf("What ends the run had happened already: %s.", e.Detail),
		journey.TooManyRuns:    "The customer has as many runs as can be kept.",
	}[e.Reason]
	out.Checks = append(out.Checks, rapport.Check{Name: "entry", Values: "at=" + e.At.String(), Reason: cmp.Or(reason, string(e.Reason))})
	out.Change = "What starts a run happens again, and nothing stands against it."
}

// journeySince returns since when there has been a journey, as far back as the
// newest hundred versions tell.
func (a *api) journeySince(ctx context.Context, name string) (rapport.Instant, error) {
	var since rapport.Instant
	versions, err := a.Ledger.Versions(ctx, 100)
	if err != nil {
		return 0, err
	}
	for _, v := range versions {
		whole, err := a.Ledger.Version(ctx, v.Number)
		if err != nil {
			return 0, err
		}
		has := slices.ContainsFunc(whole.Documents, func(d store.Document) bool { return (d.Kind == "journey" || d.Kind == "campaign") && d.Name == name })
		if !has {
			break
		}
		since = v.At
	}
	return since, nil
}

// explainEntry tells what of a journey's entry the customer does not meet.
func (a *api) explainEntry(ctx context.Context, out *explanation, look *flow.Look, name string, since rapport.Instant) error {
	out.Outcome = "not entered"
	d, err := a.journeyDocument(name)
	if err != nil {
		return err
	}
	entry := entryOf(d)
	if entry.Schedule != nil {
		a.explainTurn(out, look, entry, name, since)
		return nil
	}
	if entry.Segment != "" {
		a.explainSegment(out, look, entry)
		return nil
	}
	events, err := flow.Events(ctx, a.Customers, look.Record())
	if err != nil {
		return err
	}
	check, event := entryEvent(name, entry, events, since)
	out.Checks = append(out.Checks, check)
	if !check.Passed {
		out.Change = fmt.Sprintf("The event %s happens.", orList(entry.Event))
		switch {
		case len(entry.Trait) > 0:
			out.Change = fmt.Sprintf("An event tells another %s of her.", orList(entry.Trait))
		case entry.API:
			out.Change = "A run is asked for with POST /v1/journeys/" + name + "/runs."
		}
		return nil
	}
	a.explainWhere(out, look, entry, event)
	return nil
}

func entryOf(d workspace.Document) journey.Entry {
	var doc journey.Doc
	var campaign journey.CampaignDoc
	if tree, _ := strictyaml.Parse(strictyaml.Source{File: d.Name, Text: d.Body}); tree != nil {
		if d.Kind == "campaign" {
			tree.Decode(&campaign, "kind", "name") // it was right when it was put in force
			return campaign.Journey().Entry
		}
		tree.Decode(&doc, "kind", "name")
	}
	if len(doc.Entry.Trait) > 0 {
		doc.Entry.Event = []string{rapport.TraitChanged}
	}
	if doc.Entry.API {
		doc.Entry.Event = []string{rapport.JourneyRequested}
	}
	return doc.Entry
}

func orList(names []string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = fmt.Sprintf("%q", name)
	}
	return strings.Join(quoted, " or ")
}

// entryEvent finds the last event that could have started a run.
func entryEvent(name string, entry journey.Entry, events []*profile.Event, since rapport.Instant) (rapport.Check, *profile.Event) {
	check := rapport.Check{Name: "entry event", Values: "seen=never", Reason: fmt.Sprintf("The event %s has not happened for this customer.", orList(entry.Event))}
	switch {
	case len(entry.Trait) > 0:
		check.Reason = fmt.Sprintf("No change of %s has been told of this customer.", orList(entry.Trait))
	case entry.API:
		check.Reason = "Nobody has asked for a run for this customer."
	}
	for _, e := range slices.Backward(events) {
		if !couldStart(name, entry, e) {
			continue
		}
		check.Values = "seen=" + e.Timestamp().String()
		if e.ReceivedAt < since {
			check.Reason = fmt.Sprintf("The event came before the journey was put in force at %s.", since)
			return check, nil
		}
		check.Passed, check.Reason = true, ""
		return check, e
	}
	return check, nil
}

// couldStart reports whether an event is of those that start a journey's runs, whatever
// the entry's rule says.
func couldStart(name string, entry journey.Entry, e *profile.Event) bool {
	switch {
	case !slices.Contains(entry.Event, e.Name()) || e.Pretends():
		return false
	case len(entry.Trait) > 0:
		return slices.Contains(entry.Trait, e.Property("trait").Text())
	case entry.API:
		return e.Property("journey").Text() == name && e.Type == rapport.Derived
	}
	return true
}

// explainWhere asks the entry's rule again.
func (a *api) explainWhere(out *explanation, look *flow.Look, entry journey.Entry, event *profile.Event) {
	if entry.Where == "" {
		return
	}
	in := rule.Env{Plan: a.Workspaces.Current().Plan}
	if event != nil {
		in = rule.Env{Plan: in.Plan.WithRoot("event", in.Plan.Event(event.Name())), Roots: []string{"event"}}
	}
	r, err := rule.Compile(entry.Where, in)
	if err != nil {
		return // it was right when it was put in force
	}
	trace := r.Explain(look.Subject(event), a.Flow.Now())
	check := rapport.Check{Name: "entry rule", Passed: trace.Truth == rule.Yes, Values: trace.String()}
	if !check.Passed {
		check.Reason = "The rule of the entry does not hold: " + r.Text()
		out.Change = trace.Change
	}
	out.Checks = append(out.Checks, check)
}

// explainSegment tells why she has not come into a segment, or out of it.
func (a *api) explainSegment(out *explanation, look *flow.Look, entry journey.Entry) {
	check := rapport.Check{Name: "entry segment", Values: fmt.Sprintf("segment=%s", entry.Segment)}
	in := slices.ContainsFunc(look.Memberships(), func(m segment.Membership) bool { return m.Segment == entry.Segment })
	switch {
	case in == !entry.Left:
		check.Reason = "The customer was there already when the journey was put in force, or came there by a change of the segment's rule."
		out.Change = "The customer leaves the segment and comes back; or the entry says existing: true."
		if entry.Left {
			check.Reason = "The customer has not been in the segment since the journey was put in force."
			out.Change = "The customer enters the segment and leaves it again."
		}
	default:
		trace := a.Workspaces.Current().Running.Segments.Rule(entry.Segment).Explain(look.Subject(nil), a.Flow.Now())
		check.Reason = "The customer is not in the segment."
		if entry.Left {
			check.Reason = "The customer is still in the segment."
		}
		check.Values, out.Change = trace.String(), trace.Change
	}
	out.Checks = append(out.Checks, check)
}
