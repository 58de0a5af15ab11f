package rule

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"rapport"
)

// The calendar of a rule is the customer's wall clock, made so that it never
// goes back: in the hour that is shown twice when summer time ends it stands
// still the second time, and when summer time begins it jumps. Every window and
// every date of a rule is told from this clock, so time passing can only ever
// move a window's start forward.

const (
	hour = rapport.Instant(time.Hour / time.Millisecond)
	day  = 24 * hour

	// No two offsets of a zone differ by more than this, so a day counted back
	// on its wall clock is within this of 24 hours.
	slack = 26 * hour
)

// clock returns what the wall clock has shown at most by now, in milliseconds
// since 1970 as if it stood in UTC.
func clock(now rapport.Instant, zone *time.Location) rapport.Instant {
	if zone == time.UTC {
		return now
	}
	t := now.In(zone)
	shown := now + offset(t)
	for {
		start, _ := t.ZoneBounds()
		if start.IsZero() || now-rapport.InstantOf(start) > slack {
			return shown
		}
		t = start.Add(-time.Millisecond)
		shown = max(shown, rapport.InstantOf(t)+offset(t))
	}
}

func offset(t time.Time) rapport.Instant {
	_, seconds := t.Zone()
	return rapport.Instant(seconds) * 1000
}

// instantAt returns the first instant at which the wall clock shows local or
// more: of a time that is shown twice the first, of one that is skipped the
// instant of the jump.
func instantAt(local rapport.Instant, zone *time.Location) rapport.Instant {
	if zone == time.UTC {
		return local
	}
	from := local - 16*hour // no zone is so far ahead that this could be too late
	for {
		t := from.In(zone)
		_, end := t.ZoneBounds()
		at := max(from, local-offset(t))
		if end.IsZero() || at < rapport.InstantOf(end) {
			return at
		}
		from = rapport.InstantOf(end)
	}
}

// today returns the day of the calendar at now, counted from 1970-01-01.
func today(now rapport.Instant, zone *time.Location) int64 {
	return floorDay(clock(now, zone))
}

// midnight returns the first instant of a day.
func midnight(dayNumber int64, zone *time.Location) rapport.Instant {
	return instantAt(rapport.Instant(dayNumber)*day, zone)
}

func floorDay(local rapport.Instant) int64 {
	n := int64(local / day)
	if local%day < 0 {
		n--
	}
	return n
}

// span is a length of time: an exact one or so many days of the calendar.
type span struct {
	exact rapport.Instant // in milliseconds
	days  int64
}

// maxDays is the longest span, ten years.
const maxDays = 3660

// parseSpan reads 45s, 90m, 2h, 1h30m (exact), 30d or 2w (calendar).
func parseSpan(s string) (span, error) {
	bad := fmt.Errorf("%q is no length of time", s)
	if s == "" {
		return span{}, bad
	}
	number, unit := s[:len(s)-1], s[len(s)-1]
	if n, err := strconv.ParseUint(number, 10, 32); err == nil && (unit == 'd' || unit == 'w') {
		if unit == 'w' {
			n *= 7
		}
		if n > maxDays {
			return span{}, fmt.Errorf("%q is longer than ten years", s)
		}
		return span{days: int64(n)}, nil
	}
	if strings.Trim(s, "0123456789hms") != "" || strings.Contains(s, "ms") {
		return span{}, bad
	}
	d, err := time.ParseDuration(s)
	switch {
	case err != nil:
		return span{}, bad
	case d > maxDays*24*time.Hour:
		return span{}, fmt.Errorf("%q is longer than ten years", s)
	}
	return span{exact: rapport.Instant(d.Milliseconds())}, nil
}

func (s span) isZero() bool { return s == span{} }

// keep returns an exact length that the span never exceeds.
func (s span) keep() time.Duration {
	if s.days > 0 {
		return time.Duration(s.days)*24*time.Hour + time.Duration(slack)*time.Millisecond
	}
	return time.Duration(s.exact) * time.Millisecond
}

// back returns the instant a span before at.
func (s span) back(at rapport.Instant, zone *time.Location) rapport.Instant {
	if s.days > 0 {
		return instantAt(clock(at, zone)-rapport.Instant(s.days)*day, zone)
	}
	return at - s.exact
}

// ahead returns the instant a span after at.
func (s span) ahead(at rapport.Instant, zone *time.Location) rapport.Instant {
	if s.days > 0 {
		return instantAt(clock(at, zone)+rapport.Instant(s.days)*day, zone)
	}
	return at + s.exact
}

// whenBack returns the first now with back(now) >= at: when an event at that
// instant leaves the window.
func (s span) whenBack(at rapport.Instant, zone *time.Location) rapport.Instant {
	if s.days > 0 {
		return instantAt(clock(at-1, zone)+1+rapport.Instant(s.days)*day, zone)
	}
	return at + s.exact
}

// whenAhead returns the first now with ahead(now) >= at.
func (s span) whenAhead(at rapport.Instant, zone *time.Location) rapport.Instant {
	if s.days > 0 {
		return instantAt(clock(at-1, zone)+1-rapport.Instant(s.days)*day, zone)
	}
	return at - s.exact
}

// holds reports whether an event at an instant is inside the window (start, now].
// The calendar is asked only where a zone's offset could matter.
func (s span) holds(at, now rapport.Instant, x *env) bool {
	if at > now {
		return false
	}
	if s.days == 0 {
		return at > now-s.exact
	}
	switch middle := now - rapport.Instant(s.days)*day; {
	case at > middle+slack:
		return true
	case at <= middle-slack:
		return false
	}
	return at > s.back(now, x.zone())
}

// String returns the span in words: 30 days, 2 hours.
func (s span) String() string {
	switch {
	case s.days > 0:
		return plural(s.days, "day")
	case s.exact%hour == 0:
		return plural(int64(s.exact/hour), "hour")
	case s.exact%60_000 == 0:
		return plural(int64(s.exact/60_000), "minute")
	}
	return plural(int64(s.exact/1000), "second")
}

func plural(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.FormatInt(n, 10) + " " + noun + "s"
}
