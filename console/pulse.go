package console

import (
	"strings"
	"sync"
	"time"

	"rapport"
)

// Pulse remembers what has just come in: who was heard from last, and how many
// events each second of the last minute brought. It is safe for concurrent use.
type Pulse struct {
	mu      sync.Mutex
	seen    [64]Seen // a ring
	next    int
	seconds [minute]int64
	second  int64 // the Unix second of the newest count
}

const minute = 60

// Seen is an event that has come in.
type Seen struct {
	Who   string // her userId or else anonymousId
	Event string
	At    rapport.Instant
}

// Admitted tells of events that were admitted at a time of the machine's clock.
func (p *Pulse) Admitted(events []rapport.Event, at time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.turn(at.Unix())
	p.seconds[p.second%minute] += int64(len(events))
	for i := max(0, len(events)-len(p.seen)); i < len(events); i++ {
		e := &events[i]
		id := e.UserID
		if id == "" {
			id = e.AnonymousID
		}
		// The texts are parts of a whole request, which is not to be kept for them.
		p.seen[p.next%len(p.seen)] = Seen{strings.Clone(id), strings.Clone(e.RuleName()), e.Timestamp}
		p.next++
	}
}

// turn empties the seconds that have begun since.
func (p *Pulse) turn(now int64) {
	for s := max(p.second+1, now-minute+1); s <= now; s++ {
		p.seconds[s%minute] = 0
	}
	p.second = max(p.second, now)
}

// Latest returns the newest event of each of who was heard from last, the last
// first.
func (p *Pulse) Latest(limit int) []Seen {
	p.mu.Lock()
	defer p.mu.Unlock()
	known := map[string]bool{"": true}
	var latest []Seen
	for i := p.next - 1; i >= 0 && i >= p.next-len(p.seen) && len(latest) < limit; i-- {
		if s := p.seen[i%len(p.seen)]; !known[s.Who] {
			known[s.Who] = true
			latest = append(latest, s)
		}
	}
	return latest
}

// Rates returns the events of each of the last whole seconds, old to new.
func (p *Pulse) Rates(now time.Time) []int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.turn(now.Unix())
	rates := make([]int64, 0, minute-1)
	for s := p.second - minute + 1; s < p.second; s++ {
		rates = append(rates, p.seconds[(s+minute)%minute])
	}
	return rates
}
