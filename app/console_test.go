//go:build !noconsole

package app_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"rapport/app"
)

// TestCampaignsPageActsForWhoSignedIn walks a campaign's page on the whole program: it is
// told as the documents and the flow have it, and what is done there is recorded as done
// by the key and the name that signed in.
func TestCampaignsPageActsForWhoSignedIn(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.ask(http.MethodPost, "/v1/apply", `
kind: template
name: news
channel: sms
text: News.
---
kind: campaign
name: news
hypothesis: Some come back
audience: 'true'
schedule: { on: 2126-01-01, at: "10:00", canary: { stages: [50] } }
steps:
  - send: { template: news, channel: sms, class: transactional }
`)
	pages, err := o.app.Face(app.Page{})
	if err != nil {
		t.Fatal(err)
	}
	visit := func(method, path, form string) *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(form))
		r.SetBasicAuth("Mai Li", "rk_test_office")
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		w := httptest.NewRecorder()
		pages.ServeHTTP(w, r)
		return w
	}
	for path, want := range map[string]string{
		"/campaigns": "scheduled", "/campaigns/news": "50 of 100, then all; each watched for 1 hour", "/campaigns/news/pause": "Nobody enters any more", "/channels": "Channels", "/journeys": "No journeys yet",
	} {
		if w := visit(http.MethodGet, path, ""); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: %d, and it does not tell %q", path, w.Code, want)
		}
	}
	standing := func() map[string]any {
		return o.ask(http.MethodGet, "/v1/campaigns/news", "")["standing"].(map[string]any)
	}
	if w := visit(http.MethodPost, "/campaigns/news/pause", "reason=wrong+price"); w.Code != http.StatusSeeOther {
		t.Fatalf("pause: %d %s", w.Code, w.Body)
	}
	if s := standing(); s["state"] != "paused" || s["by"] != "admin" || s["author"] != "Mai Li" || s["reason"] != "wrong price" {
		t.Errorf("paused: %v", s)
	}
	if w := visit(http.MethodPost, "/campaigns/news/restore", ""); w.Code != http.StatusConflict || !strings.Contains(w.Body.String(), "paused, not archived") {
		t.Errorf("restoring what is paused: %d", w.Code)
	}
	for _, act := range []struct{ verb, state string }{{"resume", "active"}, {"archive", "archived"}, {"restore", "active"}} {
		if w := visit(http.MethodPost, "/campaigns/news/"+act.verb, ""); w.Code != http.StatusSeeOther || standing()["state"] != act.state {
			t.Errorf("%s: %d, %v", act.verb, w.Code, standing())
		}
	}
}
