package exact_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// act is something that happens to the whole shop.
type act struct {
	at       int64
	what     string      // calls, wake, restart, apply or undo
	calls    []call      // of calls; of apply: that come while customers are brought up to it
	punctual bool        // of calls and apply: what fell due before is done first
	along    bool        // of calls: it is done after them, in the same batch
	fails    bool        // of calls: the store can't be written at first
	def      *definition // of apply
	later    int64       // of apply: after how long customers are brought up to it
	pick     int         // of undo: which join
}

// history is all that happens in one run.
type history struct {
	seed  uint64
	start int64
	def   *definition
	acts  []act
	small bool // the engine keeps one record in memory only
}

// era is a day around which a clock jumps.
type era struct{ date, zone string }

// eras are jumps both ways in both hemispheres, leap days, the day that Samoa left
// out, and a midnight that São Paulo skipped.
func eras() []era {
	return []era{
		{"2026-03-29", "Europe/London"}, {"2026-10-25", "Europe/London"}, {"2026-03-08", "America/New_York"}, {"2026-11-01", "America/New_York"},
		{"2026-10-03", "Australia/Lord_Howe"}, {"2026-04-04", "Australia/Lord_Howe"}, {"2011-12-30", "Pacific/Apia"}, {"2012-03-31", "Pacific/Apia"},
		{"2018-11-04", "America/Sao_Paulo"}, {"2018-02-18", "America/Sao_Paulo"}, {"2028-02-29", "Asia/Singapore"}, {"2027-02-28", "Asia/Singapore"},
	}
}

// begins is when the day begins in UTC.
func (e era) begins() int64 {
	t, err := time.Parse(time.DateOnly, e.date)
	if err != nil {
		panic(err)
	}
	return t.UnixMilli()
}

func markets() []market {
	return []market{
		{name: "britain", country: "GB", zone: "Europe/London"}, {name: "states", country: "US", zone: "America/New_York"},
		{name: "island", country: "AU", zone: "Australia/Lord_Howe"}, {name: "singapore", country: "SG", zone: "Asia/Singapore"},
		{name: "samoa", country: "WS", zone: "Pacific/Apia"}, {name: "brazil", country: "BR", zone: "America/Sao_Paulo"},
	}
}

// artist draws a history.
type artist struct {
	dice
	history
	clocks *clocks
	home   string // the zone whose clock jumps, of most who told no country
	now    int64
	stamps []int64
	sent   []call // that may be sent again
	at     map[string]int64
	n      int
}

const year = 365 * day

// drawHistory draws everything that happens from a seed.
func drawHistory(seed uint64) (history, *clocks) {
	a := &artist{dice: dice{rand.New(rand.NewPCG(seed, 7))}, at: map[string]int64{}}
	a.seed = seed
	era := pick(a.dice, eras()...)
	a.home = era.zone
	a.clocks = &clocks{from: era.begins() - 2*year, to: era.begins() + 3*year}
	a.start = era.begins() - a.between(0, 45*24)*hour + a.between(-1, 1)
	a.now = a.start
	a.small = a.chance(40)
	a.def = a.definition()
	def := a.def
	for range a.between(4, 14) {
		a.step()
		switch {
		case a.chance(10):
			a.acts = append(a.acts, act{at: a.now, what: "restart"})
			if a.chance(50) {
				a.batch()
			}
		case a.chance(11):
			def = a.applied(def)
		case a.chance(12):
			for range a.between(1, 2) {
				a.acts = append(a.acts, act{at: a.now, what: "undo", pick: a.IntN(4)})
			}
		case a.chance(12):
			a.acts = append(a.acts, act{at: a.now, what: "wake"})
		default:
			a.batch()
		}
	}
	a.acts = append(a.acts, act{at: a.now + pick[int64](a.dice, 1, 35*day, 100*day), what: "wake"}, act{at: a.now + year + 30*day, what: "wake"})
	a.enrich()
	return a.history, a.clocks
}

func (a *artist) definition() *definition {
	d := &definition{markets: markets()}
	home := slices.IndexFunc(d.markets, func(m market) bool { return m.zone == a.home })
	d.markets[pick(a.dice, home, home, home, a.IntN(len(d.markets)))].standard = true
	for i := range a.between(2, 8) {
		d.segments = append(d.segments, a.segment(fmt.Sprintf("%c%d", 'a'+a.IntN(4), i), d))
	}
	return d
}

func (a *artist) segment(name string, d *definition) segment {
	return segment{name, anyClause(a.dice, a.IntN(3), names(d.segments), a.leaf)}
}

// applied draws another definition: some rules come, go, or become others; at times a
// market moves to another time zone.
func (a *artist) applied(old *definition) *definition {
	d := &definition{markets: slices.Clone(old.markets)}
	late := a.chance(55) // what fell due before is not done when the definition comes: then rules only come
	if late {
		a.now += pick[int64](a.dice, 0, 2*hour, day, 8*day, 31*day)
	}
	d.segments = changed(a.dice, old.segments, late, a.leaf)
	applied := act{at: a.now, what: "apply", def: d, punctual: !late, later: pick[int64](a.dice, 0, 0, 1, hour, 3*day)}
	if a.chance(70) || len(d.segments) == 0 {
		others := d
		if late || applied.later > 0 { // see the fifth promise
			others = &definition{}
		}
		d.segments = append(d.segments, a.segment(fmt.Sprintf("n%d", len(a.acts)), others))
	}
	if !late && applied.later == 0 && a.chance(50) {
		d.markets[a.IntN(len(d.markets))].zone = pick(a.dice, markets()...).zone
	}
	a.now += applied.later
	if late && a.chance(50) {
		applied.calls = a.calls()
	}
	a.acts = append(a.acts, applied)
	return d
}

func (a *artist) leaf() clause { return plainClause(a.dice) }

// changed draws what becomes of segments: unless something is late, some go that none
// reads, and some get another rule.
func changed(d dice, old []segment, late bool, leaf func() clause) (stand []segment) {
	read := map[string]bool{}
	for _, s := range slices.Backward(old) {
		for _, name := range s.reads {
			read[name] = true
		}
		switch {
		case !late && !read[s.name] && d.chance(30):
		case !late && d.chance(30):
			s.clause = anyClause(d, d.IntN(2), nil, leaf)
			stand = append(stand, s)
		default:
			stand = append(stand, s)
		}
	}
	slices.Reverse(stand)
	return stand
}

// step lets time pass until the next act: often to an instant beside one at which
// something leaves a window.
func (a *artist) step() {
	switch a.IntN(8) {
	case 0, 1:
		a.now += pick[int64](a.dice, 0, 1, 999, minute, 90*minute)
	case 2, 3:
		a.now += a.between(1, 72) * hour
	case 4:
		a.now += pick[int64](a.dice, 1, 2, 7, 14, 30) * day
	default:
		if near := a.beside(); near >= a.now && near < a.now+100*day {
			a.now = near
		} else {
			a.now += a.between(0, 5*24*60) * minute
		}
	}
}

// beside returns an instant at or beside one at which something that happened leaves
// a window, or a clock jumps.
func (a *artist) beside() int64 {
	clock := a.somewhere()
	if jumps := clock.jumps(a.now, a.now+60*day); len(jumps) > 0 && a.chance(40) {
		return pick(a.dice, jumps...) + pick[int64](a.dice, -hour, -30*minute, -1, 0, 1, 30*minute, 59*minute, hour, 2*hour)
	}
	if len(a.stamps) == 0 {
		return a.now
	}
	return clock.passes(pick(a.dice, a.stamps...), pick(a.dice, lengths()...)) + a.between(-1, 1)
}

// somewhere is a zone's clock, that of the day as often as another.
func (a *artist) somewhere() *wallClock {
	return a.clocks.of(pick(a.dice, a.home, pick(a.dice, markets()...).zone))
}

func (a *artist) batch() {
	b := act{at: a.now, what: "calls", punctual: a.chance(60), along: a.chance(50), fails: a.chance(8), calls: a.calls()}
	a.acts = append(a.acts, b)
}

func (a *artist) calls() (calls []call) {
	for range a.between(1, 5) {
		if len(a.sent) > 0 && a.chance(15) {
			if c, ok := a.again(); ok {
				calls = append(calls, c)
				continue
			}
		}
		c := a.call()
		if a.chance(25) { // a clock that goes wrong, which the sender tells of
			wrong := a.between(-3*24*60, 3*24*60) * minute
			c.at, c.sent = c.at+wrong, a.now+wrong
		}
		calls = append(calls, c)
		a.sent, a.at[c.id] = append(a.sent, c), a.now
		a.stamps = append(a.stamps, c.happened(a.now))
	}
	return calls
}

// again returns a call that was sent before, mostly lately, at times under the user's
// name as well. Between 24 and 36 hours it is nobody's promise whether it is known, so
// then none is.
func (a *artist) again() (call, bool) {
	c := pick(a.dice, a.sent...)
	if lately := a.sent[max(0, len(a.sent)-4):]; a.chance(70) {
		c = pick(a.dice, lately...)
	}
	if age := a.now - a.at[c.id]; age >= window && age <= 36*hour {
		return call{}, false
	}
	if c.user == "" && a.chance(40) {
		c.user = pick(a.dice, users()...)
	}
	a.at[c.id] = a.now
	return c, true
}

func users() []string   { return []string{"ana", "bob", "cat"} }
func devices() []string { return []string{"phone", "web", "kiosk"} }

func (a *artist) call() call {
	a.n++
	c := call{id: fmt.Sprint("m", a.n), kind: "track", at: a.when()}
	switch a.IntN(12) {
	case 0, 1, 2:
		c.device = pick(a.dice, devices()...)
	case 3, 4:
		c.user, c.device = pick(a.dice, users()...), pick(a.dice, devices()...)
	case 5, 6:
		c.user = pick(a.dice, users()...)
	case 7:
		c.kind, c.user, c.previous = "alias", pick(a.dice, users()...), pick(a.dice, append(users(), devices()...)...)
		if c.previous == c.user {
			c.previous = "web"
		}
		return c
	default:
		c.kind, c.user, c.traits = "identify", pick(a.dice, users()...), a.traits()
		if a.chance(20) {
			c.device = pick(a.dice, devices()...)
		} else if a.chance(20) {
			c.user, c.device = "", pick(a.dice, devices()...)
		}
		return c
	}
	c.name = pick(a.dice, "Bought", "Bought", "Bought", "Looked")
	if a.chance(85) {
		n := pick(a.dice, 1, 2, 2.5, 3, float64(a.between(-2, 9)))
		c.n = &n
	}
	c.colour = pick(a.dice, "red", "blue", "")
	return c
}

// when draws an instant at which something happened: mostly just now, at times long
// ago, so that it leaves a window at a jump of the clock, or in the future.
func (a *artist) when() int64 {
	switch a.IntN(10) {
	case 0, 1, 2:
		return a.now
	case 3, 4:
		return a.now - a.between(0, 90*60)*1000
	case 5:
		return a.now - a.between(0, 3*24*60)*minute
	case 6:
		return a.now - a.between(0, 200*24)*hour
	case 7, 8:
		clock := a.somewhere()
		if jumps := clock.jumps(a.now-60*day, a.now+60*day); len(jumps) > 0 {
			near := pick(a.dice, jumps...) - pick[int64](a.dice, 0, 1, 2, 7, 30, 90)*day
			near += pick[int64](a.dice, -hour, -30*minute, -1, 0, 1, 30*minute, 59*minute, hour)
			if near <= a.now {
				return near
			}
		}
		return a.now - a.between(0, 48)*hour
	}
	return a.now + a.between(1, 5*24*60)*minute
}

func (a *artist) traits() map[string]any {
	traits := map[string]any{}
	for range a.between(1, 3) {
		switch a.IntN(8) {
		case 0, 1:
			traits["country"] = pick(a.dice, "GB", "US", "AU", "SG", "WS", "BR", "FR")
		case 2:
			traits["city"] = pick[any](a.dice, "Rome", "Oslo", "Lima", nil)
		case 3:
			traits["age"] = pick[any](a.dice, 17.0, 18.0, 30.0, "unknown", nil)
		case 4:
			traits["birthday"] = a.birthday()
		case 5, 6:
			at := time.UnixMilli(a.now + a.between(-60*24, 60*24)*hour).UTC()
			traits["trial"] = pick(a.dice, at.Format("2006-01-02T15:04:05.000Z"), at.Format(time.DateOnly))
		case 7:
			traits["market"] = pick[any](a.dice, "britain", "states", "island", "samoa", nil)
		}
	}
	return traits
}

func (a *artist) birthday() string {
	if a.chance(30) {
		return "1996-02-29"
	}
	return time.UnixMilli(a.now).UTC().AddDate(-int(a.between(0, 40)), 0, int(a.between(-40, 60))).Format(time.DateOnly)
}
