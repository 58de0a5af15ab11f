package api_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"rapport"
	"rapport/api"
	"rapport/collect"
)

const writeKey = "write-key"

// ledger is an Admitter that counts each message id once, or fails.
type ledger struct {
	mu       sync.Mutex
	err      error
	events   map[string]rapport.Event
	admitted int // with those that were there before
}

func (l *ledger) Admit(_ context.Context, events []rapport.Event) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil {
		return l.err
	}
	if l.events == nil {
		l.events = map[string]rapport.Event{}
	}
	for _, e := range events {
		l.events[e.MessageID] = e
	}
	l.admitted += len(events)
	return nil
}

const received rapport.Instant = 1795339860100 // 2026-11-22T09:31:00.100Z

func newCollect(to api.Admitter, log io.Writer) *http.ServeMux {
	var requests atomic.Int64
	mux := http.NewServeMux()
	api.NewCollect(to, []string{"other", "", writeKey},
		func() rapport.Instant { return received },
		func() string { return fmt.Sprint(requests.Add(1)) },
		slog.New(slog.NewTextHandler(log, nil))).Mount(mux)
	return mux
}

func basic(key string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(key+":"))
}

func packed(t testing.TB, body string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, body); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func post(t testing.TB, h http.Handler, path, body string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Header().Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("%s: no web page can read the answer", path)
	}
	return w
}

func TestCollect(t *testing.T) {
	t.Parallel()
	const (
		page  = `{"type":"page","userId":"u","messageId":"m"}`
		keyed = `{"type":"page","userId":"u","messageId":"m","writeKey":"write-key"}`
		fine  = `{"success":true}`
	)
	huge := strings.Repeat(" ", collect.MaxBody)
	auth := []string{"Authorization", basic(writeKey)}
	for _, test := range []struct {
		name, path, body string
		headers          []string
		status           int
		want             string // the whole answer to a success, the code of a problem
		events           int
	}{
		{"batch", "/v1/batch", `{"batch":[` + page + `]}`, auth, 200, fine, 1},
		{"short name", "/v1/b", `{"batch":[` + page + `]}`, auth, 200, fine, 1},
		{"import with a slash", "/v1/import/", `{"batch":[` + page + `]}`, auth, 200, fine, 1},
		{"single", "/v1/page", page, auth, 200, fine, 1},
		{"single, short", "/v1/p", page, auth, 200, fine, 1},
		{"empty batch", "/v1/batch", `{"batch":[]}`, auth, 200, fine, 0},
		{"beacon", "/v1/p", keyed, []string{"Content-Type", "text/plain;charset=UTF-8"}, 200, fine, 1},
		{"bearer", "/v1/p", page, []string{"Authorization", "bearer write-key"}, 200, fine, 1},
		{"another key of ours", "/v1/p", page, []string{"Authorization", basic("other")}, 200, fine, 1},
		{"key of the batch", "/v1/b", `{"batch":[` + page + `],"writeKey":"write-key"}`, nil, 200, fine, 1},
		{"key of an item", "/v1/b", `{"batch":[` + keyed + `]}`, nil, 200, fine, 1},
		{"gzip", "/v1/b", packed(t, `{"batch":[`+page+`]}`), append([]string{"Content-Encoding", "gzip"}, auth...), 200, fine, 1},
		{"four megabytes", "/v1/b", `{"batch":[]}` + huge[len(`{"batch":[]}`):], auth, 200, fine, 0},

		{"refused of a batch", "/v1/batch", `{"batch":[` + page + `,{"type":"track","userId":"u","messageId":"bad"},7]}`, auth, 200,
			`{"success":true,"refused":[{"index":1,"messageId":"bad","code":"event_missing","detail":"A track call needs the name of its event in \"event\"."},{"index":2,"code":"not_an_object","detail":"The item is not an object."}]}`, 1},
		{"all refused", "/v1/batch", `{"batch":[7]}`, auth, 200, `{"success":true,"refused":[{"index":0,"code":"not_an_object","detail":"The item is not an object."}]}`, 0},
		{"noted", "/v1/page", `{"userId":"u","messageId":"m","timestamp":"soon"}`, auth, 200,
			`{"success":true,"noted":[{"index":0,"messageId":"m","code":"timestamp_replaced","detail":"The timestamp is not a time with its zone (as in 2026-11-22T09:30:00Z), or lies before the year 1990; the time of receipt stands for it."}]}`, 1},

		{"single refused", "/v1/track", `{"userId":"u"}`, auth, 400, "event_missing", 0},
		{"not JSON", "/v1/batch", `{"batch":[`, auth, 400, "not_json", 0},
		{"no batch", "/v1/batch", page, auth, 400, "batch_missing", 0},
		{"too large", "/v1/batch", huge + `{"batch":[]}`, auth, 413, "body_too_large", 0},
		{"too large unpacked", "/v1/batch", packed(t, huge+huge), append([]string{"Content-Encoding", "gzip"}, auth...), 413, "body_too_large", 0},
		{"not gzip", "/v1/batch", `{"batch":[]}`, append([]string{"Content-Encoding", "gzip"}, auth...), 400, "gzip_invalid", 0},
		{"half of gzip", "/v1/batch", packed(t, `{"batch":[]}`)[:20], append([]string{"Content-Encoding", "gzip"}, auth...), 400, "gzip_invalid", 0},
		{"unknown encoding", "/v1/batch", `{"batch":[]}`, append([]string{"Content-Encoding", "br"}, auth...), 400, "encoding_unknown", 0},

		{"no key", "/v1/page", page, nil, 401, "write_key_unknown", 0},
		{"empty key", "/v1/page", page, []string{"Authorization", basic("")}, 401, "write_key_unknown", 0},
		{"unknown key", "/v1/page", page, []string{"Authorization", basic("write-kez")}, 401, "write_key_unknown", 0},
		{"the header's key counts", "/v1/page", keyed, []string{"Authorization", basic("unknown")}, 401, "write_key_unknown", 0},
		{"unknown scheme", "/v1/page", keyed, []string{"Authorization", "Digest x"}, 401, "write_key_unknown", 0},
		{"unknown key of the batch", "/v1/b", `{"batch":[` + keyed + `],"writeKey":"unknown"}`, nil, 401, "write_key_unknown", 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var to ledger
			w := post(t, newCollect(&to, io.Discard), test.path, test.body, test.headers...)
			if w.Code != test.status || to.admitted != test.events {
				t.Errorf("answered %d with %d events, not %d with %d: %s", w.Code, to.admitted, test.status, test.events, w.Body)
			}
			if w.Code == http.StatusOK {
				if diff := cmp.Diff(test.want, w.Body.String()); diff != "" {
					t.Errorf("answer (-want +got):\n%s", diff)
				}
				return
			}
			checkProblem(t, w, test.want)
		})
	}
}

func checkProblem(t *testing.T, w *httptest.ResponseRecorder, code string) {
	t.Helper()
	var p struct {
		Type, Title, Detail, Code string
		Status                    int
	}
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
		t.Fatalf("%s: %v", w.Body, err)
	}
	if p.Code != code || p.Status != w.Code || p.Title == "" || p.Detail == "" || p.Type != "about:blank" {
		t.Errorf("the problem %+v, not %s", p, code)
	}
	if got := w.Header().Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("content type %s", got)
	}
	if (w.Code == http.StatusUnauthorized) != (w.Header().Get("WWW-Authenticate") != "") {
		t.Error("a 401, and it alone, says how to authenticate")
	}
}

// TestNotAdmitted: what may succeed later is answered so that clients try again.
func TestNotAdmitted(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		err    error
		status int
		retry  string
		logged bool
	}{
		{rapport.Errorf(rapport.Exhausted, "too much at once"), 429, "1", false},
		{rapport.Errorf(rapport.Unavailable, "starting"), 503, "1", false},
		{fmt.Errorf("flow: %w", rapport.Errorf(rapport.Exhausted, "too much at once")), 429, "1", false},
		{errors.New("disk on fire"), 500, "", true},
	} {
		var log bytes.Buffer
		w := post(t, newCollect(&ledger{err: test.err}, &log), "/v1/page", `{"userId":"u"}`, "Authorization", basic(writeKey))
		if w.Code != test.status || w.Header().Get("Retry-After") != test.retry {
			t.Errorf("%v: %d, Retry-After %q", test.err, w.Code, w.Header().Get("Retry-After"))
		}
		if strings.Contains(w.Body.String(), "fire") || strings.Contains(log.String(), "fire") != test.logged {
			t.Errorf("%v: told %s, logged %s", test.err, w.Body, &log)
		}
	}
}

// TestBrokenBody: a connection that breaks is no fault of the body's.
func TestBrokenBody(t *testing.T) {
	t.Parallel()
	for _, encoding := range []string{"", "gzip"} {
		body := packed(t, `{"batch":[]}`)
		r := httptest.NewRequest(http.MethodPost, "/v1/batch", io.MultiReader(strings.NewReader(body[:15]), iotest.ErrReader(io.ErrUnexpectedEOF)))
		r.Header.Set("Authorization", basic(writeKey))
		r.Header.Set("Content-Encoding", encoding)
		w := httptest.NewRecorder()
		newCollect(&ledger{}, io.Discard).ServeHTTP(w, r)
		if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
			t.Errorf("%q: %d %s", encoding, w.Code, w.Body)
		}
	}
}

func TestMethods(t *testing.T) {
	t.Parallel()
	mux := newCollect(&ledger{}, io.Discard)
	for _, method := range []string{"GET", "HEAD", "PUT", "DELETE"} {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequest(method, "/v1/track", nil))
		if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "POST, OPTIONS" {
			t.Errorf("%s: %d, Allow %q", method, w.Code, w.Header().Get("Allow"))
		}
	}
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest("OPTIONS", "/v1/t", nil))
	got := w.Header().Clone()
	want := http.Header{
		"Access-Control-Allow-Origin":   {"*"},
		"Access-Control-Allow-Methods":  {"POST, OPTIONS"},
		"Access-Control-Allow-Headers":  {"Authorization, Content-Type, Content-Encoding, X-Retry-Count"},
		"Access-Control-Expose-Headers": {"Retry-After"},
		"Access-Control-Max-Age":        {"86400"},
	}
	if diff := cmp.Diff(want, got); w.Code != http.StatusNoContent || diff != "" {
		t.Errorf("preflight: %d (-want +got):\n%s", w.Code, diff)
	}
}

// TestMetrics: browsers report on their client without a key; nobody looks at it.
func TestMetrics(t *testing.T) {
	t.Parallel()
	var to ledger
	w := post(t, newCollect(&to, io.Discard), "/v1/m", `{"series":[]}`, "Content-Type", "text/plain")
	if w.Code != http.StatusOK || to.admitted != 0 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// TestBuffersAreNotShared: events of one request outlive the next one's body.
func TestBuffersAreNotShared(t *testing.T) {
	t.Parallel()
	var to ledger
	mux := newCollect(&to, io.Discard)
	for i := range 200 {
		body := fmt.Sprintf(`{"userId":"user-%03d","messageId":"m-%03d","properties":{"n":%d}}`, i, i, i)
		post(t, mux, "/v1/page", body, "Authorization", basic(writeKey))
	}
	for i := range 200 {
		e := to.events[fmt.Sprintf("m-%03d", i)]
		if e.UserID != fmt.Sprintf("user-%03d", i) || string(e.Properties) != fmt.Sprintf(`{"n":%d}`, i) {
			t.Errorf("event %d became %+v", i, e)
		}
	}
}
