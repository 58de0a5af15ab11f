package rule

import (
	"math"
	"slices"
	"time"

	"rapport"
)

// datePart is one of the questions that are asked of the calendar.
type datePart uint8

const (
	noPart datePart = iota
	hourOf
	weekdayOf
	dayOf
	monthOf
	yearOf
)

var partNames = [...]string{"", "hour", "weekday", "day", "month", "year"}

func partNamed(name string) datePart { return datePart(max(0, slices.Index(partNames[:], name))) }

// calendarPart is weekday(), hour(), day(), month() or year() of a moment.
type calendarPart struct {
	part  datePart
	of    date   // what the days are counted of
	at    moment // what the hours are counted of
	clock moving // the same, if it runs with the clock; else nil
}

func (n calendarPart) eval(x *env) (float64, bool) {
	at, ok := n.local(x)
	return n.value(at), ok
}

// local returns how many hours, or days, of the customer's calendar have begun.
// A plain date has no hours.
func (n calendarPart) local(x *env) (int64, bool) {
	if n.part != hourOf {
		return n.of.day(x)
	}
	if stored, ok := n.at.(storedMoment); ok && isPlainDate(stored.of.eval(x)) {
		return 0, false
	}
	at, ok := n.at.eval(x)
	return floorHour(clock(at, x.zone())), ok
}

func isPlainDate(v rapport.Value) bool {
	return v.Kind() == rapport.Text && len(v.Text()) == len(time.DateOnly)
}

func floorHour(local rapport.Instant) int64 {
	d := floorDay(local)
	return d*24 + int64((local-rapport.Instant(d)*day)/hour)
}

func (n calendarPart) value(local int64) float64 {
	switch n.part {
	case hourOf:
		return float64((local%24 + 24) % 24)
	case weekdayOf:
		return float64(weekday(local))
	}
	year, month, dayOfMonth := ymd(local)
	switch n.part {
	case dayOf:
		return float64(dayOfMonth)
	case monthOf:
		return float64(month)
	}
	return float64(year)
}

// begins returns the first instant of an hour or a day.
func (n calendarPart) begins(local int64, x *env) rapport.Instant {
	if n.part == hourOf {
		return instantAt(rapport.Instant(local)*hour, x.zone())
	}
	return midnight(local, x.zone())
}

// later returns the next hour or day at which the value may be another.
func (n calendarPart) later(local int64) int64 {
	if n.part == monthOf {
		return eachMonth.next(local)
	}
	return local + 1
}

// cycle is after how many such steps every value has been seen, and what a zone
// leaves out once or twice has been seen the next time.
func (n calendarPart) cycle() int { return [...]int{0, 74, 21, 190, 26, 0}[n.part] }

func (n calendarPart) next(x *env) rapport.Instant {
	bound := n.of.next(x)
	local, ok := n.local(x)
	if !ok || n.clock == nil {
		return bound
	}
	other := compareCalendar{calendarPart: n, op: OpEq, r: constantNumber(0)}
	return min(bound, other.turns(x, local, Yes, n.value(local)))
}

// compareCalendar compares a part of the calendar with a number, or looks for it
// in a list. Its flip is exact as long as the number stands still.
type compareCalendar struct {
	calendarPart
	op   Op
	r    number    // nil: it is looked for in the list
	list []float64 // ascending
}

func (n compareCalendar) eval(x *env) Truth {
	local, ok := n.local(x)
	if n.r == nil {
		return n.judge(local, ok, 0)
	}
	r, rok := n.r.eval(x)
	return n.judge(local, ok && rok, r)
}

func (n compareCalendar) judge(local int64, ok bool, r float64) Truth {
	switch {
	case !ok:
		return Unknown
	case n.r == nil:
		return TruthOf(slices.Contains(n.list, n.value(local)))
	}
	return answersNumbers(n.op, n.value(local), r)
}

func (n compareCalendar) flip(x *env) (Truth, rapport.Instant) {
	r, ok, bound := 0.0, true, n.of.next(x)
	if n.r != nil {
		r, ok = n.r.eval(x)
		bound = min(bound, n.r.next(x))
	}
	local, known := n.local(x)
	truth := n.judge(local, ok && known, r)
	if n.clock == nil || truth == Unknown {
		return truth, bound
	}
	return truth, min(bound, n.turns(x, local, truth, r))
}

// turns lets the calendar run until the answer is another. A day or an hour that
// is left out in the customer's zone does not count; where only such ones were
// found, the last is when to look again.
func (n compareCalendar) turns(x *env, local int64, truth Truth, r float64) rapport.Instant {
	now, leftOut := x.now, rapport.Never
	defer func() { x.now = now }()
	for range n.steps(r) {
		if local = n.jump(local, r); n.judge(local, true, r) == truth {
			continue
		}
		x.now = n.clock.reaches(x, n.begins(local, x))
		if seen, _ := n.local(x); n.judge(seen, true, r) != truth {
			return x.now
		}
		leftOut = x.now
	}
	return leftOut
}

func (n compareCalendar) steps(r float64) int {
	if n.part == yearOf {
		return 2*len(n.options(r)) + 1
	}
	return n.cycle()
}

// options are the numbers that the value is compared with.
func (n compareCalendar) options(r float64) []float64 {
	if n.r != nil {
		return []float64{r}
	}
	return n.list
}

// jump returns the next hour or day to look at. Years don't come again, so it is
// that of a year in the rule, or the one after.
func (n compareCalendar) jump(local int64, r float64) int64 {
	if n.part != yearOf {
		return n.later(local)
	}
	now, best := n.value(local), math.Inf(1)
	for _, option := range n.options(r) {
		for _, year := range [...]float64{math.Ceil(option), math.Floor(option) + 1} {
			if year > now && year < best {
				best = year
			}
		}
	}
	if best > maxYear {
		return local
	}
	return dayIn(int(best), 1, 1)
}

// maxYear is the last year that an instant may be in.
const maxYear = 9999
