package rapport

import (
	"math"
	"time"
)

// Instant is a moment in milliseconds since 1970-01-01T00:00:00Z, the precision
// in which events arrive. Windows are half-open: [from, to).
type Instant int64

// Never is later than every instant that happens.
const Never Instant = math.MaxInt64

// InstantOf returns t cut to the millisecond.
func InstantOf(t time.Time) Instant { return Instant(t.UnixMilli()) }

// Time returns i in UTC.
func (i Instant) Time() time.Time { return time.UnixMilli(int64(i)).UTC() }

// In returns i in a time zone.
func (i Instant) In(zone *time.Location) time.Time { return time.UnixMilli(int64(i)).In(zone) }

// Add returns i moved by d, which counts in whole milliseconds. Never stays Never.
func (i Instant) Add(d time.Duration) Instant {
	if i == Never {
		return Never
	}
	return i + Instant(d.Milliseconds())
}

// Sub returns the time from j to i.
func (i Instant) Sub(j Instant) time.Duration { return time.Duration(i-j) * time.Millisecond }

// IsZero reports whether i was never set.
func (i Instant) IsZero() bool { return i == 0 }

const instantLayout = "2006-01-02T15:04:05.000Z"

// String returns i as RFC 3339 in UTC with milliseconds, "never" for Never and
// the empty text for the zero instant.
func (i Instant) String() string {
	switch i {
	case 0:
		return ""
	case Never:
		return "never"
	}
	return i.Time().Format(instantLayout)
}

// AppendText appends what String returns.
func (i Instant) AppendText(b []byte) ([]byte, error) { return append(b, i.String()...), nil }

// MarshalText returns what String returns; the zero instant is empty.
func (i Instant) MarshalText() ([]byte, error) { return []byte(i.String()), nil }

// UnmarshalText reads RFC 3339, and the empty text as the zero instant.
func (i *Instant) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*i = 0
		return nil
	}
	if string(text) == "never" {
		*i = Never
		return nil
	}
	at, err := ParseInstant(string(text))
	if err != nil {
		return err
	}
	*i = at
	return nil
}

// The instants that events may carry: years 1 to 9999, so that every one can be
// printed and read again.
const (
	earliest Instant = -62135596800000
	latest   Instant = 253402300799999
)

// ParseInstant reads an instant in RFC 3339 (a fraction of a second of any
// length is cut to milliseconds; a space may stand for the T) or a plain date,
// which is its midnight in UTC.
func ParseInstant(s string) (Instant, error) {
	if at, ok := parseUTC(s); ok {
		return at, nil
	}
	for _, layout := range [...]string{time.RFC3339Nano, "2006-01-02 15:04:05.999999999Z07:00", time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			if at := InstantOf(t); at >= earliest && at <= latest {
				return at, nil
			}
		}
	}
	return 0, Errorf(Invalid, "not a time: write it as 2026-11-22T09:30:00Z or as 2026-11-22")
}

// parseUTC reads the form that nearly all clients send, 2006-01-02T15:04:05.000Z
// with or without milliseconds, without going through package time.
func parseUTC(s string) (Instant, bool) {
	n := len(s)
	if (n != 20 && n != 24) || s[n-1] != 'Z' || s[4] != '-' || s[7] != '-' || s[10] != 'T' || s[13] != ':' || s[16] != ':' {
		return 0, false
	}
	year, ok1 := digits(s[0:4])
	month, ok2 := digits(s[5:7])
	day, ok3 := digits(s[8:10])
	hour, ok4 := digits(s[11:13])
	minute, ok5 := digits(s[14:16])
	second, ok6 := digits(s[17:19])
	milli, ok7 := 0, true
	if n == 24 {
		milli, ok7 = digits(s[20:23])
		ok7 = ok7 && s[19] == '.'
	}
	if !ok1 || !ok2 || !ok3 || !ok4 || !ok5 || !ok6 || !ok7 ||
		year < 1 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month) || hour > 23 || minute > 59 || second > 59 {
		return 0, false
	}
	seconds := int64(daysSinceEpoch(year, month, day))*86400 + int64(hour*3600+minute*60+second)
	return Instant(seconds*1000 + int64(milli)), true
}

func digits(s string) (int, bool) {
	n := 0
	for i := range len(s) {
		c := s[i] - '0'
		if c > 9 {
			return 0, false
		}
		n = n*10 + int(c)
	}
	return n, true
}

var monthLengths = [...]int{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}

func daysIn(year, month int) int {
	if month == 2 && year%4 == 0 && (year%100 != 0 || year%400 == 0) {
		return 29
	}
	return monthLengths[month-1]
}

// daysSinceEpoch counts the days from 1970-01-01 in the proleptic Gregorian
// calendar (the method of counting from 1 March, so that the leap day comes last).
func daysSinceEpoch(year, month, day int) int {
	if month <= 2 {
		year--
		month += 12
	}
	era := year / 400
	yearOfEra := year - era*400
	dayOfYear := (153*(month-3)+2)/5 + day - 1
	dayOfEra := yearOfEra*365 + yearOfEra/4 - yearOfEra/100 + dayOfYear
	return era*146097 + dayOfEra - 719468
}
