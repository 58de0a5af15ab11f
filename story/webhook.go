package story

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"rapport"
	"rapport/flow"
)

// readWebhook reads a call that is expected to have been made.
func readWebhook(l *line) play {
	want := wanted{of: l.who(), at: l.place(), calls: true}
	for l.peek().kind != noToken && l.err == nil {
		want.details = append(want.details, l.detail())
	}
	return want.play
}

func readNoWebhooks(l *line) play {
	which := l.chosen()
	which.calls = true
	return which.none
}

// readAnswer reads what the address outside answers to the first call of a step that
// waits for it: an object, or a status.
func readAnswer(l *line) play {
	of, at := l.who(), l.place()
	answer := rapport.Answer{Status: http.StatusOK}
	if next := l.peek(); next.kind == word {
		status, err := strconv.Atoi(l.take().text)
		if answer.Status = status; err != nil || status < 200 || status > 599 {
			l.fail("%q is no answer: write an object, or a status such as 503", next.text)
		}
	} else if answer.Body = []byte(l.object()); len(answer.Body) == 0 {
		l.fail("the answer is missing: write it as an object {…}, or as a status such as 503")
	}
	return func(w *world) error {
		id, err := w.find(of)
		if err == nil {
			err = w.known(at)
		}
		if err != nil {
			return err
		}
		for _, m := range slices.Backward(w.messages()) {
			if m.Channel == rapport.Webhook && m.Status == rapport.Handed && at.holds(m.Journey, m.Step) && w.isFor(m, id) {
				return w.do(flow.AnswerCall(m.ID, answer))
			}
		}
		return w.failure(fmt.Sprintf("no call of %s waits for an answer", at), id, aboutMessages, aboutRuns)
	}
}
