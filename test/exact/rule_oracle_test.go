package exact_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// A family of rules, each as the text that a marketer would write and as the oracle
// judges it: from the bare list of what was admitted of a customer. Answers are -1
// for no, 0 for unknown and 1 for yes.

// view is one customer at one instant.
type view struct {
	clock  *wallClock
	now    int64
	events []*event // hers, by when they happened
	traits map[string]any
	rates  *rates
	member func(segment string) bool
}

// clause is a condition.
type clause struct {
	text  string
	judge func(v *view) int
	parts []clause // what it is put together from
	spans []length // whose passing may change it: when that long ago comes to be something
	ends  []length // likewise: when something is that long ahead of what happened
	units []string // days, weeks, months or years whose beginning may change it
	reads []string // segments
	rated bool     // it reads the rates
}

func yes(b bool) int {
	if b {
		return 1
	}
	return -1
}

func compare[T int64 | float64](op string, a, b T) int {
	switch op {
	case "<":
		return yes(a < b)
	case "<=":
		return yes(a <= b)
	case ">":
		return yes(a > b)
	case ">=":
		return yes(a >= b)
	case "==":
		return yes(a == b)
	}
	return yes(a != b)
}

func operators() []string { return []string{"<", "<=", ">", ">=", "==", "!="} }

// lengths are the windows that are drawn from.
func lengths() []length {
	return []length{
		{"45m", 45 * minute, 0}, {"2h", 2 * hour, 0}, {"24h", 24 * hour, 0}, {"720h", 720 * hour, 0},
		{"1d", 0, 1}, {"2d", 0, 2}, {"1w", 0, 7}, {"30d", 0, 30}, {"30d", 0, 30}, {"90d", 0, 90},
	}
}

// dice draws.
type dice struct{ *rand.Rand }

func pick[T any](d dice, of ...T) T { return of[d.IntN(len(of))] }

// chance says yes so many times of a hundred.
func (d dice) chance(percent int) bool { return d.IntN(100) < percent }

// between draws from low to high, both included.
func (d dice) between(low, high int64) int64 { return low + d.Int64N(high-low+1) }

// anyClause draws a condition, put together from what leaf draws; it may read the
// segments named.
func anyClause(d dice, depth int, segments []string, leaf func() clause) clause {
	if depth == 0 || d.chance(20) {
		if len(segments) > 0 && d.chance(40) {
			return segmentClause(pick(d, segments...))
		}
		return leaf()
	}
	a := anyClause(d, depth-1, segments, leaf)
	switch pick(d, "&&", "||", "!") {
	case "!":
		return together("!("+a.text+")", func(v *view) int { return -a.judge(v) }, a)
	case "&&":
		b := anyClause(d, depth-1, segments, leaf)
		return together("("+a.text+") && ("+b.text+")", func(v *view) int { return min(a.judge(v), b.judge(v)) }, a, b)
	default:
		b := anyClause(d, depth-1, segments, leaf)
		return together("("+a.text+") || ("+b.text+")", func(v *view) int { return max(a.judge(v), b.judge(v)) }, a, b)
	}
}

// together is a clause that is put together from others.
func together(text string, judge func(v *view) int, parts ...clause) clause {
	c := clause{text: text, judge: judge, parts: parts}
	for _, p := range parts {
		c.spans, c.ends, c.units = append(c.spans, p.spans...), append(c.ends, p.ends...), append(c.units, p.units...)
		c.reads, c.rated = append(c.reads, p.reads...), c.rated || p.rated
	}
	return c
}

// plainClause draws one condition.
func plainClause(d dice) clause {
	of := func(ask func(dice, selection) clause) func(dice) clause {
		return func(d dice) clause { return ask(d, anySelection(d)) }
	}
	count, measure, exists, edge := of(countClause), of(measureClause), of(existsClause), of(edgeClause)
	return pick(d, count, count, count, measure, measure, exists, exists, edge,
		textClause, numberClause, anniversaryClause, daysClause, momentClause, momentClause, bucketClause)(d)
}

func segmentClause(name string) clause {
	return clause{text: fmt.Sprintf("segment(%q)", name), reads: []string{name}, judge: func(v *view) int { return yes(v.member(name)) }}
}

// selection is events(...) with all that narrows it.
type selection struct {
	text    string
	name    string
	window  frame // nil: all of the past
	filters []filter
	steps   []step
	spans   []length
	ends    []length
	units   []string
}

// frame is a window: it says which instants are inside at a view's.
type frame func(v *view) func(at int64) bool

// filter is the condition of a where.
type filter func(e *event) int

func within(l length) frame {
	return func(v *view) func(at int64) bool {
		start := v.clock.back(v.now, l)
		return func(at int64) bool { return at > start }
	}
}

func anySelection(d dice) selection {
	s, l, windowed := selection{name: pick(d, "Bought", "Bought", "Looked", "Identified")}, pick(d, lengths()...), d.chance(80)
	s.text = fmt.Sprintf("events(%q)", s.name)
	first := d.chance(50)
	if first {
		s.where(anyFilter(d))
	}
	if windowed {
		s.text += fmt.Sprintf(".within(%q)", l.text)
		s.window, s.spans = within(l), []length{l}
	}
	if !first {
		s.where(anyFilter(d))
	}
	return s
}

// where narrows a selection by a filter, unless there is none.
func (s *selection) where(text string, f filter) {
	if f != nil {
		s.text += "." + text
		s.filters = append(s.filters, f)
	}
}

// anyFilter draws a filter; half of the time none.
func anyFilter(d dice) (text string, f filter) {
	least, colour := pick(d, 0.5, 2, 3), pick(d, "red", "blue")
	switch d.IntN(6) {
	case 0:
		return fmt.Sprintf("where(e, e.n >= %v)", least), func(e *event) int { return e.compare(">=", least) }
	case 1:
		return fmt.Sprintf("where(e, !(e.n >= %v))", least), func(e *event) int { return -e.compare(">=", least) }
	case 2:
		return fmt.Sprintf("where(e, e.colour == %q || e.n > %v)", colour, least),
			func(e *event) int { return max(e.is(colour), e.compare(">", least)) }
	}
	return "", nil
}

// compare compares the number n of an event, which it may be without.
func (e *event) compare(op string, with float64) int {
	if e.n == nil {
		return 0
	}
	return compare(op, *e.n, with)
}

func (e *event) is(colour string) int {
	if e.colour == "" {
		return 0
	}
	return yes(e.colour == colour)
}

// of returns the selected events, by when they happened.
func (s selection) of(v *view) (in []*event) {
	inside := func(int64) bool { return true }
	if s.window != nil {
		inside = s.window(v)
	}
	for _, e := range v.events {
		if e.stamp <= v.now && s.takes(e) && inside(e.stamp) && all(s.steps, func(then step) bool { return then.holds(v, e) }) {
			in = append(in, e)
		}
	}
	return in
}

// takes reports whether a selection is of such events, whenever they were.
func (s selection) takes(e *event) bool {
	return e.named() == s.name && all(s.filters, func(f filter) bool { return f(e) == 1 })
}

func all[T any](list []T, holds func(T) bool) bool {
	return !slices.ContainsFunc(list, func(one T) bool { return !holds(one) })
}

// asked is a question about a selection.
func (s selection) asked(question string, judge func(v *view) int) clause {
	return clause{text: s.text + question, judge: judge, spans: s.spans, ends: s.ends, units: s.units}
}

func countClause(d dice, s selection) clause {
	op, k := pick(d, append(operators(), "==", "!=")...), pick(d, 0, 1, 1, 2, 2, 3, 1.5)
	return s.asked(fmt.Sprintf(".count() %s %v", op, k), func(v *view) int { return compare(op, float64(len(s.of(v))), k) })
}

func existsClause(_ dice, s selection) clause {
	return s.asked(".exists()", func(v *view) int { return yes(len(s.of(v)) > 0) })
}

func measureClause(d dice, s selection) clause {
	op, k := pick(d, operators()...), pick(d, -1, 0, 1, 2, 2.5, 3, 7)
	how := pick(d, "sum", "avg", "min", "max", "distinct", "distinct", "distinct")
	if how == "distinct" {
		k = pick[float64](d, 1, 2, 3)
	}
	measured := func(v *view) int {
		sum, least, most, different, n := 0.0, 1e9, -1e9, map[float64]bool{}, 0.0
		for _, e := range s.of(v) {
			if e.n != nil {
				sum, least, most, n = sum+*e.n, min(least, *e.n), max(most, *e.n), n+1
				different[*e.n] = true
			}
		}
		switch {
		case how == "sum":
			return compare(op, sum, k)
		case how == "distinct":
			return compare(op, float64(len(different)), k)
		case n == 0:
			return 0
		}
		return compare(op, map[string]float64{"avg": sum / n, "min": least, "max": most}[how], k)
	}
	return s.asked(fmt.Sprintf(".%s(e, e.n) %s %v", how, op, k), measured)
}

func edgeClause(d dice, s selection) clause {
	op, which, l := pick(d, operators()...), pick(d, "first", "last"), pick(d, lengths()...)
	c := s.asked(fmt.Sprintf(".%s() %s ago(%q)", which, op, l.text), func(v *view) int {
		in := s.of(v)
		if len(in) == 0 {
			return 0
		}
		at := in[0].stamp
		if which == "last" {
			at = in[len(in)-1].stamp
		}
		return compare(op, at, v.clock.back(v.now, l))
	})
	c.spans = append(slices.Clone(c.spans), l)
	return c
}

func textClause(d dice) clause {
	trait := pick(d, "city", "country")
	values := map[string][]string{"city": {"Rome", "Oslo", "Lima"}, "country": {"GB", "US", "SG"}}[trait]
	one, two := values[0], pick(d, values[1:]...)
	switch d.IntN(4) {
	case 0:
		return clause{text: fmt.Sprintf("customer.%s in [%q, %q]", trait, one, two), judge: func(v *view) int {
			value, ok := v.traits[trait].(string)
			if !ok {
				return 0
			}
			return yes(value == one || value == two)
		}}
	case 1:
		return clause{text: fmt.Sprintf("has(customer.%s)", trait), judge: func(v *view) int { return yes(v.traits[trait] != nil) }}
	}
	op := pick(d, "==", "!=")
	return clause{text: fmt.Sprintf("customer.%s %s %q", trait, op, two), judge: func(v *view) int {
		value, ok := v.traits[trait].(string)
		if !ok {
			return 0
		}
		return yes((value == two) == (op == "=="))
	}}
}

func numberClause(d dice) clause {
	op, k := pick(d, operators()...), pick(d, 18, 30.0)
	return clause{text: fmt.Sprintf("customer.age %s %v", op, k), judge: func(v *view) int {
		age, ok := v.traits["age"].(float64)
		if !ok {
			return 0
		}
		return compare(op, age, k)
	}}
}

// plainDate reads a trait that holds a date without a time.
func (v *view) plainDate(trait string) (time.Time, bool) {
	text, _ := v.traits[trait].(string)
	t, err := time.Parse(time.DateOnly, text)
	return t, err == nil
}

func anniversaryClause(d dice) clause {
	n := pick[int64](d, 0, 1, 7, 30)
	return clause{text: fmt.Sprintf(`customer.birthday.anniversary_in("%dd")`, n), units: []string{"day"}, judge: func(v *view) int {
		born, ok := v.plainDate("birthday")
		if !ok {
			return 0
		}
		for i := range n + 1 {
			on := time.UnixMilli((v.clock.dayAt(v.now) + i) * day).UTC()
			if on.Month() == born.Month() && on.Day() == born.Day() || keepsLeapDay(born, on) {
				return 1
			}
		}
		return -1
	}}
}

// keepsLeapDay says whether who was born on 29 February celebrates on a 28th.
func keepsLeapDay(born, on time.Time) bool {
	leap := time.Date(on.Year(), 2, 29, 0, 0, 0, 0, time.UTC).Month() == time.February
	return born.Month() == time.February && born.Day() == 29 && !leap && on.Month() == time.February && on.Day() == 28
}

func daysClause(d dice) clause {
	op, k, name := pick(d, operators()...), pick[float64](d, -3, 0, 1, 10, 10.5), pick(d, "days_until", "days_since")
	return clause{text: fmt.Sprintf("customer.birthday.%s() %s %v", name, op, k), units: []string{"day"}, judge: func(v *view) int {
		date, ok := v.plainDate("birthday")
		if !ok {
			return 0
		}
		days := float64(date.UnixMilli()/day - v.clock.dayAt(v.now))
		if name == "days_since" {
			days = -days
		}
		return compare(op, days, k)
	}}
}

// moment reads a trait that holds an instant, or a date: then its first instant.
func (v *view) moment(trait string) (int64, bool) {
	if date, ok := v.plainDate(trait); ok {
		return v.clock.first(date.UnixMilli()), true
	}
	text, _ := v.traits[trait].(string)
	t, err := time.Parse(time.RFC3339Nano, text)
	return t.UnixMilli(), err == nil
}

func momentClause(d dice) clause {
	op, l, sign := pick(d, operators()...), pick(d, lengths()...), pick(d, "-", "+")
	moved := l
	if sign == "+" {
		moved = l.ahead()
	}
	return clause{text: fmt.Sprintf("customer.trial %s now %s duration(%q)", op, sign, l.text), spans: []length{moved}, judge: func(v *view) int {
		at, ok := v.moment("trial")
		if !ok {
			return 0
		}
		return compare(op, at, v.clock.back(v.now, moved))
	}}
}

// bucketClause checks the range alone: which bucket is hers is nobody's business here.
func bucketClause(d dice) clause {
	n := pick(d, 1, 2, 100)
	return clause{text: fmt.Sprintf(`bucket("test", %d) >= 0 && bucket("test", %d) < %d`, n, n, n), judge: func(*view) int { return 1 }}
}
