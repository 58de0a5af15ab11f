package api_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// TestOddRequestsLeaveNoFigures: whatever word somebody sends as a method, there
// are no more figures than before.
func TestOddRequestsLeaveNoFigures(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	for _, target := range []string{"/v1/schemas/segment", "/nowhere", "*", "/u/x", "/v1/customers", "/healthz"} {
		r := httptest.NewRequest("ODDWORD", "/", nil)
		r.RequestURI, r.URL.Path = target, target
		w.handler.ServeHTTP(httptest.NewRecorder(), r)
	}
	if figures := w.must(http.MethodGet, "/metrics", ""); strings.Contains(figures, "ODDWORD") {
		t.Errorf("the method is among the figures:\n%s", figures)
	}
}

// unread is a connection that says how long its answer may take.
type unread struct {
	*httptest.ResponseRecorder
	deadline time.Time
}

func (s *unread) SetWriteDeadline(at time.Time) error {
	s.deadline = at
	return nil
}

// TestAnswersMustBeTaken: who asks and never reads the answer is given up.
func TestAnswersMustBeTaken(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	for _, target := range []string{"/openapi.json", "/metrics", "/v1/customers", "/u/x", "/"} {
		conn := &unread{ResponseRecorder: httptest.NewRecorder()}
		w.handler.ServeHTTP(conn, httptest.NewRequest(http.MethodGet, target, nil))
		if conn.deadline.IsZero() {
			t.Errorf("%s may take for ever", target)
		}
	}
}

// TestRefusedDocumentsAreNotLogged: a password that somebody wrote into a document
// is refused, and stands neither in the log nor in the answer.
func TestRefusedDocumentsAreNotLogged(t *testing.T) {
	t.Parallel()
	const document = "kind: channel\nname: mail\nprovider: smtp\nfrom: {name: A, address: a@shop.example}\n" +
		"smtp: {host: mail.example, port: 587, username: u, password: open-sesame-4711}\n"
	w := newWorld(t, options{})
	for _, path := range []string{"/v1/apply", "/v1/plan"} {
		answer := w.call(http.MethodPost, path, document, "Content-Type", "application/yaml")
		if answer.Code != http.StatusBadRequest || strings.Contains(answer.Body.String(), "open-sesame") {
			t.Errorf("%s: %d %s", path, answer.Code, answer.Body)
		}
	}
	if log := w.log.String(); log != "" {
		t.Errorf("a fault of the sender's is in the log:\n%s", log)
	}
}

// TestFaultsAreListedUpToABound: however much is wrong, the answer can be read.
func TestFaultsAreListedUpToABound(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	answer := w.call(http.MethodPost, "/v1/plan", strings.Repeat("kind: segment\nname: a\nwhere: x\n---\n", 3000), "Content-Type", "application/yaml")
	if answer.Code != http.StatusBadRequest || strings.Count(answer.Body.String(), `"message"`) != 1000 || !strings.Contains(answer.Body.String(), "2999 things are wrong") {
		t.Errorf("%d %.300s", answer.Code, answer.Body)
	}
}

// TestARefusedMoveMovesNothing: after a move too far the environment still is where
// its clock stands, and what happens then is not taken for long past.
func TestARefusedMoveMovesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.apply("testdata/workspace.yaml")
	before := w.now()
	for _, body := range []string{`{"to":"9999-12-31T00:00:00Z"}`, `{"advance":"1000000d"}`} {
		if answer := w.call(http.MethodPost, "/v1/clock", body); answer.Code != http.StatusBadRequest {
			t.Errorf("%s: %d %s", body, answer.Code, answer.Body)
		}
	}
	w.must(http.MethodPost, "/v1/batch", `{"batch":[{"type":"track","userId":"ana","event":"Signed Up","properties":{"plan":"free"}}]}`, "Authorization", basic(writeKey))
	w.must(http.MethodPost, "/v1/clock", `{"advance":"1h"}`)
	if state := w.store.State(); state.At != before.Add(time.Hour) {
		t.Errorf("the store stands at %v, not an hour after %v", state.At, before)
	}
}
