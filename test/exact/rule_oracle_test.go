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
	member func(segment string) bool
}

// clause is a condition.
type clause struct {
	text  string
	judge func(v *view) int
	parts []clause // what it is put together from
	spans []length // whose passing may change it
	dates bool     // a midnight may change it
	reads []string // segments
}

func yes(b bool) int {
	if b {
		return 1
	}
	return -1
}

func compare(op string, a, b float64) int {
	return yes(map[string]bool{"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b, "==": a == b, "!=": a != b}[op])
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

// anyClause draws a condition; it may read the segments named.
func anyClause(d dice, depth int, segments []string) clause {
	if depth == 0 || d.chance(20) {
		kinds := []func(dice) clause{
			countClause, countClause, countClause, measureClause, measureClause, existsClause, existsClause, edgeClause,
			textClause, numberClause, anniversaryClause, daysClause, momentClause, momentClause, bucketClause,
		}
		if len(segments) > 0 && d.chance(40) {
			return segmentClause(pick(d, segments...))
		}
		return pick(d, kinds...)(d)
	}
	a := anyClause(d, depth-1, segments)
	switch pick(d, "&&", "||", "!") {
	case "!":
		return clause{text: "!(" + a.text + ")", parts: []clause{a}, spans: a.spans, dates: a.dates, reads: a.reads,
			judge: func(v *view) int { return -a.judge(v) }}
	case "&&":
		return both("&&", a, anyClause(d, depth-1, segments), func(a, b int) int { return min(a, b) })
	default:
		return both("||", a, anyClause(d, depth-1, segments), func(a, b int) int { return max(a, b) })
	}
}

func both(op string, a, b clause, join func(a, b int) int) clause {
	return clause{
		text: "(" + a.text + ") " + op + " (" + b.text + ")", parts: []clause{a, b},
		judge: func(v *view) int { return join(a.judge(v), b.judge(v)) },
		spans: slices.Concat(a.spans, b.spans), dates: a.dates || b.dates, reads: slices.Concat(a.reads, b.reads),
	}
}

func segmentClause(name string) clause {
	return clause{text: fmt.Sprintf("segment(%q)", name), reads: []string{name}, judge: func(v *view) int { return yes(v.member(name)) }}
}

// selection is events(...) with a window and a filter.
type selection struct {
	text     string
	name     string
	window   length
	windowed bool
	filter   func(e *event) int
}

func anySelection(d dice) selection {
	s := selection{name: pick(d, "Bought", "Bought", "Looked", "Identified"), window: pick(d, lengths()...), windowed: d.chance(80)}
	s.text = fmt.Sprintf("events(%q)", s.name)
	where := func() {
		least, colour := pick(d, 0.5, 2, 3), pick(d, "red", "blue")
		switch d.IntN(6) {
		case 0:
			s.text += fmt.Sprintf(".where(e, e.n >= %v)", least)
			s.filter = func(e *event) int { return e.compare(">=", least) }
		case 1:
			s.text += fmt.Sprintf(".where(e, !(e.n >= %v))", least)
			s.filter = func(e *event) int { return -e.compare(">=", least) }
		case 2:
			s.text += fmt.Sprintf(".where(e, e.colour == %q || e.n > %v)", colour, least)
			s.filter = func(e *event) int { return max(e.is(colour), e.compare(">", least)) }
		}
	}
	first := d.chance(50)
	if first {
		where()
	}
	if s.windowed {
		s.text += fmt.Sprintf(".within(%q)", s.window.text)
	}
	if !first {
		where()
	}
	return s
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

func (s selection) spans() []length {
	if s.windowed {
		return []length{s.window}
	}
	return nil
}

// of returns the selected events. A window is open at its start and closed at its end.
func (s selection) of(v *view) (in []*event) {
	start := int64(-1 << 60)
	if s.windowed {
		start = v.clock.back(v.now, s.window)
	}
	for _, e := range v.events {
		if e.named() == s.name && e.stamp > start && e.stamp <= v.now && (s.filter == nil || s.filter(e) == 1) {
			in = append(in, e)
		}
	}
	return in
}

func countClause(d dice) clause {
	s, op, k := anySelection(d), pick(d, append(operators(), "==", "!=")...), pick(d, 0, 1, 1, 2, 2, 3, 1.5)
	return clause{text: fmt.Sprintf("%s.count() %s %v", s.text, op, k), spans: s.spans(),
		judge: func(v *view) int { return compare(op, float64(len(s.of(v))), k) }}
}

func existsClause(d dice) clause {
	s := anySelection(d)
	return clause{text: s.text + ".exists()", spans: s.spans(), judge: func(v *view) int { return yes(len(s.of(v)) > 0) }}
}

func measureClause(d dice) clause {
	s, op, k := anySelection(d), pick(d, operators()...), pick(d, -1, 0, 1, 2, 2.5, 3, 7)
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
	return clause{text: fmt.Sprintf("%s.%s(e, e.n) %s %v", s.text, how, op, k), spans: s.spans(), judge: measured}
}

func edgeClause(d dice) clause {
	s, op, which, l := anySelection(d), pick(d, operators()...), pick(d, "first", "last"), pick(d, lengths()...)
	return clause{text: fmt.Sprintf("%s.%s() %s ago(%q)", s.text, which, op, l.text), spans: append(s.spans(), l),
		judge: func(v *view) int {
			in := s.of(v)
			if len(in) == 0 {
				return 0
			}
			at := in[0].stamp
			if which == "last" {
				at = in[len(in)-1].stamp
			}
			return compare(op, float64(at), float64(v.clock.back(v.now, l)))
		}}
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
	return clause{text: fmt.Sprintf(`customer.birthday.anniversary_in("%dd")`, n), dates: true, judge: func(v *view) int {
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
	return clause{text: fmt.Sprintf("customer.birthday.%s() %s %v", name, op, k), dates: true, judge: func(v *view) int {
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
		return compare(op, float64(at), float64(v.clock.back(v.now, moved)))
	}}
}

// bucketClause checks the range alone: which bucket is hers is nobody's business here.
func bucketClause(d dice) clause {
	n := pick(d, 1, 2, 100)
	return clause{text: fmt.Sprintf(`bucket("test", %d) >= 0 && bucket("test", %d) < %d`, n, n, n), judge: func(*view) int { return 1 }}
}
