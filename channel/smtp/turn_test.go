package smtp

import (
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"rapport"
)

// Whatever is taken, given back and given up in whatever order: there are never more
// rights out than connections, the last of several is kept for transactional messages,
// and nobody waits who need not.
func TestTurnsAtRandom(t *testing.T) {
	t.Parallel()
	all := rapport.Urgencies()
	rapid.Check(t, func(t *rapid.T) {
		turns := newTurns(rapid.IntRange(1, 4).Draw(t, "connections"))
		var held []rapport.Urgency
		waiting := map[rapport.Urgency][]turn{}
		for range rapid.IntRange(1, 80).Draw(t, "steps") {
			u := rapid.SampledFrom(all).Draw(t, "urgency")
			switch rapid.SampledFrom([]string{"try", "queue", "leave", "back"}).Draw(t, "step") {
			case "try":
				if turns.tryTake(u) {
					held = append(held, u)
				}
			case "queue":
				waiting[u] = append(waiting[u], turns.queue(u))
			case "leave":
				if n := len(held); n > 0 && rapid.Bool().Draw(t, "as he gets it") {
					turns.giveBack(held[n-1])
					held = held[:n-1]
				}
				if n := len(waiting[u]); n > 0 {
					i := rapid.IntRange(0, n-1).Draw(t, "who")
					turns.leave(waiting[u][i], u, errClosed)
					waiting[u] = slices.Delete(waiting[u], i, i+1)
				}
			case "back":
				if n := len(held); n > 0 {
					i := rapid.IntRange(0, n-1).Draw(t, "which")
					turns.giveBack(held[i])
					held = slices.Delete(held, i, i+1)
				}
			}
			for _, u := range all {
				for len(waiting[u]) > 0 && isHis(waiting[u][0]) {
					held = append(held, u)
					waiting[u] = waiting[u][1:]
				}
				if slices.ContainsFunc(waiting[u], isHis) {
					t.Fatal("somebody was let in before one who came earlier")
				}
			}
			patient := 0
			for _, u := range held {
				if u != rapport.AtOnce {
					patient++
				}
			}
			if len(held) > turns.most || patient > max(1, turns.most-1) {
				t.Fatalf("%d rights are out, %d of them to those who can wait, over %d connections", len(held), patient, turns.most)
			}
			if first := slices.IndexFunc(all, func(c rapport.Urgency) bool { return len(waiting[c]) > 0 }); first >= 0 {
				if len(held) < turns.most && (all[first] == rapport.AtOnce || patient < max(1, turns.most-1)) {
					t.Fatalf("urgency %d waits for a right that is free", all[first])
				}
			}
		}
	})
}

func isHis(one turn) bool {
	select {
	case <-one:
		return true
	default:
		return false
	}
}

func classed(class rapport.Class, batch []rapport.Delivery) []rapport.Delivery {
	for i := range batch {
		batch[i].Class = class
		batch[i].To = fmt.Sprintf("%s%d@mail.example", class, i)
	}
	return batch
}

// Over the only connection a transactional message waits for two others at most, the
// one whose content is under way and the one whose envelope is; then they go on.
func TestUrgentGoesBetweenTwoOthers(t *testing.T) {
	t.Parallel()
	for _, offers := range [][]string{nil, {"PIPELINING"}} {
		var mu sync.Mutex
		taken := 0
		third, queued := make(chan struct{}), make(chan struct{})
		s := startScripted(t, func(_, _ int, verb string) action {
			if verb == "." {
				mu.Lock()
				taken++
				now := taken
				mu.Unlock()
				if now == 3 {
					close(third)
					<-queued
				}
			}
			return action{}
		}, offers...)
		p := newProvider(t, s.config())
		var deliveries sync.WaitGroup
		deliveries.Go(func() {
			batch := classed(rapport.Promotional, batchOf(40))
			checkTruth(t, s, batch, p.Deliver(t.Context(), batch))
		})
		<-third
		deliveries.Go(func() {
			batch := classed(rapport.Transactional, batchOf(1))
			checkTruth(t, s, batch, p.Deliver(t.Context(), batch))
			mu.Lock()
			defer mu.Unlock()
			if taken > 3+2 {
				t.Errorf("the transactional message waited until %d were taken", taken)
			}
		})
		for !p.turns.wanted(rapport.InTurn) {
			runtime.Gosched()
		}
		close(queued)
		deliveries.Wait()
		if taken != 41 {
			t.Errorf("%d messages were taken, want 41", taken)
		}
	}
}

// A server that answers nothing to a campaign's messages has a connection left for a
// transactional one.
func TestLastConnectionIsForTransactionalMessages(t *testing.T) {
	t.Parallel()
	held := make(chan struct{})
	s := startScripted(t, func(connection, _ int, verb string) action {
		if verb == "." && connection == 1 {
			<-held
		}
		return action{}
	})
	p := newProvider(t, s.config(func(c *Config) { c.Connections = 2 }))
	var campaign sync.WaitGroup
	campaign.Go(func() {
		batch := classed(rapport.Promotional, batchOf(40))
		checkTruth(t, s, batch, p.Deliver(t.Context(), batch))
	})
	for asked, _, _ := s.count("promotional0@mail.example"); asked == 0; asked, _, _ = s.count("promotional0@mail.example") {
		runtime.Gosched()
	}
	batch := classed(rapport.Transactional, batchOf(5))
	outcomes := p.Deliver(t.Context(), batch)
	if got := letters(outcomes); got != "AAAAA" {
		t.Errorf("%s beside a campaign that is stuck", got)
	}
	close(held)
	campaign.Wait()
}
