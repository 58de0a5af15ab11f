package sdk_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rapport/internal/npm"
)

const (
	events    = 10_000
	customers = 200
	kills     = 6
)

// TestEachEventOnce sends events with the official client, through a proxy that
// breaks connections, to a program that is killed in between, and finds each of
// them once.
func TestEachEventOnce(t *testing.T) {
	folder := client(t)
	s := build(t)
	s.start()
	s.call(http.MethodPut, "/v1/documents/segment/lookers", `{"where": "events(\"Product Viewed\").count() == `+fmt.Sprint(events/customers)+`"}`, nil)

	// Requests arrive, most of them close together. Whenever so many more have, the
	// program is killed, with several of them under way.
	var arrived atomic.Int64
	due := make(chan bool, kills)
	killing := make(chan int)
	p := &proxy{dial: s.dial, slots: make(chan struct{}, 8), arrived: func() {
		if n := arrived.Add(1); n%18 == 0 && n/18 <= kills {
			due <- true
		}
	}}
	go func() {
		done := 0
		for range due {
			s.restart()
			done++
		}
		killing <- done
	}()
	said := send(t, folder, "http://"+p.start(t))
	close(due)
	if n := <-killing; n != kills {
		t.Errorf("the program was killed %d times, not %d: too few requests arrived", n, kills)
	}
	if said.Events != events || said.Delivered != events || said.Failed != 0 {
		t.Errorf("the client says %+v", said)
	}
	for f, n := range p.happened {
		if n == 0 {
			t.Errorf("nothing met the fate %d: %v", f, p.happened)
		}
	}
	t.Logf("%d requests arrived for %d batches, %d retries, fates %v", arrived.Load(), events/100, said.Retries, p.happened)
	s.checkEachOnce(t)
}

// checkEachOnce asks the program what it knows.
func (s *server) checkEachOnce(t *testing.T) {
	t.Helper()
	times := make([]int, events)
	types := map[string]int{}
	ids := map[string]bool{}
	counted := 0
	for _, c := range s.customers() {
		counted += c.EventsCount
		found := 0
		for _, e := range s.timeline(c.ID) {
			if e.Type == "derived" || e.Type == "noted" {
				continue // what the program itself tells
			}
			found++
			types[e.Type]++
			ids[e.MessageID] = true
			if e.Context.N == nil {
				t.Fatalf("an event of %s without a number: %+v", c.Name, e)
			}
			times[*e.Context.N]++
		}
		if found != c.EventsCount {
			t.Errorf("%s has %d events in her timeline, and %d are counted", c.Name, found, c.EventsCount)
		}
	}
	for n, times := range times {
		if times != 1 {
			t.Fatalf("event %d is there %d times", n, times)
		}
	}
	if counted != events || len(ids) != events {
		t.Errorf("%d events are counted, under %d message ids", counted, len(ids))
	}
	tenth := events / 20
	want := map[string]int{"identify": tenth, "page": tenth, "screen": tenth, "group": tenth, "alias": tenth, "track": 15 * tenth}
	if diff := cmp.Diff(want, types); diff != "" {
		t.Errorf("types (-want +got):\n%s", diff)
	}
	var lookers struct {
		Size  int
		State string
	}
	s.call(http.MethodGet, "/v1/segments/lookers", "", &lookers)
	if lookers.Size != customers*15/20 || lookers.State != "exact" {
		t.Errorf("%d customers (%s) are counted to have looked at %d products each, not %d", lookers.Size, lookers.State, events/customers, customers*15/20)
	}
}

type person struct {
	ID, Name    string
	EventsCount int
}

// customers returns all there are.
func (s *server) customers() (all []person) {
	for cursor := ""; ; {
		var page struct {
			Customers []person
			Next      string
		}
		s.call(http.MethodGet, "/v1/customers?limit=500&cursor="+url.QueryEscape(cursor), "", &page)
		all = append(all, page.Customers...)
		if cursor = page.Next; cursor == "" {
			return all
		}
	}
}

type event struct {
	MessageID, Type string
	Context         struct{ N *int }
}

// timeline returns all that is known of what a customer did.
func (s *server) timeline(customer string) (all []event) {
	for cursor := ""; ; {
		var page struct {
			Events []event
			Next   string
		}
		s.call(http.MethodGet, "/v1/customers/"+customer+"/timeline?limit=500&cursor="+url.QueryEscape(cursor), "", &page)
		all = append(all, page.Events...)
		if cursor = page.Next; cursor == "" {
			return all
		}
	}
}

// call asks the program for something, which it must give.
func (s *server) call(method, path, body string, out any) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, "http://"+s.address+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+adminKey)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatalf("%v\n%s", err, &s.complaint)
	}
	defer res.Body.Close()
	var answer bytes.Buffer
	if _, err := answer.ReadFrom(res.Body); err != nil || res.StatusCode != http.StatusOK {
		s.t.Fatalf("%s %s: %s %v %s", method, path, res.Status, err, &answer)
	}
	if out == nil {
		return
	}
	if err := json.Unmarshal(answer.Bytes(), out); err != nil {
		s.t.Fatalf("%s %s: %v", method, path, err)
	}
}

// said is what the client says became of its events.
type said struct {
	Events, Delivered, Failed, Requests, Retries int
	Statuses                                     map[string]int
	Errors                                       map[string]int
}

// client finds the official client, and installs it if that was not done yet.
func client(t *testing.T) (folder string) {
	t.Helper()
	folder = filepath.Join("..", "segment-sdk")
	npm.Install(t, folder)
	return folder
}

// send has the client send its events.
func send(t *testing.T, folder, url string) (got said) {
	t.Helper()
	var out, complaints bytes.Buffer
	command := exec.CommandContext(t.Context(), "node", "send.js")
	command.Dir = folder
	command.Env = append(os.Environ(), "RAPPORT_URL="+url, "RAPPORT_WRITE_KEY="+writeKey,
		fmt.Sprint("EVENTS=", events), fmt.Sprint("CUSTOMERS=", customers))
	command.Stdout, command.Stderr = &out, &complaints
	if err := command.Run(); err != nil {
		t.Fatalf("the client: %v\n%s", err, &complaints)
	}
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatalf("%s: %v", &out, err)
	}
	return got
}
