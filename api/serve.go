package api

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"time"
)

// answered notes what a request was answered with, and gives who asked as long to
// take the answer as it may take to work it out: who never reads on would hold it
// for ever.
type answered struct {
	http.ResponseWriter
	status int
}

// WriteHeader notes the status.
func (a *answered) WriteHeader(status int) {
	a.begin(status)
	a.ResponseWriter.WriteHeader(status)
}

// Write notes that the answer has begun.
func (a *answered) Write(b []byte) (int, error) {
	a.begin(http.StatusOK)
	return a.ResponseWriter.Write(b)
}

func (a *answered) begin(status int) {
	if a.status != 0 {
		return
	}
	a.status = status
	_ = http.NewResponseController(a.ResponseWriter).SetWriteDeadline(time.Now().Add(patience)) // not every connection has one
}

// Unwrap is for http.ResponseController.
func (a *answered) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// watched gives each request an id, answers a panic with 500, and writes one line
// to the log. The line names the route, never the address itself: that may hold a
// customer's id.
func (a *api) watched(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		id := a.requestID(r)
		w.Header().Set("X-Request-Id", id)
		w.Header().Set("X-Content-Type-Options", "nosniff")
		if a.Metrics != nil {
			a.Metrics.underWay.Inc()
			defer a.Metrics.underWay.Dec()
		}
		traced := func(string, int) {}
		if a.Trace != nil {
			r, traced = a.Trace(r)
		}
		out := &answered{ResponseWriter: w}
		defer func() {
			if cause := recover(); cause != nil {
				a.panicked(out, id, cause)
			}
			a.note(r, out.status, id, time.Since(began))
			traced(routeOf(r), out.status)
		}()
		next.ServeHTTP(out, r)
	})
}

// panicked answers a request whose handler has panicked, unless the answer has
// begun already.
func (a *api) panicked(out *answered, id string, cause any) {
	if cause == http.ErrAbortHandler {
		panic(cause)
	}
	a.Log.Error("a request panicked", "request", id, "panic", fmt.Sprintf("%T", cause), "stack", string(debug.Stack()))
	if out.status == 0 {
		writeProblem(out, fmt.Errorf("panic"))
	}
}

func (a *api) note(r *http.Request, status int, id string, took time.Duration) {
	route := routeOf(r)
	if a.Metrics != nil {
		a.Metrics.requests.WithLabelValues(route, strconv.Itoa(status)).Observe(took.Seconds())
	}
	level := slog.LevelDebug
	if status >= 500 {
		level = slog.LevelWarn
	}
	a.Log.Log(context.WithoutCancel(r.Context()), level, "request", "request", id, "route", route, "status", status, "took", took)
}

// routeOf returns the route of a request that was answered. Where there is none its method is
// none either, which may be any word: each would be a figure for ever.
func routeOf(r *http.Request) string {
	if r.Pattern == "" {
		return "(no such address)"
	}
	return r.Pattern
}

// requestID returns the id that a proxy in front has given the request, or a new one.
func (a *api) requestID(r *http.Request) string {
	id := r.Header.Get("X-Request-Id")
	if id == "" || len(id) > 64 || strings.ContainsFunc(id, func(c rune) bool {
		return c != '-' && c != '_' && c != '.' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z')
	}) {
		return a.NewID()
	}
	return id
}

// admins lets requests pass that carry an admin's key, and notes whose it is.
func (a *api) admins(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		scheme, key, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		key = strings.TrimSpace(key)
		name, known := a.KeyNamed(key)
		switch {
		case !strings.EqualFold(scheme, "Bearer") || key == "":
			writeStatus(w, http.StatusUnauthorized, "This needs an API key: send the header Authorization: Bearer KEY.", "key_missing")
		case !known:
			writeStatus(w, http.StatusUnauthorized, "This API key is not known here. Keys of the live and the sandbox environment are different ones.", "key_unknown")
		default:
			clone := withKey(r, name)
			next.ServeHTTP(w, clone)
			r.Pattern = clone.Pattern
		}
	})
}

// patience is how long a request of the control plane may take.
const patience = time.Minute

// timed ends a request that takes too long. Moving the clock takes as long as
// there is work on the way.
func timed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = &wholeBody{r.Body, http.NewResponseController(w)}
		if r.Method == http.MethodPost && r.URL.Path == clockPath {
			next.ServeHTTP(w, r)
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), patience)
		defer cancel()
		clone := r.WithContext(ctx)
		next.ServeHTTP(w, clone)
		r.Pattern = clone.Pattern
	})
}

// wholeBody lifts the deadline for reading once the body is there: left in force,
// it would be taken for the caller's going away while the answer is worked out.
type wholeBody struct {
	io.ReadCloser
	conn *http.ResponseController
}

// Read reads on.
func (b *wholeBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err == io.EOF {
		_ = b.conn.SetReadDeadline(time.Time{}) // not every connection has one
	}
	return n, err
}

// routed serves the routes of a mux, and answers with problems where there is none.
func routed(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, pattern := mux.Handler(r); pattern != "" {
			mux.ServeHTTP(w, r)
			return
		}
		refusal := refusal{header: http.Header{}}
		mux.ServeHTTP(&refusal, r)
		if refusal.status == http.StatusMethodNotAllowed {
			refuseMethod(w, r.Method, refusal.header.Get("Allow"))
			return
		}
		writeStatus(w, http.StatusNotFound, "There is no such address. /openapi.json lists all there are.", "address_unknown")
	})
}

// reading serves a probe, which is only read.
func reading(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			refuseMethod(w, r.Method, "GET, HEAD")
			return
		}
		next.ServeHTTP(w, r)
	})
}

func refuseMethod(w http.ResponseWriter, method, allow string) {
	w.Header().Set("Allow", allow)
	writeStatus(w, http.StatusMethodNotAllowed, "This address does not take "+method+", only "+allow+".", "method_not_allowed")
}

// refusal takes what a mux says where it has no route.
type refusal struct {
	header http.Header
	status int
}

// Header returns the headers of the refusal.
func (f *refusal) Header() http.Header { return f.header }

// WriteHeader keeps the status.
func (f *refusal) WriteHeader(status int) { f.status = status }

// Write passes over the body.
func (f *refusal) Write(b []byte) (int, error) { return len(b), nil }

// lenient takes a body that names no type, or that of a form, for JSON: what curl
// sends unless told otherwise.
func lenient(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if kind := r.Header.Get("Content-Type"); kind == "" || strings.HasPrefix(kind, "application/x-www-form-urlencoded") {
			r.Header.Set("Content-Type", "application/json")
		}
		next.ServeHTTP(w, r)
	})
}
