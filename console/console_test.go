package console_test

import (
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"rapport"
	"rapport/console"
)

const now = rapport.Instant(1_795_302_400_000) // 2026-11-21T23:06:40Z

// face answers as the program's HTTP face would, from a table of answers.
type face struct {
	mu      sync.Mutex
	answers map[string]string // by path
	asked   []*http.Request
	bodies  []string
	moved   chan struct{} // a move of the clock waits for it, if there is one

	after map[string]map[string]string // what is answered otherwise once something was asked for
}

// ServeHTTP answers, or says that there is nothing.
func (f *face) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	f.mu.Lock()
	f.asked, f.bodies = append(f.asked, r), append(f.bodies, string(body))
	answer, ok := f.answers[r.Method+" "+r.URL.EscapedPath()]
	maps.Copy(f.answers, f.after[r.Method+" "+r.URL.EscapedPath()])
	f.mu.Unlock()
	if r.Method == http.MethodPost && f.moved != nil {
		<-f.moved
	}
	if !ok {
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, `{"title":"Not Found","status":404,"detail":"There is no such <thing>."}`)
		return
	}
	_, _ = io.WriteString(w, answer)
}

type figures struct{ count console.Count }

func (f figures) Figures(context.Context) (console.Count, error) { return f.count, nil }
func (f figures) Reached() rapport.Instant                       { return now }

const hostile = `<script>alert("she")</script>`

func newFace() *face {
	quoted, _ := json.Marshal(hostile)
	ann := `{"id":"cus_ann","name":` + string(quoted) + `,"zone":"Asia/Singapore","eventsCount":3,"lastSeen":"2026-11-21T23:00:00.000Z",
		"identifiers":[{"kind":"userId","value":"ann"}],"traits":{"market":"singapore","note":` + string(quoted) + `},
		"consents":[{"purpose":"marketing","channel":"email","state":"granted","at":"2026-11-01T00:00:00Z"},{"purpose":"location","channel":"email","state":"unknown"}],
		"cart":{"id":"c1","lines":[{"product":"sh-linen","quantity":2,"item":{"name":"linen shirt","price":49.5,"currency":"SGD"}}]},
		"orders":[{"id":"o1","at":"2026-11-02T00:00:00Z","total":1234.5,"currency":"SGD","products":2}],
		"segments":[{"name":"regulars","since":"2026-11-03T00:00:00Z"}],"journeys":[{"journey":"cart-recovery","step":"quiet","entered":"2026-11-03T00:00:00Z"}]}`
	mail := `{"id":"msg_1","customer":"cus_ann","journey":"cart-recovery","step":"reminder","status":"handed","subject":` + string(quoted) + `,"to":"ann@example.com","channel":"email","class":"promotional","createdAt":"2026-11-21T23:00:00Z","attempts":1`
	return (&face{answers: map[string]string{
		"GET /v1/clock":                      `{"now":"2026-11-21T23:06:40.000Z","sandbox":true}`,
		"POST /v1/clock":                     `{"now":"2026-11-22T00:06:40.000Z","sandbox":true}`,
		"GET /v1/customers":                  `{"customers":[` + ann + `],"next":"page2"}`,
		"GET /v1/customers/ann":              ann,
		"GET /v1/customers/cus_ann":          ann,
		"GET /v1/customers/cus_ann/timeline": `{"events":[{"messageId":"m1","event":"Product Added","type":"track","timestamp":"2026-11-21T23:00:00Z","properties":{"name":` + string(quoted) + `,"price":49}}],"next":"older"}`,
		"GET /v1/customers/cus_ann/messages": `{"messages":[` + mail + `}]}`,
		"GET /v1/customers/cus_ann/decisions": `{"decisions":[{"message":"msg_1","outcome":"send","journey":"cart-recovery","step":"reminder","at":"2026-11-21T23:00:00Z","checks":[{"name":"consent","passed":true,"values":"consent=granted"}]},
			{"outcome":"drop","journey":"welcome","step":"hello","at":"2026-11-20T23:00:00Z","checks":[{"name":"consent","passed":false,"reason":"never asked"}],"change":"Ask for consent."}]}`,
		"GET /v1/messages":                  `{"messages":[` + mail + `}]}`,
		"GET /v1/messages/msg_1":            mail + `,"content":{"subject":"x","html":"<p>Hello <b>Ann</b></p><script>1</script>","text":"Hello Ann"}}`,
		"GET /v1/messages/msg_2":            strings.Replace(mail, "msg_1", "msg_2", 1) + `}`,
		"GET /v1/segments":                  `{"segments":[{"name":"regulars","size":12,"state":"building","where":"customer.a < 3"}]}`,
		"GET /v1/segments/regulars":         `{"name":"regulars","size":12,"state":"exact","where":"customer.a < 3"}`,
		"GET /v1/segments/regulars/members": `{"members":[{"id":"cus_ann","name":` + string(quoted) + `}]}`,
		"GET /v1/segments/regulars/history": `{"history":[
			{"at":"2026-11-19T00:00:00Z","size":10,"entered":10,"left":0,"byTime":{"entered":0,"left":0},"byDefinition":{"entered":10,"left":0}},
			{"at":"2026-11-20T00:00:00Z","size":10,"entered":0,"left":0,"byTime":{"entered":0,"left":0},"byDefinition":{"entered":0,"left":0}},
			{"at":"2026-11-21T00:00:00Z","size":12,"entered":5,"left":3,"byTime":{"entered":0,"left":3},"byDefinition":{"entered":0,"left":0}}]}`,
		"GET /v1/customers/cus_ann/segments/history": `{"stays":[
			{"segment":"regulars","enteredAt":"2026-11-03T00:00:00Z","enteredBy":{"cause":"event","event":"Order Completed","messageId":"m7"}},
			{"segment":"newcomers","enteredAt":"2026-10-03T00:00:00Z","enteredBy":{"cause":"event","event":"Signed Up"},"leftAt":"2026-11-02T00:00:00Z","leftBy":{"cause":"time"}}]}`,
		"GET /v1/journeys": `{"journeys":[{"name":"cart-recovery","running":2,"entered":7,"goal":1,"exited":{"finished":5},"refused":{},"steps":[{"name":"quiet","passed":6},{"name":"reminder","passed":5,"asked":5,"dropped":2}]}]}`,
	}}).withCampaigns()
}

// site opens the pages over a face.
func site(t *testing.T, f *face, change func(*console.Config)) *httptest.Server {
	t.Helper()
	pulse := &console.Pulse{}
	pulse.Admitted([]rapport.Event{{Type: rapport.Track, Name: "Product Viewed", UserID: "ann", Timestamp: now}}, time.Now())
	c := console.Config{
		Face: f, Key: "page-key", Pulse: pulse, Sandbox: true, Synthetic: true, URL: "http://127.0.0.1:8080", ShownKey: "rk_shown", ShownWriteKey: "wk_shown",
		Figures: figures{console.Count{Customers: 12_345, Events: 678, Messages: map[string]int64{"": 9, "handed": 8, "waiting": 1}}},
	}
	if change != nil {
		change(&c)
	}
	handler, err := console.New(c)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server
}

func read(t *testing.T, r *http.Response, err error) (status int, header http.Header, body string) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	data, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return r.StatusCode, r.Header, string(data)
}

func get(t *testing.T, url string) (status int, header http.Header, body string) {
	t.Helper()
	r, err := http.Get(url)
	return read(t, r, err)
}

func TestPagesTellWhatIsThere(t *testing.T) {
	t.Parallel()
	server := site(t, newFace(), nil)
	for path, want := range map[string][]string{
		"/": {
			"synthetic data", "12\u202f345", "678", "1 waiting", "8 captured", "singapore", "Product Viewed", "regulars", "building", "<b>7</b> entered",
			"<b>5</b> ended: finished", "reminder", "/messages/msg_1", "21 Nov 2026, 23:06:40 UTC", "rk_shown", "clock advance 1h", "07:06:40 Singapore",
		},
		"/customers":         {"cus_ann", `<code>ann</code>`, "cursor=page2"},
		"/customers/cus_ann": {"Product Added", "49", "linen shirt", "SGD\u00a01\u202f234.50", "granted", "stands at quiet", "never asked", "Ask for consent.", "cursor=older", "22 Nov 2026, 07:00:00 Singapore", "21 Nov, 23:00 UTC", "Earlier", "newcomers", "by Signed Up", "as time went by"},
		"/segments/regulars": {
			"customer.a &lt; 3", "/customers/cus_ann", "<polyline class=\"size\" points=\"0.0,20.0 200.0,20.0 200.0,20.0 400.0,20.0 400.0,0.0 600.0,0.0\"/>",
			"21 Nov 2026: 12 at the end, 5 entered, 3 left", "events (5), time (3)", "the definition",
		},
		"/messages":       {"/messages/msg_1", "ann@example.com"},
		"/messages/msg_1": {"sandbox src=\"/messages/msg_1/body\"", "Hello Ann", "consent=granted", "captured"},
		"/messages/msg_2": {"rendered when it goes out"},
	} {
		status, header, body := get(t, server.URL+path)
		if status != http.StatusOK || !strings.Contains(header.Get("Content-Security-Policy"), "script-src 'self'") {
			t.Errorf("%s: status %d, policy %q", path, status, header.Get("Content-Security-Policy"))
		}
		for _, text := range want {
			if !strings.Contains(body, text) {
				t.Errorf("%s does not tell %q", path, text)
			}
		}
		if strings.Contains(body, hostile) || strings.Contains(body, "unknown</span>") {
			t.Errorf("%s holds a text as it was sent, or a consent that nobody gave", path)
		}
	}
}

func TestWhatIsNotThereIsSaid(t *testing.T) {
	t.Parallel()
	server := site(t, newFace(), nil)
	for path, want := range map[string]string{
		"/customers/nobody": "There is no such &lt;thing&gt;.", "/messages/none": "There is no such", "/nowhere": "There is no such page", "/messages/msg_2/body": "No HTML",
	} {
		if status, _, body := get(t, server.URL+path); status != http.StatusNotFound || !strings.Contains(body, want) {
			t.Errorf("%s: %d, and it does not tell %q", path, status, want)
		}
	}
}

func TestEmptyStartPageSaysWhatToDo(t *testing.T) {
	t.Parallel()
	f := &face{answers: map[string]string{
		"GET /v1/clock": `{"now":"2026-11-21T23:06:40.000Z"}`, "GET /v1/customers": `{"customers":[]}`, "GET /v1/segments": `{"segments":[]}`,
		"GET /v1/journeys": `{"journeys":[]}`, "GET /v1/campaigns": `{"campaigns":[]}`, "GET /v1/messages": `{"messages":[]}`,
	}}
	server := site(t, f, func(c *console.Config) { c.Pulse, c.Figures, c.Sandbox = &console.Pulse{}, figures{}, false })
	_, _, body := get(t, server.URL)
	for _, text := range []string{"Nobody yet. Send an event", "No message yet", "rapport apply -f recipes/cart-recovery", "No segments yet"} {
		if !strings.Contains(body, text) {
			t.Errorf("the empty page does not tell %q", text)
		}
	}
	if strings.Contains(body, `action="/clock"`) {
		t.Error("a live environment offers to move its clock")
	}
}

func TestLiveEnvironmentSaysThatContentsAreNotKept(t *testing.T) {
	t.Parallel()
	server := site(t, newFace(), func(c *console.Config) { c.Sandbox = false })
	if _, _, body := get(t, server.URL+"/messages/msg_2"); !strings.Contains(body, "kept in a sandbox only") || !strings.Contains(body, ">handed<") {
		t.Error("the page does not say why there is no content")
	}
}

func TestBodyOfAMessageRunsNothing(t *testing.T) {
	t.Parallel()
	server := site(t, newFace(), nil)
	status, header, body := get(t, server.URL+"/messages/msg_1/body")
	policy := header.Get("Content-Security-Policy")
	if status != http.StatusOK || !strings.HasPrefix(policy, "sandbox;") || strings.Contains(policy, "script-src") || strings.Contains(policy, "https:") {
		t.Errorf("status %d, policy %q", status, policy)
	}
	if !strings.Contains(body, "<b>Ann</b>") {
		t.Errorf("the body is %q", body)
	}
	if _, header, _ := get(t, server.URL+"/messages/msg_1/body?pictures=shown"); !strings.Contains(header.Get("Content-Security-Policy"), "img-src data: https:") {
		t.Error("pictures that were asked for are not shown")
	}
}

func TestFragmentsAreWhatThePageShows(t *testing.T) {
	t.Parallel()
	server := site(t, newFace(), func(c *console.Config) {
		c.Progress = func() (string, float64) { return "Loading the past.", 0.25 }
	})
	_, _, page := get(t, server.URL)
	_, _, body := get(t, server.URL+"/live")
	var parts map[string]string
	if err := json.Unmarshal([]byte(body), &parts); err != nil || len(parts) < 7 {
		t.Fatalf("%v: %s", err, body)
	}
	for name, part := range parts {
		if !strings.Contains(page, `data-live="`+name+`"`) {
			t.Errorf("the page has no place for %s", name)
		}
		if name != "tiles" && !strings.Contains(page, part) { // events a second differ
			t.Errorf("the page does not hold %s as it was told alone", name)
		}
	}
	if !strings.Contains(parts["notice"], "Loading the past.") || !strings.Contains(parts["notice"], "25\u00a0%") {
		t.Errorf("the notice is %q", parts["notice"])
	}
}

func TestOnlyTheKeyOpensThePages(t *testing.T) {
	t.Parallel()
	f := newFace()
	server := site(t, f, func(c *console.Config) { c.Authorised = func(key string) bool { return key == "secret" } })
	for _, test := range []struct {
		password string
		want     int
	}{{"", 401}, {"wrong", 401}, {"secret", 200}} {
		r, err := http.NewRequest(http.MethodGet, server.URL+"/customers", nil)
		if err != nil {
			t.Fatal(err)
		}
		if test.password != "" {
			r.SetBasicAuth("anybody", test.password)
		}
		res, err := http.DefaultClient.Do(r)
		status, header, body := read(t, res, err)
		if status != test.want || (status == 401) != strings.HasPrefix(header.Get("WWW-Authenticate"), "Basic ") {
			t.Errorf("password %q: status %d", test.password, status)
		}
		if status == 401 && strings.Contains(body, "cus_ann") {
			t.Error("the refusal tells of customers")
		}
	}
	for _, r := range f.asked {
		if r.Header.Get("Authorization") != "Bearer page-key" {
			t.Errorf("%s was asked for with %q", r.URL, r.Header.Get("Authorization"))
		}
	}
}

// post sends a form as a browser would that shows a page of another site, or ours.
func post(t *testing.T, address, site, advance string) (status int, header http.Header, body string) {
	t.Helper()
	return send(t, address, url.Values{"advance": {advance}}, http.Header{"Sec-Fetch-Site": {site}})
}

func send(t *testing.T, address string, form url.Values, header http.Header) (int, http.Header, string) {
	t.Helper()
	r, err := http.NewRequest(http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	maps.Copy(r.Header, header)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := http.DefaultTransport.RoundTrip(r)
	return read(t, res, err)
}

func TestAnotherSiteCannotMoveTheClock(t *testing.T) {
	t.Parallel()
	f := newFace()
	server := site(t, f, nil)
	if status, _, _ := post(t, server.URL+"/clock", "cross-site", "1h"); status != http.StatusForbidden {
		t.Errorf("status %d", status)
	}
	if len(f.asked) > 0 {
		t.Error("the clock was asked for")
	}
}

func TestClockIsMovedBesideThePage(t *testing.T) {
	t.Parallel()
	f := newFace()
	f.moved = make(chan struct{})
	server := site(t, f, nil)
	for range 2 { // the second press finds it moving
		if status, header, body := post(t, server.URL+"/clock", "same-origin", "7d"); status != http.StatusSeeOther || header.Get("Location") != "/#clock" {
			t.Fatalf("status %d, %s", status, body)
		}
	}
	if _, _, body := get(t, server.URL); !strings.Contains(body, "Working through time") {
		t.Error("the page does not say that the clock is being moved")
	}
	close(f.moved)
	moved := false
	for i := 0; i < 1000 && !moved; i++ { // each request gives the move time to end
		_, _, body := get(t, server.URL)
		moved = strings.Contains(body, "Moved to 28 Nov 2026, 23:06:40 UTC")
	}
	if !moved {
		t.Error("the page does not say that the clock was moved")
	}
	moves := 0
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, r := range f.asked {
		if r.Method == http.MethodPost {
			moves++
			if f.bodies[i] != `{"advance":"7d"}` {
				t.Errorf("the clock was moved by %s", f.bodies[i])
			}
		}
	}
	if moves != 1 {
		t.Errorf("the clock was moved %d times", moves)
	}
}

func TestClockTakesLengthsOfTimeOnly(t *testing.T) {
	t.Parallel()
	server := site(t, newFace(), nil)
	for _, advance := range []string{"", "soon", "-1h"} {
		if status, _, body := post(t, server.URL+"/clock", "same-origin", advance); status != http.StatusBadRequest || !strings.Contains(body, "such as 1h") {
			t.Errorf("%q: status %d", advance, status)
		}
	}
}

func TestAssetsAreServed(t *testing.T) {
	t.Parallel()
	server := site(t, newFace(), nil)
	for path, kind := range map[string]string{"/assets/console.css": "text/css", "/assets/console.js": "text/javascript", "/assets/mark.svg": "image/svg"} {
		if status, header, _ := get(t, server.URL+path); status != http.StatusOK || !strings.HasPrefix(header.Get("Content-Type"), kind) {
			t.Errorf("%s: %d %s", path, status, header.Get("Content-Type"))
		}
	}
}
