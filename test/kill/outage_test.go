package kill_test

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"rapport"
	"rapport/channel"
	"rapport/flow"
	"rapport/store"
	"rapport/store/sqlite"
	"rapport/workspace"
)

// carrier is a provider as flow knows it, with the policy of its document.
type carrier struct {
	channel.Provider
	policy channel.Policy
}

func (c carrier) Deliver(deliveries []rapport.Delivery) []rapport.Outcome {
	return c.Provider.Deliver(context.Background(), deliveries)
}

func (c carrier) Again(m *rapport.Message, now rapport.Instant) (rapport.Instant, bool) {
	return channel.Next(c.policy, m.ID, m.Attempts, m.CreatedAt, now)
}

// shop is the flow over a real store and a real mail server, with a clock that
// the test steps: an hour passes in a moment.
type shop struct {
	*testing.T
	data    string
	running *workspace.Compiled
	sink    *sink
	store   *sqlite.Store
	engine  *flow.Engine
	carrier channel.Provider
	now     rapport.Instant
	orders  int
}

func newShop(t *testing.T) *shop {
	t.Helper()
	s := &shop{T: t, data: t.TempDir(), sink: newSink(t, 1, 0), now: rapport.InstantOf(time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC))}
	documents, err := os.ReadFile("testdata/workspace.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var body []string
	for line := range strings.Lines(strings.ReplaceAll(string(documents), "PORT", strconv.Itoa(s.sink.port))) {
		if !strings.HasPrefix(line, "retry:") { // as documents are that say nothing of it
			body = append(body, line)
		}
	}
	parsed, problems := workspace.Parse([]workspace.File{{Name: "workspace.yaml", Body: []byte(strings.Join(body, ""))}})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if s.running, problems = workspace.Compile(parsed, 1); len(problems) > 0 {
		t.Fatal(problems)
	}
	s.open()
	t.Cleanup(s.close)
	return s
}

// open starts the flow where it stopped.
func (s *shop) open() {
	s.Helper()
	doc := s.running.Channels["mail"]
	policy, err := doc.Policy()
	if err != nil {
		s.Fatal(err)
	}
	if s.carrier, err = channel.Open(doc, nil, nil); err != nil {
		s.Fatal(err)
	}
	providers := map[rapport.Channel]flow.Provider{rapport.Email: carrier{s.carrier, policy}}
	running, err := flow.Assemble(s.running, providers, nil)
	if err != nil {
		s.Fatal(err)
	}
	if s.store, err = sqlite.Open(s.data, sqlite.Options{}); err != nil {
		s.Fatal(err)
	}
	s.engine, err = flow.Open(context.Background(), flow.Config{Key: rapport.Key{1}, Store: s.store, Workspace: running}, s.now)
	if err != nil {
		s.Fatal(err)
	}
}

func (s *shop) close() {
	s.Helper()
	if err := s.carrier.Close(context.Background()); err != nil {
		s.Error(err)
	}
	if err := s.store.Close(); err != nil {
		s.Error(err)
	}
}

// visit lets somebody new fill a cart and order something.
func (s *shop) visit() {
	s.Helper()
	s.orders++
	name := fmt.Sprintf("shopper-%d", s.orders)
	events := []rapport.Event{
		{
			Type: rapport.Identify, Properties: fmt.Appendf(nil, `{"email":"%s@shop.example"}`, name),
			Context: []byte(`{"consent":{"categoryPreferences":{"marketing":true}}}`),
		},
		{Type: rapport.Track, Name: "Product Added", Properties: fmt.Appendf(nil, `{"cart_id":"%d","product_id":"shirt"}`, s.orders)},
		{Type: rapport.Track, Name: "Order Completed", Properties: fmt.Appendf(nil, `{"order_id":"%d"}`, s.orders)},
	}
	for i := range events {
		e := &events[i]
		e.UserID, e.MessageID, e.Timestamp, e.ReceivedAt = name, fmt.Sprintf("%s-%d", name, i), s.now, s.now
	}
	if _, err := s.engine.Run(context.Background(), s.now, flow.Admit(events)); err != nil {
		s.Fatal(err)
	}
}

// pass lets time pass, with a visit each minute.
func (s *shop) pass(minutes int, visits bool) {
	s.Helper()
	for range minutes {
		if visits {
			s.visit()
		}
		s.now = s.now.Add(time.Minute)
		if err := s.engine.Advance(context.Background(), s.now, nil); err != nil {
			s.Fatal(err)
		}
	}
}

func (s *shop) messages() []rapport.Message {
	s.Helper()
	found, err := s.store.Messages(context.Background(), store.MessageFilter{Limit: 500})
	if err != nil {
		s.Fatal(err)
	}
	return found
}

// A mail server that is down for an hour loses nothing, with the waits that
// channels have unless they say otherwise, and although the program is started
// anew in the meantime. Every mail arrives, once, within half an hour of the
// server's return.
func TestMailServerDownForAnHour(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.pass(5, true)
	before := len(s.sink.received())
	if before != 10 {
		t.Fatalf("%d mails of 5 visits came while the server was up", before)
	}
	s.sink.close()
	s.pass(30, true)
	s.close()
	s.open()
	s.pass(30, true)
	if n := len(s.sink.received()); n != before {
		t.Fatalf("%d mails came while the server was down", n-before)
	}
	for _, m := range s.messages() {
		if m.Status != rapport.Waiting && m.Status != rapport.Handed || m.Status == rapport.Waiting && m.Attempts == 0 {
			t.Fatalf("message %s is %s after %d attempts while the server is down", m.ID, m.Status, m.Attempts)
		}
	}
	if err := s.sink.open(); err != nil {
		t.Fatal(err)
	}
	s.pass(30, false)
	times := map[string]int{}
	for _, m := range s.sink.received() {
		times[m.id]++
	}
	for _, m := range s.messages() {
		if m.Status != rapport.Handed || times[m.ID.String()] != 1 {
			t.Errorf("message %s is %s (%s) and came %d times", m.ID, m.Status, m.Reason, times[m.ID.String()])
		}
	}
	if len(times) != 2*s.orders {
		t.Errorf("%d mails of %d visits", len(times), s.orders)
	}
}
