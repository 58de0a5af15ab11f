package client_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rapport"
	"rapport/client"
)

// environment is a server that answers what it is told to, and notes what it is asked.
type environment struct {
	answers map[string]string // by method and path; an apply that has none meets another version
	asked   []string
	applied struct {
		Files   []struct{ Name, Body string }
		Prune   bool
		Note    string
		Expects uint64
	}
}

func (e *environment) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	call := r.Method + " " + r.URL.Path
	e.asked = append(e.asked, call)
	if r.Method == http.MethodPost {
		_ = json.NewDecoder(r.Body).Decode(&e.applied)
	}
	answer, known := e.answers[call]
	if !known {
		w.WriteHeader(http.StatusConflict)
		answer = `{"title": "Conflict", "detail": "Version 5 is in force by now, not 4."}`
	}
	_, _ = io.WriteString(w, answer)
}

func environments(t *testing.T) (sandbox, live *environment, from, to *client.Client) {
	sandbox = &environment{answers: map[string]string{
		"GET /v1/clock":             `{"sandbox": true}`,
		"GET /v1/versions":          `{"versions": [{"version": 7}]}`,
		"GET /v1/versions/7/export": "kind: segment\nname: a\nwhere: \"true\" # all\n---\n{\"kind\": \"segment\", \"name\": \"b\", \"where\": \"true\"}\n",
	}}
	live = &environment{answers: map[string]string{
		"GET /v1/clock":    `{"sandbox": false}`,
		"GET /v1/versions": `{"versions": [{"version": 4}]}`,
		"POST /v1/plan":    `{"version": 5, "changes": [{"kind": "segment", "name": "a", "action": "created"}], "missingSecrets": ["mail-password"]}`,
		"POST /v1/apply":   `{"version": 5}`,
	}}
	source, target := httptest.NewServer(sandbox), httptest.NewServer(live)
	t.Cleanup(source.Close)
	t.Cleanup(target.Close)
	return sandbox, live, client.New(source.URL, "a"), client.New(target.URL, "b")
}

// TestPromoteAsksWithEverythingSaid: whoever is asked has read what would change and what
// is missing, and nothing has been applied by then.
func TestPromoteAsksWithEverythingSaid(t *testing.T) {
	t.Parallel()
	_, live, from, to := environments(t)
	var out strings.Builder
	asked := 0
	err := client.Promote(t.Context(), from, to, client.PromoteOptions{Note: "autumn", Confirm: func() (bool, error) {
		asked++
		if said := out.String(); !strings.Contains(said, "created  segment a") || !strings.Contains(said, "rapport secret set mail-password") {
			t.Errorf("it was asked after saying:\n%s", said)
		}
		if diff := cmp.Diff([]string{"GET /v1/clock", "GET /v1/versions", "POST /v1/plan"}, live.asked); diff != "" {
			t.Errorf("before the question:\n%s", diff)
		}
		return true, nil
	}}, &out)
	if err != nil || asked != 1 {
		t.Fatalf("asked %d times: %v", asked, err)
	}
	got := live.applied
	if !got.Prune || got.Expects != 4 || !strings.HasPrefix(got.Note, "autumn (version 7 of 127.0.0.1:") {
		t.Errorf("applied %+v", got)
	}
	if len(got.Files) != 2 || got.Files[0].Body != "kind: segment\nname: a\nwhere: \"true\" # all\n" || got.Files[1].Name != "segment/b.json" {
		t.Errorf("files %q", got.Files)
	}
}

// TestPromoteChangesNothing where it is refused, dry, or overtaken.
func TestPromoteChangesNothing(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		alter   func(sandbox, live *environment)
		options client.PromoteOptions
		is      rapport.ErrorKind
		says    string
	}{
		"swapped": {func(s, l *environment) {
			s.answers["GET /v1/clock"], l.answers["GET /v1/clock"] = l.answers["GET /v1/clock"], s.answers["GET /v1/clock"]
		}, client.PromoteOptions{}, rapport.Invalid, "seem to be swapped"},
		"to a sandbox": {func(_, l *environment) { l.answers["GET /v1/clock"] = `{"sandbox": true}` }, client.PromoteOptions{}, rapport.Invalid, "is a sandbox, not the live environment"},
		"empty":        {func(s, _ *environment) { s.answers["GET /v1/versions"] = `{"versions": []}` }, client.PromoteOptions{}, rapport.Invalid, "there are no documents"},
		"dry":          {func(_, _ *environment) {}, client.PromoteOptions{Dry: true}, 0, ""},
		"no":           {func(_, _ *environment) {}, client.PromoteOptions{Confirm: func() (bool, error) { return false, nil }}, rapport.Invalid, "not confirmed"},
		"overtaken":    {func(_, l *environment) { delete(l.answers, "POST /v1/apply") }, client.PromoteOptions{}, rapport.Conflict, "Version 5 is in force by now"},
	} {
		sandbox, live, from, to := environments(t)
		c.alter(sandbox, live)
		var out strings.Builder
		err := client.Promote(t.Context(), from, to, c.options, &out)
		if c.says == "" && err != nil || c.says != "" && (err == nil || rapport.KindOf(err) != c.is || !strings.Contains(err.Error(), c.says)) {
			t.Errorf("%s: %v", name, err)
		}
		if strings.Contains(out.String(), "is in force") || name != "overtaken" && strings.Contains(strings.Join(live.asked, " "), "apply") {
			t.Errorf("%s: applied, and said %s", name, &out)
		}
	}
}
