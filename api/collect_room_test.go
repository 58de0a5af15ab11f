package api_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"rapport"
	"rapport/api"
)

// stuck is an Admitter that lets nothing pass until it is told to.
type stuck struct {
	came chan int
	open chan struct{}
}

func (s stuck) Admit(_ context.Context, events []rapport.Event) error {
	s.came <- len(events)
	<-s.open
	return nil
}

// fat is a call of some n bytes.
func fat(n int) string {
	const page = `{"type":"page","userId":"u"},`
	return `{"batch":[` + strings.Repeat(page, n/len(page)) + `{"type":"page","userId":"u"}]}`
}

// TestBodiesShareTheirRoom: while large bodies are held as far as they may be,
// another large one is asked to come again, packed or not, and a small one passes.
func TestBodiesShareTheirRoom(t *testing.T) {
	t.Parallel()
	to := stuck{make(chan int, 8), make(chan struct{})}
	c := api.NewCollect(to, []string{writeKey}, func() rapport.Instant { return received }, func() string { return "r" }, slog.New(slog.DiscardHandler))
	c.Held = 900 << 10
	mux := http.NewServeMux()
	c.Mount(mux)
	send := func(body io.Reader, headers ...string) (answer chan *httptest.ResponseRecorder) {
		answer = make(chan *httptest.ResponseRecorder, 1)
		r := httptest.NewRequest(http.MethodPost, "/v1/batch", body)
		r.Header.Set("Authorization", basic(writeKey))
		for i := 0; i < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		go func() {
			w := httptest.NewRecorder()
			mux.ServeHTTP(w, r)
			answer <- w
		}()
		return answer
	}
	large := fat(480 << 10)
	first := send(strings.NewReader(large)) // waits to be admitted
	<-to.came
	begun, sender := io.Pipe() // has come so far, and nobody knows when the rest will
	second := send(begun)
	half := len(large) * 9 / 10
	_, _ = io.WriteString(sender, large[:half-1])
	_, _ = io.WriteString(sender, large[half-1:half]) // is read once the bytes before are counted
	for _, again := range []chan *httptest.ResponseRecorder{
		send(strings.NewReader(large)), send(strings.NewReader(packed(t, large)), "Content-Encoding", "gzip"),
	} {
		var w *httptest.ResponseRecorder
		select {
		case w = <-again:
		case <-to.came:
			t.Fatal("a large body too many was taken in")
		}
		if w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") != "1" || !strings.Contains(w.Body.String(), "too_many_bodies") {
			t.Errorf("a large body too many: %d %s", w.Code, w.Body)
		}
	}
	small := send(strings.NewReader(fat(40 << 10)))
	<-to.came
	close(to.open)
	go func() { // which nobody reads to the end if it is refused
		_, _ = io.WriteString(sender, large[half:])
		_ = sender.Close()
	}()
	for name, answer := range map[string]chan *httptest.ResponseRecorder{"first": first, "second": second, "small": small} {
		if w := <-answer; w.Code != http.StatusOK {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	if w := <-send(strings.NewReader(fat(900 << 10))); w.Code != http.StatusOK { // all was given back
		t.Errorf("afterwards: %d %s", w.Code, w.Body)
	}
}

// TestWhoIsRefusedTakesNoRoom: a body that finds no room is not in the way of one
// that does.
func TestWhoIsRefusedTakesNoRoom(t *testing.T) {
	t.Parallel()
	take := api.Shares(100, 2)
	for i, step := range []struct {
		share, n int
		room     bool
	}{{0, 80, true}, {1, 30, false}, {0, 20, true}, {1, 1, false}} {
		if got := take(step.share, step.n); got != step.room {
			t.Errorf("step %d: room for %d bytes more of share %d: %v", i, step.n, step.share, got)
		}
	}
}
