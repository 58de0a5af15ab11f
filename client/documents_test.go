package client_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rapport/client"
)

// TestPlanTellsWarningsAndWorstCases: what a check has found, and how many messages it may
// come to, stand below what would change.
func TestPlanTellsWarningsAndWorstCases(t *testing.T) {
	t.Parallel()
	const answer = `{"version": 2, "changes": [{"kind": "journey", "name": "tips", "action": "created"}], "missingSecrets": [],
		"warnings": [{"file": "tips.yaml", "line": 4, "column": 5, "path": "steps[0].branch", "message": "nothing is said of the others"}],
		"journeys": [
			{"name": "echo", "worstCase": {"messages": null, "exact": true, "unbounded": "each trigger starts another", "of": [{"channel": "sms", "class": "content", "messages": null}]}},
			{"name": "tips", "worstCase": {"messages": 3, "exact": false, "perKey": "cart_id", "of": [{"channel": "email", "class": "content", "messages": 2}, {"channel": "sms", "class": "content", "messages": 1}]}},
			{"name": "once", "worstCase": {"messages": 1, "exact": true, "of": []}}]}`
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, answer) }))
	defer server.Close()
	var out strings.Builder
	c := client.New(server.URL, "key")
	if err := c.Apply(t.Context(), "-", strings.NewReader("kind: x"), client.ApplyOptions{Dry: true}, &out); err != nil {
		t.Fatal(err)
	}
	want := `created  journey tips
1 of 1 documents would change
worst case of journey echo: any number of messages a customer in 7 days (sms content any): each trigger starts another
worst case of journey tips: at most 3 messages a customer in 7 days for each cart_id (email content 2, sms content 1)
worst case of journey once: 1 message a customer in 7 days
warning: tips.yaml:4:5: steps[0].branch: nothing is said of the others
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +told):\n%s", diff)
	}
}

// TestVersionsObeyNobody: what somebody wrote as a note moves no cursor.
func TestVersionsObeyNobody(t *testing.T) {
	t.Parallel()
	const answer = `{"versions": [{"version": 2, "at": "2026-11-01T08:00:00Z", "key": "mai", "author": "Mai Nguyễn", "note": "a\u001b[2Jb\nc"}]}`
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, answer) }))
	defer server.Close()
	var out strings.Builder
	if err := client.New(server.URL, "key").Versions(t.Context(), 1, &out); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("    2  2026-11-01 08:00:00Z  key mai (says Mai Nguyễn): a [2Jb c\n", out.String()); diff != "" {
		t.Errorf("(-want +told):\n%s", diff)
	}
}
