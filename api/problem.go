package api

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"rapport"
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

// writeProblem answers with a problem (RFC 9457): the status of err's kind, its
// message, and its code where it has one.
func writeProblem(w http.ResponseWriter, err error) {
	kind := rapport.KindOf(err)
	status := statuses[kind]
	if kind == rapport.Exhausted || kind == rapport.Unavailable {
		w.Header().Set("Retry-After", strconv.Itoa(int(retryAfter.Seconds())))
	}
	var code string
	if e := (*rapport.Error)(nil); errors.As(err, &e) {
		code = e.Code
	}
	writeStatus(w, status, rapport.MessageOf(err), code)
}

// writeStatus answers with a problem that may have no code.
func writeStatus(w http.ResponseWriter, status int, detail, code string) {
	b := rapport.AppendQuoted([]byte(`{"type":"about:blank","title":`), http.StatusText(status))
	b = strconv.AppendInt(append(b, `,"status":`...), int64(status), 10)
	b = rapport.AppendQuoted(append(b, `,"detail":`...), detail)
	if code != "" {
		b = rapport.AppendQuoted(append(b, `,"code":`...), code)
	}
	writeBody(w, status, "application/problem+json", append(b, '}'))
}

// writeBody answers with a body. A sender that has gone cannot be told so.
func writeBody(w http.ResponseWriter, status int, contentType string, body []byte) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body)
}
