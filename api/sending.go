package api

import (
	"context"
	"net/http"

	"rapport"
	"rapport/flow"
)

const sendingPath = "/v1/sending"

// sending is what was said of all sending, as it is answered.
type sending struct {
	Held       bool            `json:"held" doc:"Nothing is handed over, and campaigns give no turns; all else goes on"`
	At         rapport.Instant `json:"at,omitzero" doc:"Since when"`
	By         string          `json:"by,omitempty" doc:"The name of the key that it was done with"`
	Reason     string          `json:"reason,omitempty" doc:"Why"`
	SkipBefore rapport.Instant `json:"skipBefore,omitzero" doc:"What may be left out and was decided before is dropped: another copy of the database may have sent it"`
}

func (a *api) sendingOperations() {
	register(a, operation{
		method: http.MethodGet, path: sendingPath, id: "get-sending", group: "Messages", summary: "Whether all sending is held, and why",
	}, func(ctx context.Context, _ *struct{}) (*answer[sending], error) {
		return a.changeSending(ctx, func(present flow.Sending) flow.Sending { return present })
	})
	register(a, operation{
		method: http.MethodPost, path: sendingPath + "/hold", id: "hold-sending", group: "Messages", summary: "Hold all sending",
		detail: "Within one batch nothing is handed over any more, on no channel, transactional messages and webhooks included. Events, journeys and waits go on, and what they ask to be sent waits. It stays so over restarts.",
	}, func(ctx context.Context, in *struct {
		By
		Body *struct {
			Reason string `json:"reason,omitempty" maxLength:"500" doc:"Why, for those who ask later"`
		}
	}) (*answer[sending], error) {
		reason := ""
		if in.Body != nil {
			reason = in.Body.Reason
		}
		by, err := in.sign(ctx, reason)
		if err != nil {
			return nil, err
		}
		held := flow.Sending{Held: true, At: a.Flow.Now(), By: by.Key, Reason: by.Note}
		return a.changeSending(ctx, func(present flow.Sending) flow.Sending {
			if present.Held {
				return present
			}
			held.SkipBefore = present.SkipBefore
			return held
		})
	})
	register(a, operation{
		method: http.MethodPost, path: sendingPath + "/resume", id: "resume-sending", group: "Messages", summary: "Let sending go on",
		detail: "What waits goes out, if it still may and is of use. With \"skip\" what may be left out and was decided before sending was held is dropped instead: after a restore the original may have sent it.",
	}, func(ctx context.Context, in *struct {
		Body *struct {
			Skip bool `json:"skip,omitempty" doc:"Drop what may be left out and was decided before sending was held"`
		}
	}) (*answer[sending], error) {
		return a.changeSending(ctx, func(present flow.Sending) flow.Sending {
			next := flow.Sending{SkipBefore: present.SkipBefore}
			if present.Held && in.Body != nil && in.Body.Skip {
				next.SkipBefore = max(present.SkipBefore, present.At)
			}
			return next
		})
	})
}

// changeSending puts in force what next returns, and answers with it.
func (a *api) changeSending(ctx context.Context, next func(present flow.Sending) flow.Sending) (*answer[sending], error) {
	var now flow.Sending
	err := a.Flow.Do(ctx, flow.ChangeSending(func(present flow.Sending) flow.Sending {
		now = next(present)
		return now
	}))
	if err != nil {
		return nil, err
	}
	return &answer[sending]{sending{now.Held, now.At, now.By, now.Reason, now.SkipBefore}}, nil
}
