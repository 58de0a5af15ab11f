package replay_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"rapport/app"
	"rapport/client"
	"rapport/client/mapping"
)

const adminKey = "rk_test_replay"

// shop is a running program, reached over HTTP only.
type shop struct {
	t *testing.T
	*client.Client
}

// openShop starts the program in a folder of its own.
func openShop(t *testing.T) *shop {
	t.Helper()
	a, err := app.Open(t.Context(), app.Config{Data: t.TempDir(), Listen: "127.0.0.1:0", Sandbox: true, AdminKey: adminKey})
	if err != nil {
		t.Fatal(err)
	}
	handler, err := a.Handler(nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	address, ended := make(chan string, 1), make(chan error, 1)
	go func() { ended <- a.Serve(ctx, handler, func(at string) { address <- at }) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	select {
	case at := <-address:
		return &shop{t, client.New("http://"+at, adminKey)}
	case err := <-ended:
		ended <- nil
		t.Fatal(err)
	}
	return nil
}

func (s *shop) call(method, path string, body, out any) {
	s.t.Helper()
	if err := s.Call(s.t.Context(), method, path, body, out); err != nil {
		s.t.Fatalf("%s %s: %v", method, path, err)
	}
}

// imported imports a file with a shipped mapping and returns what was told.
func (s *shop) imported(kind mapping.Kind, file, by string) (out, diag string) {
	s.t.Helper()
	var told, complaints bytes.Buffer
	o := client.ImportOptions{Kind: kind, File: file, Mapping: shipped(by)}
	if err := s.Import(s.t.Context(), o, &told, &complaints); err != nil {
		s.t.Fatalf("%s: %v", by, err)
	}
	return told.String(), complaints.String()
}

func shipped(name string) string { return filepath.Join("..", "..", "mappings", name+".yaml") }

// interrupted begins an import that is stopped once so many requests are answered,
// the last answer of which is lost.
func (s *shop) interrupted(kind mapping.Kind, file, by string, requests int64) {
	s.t.Helper()
	ctx, stop := context.WithCancel(s.t.Context())
	defer stop()
	c := client.New(s.URL, s.Key)
	c.HTTP = &http.Client{Transport: &cut{after: requests, stop: stop}}
	err := c.Import(ctx, client.ImportOptions{Kind: kind, File: file, Mapping: shipped(by), Batch: 100}, &bytes.Buffer{}, &bytes.Buffer{})
	if err == nil || !strings.Contains(err.Error(), "interrupted") {
		s.t.Fatalf("the import is to be interrupted: %v", err)
	}
}

// cut loses the answer to a request and everything after it.
type cut struct {
	after int64
	stop  func()
	seen  atomic.Int64
}

// RoundTrip passes a request on.
func (c *cut) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := http.DefaultTransport.RoundTrip(r)
	if r.Method == http.MethodPost && c.seen.Add(1) == c.after && err == nil {
		_ = answer.Body.Close()
		c.stop()
		return nil, context.Canceled
	}
	return answer, err
}

// segment puts a segment in force.
func (s *shop) segment(name, where string) {
	s.t.Helper()
	s.call("PUT", "/v1/documents/segment/"+name, map[string]string{"where": where}, nil)
}

// size returns how many are in a segment.
func (s *shop) size(name string) int64 {
	s.t.Helper()
	var answer struct {
		Size  int64
		State string
	}
	s.call("GET", "/v1/segments/"+name, nil, &answer)
	if answer.State != "exact" {
		s.t.Errorf("segment %s is %s", name, answer.State)
	}
	return answer.Size
}

// preview returns for how many customers a rule holds.
func (s *shop) preview(where string) int64 {
	s.t.Helper()
	var answer struct {
		Count int64
		Exact bool
	}
	s.call("POST", "/v1/segments/preview", map[string]string{"where": where}, &answer)
	if !answer.Exact {
		s.t.Errorf("%s: not exact", where)
	}
	return answer.Count
}

// eventsTotal returns how many events the program has counted.
func (s *shop) eventsTotal() int64 {
	s.t.Helper()
	var text []byte
	s.call("GET", "/metrics", nil, &text)
	for line := range strings.Lines(string(text)) {
		if n, ok := strings.CutPrefix(line, "rapport_events_total "); ok {
			total, err := strconv.ParseFloat(strings.TrimSpace(n), 64)
			if err != nil {
				s.t.Fatal(err)
			}
			return int64(total)
		}
	}
	s.t.Fatal("there is no rapport_events_total")
	return 0
}

// listed is a customer as the list shows her.
type listed struct {
	ID          string
	Identifiers []struct{ Kind, Value string }
}

// customers returns all customers, by their user ids.
func (s *shop) customers() []string {
	s.t.Helper()
	var ids []string
	for cursor := ""; ; {
		var answer struct {
			Customers []listed
			Next      string
		}
		s.call("GET", "/v1/customers?limit=500&cursor="+url.QueryEscape(cursor), nil, &answer)
		for _, c := range answer.Customers {
			if len(c.Identifiers) != 1 || c.Identifiers[0].Kind != "userId" {
				s.t.Fatalf("a customer has other ids than one user id: %+v", c)
			}
			ids = append(ids, c.Identifiers[0].Value)
		}
		if cursor = answer.Next; cursor == "" {
			return ids
		}
	}
}

// told is an event of a timeline.
type told struct {
	MessageID, Event, Type, Timestamp string
	Properties                        struct {
		OrderID  string `json:"order_id"`
		Total    float64
		Country  string
		Products []json.RawMessage
	}
}

// timeline returns all events of a customer.
func (s *shop) timeline(id string) (events []told) {
	s.t.Helper()
	for cursor := ""; ; {
		var answer struct {
			Events []told
			Next   string
		}
		s.call("GET", "/v1/customers/"+url.PathEscape(id)+"/timeline?limit=500&cursor="+url.QueryEscape(cursor), nil, &answer)
		events = append(events, answer.Events...)
		if cursor = answer.Next; cursor == "" {
			return events
		}
	}
}

// known returns what the program knows of its customers, in the oracle's words.
func (s *shop) known() map[string]*person {
	s.t.Helper()
	people := map[string]*person{}
	for _, id := range s.customers() {
		p := &person{Orders: map[string]order{}}
		people[id] = p
		for _, e := range s.timeline(id) {
			switch e.Event {
			case "Order Completed", "Order Refunded":
				if _, twice := p.Orders[e.Properties.OrderID]; twice {
					s.t.Errorf("%s: order %s twice", id, e.Properties.OrderID)
				}
				p.Orders[e.Properties.OrderID] = order{
					Event: e.Event, At: e.Timestamp, Total: fmt.Sprintf("%.2f", e.Properties.Total),
					Country: e.Properties.Country, Lines: len(e.Properties.Products),
				}
			case "Coupon Applied":
				p.Coupons++
			}
		}
	}
	return people
}
