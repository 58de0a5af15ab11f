package client_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"rapport/client"
)

// copying is a live server with pages of customers, and a sandbox that counts rows.
type copying struct {
	t       *testing.T
	pages   []string // answers to /v1/pseudonymised, in turn
	rows    map[string]int
	refuses string // rows that hold it
	largest int64
}

func (c *copying) live(w http.ResponseWriter, _ *http.Request) {
	_, _ = w.Write([]byte(c.pages[0]))
	c.pages = c.pages[1:]
}

func (c *copying) sandbox(w http.ResponseWriter, r *http.Request) {
	id := strings.TrimSuffix(strings.TrimPrefix(r.URL.Path, "/v1/imports/"), "/rows")
	switch {
	case r.URL.Path == "/v1/clock":
		_, _ = w.Write([]byte(`{"sandbox": true}`))
		return
	case r.Method == http.MethodGet:
		fmt.Fprintf(w, `{"rows": %d}`, c.rows[id])
		return
	}
	c.largest = max(c.largest, r.ContentLength)
	var body struct {
		From   int
		Events []json.RawMessage
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil || body.From != c.rows[id] {
		c.t.Errorf("%s: rows from %d, of which %d are there: %v", id, body.From, c.rows[id], err)
	}
	var refused []string
	for i, e := range body.Events {
		if c.refuses != "" && strings.Contains(string(e), c.refuses) {
			refused = append(refused, fmt.Sprintf(`{"row": %d, "code": "x", "detail": "too large"}`, body.From+i))
		}
	}
	c.rows[id] += len(body.Events)
	fmt.Fprintf(w, `{"rows": %d, "refused": [%s]}`, c.rows[id], strings.Join(refused, ","))
}

func (c *copying) copy(customers int) string {
	c.t.Helper()
	from, to := httptest.NewServer(http.HandlerFunc(c.live)), httptest.NewServer(http.HandlerFunc(c.sandbox))
	defer from.Close()
	defer to.Close()
	var out strings.Builder
	if err := client.CopyCustomers(c.t.Context(), client.New(from.URL, "k"), client.New(to.URL, "k"), customers, &out); err != nil {
		c.t.Fatal(err)
	}
	return out.String()
}

// TestCopyOfSomebodyWithMuch: however large the events of one customer are, no request is
// larger than the server takes, and what it refuses is told.
func TestCopyOfSomebodyWithMuch(t *testing.T) {
	t.Parallel()
	events := make([]string, 300)
	for i := range events {
		events[i] = fmt.Sprintf(`{"n": %d, "text": "%s"}`, i, strings.Repeat("<", 30<<10))
	}
	events[7] = `{"bad": 1}`
	c := &copying{t: t, rows: map[string]int{}, refuses: "bad", pages: []string{
		`{"customers": [{"id": "p-a", "histories": [{"id": "p-a", "events": [` + strings.Join(events, ",") + `]}]}]}`,
	}}
	out := c.copy(10)
	if c.rows["pseudonym-p-a"] != 300 || c.largest > 4<<20 || !strings.Contains(out, "1 of the events were not taken in, the first of them since: too large") {
		t.Errorf("%d rows, in requests of up to %d bytes, and said:\n%s", c.rows["pseudonym-p-a"], c.largest, out)
	}
}

// TestCopyAfterAJoin: what two did before they became one is not brought twice, wherever
// the join falls.
func TestCopyAfterAJoin(t *testing.T) {
	t.Parallel()
	const (
		ana    = `{"id": "p-a", "events": [{"n": 1}, {"n": 2}]}`
		device = `{"id": "p-d", "events": [{"n": 3}]}`
	)
	c := &copying{t: t, rows: map[string]int{}, pages: []string{
		`{"customers": [{"id": "p-a", "histories": [` + ana + `]}], "next": "x"}`,
		`{"customers": [{"id": "p-d", "histories": [` + device + `]}]}`,
		`{"customers": [{"id": "p-a", "histories": [{"id": "p-a", "events": [{"n": 1}, {"n": 2}, {"n": 4}]}, ` + device + `]}]}`,
	}}
	c.copy(10)
	c.copy(10)
	if c.rows["pseudonym-p-a"] != 3 || c.rows["pseudonym-p-d"] != 1 {
		t.Errorf("%v", c.rows)
	}
}
