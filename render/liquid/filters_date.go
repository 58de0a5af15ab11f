package liquid

import (
	"strings"
	"time"

	"rapport"
)

// dateFilter prints a time in the zone of the rendering. What is no time, and
// anything where there is no format, is left as it is.
func dateFilter(r *renderer, in value, a args) (value, error) {
	format := r.string(a.get(0))
	r.charge(stepsADate + len(format)/charactersAStep)
	at, ok := r.timeOf(in)
	if !ok || format == "" {
		return in, nil
	}
	if len(format) > maxFormat {
		return value{}, fail("this date format is longer than %d characters", maxFormat)
	}
	var scratch [64]byte
	return textValue(string(appendTime(scratch[:0], at.In(r.zone), format))), nil
}

const (
	maxFormat  = 1000
	stepsADate = 10 // a text is tried in many forms until it is a time in one

	charactersAStep = 4 // of a format, each of which may print a whole date
)

// timeOf reads a time: "now" and "today", seconds since 1970 (milliseconds if
// they would lie after the year 5000), or a text in one of the usual forms. A
// text without a zone is in the zone of the rendering.
func (r *renderer) timeOf(v value) (time.Time, bool) {
	var at time.Time
	switch v.kind {
	case intKind:
		at = epoch(v.num)
	case floatKind:
		at = epoch(floor(v))
	case textKind:
		var ok bool
		if at, ok = r.timeOfText(strings.TrimSpace(v.text)); !ok {
			return at, false
		}
	default:
		return at, false
	}
	return at, at.Year() >= 0 && at.Year() <= 9999
}

func epoch(n int64) time.Time {
	if n >= 1e11 {
		return time.UnixMilli(n)
	}
	return time.Unix(n, 0)
}

func (r *renderer) timeOfText(s string) (time.Time, bool) {
	switch {
	case strings.EqualFold(s, "now") || strings.EqualFold(s, "today"):
		return r.opts.Now.Time(), true
	case s == "" || len(s) > 60:
		return time.Time{}, false
	case strings.Trim(s, "0123456789") == "":
		n := numberOf(s)
		return epoch(n.num), n.kind == intKind
	case len(s) > 11 && s[len(s)-1] == 'Z':
		if at, err := rapport.ParseInstant(s); err == nil {
			return at.Time(), true
		}
	}
	for _, layout := range layoutsFor(s[0]) {
		if at, err := time.ParseInLocation(layout, s, r.zone); err == nil {
			return at, true
		}
	}
	return time.Time{}, false
}

// layoutsFor returns the forms of a time that begin with such a character.
func layoutsFor(first byte) []string {
	if isDigit(first) {
		return []string{
			time.DateOnly, time.RFC3339Nano, "2006-01-02T15:04:05.999999999Z0700", "2006-01-02T15:04:05.999999999", "2006-01-02T15:04",
			"2006-01-02 15:04:05.999999999", "2006-01-02 15:04:05 -0700", "2006-01-02 15:04:05 Z07:00", "2006-01-02 15:04:05 MST", "2006-01-02 15:04",
			"2006/01/02", "2006/01/02 15:04:05", "2006/01/02 15:04", "2 January 2006", "2 Jan 2006", "2 January 2006 15:04", "2 Jan 2006 15:04", "2 Jan 2006 15:04:05 -0700",
		}
	}
	return []string{
		"January 2, 2006", "Jan 2, 2006", "January 2, 2006 15:04:05", "January 2, 2006 15:04", "January 2, 2006 3:04 PM", "Jan 2, 2006 15:04", "Jan 2, 2006 3:04 PM",
		"January 2 2006", "Jan 2 2006", "January 2006", "Jan 2006", "Monday, January 2, 2006", "Mon, Jan 2, 2006",
		time.RFC1123Z, time.RFC1123, time.RFC850, time.ANSIC, time.UnixDate, time.RubyDate,
	}
}
