package api

import (
	"context"
	"net/http"

	"rapport/flow"
)

type feedback struct {
	MessagePath
	Body struct {
		Kind string `json:"kind" enum:"delivered,bounced,complained,opened,clicked" doc:"bounced: for good; complained: she called it spam. Both keep the address from being written to again"`
	}
}

func (a *api) feedbackOperations() {
	register(a, operation{
		method: http.MethodPost, path: "/v1/messages/{id}/feedback", id: "tell-feedback", group: "Messages", summary: "Tell what was heard of a message after it was handed over",
		detail: "For whoever listens to a provider: its bounces, complaints, opens and clicks. It stands in the customer's timeline as Message Delivered, Message Bounced, Message Complained, " +
			"Message Opened or Message Clicked, which rules and journeys read. A message that was unclear is not any more.",
	}, func(ctx context.Context, in *feedback) (*answer[Message], error) {
		id, err := in.id()
		if err != nil {
			return nil, err
		}
		if err := a.Flow.Do(ctx, flow.Hear(id, flow.Feedback(in.Body.Kind))); err != nil {
			return nil, err
		}
		m, err := a.Messages.Message(ctx, id)
		return &answer[Message]{showMessage(&m)}, err
	})
}
