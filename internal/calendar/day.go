package calendar

import (
	"fmt"
	"time"

	"rapport/internal/durations"
)

// Day is a date: so many days after 1 January 1970. Days are ordered and counted as
// numbers are.
type Day int32

const layout = "2006-01-02"

// DayOf returns the day that t falls on, by the calendar of t's zone.
func DayOf(t time.Time) Day { return Date(t.Date()) }

// Date returns a day by its date. A day or month beyond its range is counted on, as
// [time.Date] does.
func Date(year int, month time.Month, day int) Day {
	return Day(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix() / secondsADay)
}

const secondsADay = 24 * 60 * 60

// Parse reads a day such as 2026-11-11. The error's text is for the person who wrote it.
func Parse(text string) (Day, error) {
	t, err := time.Parse(layout, text)
	if err != nil {
		return 0, fmt.Errorf("%q is no day: write year, month and day, such as 2026-11-11", text)
	}
	return DayOf(t), nil
}

// String returns the day as Parse reads it.
func (d Day) String() string { return d.midnight().Format(layout) }

// midnight is the beginning of the day if it is kept in UTC.
func (d Day) midnight() time.Time { return time.Unix(int64(d)*secondsADay, 0).UTC() }

// Date returns the day's date.
func (d Day) Date() (year int, month time.Month, day int) { return d.midnight().Date() }

// At returns when the clocks of a zone show a time of day on this day: the first time
// if they show it twice, and the instant they jump if they skip it.
func (d Day) At(zone *time.Location, timeOfDay time.Duration) time.Time {
	return durations.Shown(d.midnight().Add(timeOfDay), zone)
}

// MarshalText returns what String returns.
func (d Day) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what [Parse] reads.
func (d *Day) UnmarshalText(text []byte) error {
	parsed, err := Parse(string(text))
	if err == nil {
		*d = parsed
	}
	return err
}

// Returns reports whether a day is the date of this one in some year. 29 February
// returns on the 28th in common years.
func (d Day) Returns(on Day) bool {
	_, month, day := d.Date()
	return monthDay{month, day}.next(on-1) == on
}
