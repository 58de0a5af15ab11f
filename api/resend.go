package api

import (
	"context"
	"net/http"

	"rapport"
	"rapport/flow"
	"rapport/store"
)

type resendSome struct {
	Body struct {
		Status  string          `json:"status" enum:"unclear,failed" doc:"Of the messages that are sent again"`
		Journey string          `json:"journey,omitempty" maxLength:"80" doc:"Only those of this journey or campaign"`
		Since   rapport.Instant `json:"since,omitzero" doc:"Only those that were decided since"`
	}
}

type resentSome struct {
	Resent  int  `json:"resent"`
	Refused int  `json:"refused" doc:"Those that are not useful any more"`
	More    bool `json:"more" doc:"There are others: ask again"`
}

// maxResent is how many messages one request sends again, maxLooked how many it looks at.
const (
	maxResent = 1000
	maxLooked = 20 * maxResent
)

func (a *api) resendOperations() {
	register(a, operation{
		method: http.MethodPost, path: "/v1/messages/{id}/resend", id: "resend-message", group: "Messages", summary: "Send a message once more that is unclear or failed",
		detail: "A message that may be left out is handed over at most once; one that was in flight when the program died stays unclear until its reader, its provider or you say more. Whether it may go out is asked again.",
	}, func(ctx context.Context, in *MessagePath) (*answer[Message], error) {
		id, err := in.id()
		if err != nil {
			return nil, err
		}
		if err := a.Flow.Do(ctx, flow.Resend(id)); err != nil {
			return nil, err
		}
		m, err := a.Messages.Message(ctx, id)
		return &answer[Message]{showMessage(&m)}, err
	})
	register(a, operation{
		method: http.MethodPost, path: "/v1/messages/resend", id: "resend-messages", group: "Messages", summary: "Send messages once more that are unclear, or that failed",
		detail: "Up to a thousand, the newest first. Calls of webhooks are not among them: their runs have gone on without an answer.",
	}, a.resendSome)
}

func (a *api) resendSome(ctx context.Context, in *resendSome) (*answer[resentSome], error) {
	status, _ := rapport.ParseStatus(in.Body.Status)
	f := store.MessageFilter{Status: status, Journey: in.Body.Journey, Limit: maxResent}
	var out resentSome
	for looked := 0; ; looked += maxResent {
		found, err := a.Messages.Messages(ctx, f)
		if err != nil || len(found) == 0 {
			return &answer[resentSome]{out}, err
		}
		for i := range found {
			m := &found[i]
			if m.CreatedAt < in.Body.Since {
				return &answer[resentSome]{out}, nil
			}
			if out.More = out.Resent == maxResent || looked == maxLooked; out.More {
				return &answer[resentSome]{out}, nil
			}
			f.Before = store.MessageCursor{CreatedAt: m.CreatedAt, ID: m.ID}
			if m.Channel == rapport.Webhook {
				continue
			}
			if err := out.add(a.Flow.Do(ctx, flow.Resend(m.ID))); err != nil {
				return nil, err
			}
		}
	}
}

// add counts what came of one message.
func (r *resentSome) add(err error) error {
	switch {
	case err == nil:
		r.Resent++
	case rapport.KindOf(err) == rapport.Conflict:
		r.Refused++
	default:
		return err
	}
	return nil
}
