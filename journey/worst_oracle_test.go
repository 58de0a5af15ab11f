package journey_test

// The oracle says how many messages fit into a week by trying everything: every answer,
// every moment of a coarse grid at which something may happen, every moment of the week
// at which it may begin. It knows no more of a journey than what is written below, and
// uses nothing of the package.

// op is one step; what comes after it is the number of another, -1 for none.
type op struct {
	kind      string // send, wait, clock, until, fork, part
	takes     int    // of wait and until: so many moments of the grid
	at        int    // of clock: the moment of the day at which it ends
	next      []int  // of until: when it came, and when not; of fork and part: the ways
	countable bool   // of send
}

// plan is a journey in the oracle's words.
type plan struct {
	ops     []op
	perDay  int // moments of the grid
	after   int // between a run's end and the next
	never   bool
	restart bool
	exits   bool
}

// endless is more messages than any journey of the test has room for.
const endless = 1000

// worst returns the most messages in seven days, endless for any number.
func (p *plan) worst() (most int) {
	var parts []int
	for i, o := range p.ops {
		if o.kind == "part" {
			parts = append(parts, i)
		}
	}
	for choice := range 1 << len(parts) {
		her := map[int]int{}
		for k, i := range parts {
			her[i] = choice >> k & 1
		}
		for phase := range p.perDay {
			most = max(most, p.worstOf(her, phase))
		}
	}
	return most
}

// worstOf fills a table: the most messages with so many moments left, from each step on.
// A week that begins at a phase of the day ends at the same phase, so the phase follows
// from what is left.
func (p *plan) worstOf(her map[int]int, phase int) (most int) {
	length := 7 * p.perDay
	table := make([][]int, length+1)
	table[0] = make([]int, len(p.ops))
	look := func(left, at int) int {
		if left <= 0 || at < 0 {
			return 0
		}
		return table[left][at]
	}
	for left := 1; left <= length; left++ {
		table[left] = make([]int, len(p.ops))
		for again := true; again; { // what takes no time may lead round in a circle
			again = false
			for i := range p.ops {
				best := min(p.best(i, left, (phase+length-left)%p.perDay, her, look), endless)
				if best > table[left][i] {
					table[left][i], again = best, true
				}
			}
		}
	}
	for i, o := range p.ops {
		if o.kind == "send" && o.countable && p.comes(i, phase, her) {
			most = max(most, table[length][i])
		}
	}
	return most
}

func (p *plan) best(i, left, phase int, her map[int]int, look func(left, at int) int) int {
	o := p.ops[i]
	best := 0
	come := func(later, to int) {
		switch {
		case to >= 0:
			best = max(best, look(left-later, to))
		case !p.never:
			for more := range left {
				best = max(best, look(left-later-p.after-more, 0))
			}
		}
	}
	switch o.kind {
	case "send":
		come(0, o.next[0])
		if o.countable {
			best++
		}
	case "wait":
		come(o.takes, o.next[0])
	case "clock":
		come((o.at-phase+p.perDay)%p.perDay, o.next[0])
	case "until":
		for k := range o.takes {
			come(k, o.next[0])
		}
		come(o.takes, o.next[1])
	case "part":
		come(0, o.next[her[i]])
	default:
		for _, to := range o.next {
			come(0, to)
		}
	}
	if o.kind == "wait" || o.kind == "until" || o.kind == "clock" {
		for k := range max(o.takes, 1) {
			if p.exits {
				come(k, -1)
			}
			if p.restart {
				best = max(best, look(left-k, 0))
			}
		}
	}
	return best
}

// comes reports whether a customer who is parted so can come to a step at a phase of the
// day. Runs begin at any.
func (p *plan) comes(step, phase int, her map[int]int) bool {
	type where struct{ at, phase int }
	met := map[where]bool{}
	var queue []where
	meet := func(at, phase int) {
		if w := (where{at, phase % p.perDay}); at >= 0 && !met[w] {
			met[w] = true
			queue = append(queue, w)
		}
	}
	for phase := range p.perDay {
		meet(0, phase)
	}
	for ; len(queue) > 0; queue = queue[1:] {
		switch w, o := queue[0], p.ops[queue[0].at]; o.kind {
		case "wait":
			meet(o.next[0], w.phase+o.takes)
		case "clock":
			meet(o.next[0], o.at)
		case "until":
			for k := range o.takes {
				meet(o.next[0], w.phase+k)
			}
			meet(o.next[1], w.phase+o.takes)
		case "part":
			meet(o.next[her[w.at]], w.phase)
		default:
			for _, to := range o.next {
				meet(to, w.phase)
			}
		}
	}
	return met[where{step, phase}]
}
