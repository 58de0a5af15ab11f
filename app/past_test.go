package app_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"rapport"
	"rapport/app"
)

// office is a sandbox that is asked over its face, and can be stopped and started.
type office struct {
	t    *testing.T
	data string
	app  *app.App
	face http.Handler
}

func newOffice(t *testing.T) *office {
	o := &office{t: t, data: t.TempDir()}
	o.start()
	t.Cleanup(func() { shut(t, o.app) })
	return o
}

func (o *office) start() {
	o.t.Helper()
	var err error
	if o.app, err = app.Open(o.t.Context(), app.Config{Data: o.data, Sandbox: true, AdminKey: "rk_test_office", WriteKey: "wk_test_office"}); err != nil {
		o.t.Fatal(err)
	}
	if o.face, err = o.app.Handler(nil); err != nil {
		o.t.Fatal(err)
	}
}

func (o *office) restart() {
	o.t.Helper()
	shut(o.t, o.app)
	o.start()
}

// ask asks the face, and returns its answer.
func (o *office) ask(method, path, body string) map[string]any {
	o.t.Helper()
	r := httptest.NewRequestWithContext(o.t.Context(), method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer rk_test_office")
	if path == "/v1/batch" {
		r.SetBasicAuth("wk_test_office", "")
	}
	w := httptest.NewRecorder()
	o.face.ServeHTTP(w, r)
	answer := map[string]any{}
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || w.Code != http.StatusOK {
		o.t.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
	}
	return answer
}

// enters lets somebody enter the journey.
func (o *office) enters(user string) {
	o.t.Helper()
	o.ask(http.MethodPost, "/v1/batch", fmt.Sprintf(`{"batch": [
		{"type": "identify", "userId": %[1]q, "traits": {"phone": "+6591234567"}}, {"type": "track", "userId": %[1]q, "event": "Signed Up"}]}`, user))
}

// puts puts a version of the journey in force that ends by sending a template.
func (o *office) puts(template, more string) map[string]any {
	o.t.Helper()
	return o.ask(http.MethodPost, "/v1/apply", fmt.Sprintf(`
kind: template
name: %[1]s
channel: sms
text: hello
---
kind: journey
name: tips
entry: { event: Signed Up }
%[2]s
steps:
  - { name: pause, wait: 1d }
  - { name: last, send: { template: %[1]s, channel: sms, class: transactional } }
`, template, more))
}

// sent returns which templates were sent, each with its customer's number.
func (o *office) sent() (sent []string) {
	o.t.Helper()
	for _, m := range o.ask(http.MethodGet, "/v1/messages", "")["messages"].([]any) {
		sent = append(sent, fmt.Sprint(m.(map[string]any)["template"]))
	}
	slices.Sort(sent)
	return sent
}

func (o *office) versions() (counts []string) {
	o.t.Helper()
	for _, v := range o.ask(http.MethodGet, "/v1/journeys/tips", "")["versions"].([]any) {
		counts = append(counts, fmt.Sprintf("%v of %v", v.(map[string]any)["runs"], v.(map[string]any)["version"]))
	}
	return counts
}

func (o *office) wants(what string, got []string, want ...string) {
	o.t.Helper()
	if !slices.Equal(got, want) {
		o.t.Errorf("%s: %q, want %q", what, got, want)
	}
}

// Runs follow the version that they began with, also after the server has been started
// anew, and those of a version that changed nothing about the journey are of the same.
func TestRunsFinishOnTheirVersion(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.puts("one", "")
	o.enters("ana")
	o.ask(http.MethodPut, "/v1/documents/segment/thais", `{"where": "customer.country == \"TH\""}`)
	o.enters("bob")
	o.puts("two", "")
	o.enters("cid")
	o.restart()
	o.puts("three", "")
	o.enters("dee")
	o.wants("versions", o.versions(), "1 of 4", "1 of 3", "2 of 1")
	o.restart()
	o.ask(http.MethodPost, "/v1/clock", `{"advance": "25h"}`)
	o.wants("sent", o.sent(), "one", "one", "three", "two")
	o.wants("versions", o.versions())
}

func TestRunsMoveWhereTheJourneySaysSo(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.puts("one", "")
	o.enters("ana")
	o.puts("two", "")
	o.enters("bob")
	o.puts("three", "versions: move")
	o.wants("versions", o.versions(), "2 of 3")
	o.puts("four", "")
	o.restart()
	o.ask(http.MethodPost, "/v1/clock", `{"advance": "25h"}`)
	o.wants("sent", o.sent(), "three", "three")
}

// A mistake in a campaign that is under way is mended for those as well who have begun.
func TestRunsOfACampaignMove(t *testing.T) {
	t.Parallel()
	var o *office
	put := func(template, step, more string) {
		o.ask(http.MethodPost, "/v1/apply", fmt.Sprintf(`
kind: template
name: %[1]s
channel: sms
text: hello
---
kind: campaign
name: news
audience: "true"
schedule: { on: 2126-01-01, at: "10:00", zone: UTC }
%[3]s
steps:
  - { name: %[2]s, wait: 1d }
  - { name: last, send: { template: %[1]s, channel: sms, class: transactional } }
`, template, step, more))
	}
	for _, c := range []struct{ more, want string }{{"", "wrong"}, {"versions: move\nmoved: { pause: rest }", "right"}} {
		o = newOffice(t)
		put("wrong", "pause", "")
		o.ask(http.MethodPost, "/v1/batch", `{"batch": [{"type": "identify", "userId": "ana", "traits": {"phone": "+6591234567"}}]}`)
		o.ask(http.MethodPost, "/v1/clock", `{"to": "2126-01-01T11:00:00Z"}`)
		put("right", "rest", c.more)
		o.ask(http.MethodPost, "/v1/clock", `{"advance": "25h"}`)
		o.wants("sent with "+c.more, o.sent(), c.want)
	}
}

// A version that can't be compiled any more is not kept: its runs go on with the newest,
// and that is said.
func TestRunsWhoseVersionIsGoneMove(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.puts("one", "")
	o.enters("ana")
	o.puts("two", "")
	o.enters("bob")
	gone := o.ask(http.MethodDelete, "/v1/documents/template/one", "")
	if told := fmt.Sprint(gone["warnings"]); !strings.Contains(told, "the runs of version 1 can't finish as they began") {
		t.Errorf("warned of %s", told)
	}
	o.ask(http.MethodPost, "/v1/clock", `{"advance": "25h"}`)
	o.wants("sent", o.sent(), "two", "two")
}

// A pause outlasts restarts and whatever is applied.
func TestAPauseStays(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.puts("one", "")
	o.enters("ana")
	o.ask(http.MethodPost, "/v1/journeys/tips/pause", `{"reason": "wrong price"}`)
	o.restart()
	o.puts("two", "")
	o.ask(http.MethodPost, "/v1/clock", `{"advance": "48h"}`)
	o.wants("sent", o.sent())
	standing := o.ask(http.MethodGet, "/v1/journeys/tips", "")["standing"].(map[string]any)
	if standing["state"] != "paused" || standing["reason"] != "wrong price" {
		t.Errorf("it stands as %v", standing)
	}
	o.ask(http.MethodPost, "/v1/journeys/tips/resume", "")
	o.restart()
	o.ask(http.MethodPost, "/v1/clock", `{"advance": "1s"}`)
	o.wants("sent", o.sent(), "one")
}

// Of more versions than are kept the runs of the oldest go on with the newest.
func TestOnlySoManyVersionsAreKept(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	for i := range 22 {
		o.puts(fmt.Sprintf("t%02d", i), "")
		o.enters(fmt.Sprint("u", i))
	}
	o.ask(http.MethodPost, "/v1/clock", `{"advance": "25h"}`)
	want := []string{}
	for i := 1; i < 22; i++ {
		want = append(want, fmt.Sprintf("t%02d", i))
	}
	o.wants("sent", o.sent(), append(want, "t21")...)
}

// A secret that runs of an earlier version call with stays until they have ended.
func TestASecretThatRunsNeedStays(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	put := func(call string) {
		o.ask(http.MethodPost, "/v1/apply", `
kind: journey
name: tips
entry: { event: Signed Up }
steps:
  - { name: pause, wait: 1d }
  - { name: call, webhook: { url: "https://crm.example/", `+call+` give_up: 1h } }
`)
	}
	if _, err := o.app.SetSecret(t.Context(), "crm-token", "x"); err != nil {
		t.Fatal(err)
	}
	put("headers: { Authorization: { secret: crm-token } },")
	o.enters("ana")
	put("")
	for range 2 {
		err := o.app.DeleteSecret(t.Context(), "crm-token")
		if rapport.KindOf(err) != rapport.Conflict || !strings.Contains(err.Error(), "tips in version 1") {
			t.Fatalf("%v", err)
		}
		o.restart()
	}
	o.ask(http.MethodPost, "/v1/clock", `{"advance": "48h"}`)
	if err := o.app.DeleteSecret(t.Context(), "crm-token"); err != nil {
		t.Error(err)
	}
}

// Whoever deletes a journey reads first how many runs end with it.
func TestDeletingAJourneyTellsWhoseRunsEnd(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.puts("one", "")
	if told := fmt.Sprint(o.ask(http.MethodDelete, "/v1/documents/journey/tips?dry=true", "")["warnings"]); told != "[]" {
		t.Errorf("warned of %s", told)
	}
	o.enters("ana")
	o.puts("two", "")
	o.enters("bob")
	for _, how := range []string{"?dry=true", ""} {
		gone := o.ask(http.MethodDelete, "/v1/documents/journey/tips"+how, "")
		if told := fmt.Sprint(gone["warnings"]); !strings.Contains(told, `runs of the journey "tips" that are under way, 2 of them, end with it`) {
			t.Errorf("warned of %s", told)
		}
	}
}
