package console

import (
	"context"
	"net/http"
	"sync"
	"time"

	"rapport"
	"rapport/internal/durations"
)

// mover moves the sandbox's clock, one move at a time, beside the requests: a
// move takes as long as there is work on the way.
type mover struct {
	mu   sync.Mutex
	last move
}

// move is how far the last move of the clock has come.
type move struct {
	Running  bool
	From, To rapport.Instant
	At       rapport.Instant // up to which everything is done
	Failed   string          // why it did not come to its end
}

// Part returns how much of the move is done, from 0 to 1.
func (m move) Part() float64 {
	if m.To <= m.From {
		return 0
	}
	return float64(min(max(m.At, m.From), m.To)-m.From) / float64(m.To-m.From)
}

func (m *mover) now(reached rapport.Instant) move {
	m.mu.Lock()
	defer m.mu.Unlock()
	last := m.last
	last.At = reached
	return last
}

// begin notes a move, unless one is under way.
func (m *mover) begin(from, to rapport.Instant) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.last.Running {
		return false
	}
	m.last = move{Running: true, From: from, To: to}
	return true
}

func (m *mover) end(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.last.Running = false
	if err != nil {
		m.last.Failed = err.Error()
	}
}

// moveClock begins to move the clock and leads back to the start page, which tells
// how far it has come.
func (c *Console) moveClock(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 4<<10)
	text := r.FormValue("advance")
	span, err := durations.Parse(text)
	if err != nil || !c.Sandbox {
		c.show(w, http.StatusBadRequest, "failure", failure{Title: "The clock was not moved", Text: "Only a sandbox's clock can be moved, forward, by a length of time such as 1h or 7d."})
		return
	}
	var clock struct{ Now rapport.Instant }
	if err := c.get(r.Context(), "/v1/clock", &clock); err != nil {
		c.fail(w, err)
		return
	}
	if c.mover.begin(clock.Now, rapport.InstantOf(span.Add(clock.Now.In(time.UTC)))) {
		ctx := context.WithoutCancel(r.Context())
		go func() {
			c.mover.end(c.call(ctx, http.MethodPost, "/v1/clock", map[string]string{"advance": text}, &clock))
		}()
	}
	http.Redirect(w, r, "/#clock", http.StatusSeeOther)
}
