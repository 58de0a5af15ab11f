package journey

import (
	"slices"
	"time"
)

// search looks for the week with most messages. The earlier everything happens the more
// fits into a week, so each wait takes as little as it can. Only a time of day makes
// it matter when the week begins: then it is best that the first wait for one ends as
// soon as it is reached.
type search struct {
	j       *Journey
	parted  map[int]int // of each split the way that she goes; nil: any way each time
	counts  func(*node) bool
	budget  *int // of steps to look at
	known   map[layer][]int
	endless bool // any number of messages fits into no time at all
	rough   bool // more was allowed than can be
	many    bool // there is too much to go through
}

// layer is an instant of the week that is searched: all that is done at it is done at once.
type layer struct {
	left   time.Duration // of the week
	moment time.Duration // since Monday's midnight; anytime if nothing has made it matter yet
	begins int           // how many runs may still begin
}

const (
	anytime    = time.Duration(-1)
	unlimited  = -1
	impossible = -1 << 30
	maxLayers  = 20_000 // each may be worked out within the one before
	unsolved   = -1
)

// run returns the most messages of a week that begins with one.
func (s *search) run() int {
	most := 0
	for i, a := range s.arrivals() {
		if n := &s.j.nodes[i]; n.kind != sendNode || !s.counts(n) {
			continue
		}
		l := layer{left: week, begins: s.j.oncePer.further(a.later)}
		for l.moment = range a.moments {
			s.rough = s.rough || l.begins != unlimited && a.later
			most = max(most, s.from(l, i))
		}
	}
	if s.many && !s.endless {
		s.rough = true
		return s.estimate()
	}
	return most
}

// arrival is how a run may come to a step.
type arrival struct {
	moments map[time.Duration]bool // of the week; anytime among them stands for all
	later   bool                   // not at the instant at which the run began, or not always
}

// arrivals returns how a run may come to each step.
func (s *search) arrivals() []arrival {
	all := make([]arrival, len(s.j.nodes))
	for i := range all {
		all[i].moments = map[time.Duration]bool{}
	}
	all[0].moments[anytime] = true
	for i := range all {
		for _, w := range s.ways(i) {
			if w.to == end || len(all[i].moments) == 0 {
				continue
			}
			all[w.to].later = all[w.to].later || all[i].later || s.j.nodes[i].rests()
			for moment := range all[i].moments {
				if w.loose {
					moment = anytime
				}
				for _, l := range s.waited(layer{left: week, moment: moment}, w) {
					all[w.to].moments[l.moment] = true
				}
			}
		}
	}
	return all
}

// ways returns the ways on from a step that are the customer's.
func (s *search) ways(at int) []way {
	return slices.DeleteFunc(s.j.nodes[at].ways(), func(w way) bool {
		return w.share > 0 && s.parted != nil && s.parted[at] != w.share
	})
}

// from returns the most messages from a step on.
func (s *search) from(l layer, at int) int {
	switch {
	case l.left <= 0 || s.endless || s.many:
		return 0
	case s.known[l] == nil:
		s.known[l] = slices.Repeat([]int{unsolved}, len(s.j.nodes))
	}
	if s.known[l][at] == unsolved {
		s.many = *s.budget < 0 || len(s.known) > maxLayers
		s.solve(l, at)
	}
	return s.known[l][at]
}

// solve works out a step in a layer, and those that can be come to from it in no time: only
// what a run really comes to is looked at. First it counts the most messages without a new
// run at the same instant, then with one for those who can come to it in no time.
func (s *search) solve(l layer, at int) {
	steps := s.atOnce(l, at)
	*s.budget -= len(steps)
	most, again := make([]int, len(s.j.nodes)), make([]int, len(s.j.nodes))
	for _, i := range steps {
		most[i], again[i] = 0, impossible
		for _, m := range s.moves(l, i) {
			switch {
			case m.layer == l && m.anew:
				again[i] = max(again[i], 0)
			case m.layer == l:
				most[i], again[i] = max(most[i], most[m.to]), max(again[i], again[m.to])
			default:
				most[i] = max(most[i], s.from(m.layer, m.to))
			}
		}
		if n := &s.j.nodes[i]; n.kind == sendNode && s.counts(n) {
			most[i], again[i] = most[i]+1, again[i]+1
		}
	}
	s.endless = s.endless || again[0] > 0
	for _, i := range steps {
		s.known[l][i] = max(most[i], again[i]+most[0])
	}
}

// atOnce returns a step and those that can be come to from it within a layer, the last
// ones first: within a run every way leads onwards.
func (s *search) atOnce(l layer, at int) []int {
	met := map[int]bool{at: true}
	steps := []int{at}
	for k := 0; k < len(steps); k++ {
		for _, m := range s.moves(l, steps[k]) {
			if m.layer == l && !met[m.to] {
				met[m.to] = true
				steps = append(steps, m.to)
			}
		}
	}
	slices.SortFunc(steps, func(a, b int) int { return b - a })
	return steps
}

// move is one thing that may happen next.
type move struct {
	layer layer
	to    int
	anew  bool // a run begins, or begins anew
}

// moves returns what may happen next to a run that has come to a step.
func (s *search) moves(l layer, at int) []move {
	n := &s.j.nodes[at]
	var all []move
	for _, w := range s.ways(at) {
		for _, next := range s.waited(l, w) {
			all = s.come(all, next, w.to)
		}
	}
	if n.rests() && len(s.j.exits)+len(s.j.ends) > 0 {
		all = s.come(all, l, end)
	}
	if n.rests() && s.j.restart {
		all = append(all, move{l, 0, true})
	}
	return all
}

// come adds that a run comes to a step, or ends and another begins.
func (s *search) come(all []move, l layer, to int) []move {
	if to != end {
		return append(all, move{l, to, false})
	}
	if s.j.never || s.j.entry.calendar != nil || l.begins == 0 {
		return all
	}
	next := l.later(s.j.after.About())
	if next.begins != unlimited {
		next.begins--
	}
	return append(all, move{next, 0, true})
}

// waited returns when a way may be over.
func (s *search) waited(l layer, w way) []layer {
	l = l.later(w.wait)
	switch {
	case !w.clock.says():
	case l.moment != anytime:
		return []layer{l.later(w.clock.wait(l.moment))}
	case !w.clock.hour:
		s.rough = true
	default:
		var all []layer
		for _, slot := range w.clock.slots() {
			l.moment = slot
			all = append(all, l)
		}
		return all
	}
	return []layer{l}
}

// later returns the layer a while later.
func (l layer) later(by time.Duration) layer {
	l.left -= by
	if l.moment != anytime {
		l.moment = (l.moment + by) % week
	}
	return l
}

// estimate returns a number that is never exceeded: as many passes as can begin, or as fit
// into the week if each took as little as one with a message can, with as many messages
// as one can have.
func (s *search) estimate() int {
	most := make([]int, len(s.j.nodes))
	quickest, sending := make([]time.Duration, len(most)), make([]time.Duration, len(most)) // to the end; with a message
	for i := len(s.j.nodes) - 1; i >= 0; i-- {
		n := &s.j.nodes[i]
		quickest[i], sending[i] = week, week
		for _, w := range s.ways(i) {
			more, rest, send := 0, s.j.after.About(), week
			if w.to != end {
				more, rest, send = most[w.to], quickest[w.to], sending[w.to]
			}
			most[i], quickest[i], sending[i] = max(most[i], more), min(quickest[i], w.wait+rest), min(sending[i], w.wait+send)
		}
		if n.rests() && (s.j.restart || len(s.j.exits)+len(s.j.ends) > 0) {
			quickest[i] = 0
		}
		if n.kind == sendNode && s.counts(n) {
			most[i], sending[i] = most[i]+1, quickest[i]
		}
	}
	if runs := s.passes(); runs != unlimited {
		return most[0] * runs
	}
	if s.endless = sending[0] <= 0; s.endless {
		return 0
	}
	return most[0] * (int(week/sending[0]) + 2)
}

// passes returns from how many passes the messages of a week can be, as far as the
// journey's re-entry bounds that.
func (s *search) passes() int {
	switch {
	case s.j.restart:
		return unlimited
	case s.j.never || s.j.entry.calendar != nil:
		return 1
	case s.j.oncePer != 0:
		return s.j.oncePer.further(true) + 1
	}
	return unlimited
}
