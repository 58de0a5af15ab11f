package api

import (
	"context"
	"encoding/json"
	"net/http"

	"rapport"
	"rapport/flow"
	"rapport/internal/strictyaml"
	"rapport/profile"
	"rapport/render"
)

type templatePreview struct {
	From    string `json:"from,omitempty" doc:"The sender's address; that of the channel if none is said"`
	ReplyTo string `json:"replyTo,omitempty"`
	To      string `json:"to,omitempty" doc:"Her address, if she has one for this channel"`
	content
}

type previewRequest struct {
	Name string `path:"name" maxLength:"80" doc:"The template's name"`
	Body struct {
		Customer string                     `json:"customer,omitempty" maxLength:"512" doc:"Any id of the customer; without it somebody of whom nothing is known"`
		Market   string                     `json:"market,omitempty" maxLength:"80" doc:"As if she were at home in this market"`
		Locale   string                     `json:"locale,omitempty" maxLength:"35" doc:"As if she had told this language, such as de or zh-Hant"`
		Entry    map[string]json.RawMessage `json:"entry,omitempty" doc:"The properties of the event that starts the journey"`
		Class    string                     `json:"class,omitempty" enum:"transactional,must-send,promotional,content" doc:"As which class it is sent; promotional unless said"`
	}
}

func (a *api) templateOperations() {
	register(a, operation{
		method: http.MethodPost, path: "/v1/templates/{name}/preview", id: "preview-template", group: "Messages", summary: "What a template looks like for a customer",
		detail: "The bytes that she would be sent now, made by the same call; nothing is kept or sent, and its links to unsubscribe lead nowhere. What the template needs and she or the event does not have is answered as it would fail.",
	}, a.previewTemplate)
}

func (a *api) previewTemplate(ctx context.Context, in *previewRequest) (*answer[templatePreview], error) {
	m, err := a.previewed(in)
	if err != nil {
		return nil, err
	}
	as, err := a.asIf(in)
	if err != nil {
		return nil, err
	}
	who := &profile.Record{}
	if in.Body.Customer != "" {
		look, err := a.look(ctx, in.Body.Customer)
		if err != nil {
			return nil, err
		}
		who = look.Record()
	}
	now := a.Flow.Now()
	d, err := flow.Preview(a.Workspaces.Current().Running, m, who, as, now)
	if err != nil {
		return nil, err
	}
	out := templatePreview{From: d.From.Address, ReplyTo: d.ReplyTo, To: d.To}
	out.content = content{d.Content.Subject, d.Content.HTML, d.Content.Text, now}
	return &answer[templatePreview]{out}, nil
}

// previewed is the message that a preview is asked of.
func (a *api) previewed(in *previewRequest) (m rapport.Message, err error) {
	doc, err := a.document("template", in.Name)
	if err != nil {
		return m, err
	}
	var template render.Doc
	if tree, _ := strictyaml.Parse(strictyaml.Source{File: doc.Name, Text: doc.Body}); tree != nil {
		tree.Decode(&template, "kind", "name") // it was right when it was put in force
	}
	m = rapport.Message{Template: in.Name, Channel: rapport.Email, Class: rapport.Promotional}
	if template.Channel != "" {
		m.Channel = rapport.Channel(template.Channel)
	}
	if in.Body.Class != "" {
		m.Class, _ = rapport.ParseClass(in.Body.Class)
	}
	if in.Body.Entry != nil {
		m.Entry, err = json.Marshal(in.Body.Entry)
	}
	return m, err
}

// asIf are the traits that count instead of the customer's own.
func (a *api) asIf(in *previewRequest) (as []profile.Trait, err error) {
	if in.Body.Market != "" {
		if _, err := a.document("market", in.Body.Market); err != nil {
			return nil, err
		}
		as = append(as, profile.Trait{Name: "market", Value: rapport.TextOf(in.Body.Market)})
	}
	if in.Body.Locale != "" {
		as = append(as, profile.Trait{Name: "locale", Value: rapport.TextOf(in.Body.Locale)})
	}
	return as, nil
}
