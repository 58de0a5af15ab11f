package app

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rapport"
	"rapport/shop"
)

// demo is a demo that runs.
type demo struct {
	t      *testing.T
	app    *App
	demo   *Demo
	server *httptest.Server
	stop   context.CancelFunc
	ended  chan error
}

// demoDay is when a demo of these tests is made: what its visitors do depends on the day.
var demoDay = time.Date(2060, 6, 15, 12, 0, 0, 0, time.UTC)

func startDemo(t *testing.T, data string, s Shopping) *demo {
	t.Helper()
	a, err := Open(t.Context(), Config{Data: data, Sandbox: true, AdminKey: "rk_demo", WriteKey: "wk_demo", Begin: s.Begin(demoDay)})
	if err != nil {
		t.Fatal(err)
	}
	shopping, err := a.OpenDemo(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	face, err := a.Face(Page{Open: true, Synthetic: true, Progress: shopping.Progress, Story: shopping.Story})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	d := &demo{t: t, app: a, demo: shopping, server: httptest.NewServer(face), stop: stop, ended: make(chan error, 1)}
	go func() { d.ended <- shopping.Run(ctx, d.server.URL) }()
	return d
}

// close stops everything in the order in which the program does.
func (d *demo) close() {
	d.t.Helper()
	d.stop()
	if err := <-d.ended; err != nil {
		d.t.Error(err)
	}
	d.server.Close()
	if err := d.app.Close(); err != nil {
		d.t.Error(err)
	}
}

// await waits until a condition holds, looking at it after each batch.
func (d *demo) await(what string, holds func() bool) {
	d.t.Helper()
	for late := time.After(time.Minute); ; {
		changed := d.app.Flow.Changed()
		if holds() {
			return
		}
		select {
		case <-changed:
		case err := <-d.ended:
			d.ended <- nil // for close
			d.t.Fatalf("the shop has closed before %s: %v", what, err)
		case <-late:
			d.t.Fatalf("a minute on, not yet: %s", what)
		}
	}
}

// awaitPast waits until the shop's past is told.
func (d *demo) awaitPast() {
	d.t.Helper()
	select {
	case <-d.demo.Told():
	case err := <-d.ended:
		d.ended <- nil // for close
		d.t.Fatalf("the shop has closed before its past was told: %v", err)
	case <-time.After(time.Minute):
		d.t.Fatal("a minute on, the past is not told yet")
	}
	if what, part := d.demo.Progress(); what != "" || part != 1 {
		d.t.Errorf("%q is still being loaded, %v of it is there", what, part)
	}
}

func (d *demo) get(path string, into any) {
	d.t.Helper()
	r, err := http.NewRequest(http.MethodGet, d.server.URL+path, nil)
	if err != nil {
		d.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer rk_demo")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		d.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		d.t.Fatalf("%s: %d %v %s", path, res.StatusCode, err, body)
	}
	if text, ok := into.(*string); ok {
		*text = string(body)
		return
	}
	if err := json.Unmarshal(body, into); err != nil {
		d.t.Fatal(err)
	}
}

func TestDemoShowsCustomersSegmentsAndAfterAnHourMessages(t *testing.T) {
	t.Parallel()
	d := startDemo(t, t.TempDir(), Shopping{Visitors: 300, Newcomers: 20, Days: 15, Speed: 100})
	defer d.close()
	d.awaitPast()

	var page string
	d.get("/", &page)
	for _, text := range []string{"synthetic data", "cart-recovery", "welcome", "has-bought", "/customers/cus_"} {
		if !strings.Contains(page, text) {
			t.Errorf("the start page does not tell %q", text)
		}
	}
	var segments struct {
		Segments []struct {
			Name, State string
			Size        int
		}
	}
	d.get("/v1/segments", &segments)
	sizes := map[string]int{}
	for _, s := range segments.Segments {
		sizes[s.Name] = s.Size
	}
	for _, name := range []string{
		"has-bought", "app-shoppers", "never-bought", "new", "active", "loyal", "at-risk", "lapsed",
		"browsing-long", "cart-left", "cart-waiting-two-days", "app-without-checkout", "returned-item", "returned-too-small", "agreed-to-personalisation",
	} {
		if sizes[name] == 0 {
			t.Errorf("nobody is in %s: %v", name, sizes)
		}
	}

	res, err := http.PostForm(d.server.URL+"/clock", url.Values{"advance": {"2h"}})
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	var messages struct {
		Messages []struct{ ID, Journey, Subject string }
	}
	d.await("a reminder is captured", func() bool {
		d.get("/v1/messages?journey=cart-recovery", &messages)
		return len(messages.Messages) > 0
	})
	d.get("/messages/"+messages.Messages[0].ID, &page)
	if !strings.Contains(page, "Why it was sent") || !strings.Contains(page, "<iframe") {
		t.Error("the message's page does not show it")
	}
}

// TestDemoTellsWhatToLookAt follows every link of the story.
func TestDemoTellsWhatToLookAt(t *testing.T) {
	t.Parallel()
	d := startDemo(t, t.TempDir(), Shopping{Visitors: 300, Newcomers: 10, Days: 12, Speed: 1})
	defer d.close()
	d.awaitPast()
	story := d.demo.Story(t.Context())
	titles := ""
	for _, b := range story {
		titles += b.Title + "\n"
		if b.Text == "" {
			t.Errorf("nothing is said of %q", b.Title)
		}
		var page string
		d.get(b.Path, &page)
		if !strings.Contains(page, "synthetic data") {
			t.Errorf("the page of %q does not say that it is synthetic", b.Title)
		}
	}
	for _, title := range []string{"has left a cart", "was reminded of a cart", "How the letters were met", "The campaign birthday goes out next"} {
		if !strings.Contains(titles, title) {
			t.Errorf("the story does not tell %q:\n%s", title, titles)
		}
	}
}

// TestTheLastDaysOfADemoAreLivedInSmallSteps: what happened in them was known soon after,
// so a segment is entered when its page says that it was.
func TestTheLastDaysOfADemoAreLivedInSmallSteps(t *testing.T) {
	t.Parallel()
	d := startDemo(t, t.TempDir(), Shopping{Visitors: 100, Newcomers: 10, Days: 4, Speed: 1e-9})
	defer d.close()
	d.awaitPast()
	var all struct {
		Customers []struct {
			ID       string
			LastSeen time.Time
		}
	}
	d.get("/v1/customers?limit=500", &all)
	looked := 0
	for _, c := range all.Customers {
		if c.LastSeen.Before(d.demo.memory.Made.AddDate(0, 0, -1)) {
			continue
		}
		var timeline struct {
			Events []struct {
				MessageID             string
				Timestamp, ReceivedAt time.Time
			}
		}
		d.get("/v1/customers/"+c.ID+"/timeline", &timeline)
		for _, e := range timeline.Events {
			if !strings.HasPrefix(e.MessageID, "shop-") || e.Timestamp.Before(d.demo.memory.Made.AddDate(0, 0, -1)) {
				continue
			}
			looked++
			if late := e.ReceivedAt.Sub(e.Timestamp); late > 6*time.Minute {
				t.Errorf("%s was known %v after it happened", e.MessageID, late)
			}
		}
	}
	if looked < 50 {
		t.Errorf("only %d events were looked at", looked)
	}
}

// TestFestivalDemoPlaysTheWholeChain goes from the evening before an 11.11 to the reminder
// of the credit that it has earned.
func TestFestivalDemoPlaysTheWholeChain(t *testing.T) {
	t.Parallel()
	d := startDemo(t, t.TempDir(), Shopping{Visitors: 200, Days: 4, Speed: 1e-9, Festival: true})
	defer d.close()
	d.awaitPast()
	for _, part := range []struct{ to, beat, journey, step string }{
		{"2059-11-11T15:00:00Z", "It is 11.11", "festival-afternoon", "afternoon"},
		{"2059-12-21T00:00:00Z", "After 11.11: the credit waits for Christmas", "festival-credit", "reminder"},
	} {
		body := strings.NewReader(`{"to": "` + part.to + `"}`)
		r, err := http.NewRequest(http.MethodPost, d.server.URL+"/v1/clock", body)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer rk_demo")
		r.Header.Set("Content-Type", "application/json")
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		if res.Body.Close(); res.StatusCode != http.StatusOK {
			t.Fatalf("the clock was not moved: %d", res.StatusCode)
		}
		story := d.demo.Story(t.Context())
		if len(story) == 0 || story[0].Title != part.beat {
			t.Fatalf("at %s the story begins otherwise: %v", part.to, story)
		}
		var list struct {
			Messages []struct{ Step string }
		}
		d.get("/v1/messages?limit=500&journey="+part.journey, &list)
		steps := map[string]int{}
		for _, m := range list.Messages {
			steps[m.Step]++
		}
		if told := fmt.Sprintf("%d were told in their afternoon", steps["afternoon"]); part.step == "afternoon" && !strings.HasPrefix(story[0].Text, told) {
			t.Errorf("%d messages of the afternoon were sent, the story says: %s", steps["afternoon"], story[0].Text)
		}
		if steps[part.step] == 0 {
			t.Errorf("at %s nobody had %s/%s: %v", part.to, part.journey, part.step, steps)
		}
		if part.step == "reminder" && steps["earned"] < steps["reminder"] {
			t.Errorf("more are reminded than have earned: %v", steps)
		}
	}
}

// TestDemoLosesAndDoublesNothing stops a demo while it tells its past, starts it
// again, and counts.
func TestDemoLosesAndDoublesNothing(t *testing.T) {
	t.Parallel()
	data, config := t.TempDir(), Shopping{Visitors: 60, Days: 20, Speed: 1e-9} // from then on hardly anything happens
	d := startDemo(t, data, config)
	d.await("some of the past is told", func() bool { return d.app.Store.State().Position >= 3 })
	d.close()
	select {
	case <-d.demo.Told():
		t.Fatal("all of the past was told before the demo was stopped")
	default:
	}
	d = startDemo(t, data, Shopping{Visitors: 1, Days: config.Days})
	defer d.close()
	d.awaitPast()
	events := int64(0)
	totals, err := d.app.Store.Counters(t.Context(), "events")
	for _, total := range totals {
		if total.Name == "events" && total.Bucket.IsZero() {
			events = total.Sum
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	want, reactions := told(t, data, d.demo.memory)
	all := 0
	for _, n := range d.demo.met() {
		all += n
	}
	if all != reactions {
		t.Errorf("the story tells of %d reactions, there were %d in both runs", all, reactions)
	}
	if reactions == 0 || want == 0 || int(events) != want {
		t.Errorf("%d events are counted, the shop has made %d, and met letters %d times", events, want, reactions)
	}
}

// told returns how much happens in a shop until its demo was made, given the letters
// that its people have met.
func told(t *testing.T, data string, m memory) (events, reactions int) {
	t.Helper()
	d := &Demo{app: &App{config: Config{Data: data}}, memory: m}
	if err := d.openShop(); err != nil {
		t.Fatal(err)
	}
	defer d.letters.Close()
	happened := d.trade.Shop.Until(m.Opened)
	for _, met := range d.trade.Replay {
		happened = append(happened, d.trade.Shop.Until(met.Now)...)
		if err := d.trade.Shop.Deliver(met.Now, met.Letter, func() (shop.Content, error) { return *met.Content, nil }); err != nil {
			t.Fatal(err)
		}
	}
	for _, e := range append(happened, d.trade.Shop.Until(m.Made)...) {
		if e.Reaction != nil {
			reactions++
		} else {
			events++
		}
	}
	return events, reactions
}

// TestALetterHalfWrittenDownCostsNoOther: the power fails while a letter is written down,
// and others are met after the next start.
func TestALetterHalfWrittenDownCostsNoOther(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	start := func() *Demo {
		d := &Demo{app: &App{config: Config{Data: data}}, memory: memory{Seed: 1, Visitors: 5, Opened: demoDay}}
		if err := d.openShop(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = d.letters.Close() })
		return d
	}
	meet := func(d *Demo, id string) {
		if err := d.keepLetter(shop.Met{Now: demoDay, Letter: shop.Letter{ID: id}}); err != nil {
			t.Fatal(err)
		}
	}
	first := start()
	meet(first, "msg_1")
	meet(first, "msg_2")
	if _, err := first.letters.WriteString(`{"now":"2060-06-15T12:00:00Z","letter":{"id":"msg_3"}}`); err != nil {
		t.Fatal(err)
	}
	second := start()
	meet(second, "msg_4")
	var ids []string
	for _, met := range start().trade.Replay {
		ids = append(ids, met.Letter.ID)
	}
	if got := strings.Join(ids, " "); got != "msg_1 msg_2 msg_4" {
		t.Errorf("the letters that are known: %s", got)
	}
}

func TestDemoRefusesSomebodysData(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	a, err := Open(t.Context(), Config{Data: data, Sandbox: true})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	event := rapport.Event{Type: rapport.Track, Name: "Seen", MessageID: "m1", UserID: "ann", Timestamp: a.Now(), ReceivedAt: a.Now()}
	if err := a.Flow.Submit(t.Context(), []rapport.Event{event}); err != nil {
		t.Fatal(err)
	}
	if _, err := a.OpenDemo(t.Context(), Shopping{Visitors: 10}); rapport.KindOf(err) != rapport.Invalid {
		t.Errorf("a folder with data became a demo: %v", err)
	}
}

// TestDemoOfAnotherDayIsNoFestival: who asks for an 11.11 is not shown something else.
func TestDemoOfAnotherDayIsNoFestival(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	d := startDemo(t, data, Shopping{Visitors: 5, Speed: 1})
	d.close()
	a, err := Open(t.Context(), Config{Data: data, Sandbox: true})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if _, err := a.OpenDemo(t.Context(), Shopping{Visitors: 5, Speed: 1, Festival: true}); rapport.KindOf(err) != rapport.Invalid || !strings.Contains(err.Error(), "--fresh") {
		t.Errorf("a demo of another day was taken for a festival: %v", err)
	}
}

func TestForgetDemoRemovesDemosOnly(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "demo")
	if err := ForgetDemo(t.Context(), data, ""); err != nil {
		t.Errorf("a folder that is not there: %v", err)
	}
	d := startDemo(t, data, Shopping{Visitors: 5, Speed: 1})
	if err := ForgetDemo(t.Context(), data, ""); rapport.KindOf(err) != rapport.Unavailable {
		t.Errorf("a demo that runs: %v", err)
	}
	d.close()
	if err := ForgetDemo(t.Context(), data, ""); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(data); !os.IsNotExist(err) {
		t.Error("the demo is still there")
	}
	if err := os.MkdirAll(data, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := ForgetDemo(t.Context(), data, ""); rapport.KindOf(err) != rapport.Invalid {
		t.Errorf("a folder that holds no demo: %v", err)
	}
}

func TestOpenFaceAnswersToThisMachineOnly(t *testing.T) {
	t.Parallel()
	a, err := Open(t.Context(), Config{Data: t.TempDir(), Sandbox: true, AdminKey: "rk_demo"})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	open, err := a.Face(Page{Open: true})
	if err != nil {
		t.Fatal(err)
	}
	closed, err := a.Face(Page{})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		face http.Handler
		host string
		path string
		want int
	}{
		{open, "127.0.0.1:8080", "/", 200}, {open, "localhost:8080", "/", 200}, {open, "[::1]:8080", "/", 200}, {open, "LOCALHOST", "/", 200},
		{open, "evil.example:8080", "/", 421}, {open, "", "/", 421}, {open, "127.0.0.1.evil.example", "/", 421}, {open, "10.0.0.1:8080", "/", 421},
		{open, "evil.example", "/v1/segments", 421}, {open, "127.0.0.1", "/v1/segments", 401},
		{closed, "shop.example", "/", 401}, {closed, "shop.example", "/healthz", 200}, {closed, "shop.example", "/openapi.json", 200},
	} {
		r := httptest.NewRequest(http.MethodGet, test.path, nil)
		r.Host = test.host
		w := httptest.NewRecorder()
		if test.face.ServeHTTP(w, r); w.Code != test.want {
			t.Errorf("%s at host %q: status %d, want %d", test.path, test.host, w.Code, test.want)
		}
	}
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.SetBasicAuth("anybody", "rk_demo")
	w := httptest.NewRecorder()
	if closed.ServeHTTP(w, r); w.Code != http.StatusOK || !bytes.Contains(w.Body.Bytes(), []byte("Nobody yet")) {
		t.Errorf("with the key: status %d", w.Code)
	}
}
