package rule

import (
	"slices"
	"time"

	"rapport"
)

// window says which instants a selection holds, as the clock runs. An event is
// inside from the instant it enters until the instant it leaves; neither is ever
// earlier for a later event, so what is inside is always a run of the points.
type window interface {
	// bounds returns what is inside at x.now: after < at <= upto. Where upto is
	// not after after, nothing is.
	bounds(x *env) (after, upto rapport.Instant)
	enters(x *env, at rapport.Instant) rapport.Instant
	leaves(x *env, at rapport.Instant) rapport.Instant
	// keep returns an exact length such that whatever is inside, or may enter, is younger.
	keep() time.Duration
}

// recent is within(...): the events of the last so many hours or days.
type recent struct{ span }

func (w recent) bounds(x *env) (after, upto rapport.Instant) { return w.back(x.now, x.zone()), x.now }

func (recent) enters(_ *env, at rapport.Instant) rapport.Instant { return at }

func (w recent) leaves(x *env, at rapport.Instant) rapport.Instant {
	return w.whenBack(at, x.zone())
}

// older is between(...): the events that are as old as near and younger than far.
type older struct{ far, near span }

func (w older) bounds(x *env) (after, upto rapport.Instant) {
	zone := x.zone()
	return w.far.back(x.now, zone), w.near.back(x.now, zone)
}

func (w older) enters(x *env, at rapport.Instant) rapport.Instant {
	return w.near.whenBack(at, x.zone())
}

func (w older) leaves(x *env, at rapport.Instant) rapport.Instant {
	return w.far.whenBack(at, x.zone())
}

func (w older) keep() time.Duration { return w.far.keep() }

// unit is what the calendar is divided into.
type unit uint8

const (
	noUnit unit = iota
	eachDay
	eachWeek
	eachMonth
	eachYear
)

// unitNames are the units as they are written.
var unitNames = [...]string{"", "day", "week", "month", "year"}

func unitNamed(name string) unit { return unit(max(0, slices.Index(unitNames[:], name))) }

// first returns the first day of the unit that a day is in; a week begins on Monday.
func (u unit) first(d int64) int64 {
	year, _, dayOfMonth := ymd(d)
	switch u {
	case eachWeek:
		return d - weekday(d) + 1
	case eachMonth:
		return d - int64(dayOfMonth) + 1
	case eachYear:
		return dayIn(year, time.January, 1)
	}
	return d
}

// next returns the first day after the unit that a day is in.
func (u unit) next(d int64) int64 {
	first := u.first(d)
	switch u {
	case eachWeek:
		return first + 7
	case eachMonth:
		return u.first(first + 31)
	case eachYear:
		return u.first(first + 366)
	}
	return first + 1
}

// most returns how many days the longest such unit has.
func (u unit) most() int64 { return [...]int64{0, 1, 7, 31, 366}[u] }

// weekday counts from 1, Monday, to 7.
func weekday(d int64) int64 { return ((d+3)%7+7)%7 + 1 }

// current is this(...): the events since the unit began that now is in.
type current struct{ unit }

func (w current) bounds(x *env) (after, upto rapport.Instant) {
	zone := x.zone()
	return midnight(w.first(today(x.now, zone)), zone) - 1, x.now
}

func (current) enters(_ *env, at rapport.Instant) rapport.Instant { return at }

func (w current) leaves(x *env, at rapport.Instant) rapport.Instant {
	return midnight(w.next(today(at, x.zone())), x.zone())
}

func (w current) keep() time.Duration { return span{days: w.most()}.keep() }

// previous is previous(...): the events of the whole unit before the one that now is in.
type previous struct{ unit }

func (w previous) bounds(x *env) (after, upto rapport.Instant) {
	zone := x.zone()
	first := w.first(today(x.now, zone))
	return midnight(w.first(first-1), zone) - 1, midnight(first, zone) - 1
}

func (w previous) enters(x *env, at rapport.Instant) rapport.Instant {
	return midnight(w.next(today(at, x.zone())), x.zone())
}

func (w previous) leaves(x *env, at rapport.Instant) rapport.Instant {
	return midnight(w.next(w.next(today(at, x.zone()))), x.zone())
}

func (w previous) keep() time.Duration { return span{days: 2 * w.most()}.keep() }

// dated is from(...) and until(...): from <= at < until. What was inside once
// stays inside, so it never changes as time passes.
type dated struct{ from, until moment } // either may be nil

func (w dated) bounds(x *env) (after, upto rapport.Instant) {
	after, upto = minInstant, x.now
	if w.from != nil {
		from, _ := w.from.eval(x)
		after = from - 1
	}
	if w.until != nil {
		until, _ := w.until.eval(x)
		upto = min(upto, until-1)
	}
	return after, upto
}

func (w dated) enters(x *env, at rapport.Instant) rapport.Instant {
	if w.until != nil {
		if until, _ := w.until.eval(x); at >= until {
			return rapport.Never
		}
	}
	return at
}

func (dated) leaves(*env, rapport.Instant) rapport.Instant { return rapport.Never }

func (dated) keep() time.Duration { return Forever }
