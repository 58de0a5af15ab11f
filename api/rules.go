package api

import (
	"context"
	"net/http"

	"rapport"
	"rapport/flow"
	"rapport/rule"
)

type checkedRule struct {
	OK    bool     `json:"ok"`
	Text  string   `json:"text" doc:"The rule in its canonical form"`
	Reads ruleRead `json:"reads"`
}

type ruleRead struct {
	Traits   []string `json:"traits" doc:"Properties of the customer"`
	Events   []string `json:"events" doc:"Events of her past"`
	Facts    []string `json:"facts" doc:"What is kept of them"`
	Segments []string `json:"segments"`
	Fields   []string `json:"fields" doc:"Of the event, entry or order at hand"`
	Clock    bool     `json:"clock" doc:"Whether the answer may change as time passes"`
	Calendar bool     `json:"calendar" doc:"Whether it depends on the customer's time zone"`
}

func (a *api) ruleOperations() {
	register(a, operation{
		method: http.MethodPost, path: "/v1/rules/check", id: "check-rule", group: "Segments", summary: "Is a rule right, and what does it read?",
		detail: "A rule that is not right is answered with 400 and each error with its place and what to write instead.",
	}, a.checkRule)
	register(a, operation{
		method: http.MethodPost, path: "/v1/rules/explain", id: "explain-rule", group: "Segments", summary: "What does a rule say of a customer, why, and what would change it?",
		detail: "Either where, any rule, or segment, the rule of one in force. What it reads of her past is read from her history, so it need not be in force.",
	}, a.explainRule)
}

type explainedRule struct {
	Answer string          `json:"answer" enum:"yes,no,unknown"`
	Text   string          `json:"text" doc:"The rule in its canonical form"`
	Trace  traced          `json:"trace"`
	Change string          `json:"change" doc:"The fewest changes that would turn the answer round, in words"`
	Until  rapport.Instant `json:"until,omitzero" doc:"As long as nothing happens, the answer stays what it is until then at the least; without it, for good"`
}

// traced is a rule.Trace with the names that the API uses.
type traced struct {
	Text   string   `json:"text" doc:"The part; of several joined parts and, or or not"`
	Answer string   `json:"answer" enum:"yes,no,unknown"`
	Saw    string   `json:"saw,omitempty" doc:"What it looked at"`
	Change string   `json:"change,omitempty" doc:"The fewest changes that would turn this part round"`
	Parts  []traced `json:"parts,omitempty"`
}

func tracedOf(t *rule.Trace) traced {
	out := traced{Text: t.Text, Answer: t.Truth.String(), Saw: t.Saw, Change: t.Change}
	for _, part := range t.Parts {
		out.Parts = append(out.Parts, tracedOf(part))
	}
	return out
}

func (a *api) explainRule(ctx context.Context, in *struct {
	Body struct {
		Customer string `json:"customer" maxLength:"512" doc:"Any id of the customer"`
		Where    string `json:"where,omitempty" maxLength:"20000" doc:"A rule"`
		Segment  string `json:"segment,omitempty" maxLength:"80" doc:"The segment whose rule is meant"`
	}
}) (*answer[explainedRule], error) {
	r, err := a.ruleAsked(in.Body.Where, in.Body.Segment)
	if err != nil {
		return nil, err
	}
	look, err := a.look(ctx, in.Body.Customer)
	if err != nil {
		return nil, err
	}
	events, err := flow.Events(ctx, a.Customers, look.Record())
	if err != nil {
		return nil, err
	}
	now, id, past := a.Flow.Now(), look.Record().ID, pasts{}
	facts := rule.NewFactSet(r.Facts()...)
	for _, e := range events {
		past.add(id, e, facts, now)
	}
	who := remembering{look.Subject(nil), past[id]}
	trace := r.Explain(who, now)
	out := explainedRule{Answer: trace.Truth.String(), Text: r.Text(), Trace: tracedOf(trace), Change: trace.Change}
	if next := r.NextFlip(who, now); next != rapport.Never {
		out.Until = next
	}
	return &answer[explainedRule]{out}, nil
}

// ruleAsked returns the rule that is meant: one that is told, or that of a segment.
func (a *api) ruleAsked(where, segment string) (*rule.Rule, error) {
	if (where == "") == (segment == "") {
		return nil, rapport.Errorf(rapport.Invalid, "Say either where, a rule, or segment, the name of one.")
	}
	if segment != "" {
		return a.segment(segment)
	}
	return rule.Compile(where, rule.Env{Plan: a.Workspaces.Current().Plan})
}

func (a *api) checkRule(_ context.Context, in *struct {
	Body struct {
		Where string `json:"where" maxLength:"20000" doc:"The rule"`
		Scope string `json:"scope,omitempty" enum:"segment,entry,step,exit,order" doc:"Where it will stand: a segment (unless said); a journey's entry, which has event; a step, which has entry; an exit, which has both; an order, which has order"`
	}
}) (*answer[checkedRule], error) {
	r, err := rule.Compile(in.Body.Where, rule.Env{Plan: a.Workspaces.Current().Plan, Roots: rootsOf(in.Body.Scope)})
	if err != nil {
		return nil, err
	}
	reads := r.Reads()
	out := checkedRule{OK: true, Text: r.Text(), Reads: ruleRead{
		Traits: list(reads.Traits), Events: list(reads.Events), Facts: []string{}, Segments: list(reads.Segments), Fields: list(reads.Fields),
		Clock: reads.Clock, Calendar: reads.Calendar,
	}}
	for _, f := range r.Facts() {
		out.Reads.Facts = append(out.Reads.Facts, f.Key)
	}
	return &answer[checkedRule]{out}, nil
}

// rootsOf returns what rules may read besides the customer in a place.
func rootsOf(scope string) []string {
	switch scope {
	case "entry":
		return []string{"event"}
	case "step":
		return []string{"entry"}
	case "exit":
		return []string{"event", "entry"}
	case "order":
		return []string{"order"}
	}
	return nil
}

// list returns a list that is written as [] if it is empty.
func list(names []string) []string { return append([]string{}, names...) }
