package api

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"

	"rapport"
	"rapport/flow"
	"rapport/internal/suggest"
	"rapport/profile"
)

type consentAct struct {
	Purpose     string          `json:"purpose,omitempty"`
	Topic       string          `json:"topic,omitempty" doc:"In place of a purpose: the topic that she left, or came back to"`
	Channel     rapport.Channel `json:"channel,omitempty" doc:"Absent: every channel"`
	Address     string          `json:"address,omitempty" doc:"Absent: whatever her address is"`
	State       string          `json:"state" enum:"granted,withdrawn"`
	Source      string          `json:"source,omitempty" doc:"Where it was said"`
	TextVersion string          `json:"textVersion,omitempty" doc:"Which wording she saw"`
	At          rapport.Instant `json:"at"`
}

type consentState struct {
	Purpose string          `json:"purpose,omitempty"`
	Topic   string          `json:"topic,omitempty" doc:"In place of a purpose. Unless it is withdrawn, what its purpose says counts"`
	Channel rapport.Channel `json:"channel"`
	State   string          `json:"state" enum:"granted,withdrawn,unknown" doc:"Unknown: she was never asked"`
	At      rapport.Instant `json:"at,omitzero"`
	Source  string          `json:"source,omitempty"`
}

type consentPage struct {
	Consents []consentAct   `json:"consents" doc:"The ledger: every act, new to old"`
	Current  []consentState `json:"current" doc:"What counts now, by purpose and channel"`
	Next     string         `json:"next,omitempty"`
}

type consentRequest struct {
	CustomerPath
	Body struct {
		Purpose     string          `json:"purpose,omitempty" maxLength:"80" doc:"What it is for, such as marketing"`
		Topic       string          `json:"topic,omitempty" maxLength:"80" doc:"In place of a purpose: a topic that she leaves (withdrawn) or comes back to (granted)"`
		Channel     string          `json:"channel,omitempty" enum:"email,sms" doc:"The channel; every channel unless said"`
		State       string          `json:"state" enum:"granted,withdrawn"`
		Source      string          `json:"source,omitempty" maxLength:"200" doc:"Where it was said, such as a form or an import"`
		TextVersion string          `json:"textVersion,omitempty" maxLength:"200" doc:"Which wording she saw"`
		At          rapport.Instant `json:"at,omitempty" doc:"When; now unless said, and never later than now"`
	}
}

func (a *api) consentOperations() {
	register(a, operation{
		method: http.MethodGet, path: "/v1/customers/{id}/consents", id: "list-consents", group: "Customers", summary: "What a customer agreed to, and every act that says so",
	}, func(ctx context.Context, in *struct {
		CustomerPath
		Page
	}) (*answer[consentPage], error) {
		r, err := a.record(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		return a.consentPage(r, in.Page)
	})
	register(a, operation{
		method: http.MethodPost, path: "/v1/customers/{id}/consents", id: "record-consent", group: "Customers", summary: "Note that a customer agreed or withdrew",
		detail: "Answered once it is committed: every decision after that heeds it. The latest act counts; of two at one instant the withdrawal.",
	}, a.recordConsent)
}

func (a *api) consentPage(r *profile.Record, p Page) (*answer[consentPage], error) {
	acts, next, err := timePage(consentList, slices.Clone(r.Consents), func(act rapport.Consent) rapport.Instant { return act.At }, p)
	if err != nil {
		return nil, err
	}
	out := consentPage{Consents: []consentAct{}, Current: a.consentStates(r), Next: next}
	for _, act := range acts {
		out.Consents = append(out.Consents, showAct(act))
	}
	return &answer[consentPage]{out}, nil
}

func showAct(act rapport.Consent) consentAct {
	shown := consentAct{act.Purpose, "", act.Channel, act.Address, act.State.String(), act.Source, act.TextVersion, act.At}
	if topic, ok := rapport.TopicOf(act.Purpose); ok {
		shown.Purpose, shown.Topic = "", topic
	}
	return shown
}

func (a *api) recordConsent(ctx context.Context, in *consentRequest) (*answer[consentAct], error) {
	purpose, err := a.purposeOf(in.Body.Purpose, in.Body.Topic)
	if err != nil {
		return nil, err
	}
	id, _, err := a.lookup(ctx).find(in.ID)
	if err != nil {
		return nil, err
	}
	now := a.Flow.Now()
	state, _ := rapport.ParseConsentState(in.Body.State)
	act := rapport.Consent{
		Purpose: purpose, Channel: rapport.Channel(in.Body.Channel), State: state,
		Source: cmp.Or(in.Body.Source, "api"), TextVersion: in.Body.TextVersion, At: min(cmp.Or(in.Body.At, now), now),
	}
	if err := a.Flow.Do(ctx, flow.Record(id, act)); err != nil {
		return nil, err
	}
	return &answer[consentAct]{showAct(act)}, nil
}

// purposeOf returns what the ledger calls a purpose or a topic.
func (a *api) purposeOf(purpose, topic string) (string, error) {
	purposes, topics := a.purposes(), a.documentNames("topic")
	switch {
	case (purpose == "") == (topic == ""):
		return "", &rapport.Error{Kind: rapport.Invalid, Code: "purpose_unknown", Message: "Say either a purpose or a topic."}
	case topic != "" && !slices.Contains(topics, topic):
		return "", unknownPurpose("topic", topic, topics)
	case topic != "":
		return rapport.TopicPurpose(topic), nil
	case !slices.Contains(purposes, purpose):
		return "", unknownPurpose("purpose", purpose, purposes)
	}
	return purpose, nil
}

func unknownPurpose(kind, name string, known []string) error {
	remedy := "There are " + strings.Join(known, ", ") + "; add a document of kind " + kind + " for another."
	if len(known) == 0 {
		remedy = "Add a document of kind " + kind + "."
	}
	if guess, ok := suggest.Nearest(name, known); ok {
		remedy = "Did you mean " + guess + "?"
	}
	return &rapport.Error{Kind: rapport.Invalid, Code: kind + "_unknown", Message: "There is no such " + kind + ". " + remedy}
}

// documentNames returns the names of the workspace's documents of a kind.
func (a *api) documentNames(kind string) (names []string) {
	for _, d := range a.Workspaces.Current().Documents {
		if d.Kind == kind {
			names = append(names, d.Name)
		}
	}
	return names
}

// purposes returns the stock purposes and those of the workspace.
func (a *api) purposes() []string {
	names := []string{rapport.PurposeMarketing, rapport.PurposePersonalisation, rapport.PurposeLocation, rapport.PurposeInStore}
	for _, name := range a.documentNames("purpose") {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// consentStates returns what counts now, by purpose or topic, and channel: of those
// there are, and of those that she said something about.
func (a *api) consentStates(r *profile.Record) []consentState {
	purposes := a.purposes()
	for _, topic := range a.documentNames("topic") {
		purposes = append(purposes, rapport.TopicPurpose(topic))
	}
	for _, act := range r.Consents {
		if !slices.Contains(purposes, act.Purpose) {
			purposes = append(purposes, act.Purpose)
		}
	}
	slices.Sort(purposes)
	states := []consentState{}
	for _, purpose := range purposes {
		for _, channel := range channels() {
			to, _ := r.Address(channel)
			state := consentState{Purpose: purpose, Channel: channel, State: rapport.ConsentUnknown.String()}
			if topic, ok := rapport.TopicOf(purpose); ok {
				state.Purpose, state.Topic = "", topic
			}
			if act := r.ConsentAct(purpose, channel, to); act != nil {
				state.State, state.At, state.Source = act.State.String(), act.At, act.Source
			}
			states = append(states, state)
		}
	}
	return states
}
