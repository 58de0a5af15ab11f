package mirror

import (
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"rapport"
	"rapport/rule"
)

// Counted is what a rule comes to.
type Counted struct {
	Count    int64
	Sample   []rapport.CustomerID // some of those for whom it holds, in the order of their seats
	LookedAt int64
	Whole    bool // whether everybody was looked at whom the mirror was told of
}

// strideSeats is how many seats are looked at in one go.
const strideSeats = 4096

// Count answers a rule for everybody at an instant, on all processors. It asks
// enough now and then, from several goroutines, and stops once it says so. The mirror
// must hold the rule.
func (m *Mirror) Count(r *rule.Rule, now rapport.Instant, sample int, enough func() bool) Counted {
	m.mu.RLock()
	defer m.mu.RUnlock()
	c := counting{mirror: m, rule: r, now: now, sample: sample, enough: enough}
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(m.ids)/strideSeats+1) {
		workers.Go(c.work)
	}
	workers.Wait()
	out := Counted{Count: c.count.Load(), LookedAt: c.lookedAt.Load(), Whole: c.lookedAt.Load() == m.present}
	slices.Sort(c.found)
	for _, seat := range c.found[:min(sample, len(c.found))] {
		out.Sample = append(out.Sample, m.ids[seat])
	}
	return out
}

// counting is a Count under way.
type counting struct {
	mirror          *Mirror
	rule            *rule.Rule
	now             rapport.Instant
	sample          int
	enough          func() bool
	next            atomic.Int64 // the stride that nobody has taken yet
	count, lookedAt atomic.Int64

	mu    sync.Mutex
	found []uint32 // at least the first ones for whom the rule holds
}

func (c *counting) work() {
	who := c.mirror.subject(c.now)
	for !c.enough() {
		from := (c.next.Add(1) - 1) * strideSeats
		if from >= int64(len(c.mirror.ids)) {
			return
		}
		c.stride(who, uint32(from), uint32(min(from+strideSeats, int64(len(c.mirror.ids)))))
	}
}

// stride answers for the seats from one up to another.
func (c *counting) stride(who *subject, from, to uint32) {
	var count, lookedAt int64
	var found []uint32
	for seat := from; seat < to; seat++ {
		if c.mirror.ids[seat] == (rapport.CustomerID{}) {
			continue
		}
		lookedAt++
		who.turnTo(seat)
		if c.rule.Eval(who, c.now) != rule.Yes {
			continue
		}
		if count++; len(found) < c.sample {
			found = append(found, seat)
		}
	}
	c.count.Add(count)
	c.lookedAt.Add(lookedAt)
	if len(found) > 0 {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.found = append(c.found, found...)
	}
}
