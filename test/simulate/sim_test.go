package simulate_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"hash"
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing/synctest"

	"rapport"
	"rapport/flow"
	"rapport/journey"
	"rapport/store"
	"rapport/store/memory"
)

// owner is one life of the program: a flow over the store, until it dies or another owner
// has taken the store over.
type owner struct {
	n     int
	shelf *shelf
	alarm *alarm
	flow  *flow.Flow // nil until the store is open
	err   error      // why it could not be opened

	stopping bool
}

// sim is a script under way. One goroutine does everything in it: it lets the others go on
// one step at a time and waits until they wait again.
type sim struct {
	script
	dice    dice
	key     rapport.Key
	clock   simClock
	port    port
	kept    *memory.Store // in the hands of the present owner
	owners  []*owner      // alive; the last one is the present one
	born    int
	weather weather
	oracle  *oracle

	parcels   []*parcel
	calls     map[string]call
	stamps    map[string][]int64 // of each call, as it was sent
	names     map[rapport.CustomerID]string
	acts      map[string]bool // acts of consent that are kept
	saved     []circle        // the segments of the last version
	standings map[string]journey.Standing
	busy      bool // the documents are being changed
	seen      map[*parked]bool

	mu      sync.Mutex
	asked   int
	replies []reply

	trace hash.Hash
	tale  []string
	moved int
	quiet bool // nobody tells the tale
}

// reply is what came of a request.
type reply struct {
	n    int
	err  error
	then func(error)
}

// failure is what was violated, and after which act.
type failure struct {
	act  int
	text string
}

// run plays the script within a bubble and returns what was violated, nil if nothing was.
func (s *sim) run() (failed *failure) {
	i := -1
	defer func() {
		if r := recover(); r != nil && len(s.oracle.wrong) == 0 {
			failed = &failure{i, fmt.Sprint(r)}
		}
		if len(s.oracle.wrong) > 0 {
			failed = &failure{i, s.oracle.wrong[0]}
		}
		s.endAll()
	}()
	for i = range s.script.acts {
		s.makeMoves(s.script.acts[i].moves)
		s.do(&s.script.acts[i])
	}
	s.finish()
	return nil
}

func newSim(sc script) *sim {
	s := &sim{
		script: sc, dice: dice{rand.New(rand.NewPCG(sc.seed, 5))}, key: rapport.Key{byte(sc.seed), byte(sc.seed >> 8), 's'},
		kept: memory.New(), oracle: newOracle(), calls: map[string]call{}, stamps: map[string][]int64{},
		names: map[rapport.CustomerID]string{}, acts: map[string]bool{}, standings: map[string]journey.Standing{},
		seen: map[*parked]bool{}, trace: sha256.New(), saved: sc.circles,
	}
	for _, name := range users() {
		s.names[s.id(rapport.UserID, name)] = name
		s.names[s.id(rapport.AnonymousID, "of-"+name)] = "@of-" + name
	}
	s.setClock(sc.start)
	s.oracle.began = sc.start
	return s
}

func (s *sim) id(kind rapport.IdentifierKind, value string) rapport.CustomerID {
	return s.key.Identifier(rapport.Identifier{Kind: kind, Value: value}).CustomerID()
}

func (s *sim) must(err error) {
	if err != nil {
		panic(err)
	}
}

// judge ends the run at the first thing that is violated.
func (s *sim) judge() {
	if len(s.oracle.wrong) > 0 && !s.quiet {
		panic("something is violated")
	}
}

// note tells what happens.
func (s *sim) note(format string, args ...any) {
	line := stamp(s.clock.at.Load()) + " " + fmt.Sprintf(format, args...)
	_, _ = fmt.Fprintln(s.trace, line)
	s.tale = append(s.tale, line)
}

// step waits until everybody waits, and hears what came of requests.
func (s *sim) step() {
	synctest.Wait()
	for _, p := range s.port.all() {
		if !s.seen[p] {
			s.seen[p] = true
			s.meet(p)
		}
	}
	s.mu.Lock()
	came := s.replies
	s.replies = nil
	s.mu.Unlock()
	slices.SortFunc(came, func(a, b reply) int { return a.n - b.n })
	for _, r := range came {
		r.then(r.err)
	}
	s.judge()
}

// ask makes a request to a program beside everything else. One that is dead answers nothing.
func (s *sim) ask(o *owner, request func() error, then func(error)) {
	s.asked++
	n := s.asked
	go func() {
		err := request()
		if o.shelf.dead.Load() {
			err = errDead
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.replies = append(s.replies, reply{n, err, then})
	}()
}

// present returns the owner who is there for requests, nil if there is none.
func (s *sim) present() *owner {
	if o := s.last(); o != nil && o.flow != nil && !o.stopping {
		return o
	}
	return nil
}

// boot starts the program.
func (s *sim) boot() {
	s.born++
	if s.born > 1 {
		s.kept = s.kept.Reopen()
	}
	data, err := s.kept.Setting(context.Background(), "standings")
	s.must(err)
	s.standings = map[string]journey.Standing{}
	if data != nil {
		s.must(json.Unmarshal(data, &s.standings))
	}
	o := &owner{n: s.born, alarm: newAlarm()}
	o.shelf = &shelf{Store: s.kept, owner: o, port: &s.port}
	o.shelf.dark.Store(s.weather.dark)
	s.owners = append(s.owners, o)
	s.note("program %d starts", o.n)
	c := flow.Config{Key: s.key, Store: o.shelf, Workspace: s.workspace(o), AnonymousFor: -1}
	if s.small {
		c.Customers = 2
	}
	now := rapport.Instant(s.clock.at.Load())
	go func() {
		engine, err := flow.Open(context.Background(), c, now)
		if err != nil {
			o.err = err
			return
		}
		o.flow = flow.Start(engine, &s.clock, o.alarm, flow.Limits{Attempts: 6, Parcel: 2}, slog.New(slog.DiscardHandler))
	}()
	s.busy = false
}

// end ends a program at once: of what it had in the air, some reached the store and the
// providers, and nobody hears of it.
func (s *sim) end(o *owner) {
	s.note("program %d dies", o.n)
	o.shelf.dead.Store(true)
	s.owners = slices.DeleteFunc(s.owners, func(one *owner) bool { return one == o })
	for _, p := range s.port.all() {
		if p.owner != o {
			continue
		}
		s.lose(p)
		s.port.release(p)
	}
	if o.flow != nil && !o.stopping {
		go func() { _ = o.flow.Stop(context.Background()) }()
	}
	s.step()
}

func (s *sim) endAll() {
	s.quiet = true
	for len(s.owners) > 0 {
		s.end(s.owners[0])
	}
	synctest.Wait()
}

// setClock has the clock show an instant.
func (s *sim) setClock(at int64) {
	s.clock.at.Store(at)
	s.oracle.clock = max(s.oracle.clock, at)
}

// pass lets time pass. Nobody sends for hours what was sent before.
func (s *sim) pass(to int64) {
	if to-s.clock.at.Load() > hour {
		for n := 0; s.sending() && n < 400; n++ {
			s.move()
		}
		if s.sending() {
			return
		}
	}
	s.setClock(max(to, s.clock.at.Load()))
}

func (s *sim) sending() bool {
	return slices.ContainsFunc(s.parcels, func(p *parcel) bool { return p.flying > 0 })
}

// wait lets time pass up to an instant, and lets what falls due on the way be done, or begun.
// After so many stops it comes to the end at once.
func (s *sim) wait(until int64, stops int, moves func() int) {
	for s.clock.at.Load() < until {
		s.makeMoves(moves())
		next := until
		if stops--; stops > 0 {
			next = min(until, s.next())
		}
		before := s.clock.at.Load()
		if s.pass(next); s.clock.at.Load() == before {
			return
		}
	}
}

// brink has time pass until a millisecond before something is due.
func (s *sim) brink() {
	s.makeMoves(200)
	if next := s.next(); next < s.clock.at.Load()+30*hour {
		s.pass(next - 1)
		s.note("a millisecond before something is due")
	}
}

// next is the next instant at which something is due.
func (s *sim) next() int64 {
	now, next := s.clock.at.Load(), int64(rapport.Never)
	for _, o := range s.owners {
		if at := o.alarm.at.Load(); at > now {
			next = min(next, at)
		}
	}
	for _, p := range s.parcels {
		if !p.done && p.next > now {
			next = min(next, p.next)
		}
	}
	return next
}

// finish lets everything come to rest: all is well again, and time passes.
func (s *sim) finish() {
	s.note("all is well again")
	s.change(weather{})
	for len(s.owners) > 0 && s.owners[0].n < s.born {
		s.end(s.owners[0])
	}
	s.rest()
	s.wait(s.clock.at.Load()+4*day, most, func() int { return most })
	s.rest()
	if s.present() == nil {
		s.oracle.fault("the program does not start")
		s.judge()
	}
	s.check()
	s.judge()
	s.leave()
}

// leave has the program stop in good order.
func (s *sim) leave() {
	o := s.present()
	s.stop(o)
	s.rest()
	if !o.shelf.dead.Load() {
		s.oracle.fault("the program does not stop")
	}
	s.judge()
}

// stop has a program stop in good order: what it has in the air, it waits for.
func (s *sim) stop(o *owner) {
	s.note("program %d stops", o.n)
	o.stopping = true
	s.ask(o, func() error { return o.flow.Stop(s.ctx()) }, func(error) {
		s.note("program %d has stopped", o.n)
		o.shelf.dead.Store(true)
		s.owners = slices.DeleteFunc(s.owners, func(one *owner) bool { return one == o })
	})
	s.step()
}

// most is how many moves may be made until everything has come to rest.
const most = 3_000

func (s *sim) rest() {
	if s.makeMoves(most) {
		s.oracle.fault("it does not come to rest")
		s.judge()
	}
}

// do lets an act happen.
func (s *sim) do(a *act) {
	now := s.clock.at.Load()
	switch a.what {
	case "send":
		s.post(a)
	case "wait":
		moves := pick(s.dice, 3, 10, 60, 200)
		s.wait(now+a.span, 60, func() int { return moves })
	case "jump":
		s.pass(now + a.span)
		s.note("the clock jumps by %d ms", a.span)
	case "back":
		s.setClock(now - a.span)
		s.note("the clock is set back by %d ms", a.span)
	case "rest":
		s.makeMoves(300)
	case "weather":
		s.change(a.weather)
	case "crash":
		if o := s.last(); o != nil {
			s.end(o)
		}
	case "replace":
		if len(s.owners) == 1 && s.present() != nil {
			s.boot()
		}
	case "stop":
		if o := s.present(); o != nil {
			s.stop(o)
		}
	case "brink":
		s.brink()
	case "consent":
		s.consent(a)
	case "leave":
		s.unsubscribe(a)
	case "apply":
		s.apply(a)
	default:
		s.stand(a)
	}
	s.step()
}

func (s *sim) last() *owner {
	if len(s.owners) == 0 {
		return nil
	}
	return s.owners[len(s.owners)-1]
}

// post gives a client something to tell.
func (s *sim) post(a *act) {
	p := &parcel{client: a.client, number: len(s.parcels)}
	for _, c := range a.calls {
		c.at += s.clock.at.Load()
		s.calls[c.id] = c
		p.calls = append(p.calls, c)
	}
	s.parcels = append(s.parcels, p)
}

// change changes the weather.
func (s *sim) change(w weather) {
	s.weather = w
	for _, o := range s.owners {
		o.shelf.dark.Store(w.dark)
	}
	s.note("the weather is %+v", w)
}

// consent has somebody agree or withdraw over the API, as of now.
func (s *sim) consent(a *act) {
	given := rapport.Consent{Purpose: rapport.PurposeMarketing, State: rapport.ConsentWithdrawn}
	if a.yes {
		given.State = rapport.ConsentGranted
	}
	s.say(a.user, given.State.String(), func(name string) flow.Work {
		given.Source = name
		return flow.Record(s.id(rapport.UserID, a.user), given)
	})
}

// unsubscribe has somebody follow the link in the last mail to her that may be left out.
func (s *sim) unsubscribe(a *act) {
	all, err := s.kept.Messages(s.ctx(), store.MessageFilter{Customer: s.id(rapport.UserID, a.user), Channel: rapport.Email})
	s.must(err)
	if len(all) > 0 {
		s.say(a.user, "withdrawn by a link", func(name string) flow.Work { return flow.Unsubscribe(all[0], flow.LeavePurpose, name) })
	}
}

// say has somebody say something of her consent, which is called by a name.
func (s *sim) say(user, what string, work func(name string) flow.Work) {
	o := s.present()
	if o == nil {
		return
	}
	name := fmt.Sprintf("act-%d", s.asked)
	s.note("%s: marketing %s, %s", user, what, name)
	s.ask(o, func() error { return o.flow.Do(s.ctx(), work(name)) }, func(err error) {
		s.note("%s is answered: %v", name, err == nil)
		if err == nil && !s.acts[name] {
			s.oracle.fault("%s was acknowledged and is not kept", name)
		}
	})
}

// apply puts another version of the segments in force.
func (s *sim) apply(a *act) {
	o := s.present()
	if o == nil || s.busy {
		return
	}
	s.note("other segments: %+v", a.circles)
	s.busy, s.saved = true, a.circles
	w := s.workspace(o)
	s.ask(o, func() error { return o.flow.Apply(context.Background(), w) }, func(err error) {
		s.busy = s.busy && o != s.last()
		s.note("they are in force: %v", err == nil)
	})
}

// stand pauses a journey, lets it go on, or puts it away.
func (s *sim) stand(a *act) {
	o := s.present()
	if o == nil || s.busy {
		return
	}
	next := maps.Clone(s.standings)
	switch a.what {
	case "pause":
		next[a.journey] = journey.Paused
	case "archive":
		next[a.journey] = journey.Archived
	default:
		delete(next, a.journey)
	}
	data, err := json.Marshal(next)
	s.must(err)
	s.note("%s %s", a.what, a.journey)
	before := s.standings
	s.busy, s.standings = true, next
	w := s.workspace(o)
	s.standings = before
	s.ask(o, func() error {
		return o.flow.Do(context.Background(), flow.Stand(w, setting("standings", data)))
	}, func(err error) {
		if s.busy = s.busy && o != s.last(); err == nil && o == s.last() {
			s.standings = next
		}
		s.note("%s %s: %v", a.what, a.journey, err == nil)
	})
}
