package app_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rapport/app"
	"rapport/collect"
	"rapport/flow"
	"rapport/journey"
	"rapport/profile"
	"rapport/workspace"
)

const receipts = `kind: template
name: receipt
channel: sms
text: Thank you.
---
kind: journey
name: receipt
entry: { event: Order Completed }
steps:
  - send: { template: receipt, channel: sms, class: transactional }
`

func operationsPage(t *testing.T) string {
	t.Helper()
	page, err := os.ReadFile("../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(page)
}

// named returns what the first group of a form matches, in order and each once.
func named(form, text string) (names []string) {
	for _, m := range regexp.MustCompile(form).FindAllStringSubmatch(text, -1) {
		names = append(names, m[1])
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// lived returns the data folder and the figures of a sandbox to which every kind of thing
// has happened.
func lived(t *testing.T) (dir, figures string) {
	t.Helper()
	dir = t.TempDir()
	a, err := app.Open(t.Context(), app.Config{Data: dir, Sandbox: true, AdminKey: "rk_test_page", WriteKey: "wk_test_page"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close() })
	face, err := a.Handler(nil)
	if err != nil {
		t.Fatal(err)
	}
	ask := func(method, path, body string) string {
		r := httptest.NewRequest(method, path, strings.NewReader(body))
		r.SetBasicAuth("wk_test_page", "")
		if path != "/v1/batch" {
			r.Header.Set("Authorization", "Bearer rk_test_page")
		}
		w := httptest.NewRecorder()
		face.ServeHTTP(w, r)
		if w.Code >= http.StatusMultipleChoices {
			t.Fatal(path, w.Code, w.Body)
		}
		return w.Body.String()
	}
	ask("POST", "/v1/apply", receipts)
	ask("PUT", "/v1/secrets/mail-password", `{"value": "open sesame"}`)
	ask("POST", "/v1/batch", `{"batch": [
		{"type": "identify", "userId": "ana", "traits": {"phone": "+6591234567"}},
		{"type": "track", "userId": "ana", "event": "Order Completed"},
		{"type": "track", "userId": "ana"}]}`)
	// That a message was handed over is counted beside the batch that says so, not before it.
	for !strings.Contains(figures, `rapport_messages_total{status="handed"}`) || !strings.Contains(figures, "rapport_handovers_total{") {
		changed := a.Flow.Changed()
		if figures = ask("GET", "/metrics", ""); strings.Contains(figures, "rapport_messages_total") {
			continue
		}
		select {
		case <-changed:
		case <-t.Context().Done():
			t.Fatal("no message was handed over")
		}
	}
	return dir, figures
}

// TestOperationsPage: the figures and the files that docs/operations.md tells of
// are those that there are once every kind of thing has happened.
func TestOperationsPage(t *testing.T) {
	t.Parallel()
	dir, figures := lived(t)
	page := operationsPage(t)
	rows := strings.Join(named("(?m)^\\| (`rapport_[^|]*) \\|", page), "\n")
	if diff := cmp.Diff(named("(?m)^# HELP (rapport_\\w+)", figures+liveFigures(t)), named("`(rapport_\\w+)`", rows)); diff != "" {
		t.Errorf("the page's figures (-there +page):\n%s", diff)
	}
	var files []string
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		files = append(files, e.Name())
	}
	if diff := cmp.Diff(files, named("(?m)^\\| `(rapport\\.[a-z-]+|secret\\.key)`", page)); diff != "" {
		t.Errorf("the page's files (-there +page):\n%s", diff)
	}
}

// liveFigures returns those of a live server with a mail server, which a sandbox never has.
func liveFigures(t *testing.T) string {
	t.Helper()
	a := open(t, t.TempDir(), io.Discard)
	defer shut(t, a)
	mail := workspace.File{Name: "mail.yaml", Body: []byte("kind: channel\nname: mail\nprovider: smtp\nsmtp: {host: localhost}\n")}
	if _, problems, err := a.Workspaces.Apply(t.Context(), []workspace.File{mail}, false, "test", ""); err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	face, err := a.Handler(nil)
	if err != nil {
		t.Fatal(err)
	}
	answer := httptest.NewRecorder()
	face.ServeHTTP(answer, httptest.NewRequest("GET", "/metrics", nil))
	return answer.Body.String()
}

// TestOperationsPageTellsLimits: the limits that the page tells are those that hold.
func TestOperationsPageTellsLimits(t *testing.T) {
	t.Parallel()
	page := operationsPage(t)
	for _, want := range []string{
		fmt.Sprintf("| one event | %d KB |", collect.MaxEvent>>10),
		fmt.Sprintf("| body of a call to collect | %d MB |", collect.MaxBody>>20),
		fmt.Sprintf("| a customer's record | %d KB |", profile.MaxRecord>>10),
		fmt.Sprintf("| points of facts of one customer | %d,%03d |", profile.MaxPoints/1000, profile.MaxPoints%1000),
		fmt.Sprintf("| journeys' runs of one customer | %d, each with %d KB of its entry |", journey.MaxRuns, journey.MaxEntry>>10),
		fmt.Sprintf("is known for %d hours at the least", flow.DedupeWindow/time.Hour),
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}
