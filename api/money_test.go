package api_test

import (
	"net/http"
	"strings"
	"testing"
)

// Rules tell money in a currency as soon as there are rates, and by the rates in
// force; while one needs them they can't be taken away.
func TestMoneyNeedsRates(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	const rule = `{"where":"events(\"Order Completed\").sum(e, e.total, \"SGD\") >= 135"}`
	told := func(status int, method, target, body string, want ...string) {
		t.Helper()
		got := w.call(method, target, body)
		for _, part := range want {
			if got.Code != status || !strings.Contains(got.Body.String(), part) {
				t.Errorf("%s %s: %d %s, want %d with %s", method, target, got.Code, got.Body, status, part)
			}
		}
	}
	told(http.StatusBadRequest, http.MethodPost, "/v1/rules/check", rule, "no rates are known", "add a document of kind rates")
	w.must(http.MethodPost, "/v1/batch", `{"batch":[{"type":"track","event":"Order Completed","userId":"ana","messageId":"1","timestamp":"2026-10-01T10:00:00Z","properties":{"total":100,"currency":"USD"}}]}`,
		"Authorization", basic(writeKey))

	w.must(http.MethodPut, "/v1/documents/rates/bank", `{"base":"SGD","periods":[{"from":"2026-01-01","per":{"USD":1.3}}]}`)
	told(http.StatusOK, http.MethodPost, "/v1/rules/check", rule, `sum(e, e.total, \"USD\")`, `sum(e, e.total, \"\")`)
	told(http.StatusOK, http.MethodPost, "/v1/segments/preview", rule, `{"count":0,"exact":true`)
	told(http.StatusBadRequest, http.MethodPut, "/v1/documents/rates/other", `{"base":"SGD","periods":[]}`, "there are rates already")

	w.must(http.MethodPut, "/v1/documents/segment/spender", rule)
	w.must(http.MethodPut, "/v1/documents/rates/bank", `{"base":"SGD","periods":[{"from":"2026-01-01","per":{"USD":1.35}}]}`)
	told(http.StatusOK, http.MethodPost, "/v1/segments/preview", rule, `{"count":1,"exact":true`)
	w.must(http.MethodPost, "/v1/clock", `{"advance":"0s"}`) // whoever advances brings everybody up to the workspace
	told(http.StatusOK, http.MethodGet, "/v1/segments/spender", "", `"size":1`)
	told(http.StatusBadRequest, http.MethodDelete, "/v1/documents/rates/bank", "", "no rates are known")
}
