package rule

import (
	"fmt"
	"sort"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// The oracle's selections of events: windows, what follows, and what is asked.

// Selections by themselves, so that most of what is drawn is about them.
func TestEverySelectionEqualsBruteForce(t *testing.T) {
	t.Parallel()
	followAll(t, false, selectionClause)
}

// picked is a narrowing in the language, and whether it keeps an event.
type picked struct {
	text  string
	holds func(p *past, e plainEvent, now int64) bool
	spans []length
	edges []edger
}

func (w wallClock) ahead(at int64, l length) int64 {
	return w.back(at, length{ms: -l.ms, days: -l.days})
}

// nominal is a length in milliseconds, a day being 24 hours.
func (l length) nominal() int64 { return l.ms + l.days*86_400_000 }

func anyWindow(t *rapid.T, c *oracleCase) picked {
	switch pick(t, "window", "this", "within", "dates", "previous", "between", "") {
	case "within":
		l := pick(t, "length", append([]length{c.apart}, lengths()...)...)
		return picked{fmt.Sprintf(`.within("%s")`, l.text), func(p *past, e plainEvent, now int64) bool {
			return e.at > p.clock.back(now, l) && e.at <= now
		}, []length{l}, nil}
	case "this":
		unit := anyUnit(t)
		return picked{fmt.Sprintf(`.this("%s")`, unit), func(p *past, e plainEvent, now int64) bool {
			return unitOf(unit, p.clock.dayAt(e.at)) == unitOf(unit, p.clock.dayAt(now)) && e.at <= now
		}, nil, nil}
	case "previous":
		unit := anyUnit(t)
		before := map[int64]int{} // what came before the unit of a day
		return picked{fmt.Sprintf(`.previous("%s")`, unit), func(p *past, e plainEvent, now int64) bool {
			today := p.clock.dayAt(now)
			for d := today; before[today] == 0; d-- {
				if unitOf(unit, d) != unitOf(unit, today) {
					before[today] = unitOf(unit, d)
				}
			}
			return unitOf(unit, p.clock.dayAt(e.at)) == before[today]
		}, nil, nil}
	case "between":
		return betweenWindow(t, c)
	case "dates":
		return datesWindow(t, c)
	}
	return picked{"", func(*past, plainEvent, int64) bool { return true }, nil, nil}
}

func anyUnit(t *rapid.T) string { return pick(t, "unit", "day", "week", "month", "year") }

// unitOf numbers the day, week, month or year that a day is in.
func unitOf(unit string, d int64) int {
	on := time.UnixMilli(d * 86_400_000).UTC()
	year, week := on.ISOWeek()
	switch unit {
	case "day":
		return on.Year()*1000 + on.YearDay()
	case "week":
		return year*1000 + week
	case "month":
		return on.Year()*1000 + int(on.Month())
	}
	return on.Year()
}

func betweenWindow(t *rapid.T, c *oracleCase) picked {
	far, near := pick(t, "far", append(lengths(), c.apart, c.apart)...), pick(t, "near", lengths()...)
	if far.nominal() < near.nominal() {
		far, near = near, far
	}
	if far.nominal() == near.nominal() {
		near = length{"20m", 1_200_000, 0}
	}
	return picked{fmt.Sprintf(`.between("%s", "%s")`, far.text, near.text), func(p *past, e plainEvent, now int64) bool {
		return e.at > p.clock.back(now, far) && e.at <= p.clock.back(now, near)
	}, []length{far, near}, nil}
}

// datesWindow is from, until or both, as plain dates or instants, near those of events.
func datesWindow(t *rapid.T, c *oracleCase) picked {
	var bounds [2]int64
	var texts [2]string
	plain, layout := rapid.Bool().Draw(t, "plain"), "2006-01-02T15:04:05.000Z"
	for i := range bounds {
		bounds[i] = c.start - rapid.Int64Range(0, 60*86_400_000).Draw(t, "ago")
		if len(c.rows) > 0 {
			bounds[i] = int64(rapid.SampledFrom(c.rows).Draw(t, "near").at) + rapid.Int64Range(0, 1).Draw(t, "beside")
		}
		if plain {
			bounds[i], layout = c.clock.dayAt(bounds[i])*86_400_000, time.DateOnly
		}
		if i == 1 && bounds[1] <= bounds[0] {
			bounds[1] = bounds[0] + 86_400_000*rapid.Int64Range(1, 60).Draw(t, "days")
		}
		texts[i] = time.UnixMilli(bounds[i]).UTC().Format(layout)
	}
	instant := func(p *past, i int) int64 {
		if plain {
			return p.clock.first(bounds[i])
		}
		return bounds[i]
	}
	which := pick(t, "which", "from", "until", "both")
	w := picked{holds: func(p *past, e plainEvent, _ int64) bool {
		return (which == "until" || e.at >= instant(p, 0)) && (which == "from" || e.at < instant(p, 1))
	}}
	if which != "until" {
		w.text += fmt.Sprintf(`.from("%s")`, texts[0])
	}
	if which != "from" {
		w.text += fmt.Sprintf(`.until("%s")`, texts[1])
	}
	return w
}

// anyStep is followed_by or not_followed_by.
func anyStep(t *rapid.T, c *oracleCase, shared bool) picked {
	l, then, not := pick(t, "soon", append([]length{c.apart, c.apart, c.apart}, lengths()...)...), pick(t, "then", "A", "B"), rapid.Bool().Draw(t, "not")
	least := pick[float64](t, "then least", -100, 3)
	name, third, filter := "followed_by", "", ""
	if not {
		name = "not_followed_by"
	}
	if shared {
		third = `, "k"`
	}
	if least > 0 {
		filter = fmt.Sprintf(".where(x, x.n >= %v)", least)
	}
	s := picked{text: fmt.Sprintf(`.%s(events("%s")%s, "%s"%s)`, name, then, filter, l.text, third)}
	s.holds = func(p *past, e plainEvent, now int64) bool {
		if shared && e.k == 0 {
			return false
		}
		end, followed := p.clock.ahead(e.at, l), false
		for _, b := range p.events[then] {
			followed = followed || b.at > e.at && b.at < end && b.n >= least && (!shared || b.k == e.k)
		}
		return followed != not && (!not || now >= end)
	}
	s.edges = []edger{func(c *oracleCase) (ends []int64) {
		for _, list := range c.events {
			for _, e := range list {
				ends = append(ends, c.clock.ahead(e.at, l))
			}
		}
		return ends
	}}
	return s
}

// selectionClause draws a whole selection, its narrowings in any order, and a question.
func selectionClause(t *rapid.T, of *oracleCase) clause {
	event, parts := pick(t, "event", "A", "B"), []picked{anyWindow(t, of)}
	shared := rapid.IntRange(0, 3).Draw(t, "shared") == 0
	for range pick(t, "steps", 1, 0, 2) {
		parts = append(parts, anyStep(t, of, shared))
	}
	shared = shared && len(parts) > 1
	if rapid.Bool().Draw(t, "filter") {
		parts = append(parts, picked{text: ".where(e, e.n >= 2)", holds: func(_ *past, e plainEvent, _ int64) bool { return e.n >= 2 }})
	}
	c := clause{text: fmt.Sprintf(`events("%s")`, event)}
	for _, part := range rapid.Permutation(parts).Draw(t, "order") {
		c.text += part.text
		c.spans, c.edges = append(c.spans, part.spans...), append(c.edges, part.edges...)
	}
	return asked(t, c, shared, func(p *past, now int64) (in []plainEvent) {
	events:
		for _, e := range p.events[event] {
			for _, part := range parts {
				if !part.holds(p, e, now) {
					continue events
				}
			}
			in = append(in, e)
		}
		return in
	})
}

// asked asks a question of a selection.
func asked(t *rapid.T, c clause, shared bool, in func(p *past, now int64) []plainEvent) clause {
	op := pick(t, "op", operators...)
	questions := []string{"exists", "count", "count", "first", "last"}
	if !shared {
		questions = append(questions, "sum", "avg", "min", "max", "distinct")
	}
	how := pick(t, "how", questions...)
	switch how {
	case "exists":
		c.text += ".exists()"
		c.judge = func(p *past, now int64) Truth { return TruthOf(len(in(p, now)) > 0) }
	case "first", "last":
		l := pick(t, "ago", lengths()...)
		c.text += fmt.Sprintf(`.%s() %s ago("%s")`, how, op, l.text)
		c.spans = append(c.spans, l)
		c.judge = func(p *past, now int64) Truth {
			events := in(p, now)
			if len(events) == 0 {
				return Unknown
			}
			at := map[string]int64{"first": events[0].at, "last": events[len(events)-1].at}[how]
			return order(op, float64(at), float64(p.clock.back(now, l)))
		}
	default:
		x := pick[float64](t, "x", -1, 0, 1, 2, 3, 7)
		what := "e, e.n"
		if how == "count" {
			what = ""
		}
		c.text += fmt.Sprintf(`.%s(%s) %s %v`, how, what, op, x)
		c.judge = func(p *past, now int64) Truth { return summed(in(p, now), how, op, x) }
	}
	return c
}

// partOf reads a part of the calendar off what a clock has shown.
func partOf(part string, shown int64) float64 {
	at := time.UnixMilli(shown).UTC()
	switch part {
	case "hour":
		return float64(at.Hour())
	case "weekday":
		return float64((at.Weekday()+6)%7 + 1)
	case "day":
		return float64(at.Day())
	case "month":
		return float64(at.Month())
	}
	return float64(at.Year())
}

func anyPart(t *rapid.T) (part string, value float64) {
	part = pick(t, "part", "hour", "weekday", "day", "month", "year")
	limits := map[string][2]int{"hour": {0, 24}, "weekday": {1, 7}, "day": {0, 31}, "month": {1, 13}, "year": {2025, 2029}}[part]
	return part, float64(rapid.IntRange(limits[0], limits[1]).Draw(t, "value"))
}

// nowClause compares a part of now, or of an instant that runs with it.
func nowClause(t *rapid.T) clause {
	part, value := anyPart(t)
	op := pick(t, "op", append(operators, "in", "sum")...)
	l := pick(t, "shift", append(lengths(), length{}, length{}, length{})...)
	of := "now"
	switch l.text {
	case "":
	case "2h", "1d":
		of, l = fmt.Sprintf(`(now + duration("%s"))`, l.text), length{l.text, -l.ms, -l.days}
	default:
		of = fmt.Sprintf(`ago("%s")`, l.text)
	}
	c := clause{edges: []edger{func(c *oracleCase) []int64 { return c.hours(part == "hour", l) }}}
	read := func(p *past, now int64) float64 { return partOf(part, p.clock.shown(p.clock.back(now, l))) }
	switch op {
	case "in":
		other := value + float64(rapid.IntRange(1, 4).Draw(t, "other"))
		c.text = fmt.Sprintf(`%s.%s() in [%v, %v]`, of, part, other, value)
		c.judge = func(p *past, now int64) Truth { v := read(p, now); return TruthOf(v == value || v == other) }
	case "sum":
		c.text = fmt.Sprintf(`%s.%s() * 2 - 1 >= %v`, of, part, value)
		c.judge = func(p *past, now int64) Truth { return TruthOf(read(p, now)*2-1 >= value) }
	default:
		c.text = fmt.Sprintf(`%s.%s() %s %v`, of, part, op, value)
		if rapid.Bool().Draw(t, "mirrored") {
			mirror := map[string]string{"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
			c.text = fmt.Sprintf(`%v %s %s.%s()`, value, mirror[op], of, part)
		}
		c.judge = func(p *past, now int64) Truth { return order(op, read(p, now), value) }
	}
	return c
}

// partClause compares a part of a time that stands still.
func partClause(t *rapid.T) clause {
	part, value := anyPart(t)
	op, of := pick(t, "op", operators...), pick(t, "of", "customer.d", "customer.t", `events("A").last()`)
	return clause{fmt.Sprintf(`%s.%s() %s %v`, of, part, op, value), func(p *past, _ int64) Truth {
		switch {
		case strings.HasSuffix(of, "d"):
			d, err := time.Parse(time.DateOnly, p.date)
			if err != nil || part == "hour" {
				return Unknown
			}
			return order(op, partOf(part, d.UnixMilli()), value)
		case strings.HasSuffix(of, "t") && p.moment != 0:
			return order(op, partOf(part, p.clock.shown(p.moment)), value)
		case strings.HasSuffix(of, ")") && len(p.events["A"]) > 0:
			return order(op, partOf(part, p.clock.shown(p.events["A"][len(p.events["A"])-1].at)), value)
		}
		return Unknown
	}, nil, nil}
}

// hours returns when an instant a length before now comes to the hours of some
// days, those beside the clock's jumps among them, or to the midnights of all.
func (c *oracleCase) hours(each bool, l length) (edges []int64) {
	reached := func(shown int64) {
		at := c.clock.first(shown)
		edges = append(edges, c.start+int64(sort.Search(oracleDays*86_400_000, func(ms int) bool { return c.clock.back(c.start+int64(ms), l) >= at })))
	}
	from := c.clock.dayAt(c.start)
	for d := from; d <= from+oracleDays && !each; d++ {
		reached(d * 86_400_000)
	}
	days := []int64{from, from + 1, from + 2, from + 3}
	for _, jump := range c.jumps() {
		days = append(days, c.clock.dayAt(jump)-1, c.clock.dayAt(jump), c.clock.dayAt(jump)+1)
	}
	for _, d := range days {
		for h := int64(0); h < 24 && each; h++ {
			reached(d*86_400_000 + h*3_600_000)
		}
	}
	return edges
}
