package shop_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"rapport"
	"rapport/shop"
)

// server answers as the program does, from a list of messages, and notes what it is told.
type server struct {
	mu       sync.Mutex
	messages []sent // new to old
	events   map[string]int
	heard    map[string][]string // by message, in order
	left     int
	fail     func(path string) error
}

type sent struct {
	ID        string          `json:"id"`
	Channel   string          `json:"channel"`
	To        string          `json:"to"`
	Class     string          `json:"class"`
	Status    string          `json:"status"`
	CreatedAt rapport.Instant `json:"createdAt"`
	DueAt     rapport.Instant `json:"dueAt"`
	HandedAt  rapport.Instant `json:"handedAt"`
	Content   struct {
		HTML string `json:"html"`
	} `json:"content"`
}

func (s *server) Call(_ context.Context, method, path string, body, out any) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		if err := s.fail(path); err != nil {
			return err
		}
	}
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	var answer any
	switch {
	case path == "/v1/batch":
		var call struct{ Batch []struct{ MessageID string } }
		if err := json.Unmarshal(text, &call); err != nil {
			return err
		}
		for _, e := range call.Batch {
			s.events[e.MessageID]++
		}
		answer = struct{}{}
	case strings.HasPrefix(path, "/u/"):
		s.left++
	case strings.HasSuffix(path, "/feedback"):
		var f struct{ Kind string }
		if err := json.Unmarshal(text, &f); err != nil {
			return err
		}
		id := strings.Split(path, "/")[3]
		s.heard[id] = append(s.heard[id], f.Kind)
	case method == "GET" && strings.HasPrefix(path, "/v1/messages?"):
		answer = map[string]any{"messages": s.messages}
	case method == "GET":
		i := slices.IndexFunc(s.messages, func(m sent) bool { return strings.HasSuffix(path, m.ID) })
		answer = s.messages[i]
	}
	if page, ok := out.(*[]byte); ok || out == nil {
		_ = page
		return nil
	}
	data, err := json.Marshal(answer)
	if err != nil {
		return err
	}
	return json.Unmarshal(data, out)
}

func newTrade(t *testing.T, srv *server) (*shop.Trade, []string) {
	t.Helper()
	c := shop.Config{Seed: 11, Visitors: 400, Past: 1, Start: opening}
	other, err := shop.New(c)
	if err != nil {
		t.Fatal(err)
	}
	people, err := shop.New(c)
	if err != nil {
		t.Fatal(err)
	}
	srv.events, srv.heard = map[string]int{}, map[string][]string{}
	return &shop.Trade{Collect: srv, Server: srv, Shop: people, Lived: opening, Reads: true}, addresses(t, other, opening)
}

// send makes messages for some people, handed over at an instant.
func (s *server) send(to []string, at time.Time, status string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, who := range to {
		m := sent{ID: fmt.Sprintf("msg_%d", len(s.messages)), Channel: "email", To: who, Class: "content", Status: status, CreatedAt: rapport.InstantOf(at)}
		m.Content.HTML = `<a href="https://shop.example/new">new</a> <a href="https://r.example/u/way-out">out</a>`
		if m.DueAt = m.CreatedAt.Add(3 * time.Hour); status == "handed" {
			m.HandedAt = m.CreatedAt
		}
		s.messages = append([]sent{m}, s.messages...)
	}
}

func TestEachMessageIsMetOnceAndItsReactionsAreToldInOrder(t *testing.T) {
	t.Parallel()
	srv := &server{}
	trade, to := newTrade(t, srv)
	now := opening
	for day := range 6 {
		at := opening.AddDate(0, 0, day)
		srv.send(to, at, "handed")
		for ; now.Before(at.AddDate(0, 0, 1)); now = now.Add(3 * time.Hour) {
			if err := trade.Live(t.Context(), now.Add(3*time.Hour)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := trade.Live(t.Context(), now.AddDate(0, 0, 3)); err != nil {
		t.Fatal(err)
	}
	if len(srv.heard) != len(srv.messages) || trade.Letters != len(srv.messages) {
		t.Errorf("%d messages, %d were met, %d heard of", len(srv.messages), trade.Letters, len(srv.heard))
	}
	opened, clicked := 0, 0
	for id, heard := range srv.heard {
		switch h := strings.Join(heard, " "); h {
		case "delivered opened clicked":
			clicked++
			opened++
		case "delivered opened":
			opened++
		case "delivered", "bounced", "delivered opened complained":
		default:
			t.Errorf("%s: %s", id, h)
		}
	}
	if opened == 0 || clicked == 0 || srv.left == 0 {
		t.Errorf("%d opened, %d clicked, %d left", opened, clicked, srv.left)
	}
	if trade.Reactions["left"] != srv.left {
		t.Errorf("%d have left by the page, the shop says %d", srv.left, trade.Reactions["left"])
	}
}

func TestAMessageThatWaitsIsMetOnceItIsHandedOver(t *testing.T) {
	t.Parallel()
	srv := &server{}
	trade, to := newTrade(t, srv)
	srv.send(to[:20], opening, "waiting")
	if err := trade.Live(t.Context(), opening.Add(time.Hour)); err != nil || len(srv.heard) > 0 {
		t.Fatalf("%v: heard of what was not sent: %v", err, srv.heard)
	}
	for i := range srv.messages {
		srv.messages[i].Status, srv.messages[i].HandedAt = "handed", srv.messages[i].DueAt
	}
	for h := 2; h < 8; h++ {
		if err := trade.Live(t.Context(), opening.Add(time.Duration(h)*time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	if trade.Letters != 20 || len(srv.heard) != 20 {
		t.Errorf("%d of 20 were met, %d heard of", trade.Letters, len(srv.heard))
	}
}

// TestWhatWasNotTakenIsToldAgainTheSame ends one run in a failure and goes on in another.
func TestWhatWasNotTakenIsToldAgainTheSame(t *testing.T) {
	t.Parallel()
	whole := &server{}
	one, to := newTrade(t, whole)
	whole.send(to, opening, "handed")
	step := func(trade *shop.Trade, until int) error {
		for h := 6; h <= until; h += 6 {
			if at := opening.Add(time.Duration(h) * time.Hour); at.After(trade.Lived) {
				if err := trade.Live(t.Context(), at); err != nil {
					return err
				}
			}
		}
		return nil
	}
	if err := step(one, 96); err != nil {
		t.Fatal(err)
	}

	broken := &server{}
	first, _ := newTrade(t, broken)
	broken.send(to, opening, "handed")
	var kept []shop.Met
	first.Keep = func(m shop.Met) error { kept = append(kept, m); return nil }
	if err := step(first, 48); err != nil {
		t.Fatal(err)
	}
	noted := first.Lived.Add(-12 * time.Hour)
	broken.fail = func(path string) error {
		if path == "/v1/batch" {
			return rapport.Errorf(rapport.Internal, "broken")
		}
		return nil
	}
	if err := step(first, 96); err == nil {
		t.Fatal("a failure was not told")
	}
	broken.fail = nil
	events := broken.events
	second, _ := newTrade(t, broken)
	for id, n := range events {
		broken.events[id] += n
	}
	second.Replay = kept
	if err := second.Recall(noted); err != nil {
		t.Fatal(err)
	}
	if err := step(second, 96); err != nil {
		t.Fatal(err)
	}
	for id := range whole.events {
		if broken.events[id] == 0 {
			t.Fatalf("%s was never told", id)
		}
	}
	if !maps.Equal(second.Reactions, one.Reactions) {
		t.Errorf("letters were met in two runs %v, in one %v", second.Reactions, one.Reactions)
	}
	if len(broken.events) != len(whole.events) {
		t.Errorf("%d events in two runs, %d in one", len(broken.events), len(whole.events))
	}
}

// TestAMessageThatWaitsOverARestartIsMet: it was sent in one run and is handed over in
// the next.
func TestAMessageThatWaitsOverARestartIsMet(t *testing.T) {
	t.Parallel()
	srv := &server{}
	first, to := newTrade(t, srv)
	srv.send(to[:20], opening, "waiting")
	srv.send(to[20:30], opening, "handed")
	var kept []shop.Met
	first.Keep = func(m shop.Met) error { kept = append(kept, m); return nil }
	stopped := opening.AddDate(0, 0, 1)
	for now := opening.Add(time.Hour); !now.After(stopped); now = now.Add(time.Hour) {
		if err := first.Live(t.Context(), now); err != nil {
			t.Fatal(err)
		}
	}
	if first.Letters != 10 {
		t.Fatalf("%d were met in the first run, not 10", first.Letters)
	}
	second, _ := newTrade(t, srv)
	second.Replay = kept
	if err := second.Recall(first.Lived); err != nil {
		t.Fatal(err)
	}
	for i := range srv.messages {
		if m := &srv.messages[i]; m.Status == "waiting" {
			m.Status, m.HandedAt = "handed", rapport.InstantOf(stopped.Add(time.Hour))
		}
	}
	for h := 1; h < 6; h++ {
		if err := second.Live(t.Context(), stopped.Add(time.Duration(h)*time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	if second.Letters != 20 {
		t.Errorf("%d were met in the second run, not the 20 that had waited", second.Letters)
	}
}
