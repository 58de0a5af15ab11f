package rule

import (
	"cmp"
	"math"
	"time"

	"rapport"
)

type constantMoment rapport.Instant

func (n constantMoment) eval(*env) (rapport.Instant, bool) { return rapport.Instant(n), true }
func (n constantMoment) next(*env) rapport.Instant         { return rapport.Never }

// storedMoment reads a value as an instant; a plain date is its first instant on
// the customer's calendar.
type storedMoment struct{ of value }

func (n storedMoment) eval(x *env) (rapport.Instant, bool) {
	v := n.of.eval(x)
	at, ok := v.Instant()
	if ok && v.Kind() == rapport.Text && len(v.Text()) == len(time.DateOnly) {
		return instantAt(at, x.zone()), true
	}
	return at, ok
}

func (n storedMoment) next(*env) rapport.Instant { return rapport.Never }

// edge is first() or last() of a selection.
type edge struct {
	selection
	first bool
	exact bool // the totals don't know it, only the points do
}

func (n *edge) eval(x *env) (rapport.Instant, bool) {
	if n.exact {
		return n.of(n.run(x))
	}
	h := x.subject.History(n.fact)
	switch {
	case h == nil || h.Count == 0:
		return 0, false
	case n.first:
		return h.First, true
	}
	return h.Last, n.holds(x, h.Last)
}

func (n *edge) of(r run) (rapport.Instant, bool) {
	points := r.points()
	switch {
	case len(points) == 0:
		return 0, false
	case n.first:
		return points[0].At, true
	}
	return points[len(points)-1].At, true
}

// next: the last leaves when all have, unless another enters before.
func (n *edge) next(x *env) rapport.Instant {
	if !n.exact {
		if at, ok := n.eval(x); ok {
			return n.leaves(x, at)
		}
		return rapport.Never
	}
	r := n.run(x)
	was, ok := n.of(r)
	at, r := n.later(x, r)
	for i := 0; at < rapport.Never && i < lookAhead; i++ {
		if is, some := n.of(r); some != ok || is != was {
			break
		}
		at, r = n.later(x, r)
	}
	return at
}

// clockMoment is now, and what stands a span before or after it.
type clockMoment struct{}

func (clockMoment) eval(x *env) (rapport.Instant, bool)                { return x.now, true }
func (clockMoment) next(*env) rapport.Instant                          { return rapport.Never }
func (clockMoment) reaches(_ *env, at rapport.Instant) rapport.Instant { return at }

// shifted is a moment a span before or after another.
type shifted struct {
	of   moment
	by   span
	back bool
}

func (n shifted) eval(x *env) (rapport.Instant, bool) {
	at, ok := n.of.eval(x)
	switch {
	case !ok:
		return 0, false
	case n.back:
		return n.by.back(at, x.zone()), true
	}
	return n.by.ahead(at, x.zone()), true
}

func (n shifted) next(x *env) rapport.Instant { return n.of.next(x) }

// shiftedClock is shifted of a moment that moves.
type shiftedClock struct {
	shifted
	of moving
}

func (n shiftedClock) reaches(x *env, at rapport.Instant) rapport.Instant {
	if n.back {
		return n.of.reaches(x, n.by.whenBack(at, x.zone()))
	}
	return n.of.reaches(x, n.by.whenAhead(at, x.zone()))
}

// compareMoments compares two instants that stand still, or change in steps.
type compareMoments struct {
	op   Op
	l, r moment
}

func (n compareMoments) eval(x *env) Truth {
	l, lok := n.l.eval(x)
	r, rok := n.r.eval(x)
	if !lok || !rok {
		return Unknown
	}
	return answers(n.op, cmp.Compare(l, r))
}

func (n compareMoments) flip(x *env) (Truth, rapport.Instant) {
	return n.eval(x), min(n.l.next(x), n.r.next(x))
}

// compareClock compares a moment that moves with one that does not: they meet
// once, and once more a millisecond later they have met.
type compareClock struct {
	op    Op
	clock moving
	with  moment
}

func (n compareClock) eval(x *env) Truth {
	with, ok := n.with.eval(x)
	if !ok {
		return Unknown
	}
	at, _ := n.clock.eval(x)
	return answers(n.op, cmp.Compare(at, with))
}

func (n compareClock) flip(x *env) (Truth, rapport.Instant) {
	bound := n.with.next(x)
	with, ok := n.with.eval(x)
	if !ok {
		return Unknown, bound
	}
	at, _ := n.clock.eval(x)
	truth := answers(n.op, cmp.Compare(at, with))
	if at > with {
		return truth, bound
	}
	passes := n.clock.reaches(x, with+1)
	if at < with && answers(n.op, 0) != truth {
		if meets := n.clock.reaches(x, with); meets < passes {
			return truth, min(bound, meets)
		}
	}
	if answers(n.op, 1) != truth {
		bound = min(bound, passes)
	}
	return truth, bound
}

// date is what a question of the calendar is asked of: the number of a day.
type date interface {
	day(x *env) (int64, bool)
	next(x *env) rapport.Instant // when it may next be another
}

// storedDate reads a value as a day of the calendar: a plain date, or one at
// midnight UTC as JSON writes it, is that day everywhere; another instant is the
// day it falls on for the customer.
type storedDate struct{ of value }

func (n storedDate) day(x *env) (int64, bool) {
	v := n.of.eval(x)
	at, ok := v.Instant()
	switch {
	case !ok:
		return 0, false
	case v.Kind() == rapport.Text && at%day == 0:
		return floorDay(at), true
	}
	return today(at, x.zone()), true
}

func (n storedDate) next(*env) rapport.Instant { return rapport.Never }

type momentDate struct{ moment }

func (n momentDate) day(x *env) (int64, bool) {
	at, ok := n.eval(x)
	return today(at, x.zone()), ok
}

// days counts the days of the calendar from today to a day, or since it.
type days struct {
	of    date
	since bool
}

func (n days) eval(x *env) (float64, bool) {
	d, ok := n.of.day(x)
	if !ok {
		return 0, false
	}
	left := d - today(x.now, x.zone())
	if n.since {
		left = -left
	}
	return float64(left), true
}

func (n days) next(x *env) rapport.Instant {
	return min(n.of.next(x), midnight(today(x.now, x.zone())+1, x.zone()))
}

// compareDays compares such a count with a number.
type compareDays struct {
	days
	op Op
	r  number
}

func (n compareDays) eval(x *env) Truth {
	v, ok := n.days.eval(x)
	r, rok := n.r.eval(x)
	if !ok || !rok {
		return Unknown
	}
	return answersNumbers(n.op, v, r)
}

// flip: day by day the count moves by one, and the answer can only change where
// it comes to the number or leaves it.
func (n compareDays) flip(x *env) (Truth, rapport.Instant) {
	bound := min(n.r.next(x), n.of.next(x))
	r, rok := n.r.eval(x)
	v, ok := n.days.eval(x)
	if !ok || !rok {
		return Unknown, bound
	}
	truth, step := answersNumbers(n.op, v, r), -1.0
	if n.since {
		step = 1
	}
	next := math.Inf(1) // in how many days
	for _, c := range [...]float64{math.Floor(r) - 1, math.Floor(r), math.Ceil(r), math.Floor(r) + 1} {
		if in := (c - v) * step; in > 0 && in < next && answersNumbers(n.op, c, r) != truth {
			next = in
		}
	}
	if next < maxDays*1000 {
		bound = min(bound, midnight(today(x.now, x.zone())+int64(next), x.zone()))
	}
	return truth, bound
}

// anniversary asks whether the next return of a date is so many days away, today
// being 0. Who was born on 29 February celebrates on the 28th in common years.
type anniversary struct {
	of   date
	days int64
}

func (n anniversary) eval(x *env) Truth {
	d, ok := n.of.day(x)
	if !ok {
		return Unknown
	}
	now := today(x.now, x.zone())
	return TruthOf(nextAnniversary(d, now)-now <= n.days)
}

func (n anniversary) flip(x *env) (Truth, rapport.Instant) {
	d, ok := n.of.day(x)
	bound := n.of.next(x)
	if !ok {
		return Unknown, bound
	}
	now := today(x.now, x.zone())
	next := nextAnniversary(d, now)
	if next-now > n.days {
		return No, min(bound, midnight(next-n.days, x.zone()))
	}
	for range 10 { // leap years are at most eight years apart
		after := nextAnniversary(d, next+1)
		if after-(next+1) > n.days {
			return Yes, min(bound, midnight(next+1, x.zone()))
		}
		next = after
	}
	return Yes, bound
}

// nextAnniversary returns the first return of a day that is not before now.
func nextAnniversary(d, now int64) int64 {
	_, month, dayOfMonth := ymd(d)
	year, _, _ := ymd(now)
	for ; ; year++ {
		if at := dayIn(year, month, dayOfMonth); at >= now {
			return at
		}
	}
}

func ymd(d int64) (int, time.Month, int) { return time.Unix(d*86400, 0).UTC().Date() }

// dayIn returns a day of a year; 29 February of a common year is the 28th.
func dayIn(year int, month time.Month, dayOfMonth int) int64 {
	t := time.Date(year, month, dayOfMonth, 0, 0, 0, 0, time.UTC)
	if t.Month() != month {
		t = t.AddDate(0, 0, -1)
	}
	return t.Unix() / 86400
}
