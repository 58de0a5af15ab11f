package api

import (
	"context"
	"encoding/json"
	"net/http"

	"rapport"
	"rapport/flow"
)

type webhookAnswer struct {
	ID   string `path:"id" maxLength:"64" doc:"Of the captured call: a message of the channel webhook"`
	Body struct {
		Status int             `json:"status,omitempty" minimum:"200" maximum:"599" doc:"What it is answered with; 200 unless said. All but 2xx refuse it for good"`
		Body   json.RawMessage `json:"body,omitempty" doc:"The answer, any JSON"`
	}
}

func (a *api) webhookOperations() {
	register(a, operation{
		method: http.MethodPost, path: "/v1/webhooks/{id}/answer", id: "answer-webhook", group: "Sandbox", summary: "Say what the answer is to a journey's call that was captured",
		detail: "The run that waits for it goes on, as it would in the live environment. The calls are the messages of the channel webhook, those that wait for an answer in the status handed.",
	}, a.answerWebhook)
}

func (a *api) answerWebhook(ctx context.Context, in *webhookAnswer) (*answer[Message], error) {
	if a.Sandbox == nil {
		return nil, &rapport.Error{Kind: rapport.Forbidden, Code: "not_sandbox", Message: "Only in a sandbox are calls captured; this is the live environment, where they are made, and answered by whom they go to."}
	}
	id, ok := rapport.ParseMessageID(in.ID)
	if !ok {
		return nil, rapport.Errorf(rapport.NotFound, "There is no such call. Its id looks like msg_ and 26 letters and digits; GET /v1/messages?channel=webhook lists them.")
	}
	said := rapport.Answer{Status: in.Body.Status, Body: in.Body.Body}
	if said.Status == 0 {
		said.Status = http.StatusOK
	}
	if err := a.Flow.Do(ctx, flow.AnswerCall(id, said)); err != nil {
		return nil, err
	}
	m, err := a.Messages.Message(ctx, id)
	if err != nil {
		return nil, err
	}
	return &answer[Message]{showMessage(&m)}, nil
}
