package api_test

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"rapport/api"
)

// A preview counts what the segment counts once it is in force, whichever way the
// histories are read, whoever became whom meanwhile.
func TestAPreviewIsWhatTheSegmentWillBe(t *testing.T) {
	t.Parallel()
	rules := []string{
		`events("Order Completed").where(e, e.total > 50).count() >= 2`,
		`events("Order Completed").within("30h").exists() && !events("Product Viewed").within("10h").exists()`,
		`events("Product Viewed").count() > events("Order Completed").count()`,
	}
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t, options{})
		pick := func(label string, of ...string) string { return rapid.SampledFrom(of).Draw(rt, label) }
		for range rapid.IntRange(1, 25).Draw(rt, "events") {
			e := map[string]any{
				"type": "track", "event": pick("event", "Order Completed", "Product Viewed"),
				"properties": map[string]any{"total": rapid.IntRange(0, 100).Draw(rt, "total")},
				"userId":     pick("user", "", "a", "b", "c"), "anonymousId": pick("device", "d1", "d2"),
				"timestamp": fmt.Sprintf("2026-10-%02dT10:00:00Z", rapid.IntRange(1, 31).Draw(rt, "day")),
			}
			if rapid.IntRange(0, 9).Draw(rt, "alias") == 0 {
				e = map[string]any{"type": "alias", "userId": pick("user", "a", "b"), "previousId": pick("previous", "b", "c", "d1")}
			}
			body, err := json.Marshal(map[string]any{"batch": []any{e}})
			if err != nil {
				rt.Fatal(err)
			}
			w.must(http.MethodPost, "/v1/batch", string(body), "Authorization", basic(writeKey))
			if rapid.Bool().Draw(rt, "wait") {
				w.must(http.MethodPost, "/v1/clock", `{"advance":"3h"}`)
			}
		}
		where, err := json.Marshal(map[string]string{"where": rapid.SampledFrom(rules).Draw(rt, "rule")})
		if err != nil {
			rt.Fatal(err)
		}
		byLog := w.must(http.MethodPost, "/v1/segments/preview", string(where))
		few := w.handler
		w.handler = w.with(func(c *api.Config) { c.Histories = customersOf(byLog) - 1 })
		singly := w.must(http.MethodPost, "/v1/segments/preview", string(where))
		w.handler = few
		w.must(http.MethodPut, "/v1/documents/segment/it", string(where))
		var size struct {
			Size  int64
			State string
		}
		if err := json.Unmarshal([]byte(w.must(http.MethodGet, "/v1/segments/it", "")), &size); err != nil {
			rt.Fatal(err)
		}
		if size.State != "exact" {
			w.must(http.MethodPost, "/v1/clock", `{"advance":"0s"}`) // whoever advances brings everybody up to the workspace
			if err := json.Unmarshal([]byte(w.must(http.MethodGet, "/v1/segments/it", "")), &size); err != nil {
				rt.Fatal(err)
			}
		}
		if !strings.HasPrefix(byLog, fmt.Sprintf(`{"count":%d,"exact":true`, size.Size)) {
			rt.Fatalf("%s is in force with %d, previewed: %s", where, size.Size, byLog)
		}
		// What is in force is answered from memory.
		if told := w.must(http.MethodPost, "/v1/segments/preview", string(where)); !strings.HasPrefix(told, fmt.Sprintf(`{"count":%d,"exact":true`, size.Size)) {
			rt.Fatalf("%s is in force with %d, previewed then: %s", where, size.Size, told)
		}
		if n := customersOf(byLog); n > 1 && !strings.Contains(singly, `"exact":false`) {
			rt.Fatalf("of %d customers not all can have been read: %s", n, singly)
		}
		checkEstimate(rt, byLog)
		checkEstimate(rt, singly)
	})
}

// checkEstimate requires an estimate of what is not exact, and of nothing else.
func checkEstimate(t *rapid.T, preview string) {
	var p struct {
		Count, Scanned, Customers float64
		Exact                     bool
		Estimate                  *float64
	}
	if err := json.Unmarshal([]byte(preview), &p); err != nil {
		t.Fatal(err)
	}
	if (p.Estimate != nil) != (!p.Exact && p.Scanned > 0) || p.Estimate != nil && *p.Estimate != math.Round(p.Count*p.Customers/p.Scanned) {
		t.Fatalf("an estimate is told that should not be, or another: %s", preview)
	}
}

func customersOf(preview string) int {
	var p struct{ Customers int }
	if json.Unmarshal([]byte(preview), &p) != nil {
		return 0
	}
	return p.Customers
}
