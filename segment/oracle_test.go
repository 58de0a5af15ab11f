package segment_test

import (
	"fmt"
	"slices"
	"sort"
)

// The oracle of this package. It keeps all events and answers every question by
// counting them anew; it knows nothing of facts, indexes or wake-ups.

// clause is one rule of a small family.
type clause struct {
	form  string // count, few, older, older-lapsed, recently, spent, lapsed, lapsed-after, trait, not-trait, and, and-not, recent-or
	event string
	hours int64 // of the window
	total float64
	n     int
	trait string
	value string
	one   string // names of segments
	two   string
}

// text is the clause in the language of rules.
func (c clause) text() string {
	switch c.form {
	case "count":
		return fmt.Sprintf(`events(%q).within("%dh").where(e, e.total >= %g).count() >= %d`, c.event, c.hours, c.total, c.n)
	case "few":
		return fmt.Sprintf(`events(%q).within("%dh").count() < %d`, c.event, c.hours, c.n)
	case "older":
		return fmt.Sprintf(`events(%q).between("%dh", "%dh").count() >= %d`, c.event, longHours, c.hours, c.n)
	case "older-lapsed":
		return fmt.Sprintf(`events(%[1]q).between("%[2]dh", "%[3]dh").exists() && (events(%[1]q).count() >= %[4]d && !events(%[1]q).within("%[3]dh").exists())`, c.event, longHours, c.hours, c.n)
	case "recently":
		return fmt.Sprintf(`events(%q).last() > ago("%dh")`, c.event, c.hours)
	case "lapsed":
		return fmt.Sprintf(`events(%q).exists() && !events(%q).within("%dh").exists()`, c.event, c.event, c.hours)
	case "lapsed-after":
		return fmt.Sprintf(`events(%[1]q).within("%[4]dh").count() >= %[2]d && !events(%[1]q).within("%[3]dh").exists()`, c.event, c.n, c.hours, longHours)
	case "spent":
		return fmt.Sprintf(`events(%q).within("%dh").sum(e, e.total) > %d`, c.event, c.hours, 10*c.n)
	case "trait":
		return fmt.Sprintf(`customer.%s == %q`, c.trait, c.value)
	case "not-trait":
		return fmt.Sprintf(`!(customer.%s == %q)`, c.trait, c.value)
	case "and":
		return fmt.Sprintf(`segment(%q) && segment(%q)`, c.one, c.two)
	case "and-not":
		return fmt.Sprintf(`segment(%q) && !segment(%q)`, c.one, c.two)
	case "recent-or":
		return fmt.Sprintf(`segment(%q) || events(%q).within("%dh").exists()`, c.one, c.event, c.hours)
	}
	panic(c.form)
}

// happening is one thing that is admitted: an event, perhaps late, or a new value
// of a trait.
type happening struct {
	at    int64 // when it is admitted
	event string
	stamp int64 // the event's timestamp, at or before at
	total float64
	trait string
	value string
}

const (
	hourMillis = 3600_000
	longHours  = 100 // of the longer window of older and lapsed-after
)

// oracle has admitted some happenings.
type oracle struct {
	clauses map[string]clause
	seen    []happening
	members map[string]bool
	since   map[string]int64 // of the last entry
}

// holds answers a clause at an instant: no, unknown and yes are -1, 0 and 1.
func (o *oracle) holds(c clause, at int64) int {
	switch c.form {
	case "count":
		return yesNo(o.count(c.event, c.hours, c.total, at) >= c.n)
	case "few":
		return yesNo(o.count(c.event, c.hours, -1e9, at) < c.n)
	case "older":
		return yesNo(o.older(c, at) >= c.n)
	case "older-lapsed":
		return yesNo(o.older(c, at) > 0 && o.count(c.event, 1<<30, -1e9, at) >= c.n && o.count(c.event, c.hours, -1e9, at) == 0)
	case "recently":
		if o.count(c.event, 1<<30, -1e9, at) == 0 {
			return 0
		}
		return yesNo(o.count(c.event, c.hours, -1e9, at) > 0)
	case "lapsed":
		return yesNo(o.count(c.event, 1<<30, -1e9, at) > 0 && o.count(c.event, c.hours, -1e9, at) == 0)
	case "lapsed-after":
		return yesNo(o.count(c.event, longHours, -1e9, at) >= c.n && o.count(c.event, c.hours, -1e9, at) == 0)
	case "spent":
		return yesNo(o.spent(c.event, c.hours, at) > 10*float64(c.n))
	case "trait":
		return o.trait(c)
	case "not-trait":
		return -o.trait(c)
	case "and":
		return yesNo(o.member(c.one, at) && o.member(c.two, at))
	case "and-not":
		return yesNo(o.member(c.one, at) && !o.member(c.two, at))
	case "recent-or":
		return yesNo(o.member(c.one, at) || o.count(c.event, c.hours, -1e9, at) > 0)
	}
	panic(c.form)
}

func yesNo(b bool) int {
	if b {
		return 1
	}
	return -1
}

func (o *oracle) member(segment string, at int64) bool { return o.holds(o.clauses[segment], at) == 1 }

// count counts the events in the window that ends at an instant, itself in and
// its beginning out.
func (o *oracle) count(event string, hours int64, total float64, at int64) (n int) {
	for _, h := range o.seen {
		if h.event == event && h.stamp > at-hours*hourMillis && h.stamp <= at && h.total >= total {
			n++
		}
	}
	return n
}

// older counts the events that the longer window holds and that of the clause does not.
func (o *oracle) older(c clause, at int64) int {
	return o.count(c.event, longHours, -1e9, at) - o.count(c.event, c.hours, -1e9, at)
}

// spent adds the totals up of the events that count would count.
func (o *oracle) spent(event string, hours int64, at int64) (sum float64) {
	for _, h := range o.seen {
		if h.event == event && h.stamp > at-hours*hourMillis && h.stamp <= at {
			sum += h.total
		}
	}
	return sum
}

func (o *oracle) trait(c clause) int {
	for _, h := range slices.Backward(o.seen) {
		if h.trait == c.trait {
			return yesNo(h.value == c.value)
		}
	}
	return 0
}

// passage is one entry or exit.
type passage struct {
	Segment string
	Entered bool
	At      int64
	Cause   string
}

// settle compares membership at an instant with what it was and returns the
// difference in the order of the segments' names.
func (o *oracle) settle(at int64, cause string) (passed []passage) {
	for _, name := range o.names() {
		if now := o.member(name, at); now != o.members[name] {
			o.members[name] = now
			o.since[name] = at
			passed = append(passed, passage{name, now, at, cause})
		}
	}
	return passed
}

func (o *oracle) names() []string {
	names := make([]string, 0, len(o.clauses))
	for name := range o.clauses {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// wait lets time pass from one instant to another, both in, and returns what
// changed by itself: it looks wherever an event may leave any window.
func (o *oracle) wait(from, to int64) (passed []passage) {
	var edges []int64
	for _, h := range o.seen {
		for _, c := range o.clauses {
			for _, hours := range [...]int64{c.hours, longHours} {
				if edge := h.stamp + hours*hourMillis; h.event != "" && edge > from && edge <= to {
					edges = append(edges, edge)
				}
			}
		}
	}
	slices.Sort(edges)
	for _, edge := range slices.Compact(edges) {
		passed = append(passed, o.settle(edge, "time")...)
	}
	return passed
}

// admit takes a happening in.
func (o *oracle) admit(h happening) []passage {
	o.seen = append(o.seen, h)
	return o.settle(h.at, "event")
}
