package simulate_test

import (
	"rapport"
	"rapport/store"
)

// option is something that could happen next.
type option struct {
	weight int
	do     func()
}

func setting(name string, data []byte) store.Setting { return store.Setting{Name: name, Data: data} }

// makeMoves makes so many moves, fewer if nothing is left to be done, and reports whether
// anything was.
func (s *sim) makeMoves(n int) (more bool) {
	for range n {
		if !s.move() {
			return false
		}
	}
	return len(s.options()) > 0
}

// move lets one thing happen of those that could, and reports whether there was any.
func (s *sim) move() bool {
	if s.moved++; s.moved > 40_000 {
		panic("it never comes to rest")
	}
	s.step()
	options := s.options()
	total := 0
	for _, o := range options {
		total += o.weight
	}
	if total == 0 {
		return false
	}
	if s.dice.chance(10) {
		s.setClock(s.clock.at.Load() + s.dice.between(1, 20))
	}
	at := s.dice.IntN(total)
	for _, o := range options {
		if at -= o.weight; at < 0 {
			o.do()
			break
		}
	}
	s.step()
	return true
}

// options returns what could happen next.
func (s *sim) options() (all []option) {
	idle := map[*owner]bool{}
	for _, o := range s.owners {
		idle[o] = o.flow != nil && !o.stopping
		switch {
		case o.err != nil:
			all = append(all, option{5, func() { s.end(o) }})
		case o.n < s.born: // it was replaced
			all = append(all, option{2, func() { s.end(o) }})
		}
	}
	for _, p := range s.port.all() {
		all = append(all, option{s.pace(p), func() { s.decide(p) }})
		idle[p.owner] = idle[p.owner] && p.deliveries != nil
	}
	for _, o := range s.owners {
		if idle[o] && o.alarm.at.Load() <= s.clock.at.Load() {
			all = append(all, option{8, o.alarm.ring})
		}
	}
	if len(s.owners) == 0 {
		all = append(all, option{5, s.boot})
	}
	return append(all, s.sendings()...)
}

// pace says how readily something that is parked goes on.
func (s *sim) pace(p *parked) int {
	if p.deliveries == nil {
		return 10
	}
	return max(1, 10-s.weather.carriers[string(p.deliveries[0].Channel)].slow/10)
}

// sendings returns which batches clients could send. One that was not answered yet may be
// sent once more.
func (s *sim) sendings() (all []option) {
	to := s.present()
	if to == nil {
		return nil
	}
	for _, p := range s.parcels {
		switch {
		case p.done || p.next > s.clock.at.Load():
		case p.tries > 0 && s.oracle.clock-p.first > patience:
			p.done = true // the client gives up
		case p.flying == 0:
			all = append(all, option{5, func() { s.send(p, s.somebody()) }})
		case p.tries < 3:
			all = append(all, option{1, func() { s.send(p, s.somebody()) }})
		}
		if len(all) == 4 {
			return all
		}
	}
	return all
}

// somebody returns an owner that a client reaches: at times the one that was replaced.
func (s *sim) somebody() *owner {
	if first := s.owners[0]; first.flow != nil && !first.stopping && s.dice.chance(40) {
		return first
	}
	return s.present()
}

// meet looks at what was just parked.
func (s *sim) meet(p *parked) {
	for i := range p.deliveries {
		d := &p.deliveries[i]
		m, err := s.kept.Message(s.ctx(), d.Message)
		s.must(err)
		s.oracle.handing(d.Message.String(), m.Status.String())
		if p.owner == s.last() && m.To != d.To {
			s.oracle.fault("%s is for %s and goes to %s", d.Message, m.To, d.To)
		}
	}
}

// decide decides what becomes of something that is parked.
func (s *sim) decide(p *parked) {
	switch {
	case p.batch != nil:
		s.decideBatch(p)
	case p.deliveries != nil:
		s.deliver(p)
	case s.dice.chance(s.weather.deaf):
		s.note("program %d cannot read", p.owner.n)
		p.err = errDisk
	default:
		s.note("program %d reads", p.owner.n)
	}
	s.judge()
	s.port.release(p)
}

func (s *sim) decideBatch(p *parked) {
	switch n := s.dice.IntN(100); {
	case n < s.weather.refused:
		s.note("program %d: batch %d is not kept", p.owner.n, p.batch.Position+1)
		p.err = errDisk
	case n < s.weather.refused+s.weather.torn:
		if p.err = s.keep(p); p.err == nil {
			s.note("program %d is not told so", p.owner.n)
			p.err = errDisk
		}
	default:
		p.err = s.keep(p)
	}
}

// keep has the store keep a batch.
func (s *sim) keep(p *parked) error {
	err := p.owner.shelf.Store.Commit(s.ctx(), p.batch)
	if err != nil {
		s.note("program %d: batch %d is refused: %v", p.owner.n, p.batch.Position+1, rapport.KindOf(err))
		return err
	}
	if p.owner.n < s.born {
		s.oracle.fault("program %d keeps a batch, and was replaced", p.owner.n)
	}
	s.noteKept(p.owner, p.batch)
	return nil
}

// deliver has a provider do something with messages.
func (s *sim) deliver(p *parked) {
	channel := string(p.deliveries[0].Channel)
	m := s.weather.carriers[channel]
	down := s.dice.chance(m.down)
	for _, d := range p.deliveries {
		o := rapport.Outcome{Message: d.Message, Provider: "simulated"}
		taken := false
		switch {
		case down:
			o.Kind, o.Down, o.Reason = rapport.Retry, true, "down"
			if s.dice.chance(30) {
				o.RetryAt = rapport.Instant(s.clock.at.Load() + 10*minute)
			}
		case s.dice.chance(m.retry):
			o.Kind, o.Reason = rapport.Retry, "busy"
		case s.dice.chance(m.refuse):
			o.Kind, o.Reason = rapport.Refused, "no"
		case s.dice.chance(m.vague):
			o.Kind, o.Reason, taken = rapport.Vague, "broken off", s.dice.chance(50)
		default:
			o.Kind, taken = rapport.Accepted, true
			if d.Channel == rapport.Webhook {
				o.Answer = &rapport.Answer{Status: 200, Body: []byte(`{"tier":"gold"}`)}
			}
		}
		answer := map[rapport.OutcomeKind]string{rapport.Accepted: "accepted", rapport.Retry: "retry", rapport.Refused: "refused", rapport.Vague: "vague"}[o.Kind]
		s.note("%s of program %d: %s is %s, taken: %v", channel, p.owner.n, d.Message, answer, taken)
		s.oracle.heard(d.Message.String(), try{taken, answer})
		p.outcomes = append(p.outcomes, o)
	}
}

// lose decides what becomes of something whose program has died.
func (s *sim) lose(p *parked) {
	p.err = errDead
	if p.batch != nil && !s.quiet && s.dice.chance(50) {
		_ = s.keep(p)
	}
	for _, d := range p.deliveries {
		taken := s.dice.chance(50)
		p.outcomes = append(p.outcomes, rapport.Outcome{Message: d.Message, Kind: rapport.Vague})
		s.note("%s: taken: %v, which nobody hears", d.Message, taken)
		s.oracle.heard(d.Message.String(), try{taken, "lost"})
	}
}
