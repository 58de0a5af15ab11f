package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"rapport"
	"rapport/rule"
)

// statuses is the one table from kinds of error to HTTP statuses.
var statuses = map[rapport.ErrorKind]int{
	rapport.Internal:     http.StatusInternalServerError,
	rapport.Invalid:      http.StatusBadRequest,
	rapport.Unauthorised: http.StatusUnauthorized,
	rapport.Forbidden:    http.StatusForbidden,
	rapport.NotFound:     http.StatusNotFound,
	rapport.Conflict:     http.StatusConflict,
	rapport.TooLarge:     http.StatusRequestEntityTooLarge,
	rapport.Exhausted:    http.StatusTooManyRequests,
	rapport.Unavailable:  http.StatusServiceUnavailable,
}

// retryAfter is how long a sender is asked to wait when there is too much at
// once or the product is not ready: a few batches' time.
const retryAfter = time.Second

// problem is the body of every answer that is not a success (RFC 9457).
type problem struct {
	Type   string  `json:"type" doc:"Always about:blank: the code says more"`
	Title  string  `json:"title" doc:"The status in words"`
	Status int     `json:"status" doc:"The HTTP status"`
	Detail string  `json:"detail" doc:"What is wrong and what to do, for the person"`
	Code   string  `json:"code,omitempty" doc:"A stable word for programs"`
	Errors []fault `json:"errors,omitempty" doc:"Each thing that is wrong, where there are several or their place is known"`
}

// fault is one thing that is wrong with what was sent, and where.
type fault struct {
	File       string `json:"file,omitempty" doc:"The file, as it was sent"`
	Line       int    `json:"line,omitempty" doc:"From 1"`
	Column     int    `json:"column,omitempty" doc:"From 1, in characters"`
	Path       string `json:"path,omitempty" doc:"The field, such as steps[2].send.template or query.limit"`
	Start      *int   `json:"start,omitempty" doc:"The first byte of the rule's text that it is about"`
	End        *int   `json:"end,omitempty" doc:"The byte after the last"`
	Message    string `json:"message" doc:"What is wrong"`
	Suggestion string `json:"suggestion,omitempty" doc:"What to write instead"`
}

func newProblem(status int, detail, code string) *problem {
	return &problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: detail, Code: code}
}

// problemOf returns an error as a problem: the status of its kind, its message,
// its code, and its faults where it has some.
func problemOf(err error) *problem {
	var ready *problem
	if errors.As(err, &ready) {
		return ready
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		err = &rapport.Error{Kind: rapport.Unavailable, Code: "too_slow", Message: "This took too long and was given up. Try again, or ask for less at once.", Err: err}
	}
	var code string
	if e := (*rapport.Error)(nil); errors.As(err, &e) {
		code = e.Code
	}
	p := newProblem(statuses[rapport.KindOf(err)], rapport.MessageOf(err), code)
	var several rule.Errors
	if errors.As(err, &several) {
		p.Errors = ruleFaults(several)
	}
	return p
}

func ruleFaults(errs rule.Errors) []fault {
	faults := make([]fault, len(errs))
	for i, e := range errs {
		faults[i] = fault{Line: e.Line, Column: e.Column, Start: &e.Start, End: &e.End, Message: e.Message, Suggestion: e.Suggestion}
	}
	return faults
}

// Error returns the detail.
func (p *problem) Error() string { return p.Detail }

// GetStatus returns the HTTP status.
func (p *problem) GetStatus() int { return p.Status }

// ContentType returns the media type of problems.
func (p *problem) ContentType(string) string { return problemType }

// GetHeaders returns the headers that belong to the status.
func (p *problem) GetHeaders() http.Header {
	h := http.Header{}
	switch p.Status {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		h.Set("Retry-After", strconv.Itoa(int(retryAfter.Seconds())))
	case http.StatusUnauthorized:
		h.Set("WWW-Authenticate", `Bearer realm="rapport"`)
	}
	return h
}

const problemType = "application/problem+json"

// write answers with the problem.
func (p *problem) write(w http.ResponseWriter) {
	for name, values := range p.GetHeaders() {
		if w.Header().Get(name) == "" {
			w.Header()[name] = values
		}
	}
	body, _ := marshal(p) // texts and numbers always can be
	writeBody(w, p.Status, problemType, body)
}

// marshal returns a value as JSON that a person can read too: rules are full of <
// and >, which encoding/json else makes unreadable for the sake of HTML.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	out := json.NewEncoder(&b)
	out.SetEscapeHTML(false)
	err := out.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// writeProblem answers with an error as a problem.
func writeProblem(w http.ResponseWriter, err error) { problemOf(err).write(w) }

// writeStatus answers with a problem that may have no code.
func writeStatus(w http.ResponseWriter, status int, detail, code string) {
	newProblem(status, detail, code).write(w)
}

// writeBody answers with a body. A sender that has gone cannot be told so.
func writeBody(w http.ResponseWriter, status int, contentType string, body []byte) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body)
}
