package journey

import (
	"time"

	"rapport"
	"rapport/internal/durations"
)

// timetable says at which instants a wait may end: on some days of the week, at a time
// of day. The zero timetable says at any.
type timetable struct {
	days uint8 // bit 1<<time.Weekday; 0: every day
	at   time.Duration
	hour bool // at is said; else from the beginning of the day on
}

func (c timetable) says() bool { return c.days != 0 || c.hour }

func (c timetable) on(day time.Weekday) bool { return c.days == 0 || c.days>>day&1 == 1 }

// next returns the first instant from at on that the timetable allows on the clocks and
// calendar of a zone.
func (c timetable) next(at rapport.Instant, zone *time.Location) rapport.Instant {
	if !c.says() {
		return at
	}
	if zone == nil {
		zone = time.UTC
	}
	from := at.In(zone)
	year, month, today := from.Date()
	for ahead := 0; ; ahead++ { // at the latest on the same day of the next week, or where a zone left that day out, of the one after
		t, day := durations.TimeOfDay(from, ahead, c.at), time.Date(year, month, today+ahead, 0, 0, 0, 0, time.UTC)
		switch {
		case !c.on(day.Weekday()):
		case !c.hour && ahead == 0:
			return at
		case t.Day() != day.Day(): // the clocks jumped over all that was left of the day
		case !t.Before(from):
			return rapport.InstantOf(t)
		}
	}
}
