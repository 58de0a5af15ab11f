// Package durations reads and writes lengths of time as people write them: 15m,
// 26h, 90d, 2w, 1h30m. Days and weeks belong to the calendar, so they are kept
// apart from hours and shorter units, which are exact: a day may have 23 or 25
// hours, but 24h is always 24 hours.
//
// What [Span.String] writes, [Parse] reads back as the same span. There are no
// months and years, whose length nobody agrees on, no fractions and no negative
// lengths.
package durations

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Span is a length of time. The zero Span is no time at all.
type Span struct {
	Days  int           // of the calendar
	Exact time.Duration // after the days
}

// MaxDays is the longest span that [Parse] reads: ten years of days, and as long
// again in hours and shorter units.
const MaxDays = 3660

// Hint says how a span is written, to end a message about one that is not.
const Hint = "write a whole number and a unit, such as 15m, 26h, 90d or 2w"

// Each unit at most once, the longest first; each count short enough for an int64.
var form = regexp.MustCompile(`^(?:(\d{1,9})w)?(?:(\d{1,9})d)?(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9})s)?$`)

// Parse reads a span: whole numbers, each followed by its unit, which is one of
// w, d, h, m and s; the longest unit first. No time at all is written 0s, or 0
// of another unit. The error's text is for the person who wrote it.
func Parse(text string) (Span, error) {
	parts := form.FindStringSubmatch(text)
	if parts == nil || text == "" {
		return Span{}, fmt.Errorf("%q is not a length of time: %s", text, Hint)
	}
	var counts [5]int64
	for i, digits := range parts[1:] {
		counts[i], _ = strconv.ParseInt(digits, 10, 64) // nine digits, or none and so 0
	}
	days := 7*counts[0] + counts[1]
	seconds := (counts[2]*60+counts[3])*60 + counts[4]
	if days > MaxDays || seconds > MaxDays*24*60*60 {
		return Span{}, fmt.Errorf("%q is too long: at most %d days", text, MaxDays)
	}
	return Span{Days: int(days), Exact: time.Duration(seconds) * time.Second}, nil
}

// IsZero reports whether s is no time at all.
func (s Span) IsZero() bool { return s == Span{} }

// String returns s as [Parse] reads it, weeks as days and the smallest unit that
// it has as the last: 90d, 1h30m, 1d12h, 0s. What is shorter than a second is cut off.
func (s Span) String() string {
	var b strings.Builder
	seconds := int64(s.Exact / time.Second)
	for _, part := range [...]struct {
		count int64
		unit  byte
	}{{int64(s.Days), 'd'}, {seconds / 3600, 'h'}, {seconds / 60 % 60, 'm'}, {seconds % 60, 's'}} {
		if part.count != 0 {
			b.WriteString(strconv.FormatInt(part.count, 10))
			b.WriteByte(part.unit)
		}
	}
	if b.Len() == 0 {
		return "0s"
	}
	return b.String()
}

// MarshalText returns what String returns.
func (s Span) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what [Parse] reads.
func (s *Span) UnmarshalText(text []byte) error {
	parsed, err := Parse(string(text))
	if err != nil {
		return err
	}
	*s = parsed
	return nil
}

// Add returns the time a span after t. The days go to the same time of day in
// t's zone, as [SameTimeOfDay] finds it; the exact part comes after them.
func (s Span) Add(t time.Time) time.Time { return SameTimeOfDay(t, s.Days).Add(s.Exact) }

// Before returns the time a span before t: the days back first, then the exact part.
func (s Span) Before(t time.Time) time.Time { return SameTimeOfDay(t, -s.Days).Add(-s.Exact) }

// About returns the span's length with 24 hours a day, to compare spans with one another.
func (s Span) About() time.Duration { return time.Duration(s.Days)*24*time.Hour + s.Exact }

// SameTimeOfDay returns the time so many days of the calendar after t, or before
// it, at which the clocks in t's zone show the same time of day. Of a time that
// they show twice it is the first, and for one that they skip the instant they
// jump. No days at all leave t as it is.
func SameTimeOfDay(t time.Time, days int) time.Time {
	if days == 0 {
		return t
	}
	return Shown(onClock(t).AddDate(0, 0, days), t.Location())
}

// TimeOfDay returns the time, so many days of the calendar after that of t, at which the
// clocks in t's zone show a time of day, given as what has passed since midnight on a
// day without a change of the clocks. It is found as by [SameTimeOfDay].
func TimeOfDay(t time.Time, days int, at time.Duration) time.Time {
	year, month, day := t.Date()
	return Shown(time.Date(year, month, day+days, 0, 0, 0, 0, time.UTC).Add(at), t.Location())
}

// Shown returns when the clocks of a zone first show something, given as if they stood
// in UTC, or the instant at which they jump over it.
func Shown(wall time.Time, zone *time.Location) time.Time {
	from := wall.Add(-earliest)
	for {
		_, end := from.In(zone).ZoneBounds()
		_, offset := from.In(zone).Zone()
		at := wall.Add(-time.Duration(offset) * time.Second)
		if at.Before(from) { // skipped: the clocks jumped over it at from
			at = from
		}
		if end.IsZero() || at.Before(end) {
			return at.In(zone)
		}
		from = end
	}
}

// No zone is as far ahead of UTC as this.
const earliest = 16 * time.Hour

// onClock returns what the clocks show at t, as if they stood in UTC.
func onClock(t time.Time) time.Time {
	_, offset := t.Zone()
	return t.UTC().Add(time.Duration(offset) * time.Second)
}
