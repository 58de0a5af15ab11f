package balance

import (
	"context"
	"math"
	"slices"
	"time"

	"github.com/cespare/xxhash/v2"

	"rapport"
	"rapport/internal/circuit"
)

// call is one batch on its way to the servers.
type call struct {
	batch    []rapport.Delivery
	outcomes []rapport.Outcome
	left     []int              // places of those that have no outcome yet, ascending
	tried    []map[*server]bool // by place: the servers that did not take it
}

// part is what one server is given at once.
type part struct {
	to       *server
	turn     int
	places   []int
	outcomes []rapport.Outcome
}

// batch returns the deliveries of a part.
func (p *part) batch(c *call) []rapport.Delivery {
	batch := make([]rapport.Delivery, len(p.places))
	for i, place := range p.places {
		batch[i] = c.batch[place]
	}
	return batch
}

// part parts what is left among the servers that may be used. What has none stays left:
// until it is known whether one that is being tried works.
func (b *Balance) part(c *call) []*part {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	var parts []*part
	left := c.left[:0]
	for _, place := range c.left {
		s := b.choose(c, place, now)
		if s == nil {
			left = append(left, place)
			continue
		}
		at := slices.IndexFunc(parts, func(p *part) bool { return p.to == s })
		if at < 0 {
			at = len(parts)
			parts = append(parts, &part{to: s, turn: s.circuit.Begin()}) // of one that is tried nobody else may begin now
		}
		parts[at].places = append(parts[at].places, place)
	}
	c.left = left
	return parts
}

// choose returns the server that a message goes to, of those that may be used and have
// not refused it: the one for which the hash of both, by the server's weight, is highest.
// So each server gets its share, and when one is left out only its messages move.
func (b *Balance) choose(c *call, place int, now time.Time) (best *server) {
	highest := math.Inf(-1)
	for _, s := range b.servers {
		if s.circuit.State(now) == circuit.Open || c.tried[place][s] {
			continue
		}
		if score := s.score(c.batch[place].Message); score > highest {
			best, highest = s, score
		}
	}
	return best
}

// score is -weight/ln(u), where u is between 0 and 1 by a hash of the server and the
// message. It is highest for a server as often as its weight is part of all weights.
func (s *server) score(id rapport.MessageID) float64 {
	hash := xxhash.Sum64(append(id[:], s.Name()...))
	u := (float64(hash>>11) + 0.5) / (1 << 53)
	return -s.weight / math.Log(u)
}

// settle keeps the outcomes of a part, and what they say of its server. What that did
// not take, taking none, is left for the others.
func (b *Balance) settle(ctx context.Context, c *call, p *part) {
	answered, down, why := false, false, ""
	var retryAt rapport.Instant
	for i, o := range p.outcomes {
		place := p.places[i]
		c.outcomes[place] = p.to.named(o)
		answered = answered || !o.Down && o.Kind != rapport.Vague
		if !o.Down {
			continue
		}
		down, why, retryAt = true, o.Reason, max(retryAt, o.RetryAt)
		if c.tried[place] == nil {
			c.tried[place] = map[*server]bool{}
		}
		c.tried[place][p.to] = true
		c.left = append(c.left, place)
	}
	slices.Sort(c.left)
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case ctx.Err() != nil && !down:
		p.to.circuit.Unknown(p.turn) // nobody waited for its answer
		return
	case answered:
		p.to.circuit.Worked(p.turn)
	}
	if down || !answered {
		p.to.circuit.Failed(p.turn, b.now(), retryAt.Time())
		p.to.why = why
	}
}

// named returns an outcome whose reason says whose it is.
func (s *server) named(o rapport.Outcome) rapport.Outcome {
	if o.Reason != "" {
		o.Reason = s.Name() + ": " + o.Reason
	}
	return o
}

// putOff answers for what no server takes at the moment.
func (b *Balance) putOff(c *call) {
	b.mu.Lock()
	defer b.mu.Unlock()
	next := b.nextTry()
	for _, place := range c.left {
		o := &c.outcomes[place]
		if o.Kind == 0 {
			*o = rapport.Outcome{Message: c.batch[place].Message, Kind: rapport.Retry, Reason: b.whyNone(), Down: true, Provider: b.name}
		}
		o.RetryAt = max(o.RetryAt, next)
	}
}

// nextTry returns when the first of the servers may be tried again.
func (b *Balance) nextTry() rapport.Instant {
	next := rapport.Never
	for _, s := range b.servers {
		until, rests := s.circuit.Until()
		if !rests {
			return 0 // somebody is trying it
		}
		next = min(next, rapport.InstantOf(until)+1) // it was cut to the millisecond
	}
	return next
}

// whyNone says why no server takes messages.
func (b *Balance) whyNone() string {
	for _, s := range b.servers {
		if s.why != "" {
			return "no mail server takes messages at the moment; the last word of " + s.Name() + ": " + s.why
		}
	}
	return "no mail server takes messages at the moment"
}
