package api_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"rapport"
	"rapport/api"
	"rapport/flow"
	"rapport/store"
)

func TestNewNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	if _, err := api.New(api.Config{}); err == nil {
		t.Error("a face was made of nothing")
	}
}

func TestNotReady(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{notReady: rapport.Errorf(rapport.Conflict, "another program has taken the data folder over")})
	answer := w.call(http.MethodGet, "/readyz", "")
	if answer.Code != http.StatusServiceUnavailable || !strings.Contains(answer.Body.String(), "taken the data folder over") {
		t.Errorf("readyz: %d %s", answer.Code, answer.Body)
	}
	if answer.Header().Get("Retry-After") == "" {
		t.Error("a refusal for now without Retry-After")
	}
	if answer := w.call(http.MethodGet, "/healthz", ""); answer.Code != http.StatusOK {
		t.Errorf("the program is alive all the same: %d", answer.Code)
	}
}

func TestFigures(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.apply("testdata/workspace.yaml")
	w.must(http.MethodPost, "/v1/batch", `{"batch":[
		{"type":"identify","userId":"ana","traits":{"email":"ana@example.com"}},
		{"type":"track","userId":"ana","event":"Signed Up","properties":{"plan":"free"}},
		{"type":"track"}]}`, "Authorization", basic(writeKey))
	w.must(http.MethodPost, "/v1/customers/ana/consents", `{"purpose":"marketing","state":"granted"}`)
	w.must(http.MethodPost, "/v1/clock", `{"advance":"1h"}`)
	figures := w.must(http.MethodGet, "/metrics", "")
	for _, want := range []string{
		"rapport_events_admitted_total 2", `rapport_events_refused_total{reason="invalid"} 1`,
		`rapport_messages_total{status="handed"} 1`, `rapport_events_total 2`,
		`rapport_http_request_seconds_count{route="POST /v1/customers/{id}/consents",status="200"} 1`,
	} {
		if !strings.Contains(figures, want) {
			t.Errorf("there is no %q in\n%s", want, figures)
		}
	}
}

// failing is a store that breaks while customers are looked up.
type failing struct {
	customers
	fail func()
}

type customers = api.Customers // embedded under another name than its method's

func (f failing) Load(context.Context, []rapport.CustomerID) ([]store.Record, error) {
	f.fail()
	return nil, rapport.Errorf(rapport.Internal, "the disk of ana@example.com is broken")
}

func TestFaultsOfOursAreNotTold(t *testing.T) {
	t.Parallel()
	for name, fail := range map[string]func(){
		"error":    func() {},
		"panic":    func() { panic("ana@example.com") },
		"too slow": func() { panic(context.DeadlineExceeded) },
	} {
		w := newWorld(t, options{})
		handler := w.with(func(c *api.Config) { c.Customers = failing{w.store, fail} })
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/v1/customers/ana@example.com", nil)
		r.Header.Set("Authorization", "Bearer "+adminKey)
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, r)
		if answer.Code != http.StatusInternalServerError || answer.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %d %s", name, answer.Code, answer.Body)
		}
		if name == "panic" && (strings.Contains(answer.Body.String(), "ana") || strings.Contains(w.log.String(), "ana@example.com")) {
			t.Errorf("%s: the person's address is told: %s\n%s", name, answer.Body, w.log)
		}
	}
}

func TestAnswersAreKeptOverARestart(t *testing.T) {
	t.Parallel()
	before := newWorld(t, options{})
	before.apply("testdata/workspace.yaml")
	before.must(http.MethodPost, "/v1/identify", `{"userId":"ana"}`, "Authorization", basic(writeKey))
	body := `{"purpose":"marketing","state":"granted"}`
	first := before.must(http.MethodPost, "/v1/customers/ana/consents", body, "Idempotency-Key", "once")
	after := newWorld(t, options{store: before.store.Reopen(), at: start.Add(time.Hour)})
	answer := after.call(http.MethodPost, "/v1/customers/ana/consents", body, "Idempotency-Key", "once")
	if answer.Body.String() != first || answer.Header().Get("Idempotency-Replayed") != "true" {
		t.Errorf("after a restart: %s instead of %s", answer.Body, first)
	}
}

func TestAKeyUnderWayIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	inside, leave := make(chan struct{}), make(chan struct{})
	handler := w.with(func(c *api.Config) { c.Flow = &slow{Flow: w.flow, inside: inside, leave: leave} })
	w.must(http.MethodPost, "/v1/identify", `{"userId":"ana"}`, "Authorization", basic(writeKey))
	ask := func() *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/customers/ana/consents", strings.NewReader(`{"purpose":"marketing","state":"granted"}`))
		r.Header.Set("Authorization", "Bearer "+adminKey)
		r.Header.Set("Idempotency-Key", "twice")
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, r)
		return answer
	}
	done := make(chan *httptest.ResponseRecorder)
	go func() { done <- ask() }()
	<-inside
	if second := ask(); second.Code != http.StatusConflict {
		t.Errorf("the second of two at once: %d %s", second.Code, second.Body)
	}
	close(leave)
	if first := <-done; first.Code != http.StatusOK {
		t.Errorf("the first of two at once: %d %s", first.Code, first.Body)
	}
}

// slow is a flow whose works wait.
type slow struct {
	api.Flow
	inside, leave chan struct{}
}

func (s *slow) Do(ctx context.Context, work flow.Work) error {
	close(s.inside)
	<-s.leave
	return s.Flow.Do(ctx, work)
}

// deadlines is an answer whose connection notes its deadlines for reading.
type deadlines struct {
	*httptest.ResponseRecorder
	last time.Time
}

func (d *deadlines) SetReadDeadline(at time.Time) error {
	d.last = at
	return nil
}

// A deadline that is left in force while the answer is worked out ends the request.
func TestNoDeadlineForReadingOutlivesTheBody(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/clock", strings.NewReader(`{"advance":"1h"}`))
	r.Header.Set("Authorization", "Bearer "+adminKey)
	answer := &deadlines{ResponseRecorder: httptest.NewRecorder(), last: time.Unix(1, 0)}
	w.handler.ServeHTTP(answer, r)
	if answer.Code != http.StatusOK || !answer.last.IsZero() {
		t.Errorf("answered with %d; the deadline for reading is %v", answer.Code, answer.last)
	}
}

// What a preview has not looked at it does not count as looked at.
func TestAPreviewThatGivesUpSaysSo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.apply("testdata/workspace.yaml")
	for _, user := range []string{"ana", "bob", "cid"} {
		w.must(http.MethodPost, "/v1/track", `{"userId":"`+user+`","event":"Order Completed","properties":{"total":5}}`, "Authorization", basic(writeKey))
	}
	handler := w.with(func(c *api.Config) { c.Histories = 2 })
	for rule, want := range map[string]string{
		// What records hold is read of all.
		`events(\"Order Completed\").within(\"48h\").exists()`:       `{"count":3,"exact":true,"scanned":3,"customers":3}`,
		`events(\"Order Completed\").where(e, e.total > 1).exists()`: `{"count":2,"exact":false,"scanned":2,"customers":3,"estimate":3}`,
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/segments/preview", strings.NewReader(`{"where":"`+rule+`"}`))
		r.Header.Set("Authorization", "Bearer "+adminKey)
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, r)
		got := regexp.MustCompile(`"sample":\[.*\],`).ReplaceAllString(strings.TrimSpace(answer.Body.String()), "")
		if got != want {
			t.Errorf("%s\n got %s\nwant %s", rule, got, want)
		}
	}
}

func TestLogNamesNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.must(http.MethodPost, "/v1/identify", `{"userId":"ana@example.com","traits":{"email":"ana@example.com"}}`, "Authorization", basic(writeKey))
	for _, target := range []string{
		"/v1/customers/ana@example.com", "/v1/customers?email=ana@example.com", "/v1/customers/ana@example.com/nothing", "/v1/customers/bob@example.com",
	} {
		w.call(http.MethodGet, target, "")
	}
	if strings.Contains(w.log.String(), "@example.com") {
		t.Errorf("the log tells who was asked for: %s", w.log)
	}
}

// TestOpenAPI looks through the document as a generator of clients would.
func TestOpenAPI(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	text := w.must(http.MethodGet, "/openapi.json", "", "Authorization", "")
	var document struct {
		OpenAPI    string
		Info       struct{ Title, Version string }
		Paths      map[string]map[string]operation
		Components struct{ Schemas, SecuritySchemes map[string]json.RawMessage }
	}
	if err := json.Unmarshal([]byte(text), &document); err != nil {
		t.Fatal(err)
	}
	if document.OpenAPI != "3.1.0" || document.Info.Title == "" || document.Info.Version != "test" {
		t.Errorf("the head of the document: %s %+v", document.OpenAPI, document.Info)
	}
	for _, ref := range regexp.MustCompile(`"\$ref":"#/components/schemas/([^"]+)"`).FindAllStringSubmatch(text, -1) {
		if document.Components.Schemas[ref[1]] == nil {
			t.Errorf("the schema %s is named and not there", ref[1])
		}
	}
	ids := map[string]bool{}
	for path, operations := range document.Paths {
		for method, o := range operations {
			where := strings.ToUpper(method) + " " + path
			if o.Summary == "" || o.OperationID == "" || ids[o.OperationID] || len(o.Tags) != 1 {
				t.Errorf("%s lacks a summary, a group or an id of its own: %+v", where, o)
			}
			ids[o.OperationID] = true
			if o.Responses["200"] == nil && o.Responses["204"] == nil {
				t.Errorf("%s has no answer: %v", where, o.Responses)
			}
			o.checkParameters(t, where, path)
			w.isServed(where)
		}
	}
	for _, path := range contract {
		if document.Paths[path] == nil {
			t.Errorf("the document lacks %s", path)
		}
	}
}

type operation struct {
	Summary, OperationID string
	Tags                 []string
	Security             []map[string][]string
	Responses            map[string]json.RawMessage
	Parameters           []struct{ Name, In string }
}

func (o operation) checkParameters(t *testing.T, where, path string) {
	t.Helper()
	for _, name := range regexp.MustCompile(`\{(\w+)\}`).FindAllStringSubmatch(path, -1) {
		found := false
		for _, p := range o.Parameters {
			found = found || p.In == "path" && p.Name == name[1]
		}
		if !found {
			t.Errorf("%s does not describe {%s}", where, name[1])
		}
	}
}

// isServed asks for an operation of the document with something in each place of
// its path: whatever the answer, there must be such an address, and it must want
// a key unless it says otherwise.
func (w *world) isServed(where string) {
	w.t.Helper()
	method, path, _ := strings.Cut(where, " ")
	target := regexp.MustCompile(`\{\w+\}`).ReplaceAllString(path, "x")
	answer := w.call(method, target, "")
	if strings.Contains(answer.Body.String(), "address_unknown") || answer.Code == http.StatusMethodNotAllowed {
		w.t.Errorf("%s stands in the document and is not served: %d", where, answer.Code)
	}
}

// contract is every address that is promised.
var contract = []string{
	"/v1/identify", "/v1/track", "/v1/page", "/v1/screen", "/v1/group", "/v1/alias", "/v1/batch", "/healthz", "/readyz", "/metrics",
	"/v1/customers", "/v1/customers/{id}", "/v1/customers/{id}/timeline", "/v1/customers/{id}/messages", "/v1/customers/{id}/decisions",
	"/v1/customers/{id}/segments", "/v1/customers/{id}/segments/history", "/v1/customers/{id}/consents", "/v1/customers/{id}/unmerge",
	"/v1/documents", "/v1/documents/{kind}/{name}", "/v1/apply", "/v1/plan", "/v1/export", "/v1/versions", "/v1/versions/{version}", "/v1/versions/{version}/export", "/v1/rollback", "/v1/rename", "/v1/schemas", "/v1/schemas/{kind}",
	"/v1/rules/check", "/v1/rules/explain", "/v1/segments", "/v1/segments/{name}", "/v1/segments/{name}/members", "/v1/segments/{name}/history", "/v1/segments/preview",
	"/v1/journeys", "/v1/journeys/{name}", "/v1/messages", "/v1/messages/{id}", "/v1/explain", "/v1/clock",
	"/v1/imports/{id}", "/v1/imports/{id}/rows", "/u/{token}", "/u/{token}/undo",
}

func TestEveryOperationOfThePlaneWantsAKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	for _, path := range contract {
		collected := regexp.MustCompile(`^/v1/(identify|track|page|screen|group|alias|batch)$`).MatchString(path)
		if !strings.HasPrefix(path, "/v1/") || collected || strings.HasPrefix(path, "/v1/schemas") {
			continue
		}
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete} {
			if answer := w.call(method, path, "{}", "Authorization", ""); answer.Code != http.StatusUnauthorized {
				t.Errorf("%s %s without a key: %d", method, path, answer.Code)
			}
		}
	}
}

// FuzzTargets throws ids and cursors at whatever takes some.
func FuzzTargets(f *testing.F) {
	for _, seed := range [][2]string{
		{"ana", ""}, {"a/b", "dAAA"}, {"..", "%"}, {"설탕 100%", "bXh4"}, {"cus_00000000000000000000000000", "Y3h4"}, {"\x00", "=="}, {strings.Repeat("x", 600), "-_"},
	} {
		f.Add(seed[0], seed[1])
	}
	w := newWorld(f, options{})
	w.apply("testdata/workspace.yaml")
	w.must(http.MethodPost, "/v1/identify", `{"userId":"ana","traits":{"country":"TH"}}`, "Authorization", basic(writeKey))
	f.Fuzz(func(t *testing.T, id, cursor string) {
		id, cursor = escape(id), escape(cursor)
		for _, target := range []string{
			"/v1/customers/" + id, "/v1/customers/" + id + "/timeline?cursor=" + cursor, "/v1/customers/ana/timeline?limit=1&cursor=" + cursor,
			"/v1/customers/ana/consents?cursor=" + cursor, "/v1/customers/ana/decisions?cursor=" + cursor, "/v1/customers/ana/messages?cursor=" + cursor,
			"/v1/customers?cursor=" + cursor, "/v1/customers?q=" + id + "&cursor=" + cursor, "/v1/customers?email=" + id, "/v1/messages?cursor=" + cursor,
			"/v1/messages/" + id, "/v1/segments/" + id, "/v1/segments/thais/members?cursor=" + cursor, "/v1/segments/thais/history?from=" + id + "&to=" + cursor, "/v1/customers/ana/segments/history?cursor=" + cursor, "/v1/journeys/" + id, "/v1/documents/segment/" + id,
			"/v1/documents?cursor=" + cursor, "/v1/versions?cursor=" + cursor, "/v1/imports/" + id, "/u/" + id, "/v1/explain?journey=welcome&customer=" + id,
		} {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://x"+target, nil)
			r.Header.Set("Authorization", "Bearer "+adminKey)
			answer := httptest.NewRecorder()
			w.handler.ServeHTTP(answer, r)
			if answer.Code >= 500 {
				t.Errorf("%s: %d %s", target, answer.Code, answer.Body)
			}
		}
	})
}

func escape(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		b.WriteString("%" + string("0123456789ABCDEF"[c>>4]) + string("0123456789ABCDEF"[c&15]))
	}
	return b.String()
}
