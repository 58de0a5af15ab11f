package api_test

import (
	"net/http"
	"strings"
	"testing"
)

// TestRefusalsAreNoFaults: what is refused for being wrong is no fault of ours, and
// not in the log as one.
func TestRefusalsAreNoFaults(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	for target, body := range map[string]string{
		"/v1/apply":       "kind: segment\nname: x\nwhere: customer.x =",
		"/v1/plan":        "a: [",
		"/v1/rules/check": `{"where": 1}`,
		"/v1/clock":       `{"advance": "tomorrow"}`,
	} {
		if answer := w.call(http.MethodPost, target, body); answer.Code != http.StatusBadRequest {
			t.Errorf("%s: %d %s", target, answer.Code, answer.Body)
		}
	}
	if log := w.log.String(); strings.Contains(log, "level=ERROR") || strings.Contains(log, "level=WARN") {
		t.Errorf("the log:\n%s", log)
	}
}
