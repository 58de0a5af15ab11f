package api

import (
	"context"
	"net/http"

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
