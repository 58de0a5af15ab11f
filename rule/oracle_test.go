package rule

import (
	"cmp"
	"fmt"
	"slices"
	"sort"
	"testing"
	"time"

	"pgregory.net/rapid"

	"rapport"
)

// The oracle answers rules from the bare list of events, with a calendar of its
// own. It shares no code with what it judges.

// wallClock is a zone as a list of stretches of constant offset.
type wallClock struct {
	from []int64 // when each begins, in milliseconds
	off  []int64
}

func newWallClock(zone *time.Location, from, to time.Time) wallClock {
	var w wallClock
	last := int64(1 << 40)
	for t := from; t.Before(to); t = t.Add(15 * time.Minute) {
		if _, seconds := t.In(zone).Zone(); int64(seconds)*1000 != last {
			last = int64(seconds) * 1000
			w.from, w.off = append(w.from, t.UnixMilli()), append(w.off, last)
		}
	}
	return w
}

func (w wallClock) end(i int) int64 {
	if i+1 < len(w.from) {
		return w.from[i+1]
	}
	return 1 << 60
}

// shown is the latest time of day and date that the clock has shown by t.
func (w wallClock) shown(t int64) int64 {
	most := int64(-1 << 60)
	for i := range w.from {
		if w.from[i] <= t {
			most = max(most, min(t, w.end(i)-1)+w.off[i])
		}
	}
	return most
}

// first is when the clock first shows a time or a later one.
func (w wallClock) first(shown int64) int64 {
	for i := range w.from {
		if t := max(w.from[i], shown-w.off[i]); t < w.end(i) {
			return t
		}
	}
	panic("beyond the end of time")
}

// length is a span: an exact one or days.
type length struct {
	text string
	ms   int64
	days int64
}

func (w wallClock) back(now int64, l length) int64 {
	if l.days == 0 {
		return now - l.ms
	}
	return w.first(w.shown(now) - l.days*86_400_000)
}

func (w wallClock) dayAt(t int64) int64 { return w.shown(t) / 86_400_000 }

func lengths() []length {
	return []length{
		{"2h", 7_200_000, 0}, {"45m", 2_700_000, 0}, {"720h", 720 * 3_600_000, 0},
		{"1d", 0, 1}, {"30d", 0, 30}, {"2w", 0, 14}, {"182d", 0, 182},
	}
}

// plainEvent is what the oracle knows of an event.
type plainEvent struct {
	at int64
	n  float64
	k  int // the property k; 0 if it has none
}

// past is everything the oracle judges from.
type past struct {
	clock  wallClock
	events map[string][]plainEvent
	flag   Truth
	date   string // of trait d, or empty
	moment int64  // of trait t, or 0
}

// clause is a condition in the language and as the oracle sees it. It might change
// at midnights, where an instant is a span ago, and at its edges.
type clause struct {
	text  string
	judge func(p *past, now int64) Truth
	spans []length
	edges []edger
}

// edger returns more instants at which a clause might change.
type edger func(c *oracleCase) []int64

func order(op string, a, b float64) Truth {
	return TruthOf(map[string]bool{"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b, "==": a == b, "!=": a != b}[op])
}

var operators = []string{"<", "<=", ">", ">=", "==", "!="}

func pick[T any](t *rapid.T, name string, of ...T) T { return rapid.SampledFrom(of).Draw(t, name) }

// within returns the events of a kind inside a window.
func (p *past) within(event string, least float64, now int64, l length) (in []plainEvent) {
	start := p.clock.back(now, l)
	for _, e := range p.events[event] {
		if e.at > start && e.at <= now && e.n >= least {
			in = append(in, e)
		}
	}
	return in
}

func anyClause(t *rapid.T, c *oracleCase, depth int) clause {
	selection := func(t *rapid.T) clause { return selectionClause(t, c) }
	kinds := []func(*rapid.T) clause{countClause, sumClause, existsClause, lastClause, anniversaryClause, daysClause, momentClause, flagClause,
		selection, selection, nowClause, partClause}
	if depth == 0 {
		return pick(t, "kind", kinds...)(t)
	}
	a := anyClause(t, c, depth-1)
	switch pick(t, "join", "&&", "||", "!", "") {
	case "&&":
		b := anyClause(t, c, depth-1)
		return clause{"(" + a.text + ") && (" + b.text + ")", func(p *past, now int64) Truth {
			return min(a.judge(p, now), b.judge(p, now))
		}, append(a.spans, b.spans...), append(a.edges, b.edges...)}
	case "||":
		b := anyClause(t, c, depth-1)
		return clause{"(" + a.text + ") || (" + b.text + ")", func(p *past, now int64) Truth {
			return max(a.judge(p, now), b.judge(p, now))
		}, append(a.spans, b.spans...), append(a.edges, b.edges...)}
	case "!":
		return clause{"!(" + a.text + ")", func(p *past, now int64) Truth { return -a.judge(p, now) }, a.spans, a.edges}
	}
	return a
}

func countClause(t *rapid.T) clause {
	l, op, event := pick(t, "length", lengths()...), pick(t, "op", operators...), pick(t, "event", "A", "B")
	k, least := pick[float64](t, "k", 0, 1, 2, 3, 1.5), pick[float64](t, "least", -100, 3)
	text := fmt.Sprintf(`events("%s").within("%s").where(e, e.n >= %v).count() %s %v`, event, l.text, least, op, k)
	return clause{text, func(p *past, now int64) Truth {
		return order(op, float64(len(p.within(event, least, now, l))), k)
	}, []length{l}, nil}
}

func sumClause(t *rapid.T) clause {
	l, op := pick(t, "length", lengths()...), pick(t, "op", operators...)
	how, x := pick(t, "how", "sum", "avg", "min", "max", "distinct"), pick[float64](t, "x", -1, 0, 2.5, 3, 7, 20.0)
	text := fmt.Sprintf(`events("A").within("%s").%s(e, e.n) %s %v`, l.text, how, op, x)
	if pick(t, "side", 0, 1) == 1 {
		mirror := map[string]string{"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
		text = fmt.Sprintf(`%v %s events("A").within("%s").%s(e, e.n)`, x, mirror[op], l.text, how)
	}
	return clause{text, func(p *past, now int64) Truth {
		return summed(p.within("A", -1e9, now, l), how, op, x)
	}, []length{l}, nil}
}

// summed compares what is measured of n over events.
func summed(in []plainEvent, how, op string, x float64) Truth {
	sum, least, most, different := 0.0, 1e9, -1e9, map[float64]bool{}
	for _, e := range in {
		sum, least, most = sum+e.n, min(least, e.n), max(most, e.n)
		different[e.n] = true
	}
	switch n := float64(len(in)); {
	case how == "count":
		return order(op, n, x)
	case how == "sum":
		return order(op, sum, x)
	case how == "distinct":
		return order(op, float64(len(different)), x)
	case n == 0:
		return Unknown
	default:
		return order(op, map[string]float64{"avg": sum / n, "min": least, "max": most}[how], x)
	}
}

func existsClause(t *rapid.T) clause {
	l, event := pick(t, "length", lengths()...), pick(t, "event", "A", "B")
	return clause{fmt.Sprintf(`events("%s").within("%s").exists()`, event, l.text), func(p *past, now int64) Truth {
		return TruthOf(len(p.within(event, -1e9, now, l)) > 0)
	}, []length{l}, nil}
}

func lastClause(t *rapid.T) clause {
	l, window, op := pick(t, "length", lengths()...), pick(t, "window", lengths()...), pick(t, "op", operators...)
	which := pick(t, "which", "first", "last")
	return clause{fmt.Sprintf(`events("B").within("%s").%s() %s ago("%s")`, window.text, which, op, l.text), func(p *past, now int64) Truth {
		in := p.within("B", -1e9, now, window)
		if len(in) == 0 {
			return Unknown
		}
		at := in[len(in)-1].at
		if which == "first" {
			at = in[0].at
		}
		return order(op, float64(at), float64(p.clock.back(now, l)))
	}, []length{l, window}, nil}
}

func anniversaryClause(t *rapid.T) clause {
	n := pick(t, "days", 0, 1, 7, 30, 364, 365, 366)
	return clause{fmt.Sprintf(`customer.d.anniversary_in("%dd")`, n), func(p *past, now int64) Truth {
		d, err := time.Parse(time.DateOnly, p.date)
		if err != nil {
			return Unknown
		}
		for i := range int64(n + 1) {
			on := time.UnixMilli((p.clock.dayAt(now) + i) * 86_400_000).UTC()
			leap := time.Date(on.Year(), 2, 29, 0, 0, 0, 0, time.UTC).Month() == 2
			early := d.Month() == 2 && d.Day() == 29 && !leap && on.Month() == 2 && on.Day() == 28
			if on.Month() == d.Month() && on.Day() == d.Day() || early {
				return Yes
			}
		}
		return No
	}, nil, nil}
}

func daysClause(t *rapid.T) clause {
	op, k, since := pick(t, "op", operators...), pick[float64](t, "k", -3, 0, 1, 10, 10.5, 200), rapid.Bool().Draw(t, "since")
	name, sign := "days_until", int64(1)
	if since {
		name, sign = "days_since", -1
	}
	return clause{fmt.Sprintf(`customer.d.%s() %s %v`, name, op, k), func(p *past, now int64) Truth {
		d, err := time.Parse(time.DateOnly, p.date)
		if err != nil {
			return Unknown
		}
		return order(op, float64(sign*(d.UnixMilli()/86_400_000-p.clock.dayAt(now))), k)
	}, nil, nil}
}

func momentClause(t *rapid.T) clause {
	l, op, ahead := pick(t, "length", lengths()...), pick(t, "op", operators...), rapid.Bool().Draw(t, "ahead")
	sign := "-"
	if ahead {
		sign = "+"
	}
	return clause{fmt.Sprintf(`customer.t %s now %s duration("%s")`, op, sign, l.text), func(p *past, now int64) Truth {
		if p.moment == 0 {
			return Unknown
		}
		edge := p.clock.back(now, l)
		if ahead {
			edge = p.clock.back(now, length{ms: -l.ms, days: -l.days})
		}
		return order(op, float64(p.moment), float64(edge))
	}, []length{l, {ms: -l.ms, days: -l.days}}, nil}
}

func flagClause(t *rapid.T) clause {
	return clause{"customer.flag", func(p *past, _ int64) Truth { return p.flag }, nil, nil}
}

// oracleZones: none, two hemispheres, a half hour of summer time, and none again.
func oracleZones() []string {
	return []string{"Asia/Singapore", "Europe/London", "America/New_York", "Australia/Lord_Howe", "Asia/Bangkok"}
}

const oracleDays = 400

// oracleCase is a customer, as the rule and as the oracle see her.
type oracleCase struct {
	past
	who   *customer
	start int64
	rows  []happening
	apart length // how far events like to lie from each other
}

func anyCase(t *rapid.T, tb testing.TB, zone string, clock wallClock) *oracleCase {
	c := &oracleCase{past: past{clock: clock, events: map[string][]plainEvent{}}, who: newCustomer(zone, tb)}
	first := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli()
	c.start = first + rapid.Int64Range(0, 400*86_400_000).Draw(t, "start")
	c.apart = pick(t, "apart", lengths()...)
	for range pick(t, "events", 8, 5, 10, 2, 0) {
		e := plainEvent{at: c.start - rapid.Int64Range(0, pick[int64](t, "days", 2, 35, 190)*86_400_000).Draw(t, "ago"), n: float64(rapid.IntRange(-2, 9).Draw(t, "n"))}
		switch pick(t, "place", 3, 5, 0, 6, 1, 4, 2, 7) {
		case 0, 2: // beside or inside an hour that is skipped or shown twice
			e.at = c.nearJump(t, e.at)
		case 1:
			e.at -= e.at % 3_600_000
		case 3, 4: // a length before or after another, or a little more or less
			e.at = c.nearAnother(t, e.at)
		case 5:
			e.at = c.nearBeginning(t, e.at)
		case 6:
			e.at = c.start - pick[int64](t, "just now", 0, 1, 1_800_000, 7_199_999, 7_200_000, 80_000_000)
		}
		e.k = rapid.IntRange(0, 2).Draw(t, "k")
		name := pick(t, "name", "A", "B")
		c.events[name] = append(c.events[name], e)
		c.rows = append(c.rows, happening{name, rapport.Instant(e.at), propertiesOf(e)})
	}
	for _, list := range c.events {
		slices.SortFunc(list, func(a, b plainEvent) int { return int(a.at - b.at) })
	}
	c.drawTraits(t)
	return c
}

func propertiesOf(e plainEvent) rapport.Value {
	pairs := []rapport.Value{rapport.TextOf("n"), rapport.NumberOf(e.n)}
	if e.k != 0 {
		pairs = append(pairs, rapport.TextOf("k"), rapport.NumberOf(float64(e.k)))
	}
	return rapport.ObjectOf(pairs)
}

// nearAnother returns an instant that stands to that of an event before it in a
// way that sequences must tell apart.
func (c *oracleCase) nearAnother(t *rapid.T, at int64) int64 {
	if len(c.rows) == 0 {
		return at
	}
	other := int64(rapid.SampledFrom(c.rows).Draw(t, "other").at)
	if l := pick(t, "by", c.apart, c.apart, c.apart, length{}); rapid.Bool().Draw(t, "after") {
		other = c.clock.ahead(other, l)
	} else {
		other = c.clock.back(other, l)
	}
	return min(other+pick[int64](t, "beside", 0, -1, 1, -900_000), c.start)
}

// nearBeginning returns an instant beside the first of a day, or of the week, month
// or year that a day is in; often of today.
func (c *oracleCase) nearBeginning(t *rapid.T, at int64) int64 {
	d := c.clock.dayAt(pick(t, "day", at, c.start))
	for unit := anyUnit(t); unitOf(unit, d-1) == unitOf(unit, d); {
		d--
	}
	return min(c.clock.first(d*86_400_000)+pick[int64](t, "beside", 0, -1, 1), c.start)
}

// nearJump returns an instant beside one at which the clock jumps or will have
// jumped: beside it itself, or so many days before it.
func (c *oracleCase) nearJump(t *rapid.T, at int64) int64 {
	var near []int64
	for _, jump := range c.jumps() {
		for _, days := range []int64{0, 1, 14, 30, 182} {
			if before := jump - days*86_400_000; before < c.start+7_200_000 {
				near = append(near, before)
			}
		}
	}
	if near == nil {
		return at
	}
	by := pick[int64](t, "near", -1, 0, 1, -3_600_000, 3_600_000, 1_800_000, -1_800_000, 900_000, 2_700_001, 3_599_999, 1_799_999)
	return min(rapid.SampledFrom(near).Draw(t, "jump")+by, c.start)
}

// jumps are the changes of the clock that windows around the case can see.
func (c *oracleCase) jumps() (jumps []int64) {
	for _, jump := range c.clock.from[1:] {
		if jump > c.start-190*86_400_000 && jump < c.start+oracleDays*86_400_000 {
			jumps = append(jumps, jump)
		}
	}
	return jumps
}

func (c *oracleCase) drawTraits(t *rapid.T) {
	pairs := []rapport.Value{}
	set := func(name string, v rapport.Value) { pairs = append(pairs, rapport.TextOf(name), v) }
	if c.flag = pick(t, "flag", Yes, No, Unknown); c.flag != Unknown {
		set("flag", rapport.BoolOf(c.flag == Yes))
	}
	if rapid.Bool().Draw(t, "has d") {
		c.date = time.UnixMilli(c.start).AddDate(rapid.IntRange(-9, 1).Draw(t, "years"), 0, rapid.IntRange(0, 364).Draw(t, "days")).UTC().Format(time.DateOnly)
		if rapid.IntRange(0, 4).Draw(t, "leap") == 0 {
			c.date = "2024-02-29"
		}
		set("d", rapport.TextOf(c.date))
	}
	if rapid.Bool().Draw(t, "has t") {
		c.moment = c.nearJump(t, c.start-rapid.Int64Range(-200, 200).Draw(t, "t days")*86_400_000)
		set("t", rapport.TextOf(rapport.Instant(c.moment).String()))
	}
	c.who.traits = rapport.ObjectOf(pairs)
}

// edges returns every instant of 400 days at which an answer could change: window
// edges and midnights, and the milliseconds beside them.
func (c *oracleCase) edgesOf(of clause) []int64 {
	var edges []int64
	end := c.start + oracleDays*86_400_000
	add := func(at int64) {
		for d := int64(-1); d <= 1; d++ {
			if at+d > c.start && at+d < end {
				edges = append(edges, at+d)
			}
		}
	}
	for d := c.clock.dayAt(c.start); d <= c.clock.dayAt(end); d++ {
		add(c.clock.first(d * 86_400_000))
	}
	for _, jump := range c.jumps() {
		for half := int64(-4); half <= 4; half++ {
			add(jump + half*1_800_000)
		}
	}
	instants := []int64{c.moment}
	for _, list := range c.events {
		for _, e := range list {
			instants = append(instants, e.at)
		}
	}
	for _, more := range of.edges {
		for _, at := range more(c) {
			add(at)
		}
	}
	for _, l := range of.spans {
		for _, at := range instants {
			// the first now, to the millisecond, whose window no longer holds it
			add(c.start + int64(sort.Search(oracleDays*86_400_000, func(ms int) bool { return c.clock.back(c.start+int64(ms), l) >= at })))
		}
	}
	slices.Sort(edges)
	return slices.Compact(edges)
}

// Every answer equals brute force, at every edge; and between an instant and its
// next flip no answer changes.
func TestEveryAnswerAndFlipEqualsBruteForce(t *testing.T) {
	t.Parallel()
	followAll(t, false, func(rt *rapid.T, c *oracleCase) clause {
		return anyClause(rt, c, rapid.IntRange(0, 2).Draw(rt, "depth"))
	})
}

// followAll follows rules through 400 days in all zones. Who is lazy does not look again at
// an event that is said to move nothing.
func followAll(t *testing.T, lazy bool, draw func(*rapid.T, *oracleCase) clause) {
	for _, zone := range oracleZones() {
		t.Run(zone, func(t *testing.T) {
			t.Parallel()
			from, to := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2029, 6, 1, 0, 0, 0, 0, time.UTC)
			clock := newWallClock(newCustomer(zone, t).zone, from, to)
			wakes, changes := 0, 0
			slept := 0
			rapid.Check(t, func(rt *rapid.T) {
				w := &watch{T: rt, live: true, lazy: lazy, oracleCase: anyCase(rt, t, zone, clock)}
				for range 4 {
					w.clause = draw(rt, w.oracleCase)
					w.run(t)
				}
				wakes, changes, slept = wakes+w.wakes, changes+w.changes, slept+w.slept
			})
			t.Logf("%d wake-ups, %d of them changed the answer; slept on over %d events", wakes, changes, slept)
			if changes == 0 || lazy && slept == 0 {
				t.Error("nothing ever changed, or nothing was slept over")
			}
		})
	}
}

// watch follows one rule through 400 days, as the product would: it evaluates,
// sleeps until the next flip, and evaluates again.
type watch struct {
	*rapid.T
	*oracleCase
	clause
	env            Env
	live           bool // the events come while the rule is followed, not before
	lazy           bool // see trend_test.go
	rule           *Rule
	facts          *FactSet
	now, flip      rapport.Instant
	truth          Truth
	wakes, changes int
	slept          int // over events, of who is lazy
}

func (w *watch) run(tb testing.TB) {
	w.rule = mustCompile(tb, w.text, w.env)
	w.facts = NewFactSet(w.rule.Facts()...)
	clear(w.who.facts)
	coming, all, start := w.admissions(), w.events, w.start
	if w.live && len(coming) > 0 {
		w.start = coming[0].now - 1
	}
	edges := w.edgesOf(w.clause)
	if w.live {
		for _, a := range coming {
			edges = append(edges, a.now)
		}
		slices.Sort(edges)
		w.events = map[string][]plainEvent{}
	} else {
		coming = w.admit(coming, w.start, false)
	}
	w.follow(coming, edges)
	w.events, w.start = all, start
}

// follow lets time pass from edge to edge, and events come.
func (w *watch) follow(coming []admission, edges []int64) {
	w.wake(rapport.Instant(w.start))
	w.compare(w.start)
	slept := 0
	for _, edge := range edges {
		for w.flip <= rapport.Instant(edge) {
			was := w.truth
			w.wake(w.flip)
			if w.wakes++; was != w.truth {
				w.changes++
			}
			if slept++; slept > 4*24*oracleDays {
				w.Fatalf("%s wakes again and again, now at %v", w.text, w.now)
			}
		}
		slept := w.slept
		if left := w.admit(coming, edge, true); len(left) < len(coming) {
			if w.slept-slept < len(coming)-len(left) {
				w.wake(rapport.Instant(edge))
			}
			coming = left
		}
		w.compare(edge)
	}
}

// admit lets those events happen whose time has come, and returns the others.
func (w *watch) admit(coming []admission, now int64, live bool) []admission {
	for len(coming) > 0 && coming[0].now <= now {
		e := coming[0].happening
		if w.sleepsOver(e) {
			w.slept++
		}
		w.who.observe(w.facts, e, rapport.Instant(coming[0].now))
		if coming = coming[1:]; live {
			n, k := e.properties.Get("n").Number(), e.properties.Get("k").Number()
			w.events[e.name] = append(w.events[e.name], plainEvent{int64(e.at), n, int(k)})
			slices.SortFunc(w.events[e.name], func(a, b plainEvent) int { return int(a.at - b.at) })
		}
	}
	return coming
}

// admission is an event and when it is admitted: at once, or late.
type admission struct {
	happening
	now int64
}

func (w *watch) admissions() (all []admission) {
	for _, e := range rapid.Permutation(w.rows).Draw(w.T, "order") {
		now := int64(e.at)
		switch pick(w.T, "late", 0, 1, 2) {
		case 1:
			now = rapid.Int64Range(now, w.start).Draw(w.T, "admitted")
		case 2:
			now = w.start
		}
		all = append(all, admission{e, now})
	}
	slices.SortStableFunc(all, func(a, b admission) int { return cmp.Compare(a.now, b.now) })
	return all
}

func (w *watch) wake(now rapport.Instant) {
	w.now = now
	if w.lazy {
		var holds bool
		holds, w.flip = w.rule.Holds(w.who, now)
		w.truth = TruthOf(holds)
		return
	}
	w.truth, w.flip = w.rule.Judge(w.who, now)
	if eval := w.rule.Eval(w.who, now); eval != w.truth {
		w.Fatalf("%s at %v: %v, but judged %v", w.text, now, eval, w.truth)
	}
	if w.flip <= now {
		w.Fatalf("%s at %v: the next flip is %v", w.text, now, w.flip)
	}
}

func (w *watch) compare(edge int64) {
	at := rapport.Instant(edge)
	want := w.judge(&w.past, edge)
	if got := w.rule.Eval(w.who, at); got != want {
		w.Fatalf("%s at %v: %v, want %v", w.text, at, got, want)
	}
	if w.lazy {
		want = TruthOf(want == Yes)
	}
	if w.truth != want {
		w.Fatalf("%s is %v at %v, but was %v at %v, and the next flip was to be %v", w.text, want, at, w.truth, w.now, w.flip)
	}
}
