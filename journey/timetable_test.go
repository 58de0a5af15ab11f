package journey

import (
	"testing"
	"time"
	_ "time/tzdata" // the zones, also where the machine has none

	"pgregory.net/rapid"

	"rapport"
)

// TestTimetable goes through the minutes one by one: the first of them that the clocks
// and the calendar of the zone show as asked is the one that is waited for.
func TestTimetable(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		zone, err := time.LoadLocation(rapid.SampledFrom([]string{"UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Singapore", "Pacific/Apia"}).Draw(t, "zone"))
		if err != nil {
			t.Fatal(err)
		}
		day := rapid.SampledFrom([]string{"2026-03-27", "2026-03-06", "2026-10-23", "2026-10-02", "2026-12-30", "2011-12-28"}).Draw(t, "day")
		from, _ := time.ParseInLocation(time.DateOnly, day, zone)
		from = from.Add(time.Duration(rapid.IntRange(0, 3*24*60).Draw(t, "minutes")) * time.Minute)
		c := timetable{days: uint8(rapid.IntRange(0, 127).Draw(t, "days")), hour: rapid.Bool().Draw(t, "hour")}
		if c.hour {
			c.at = time.Duration(rapid.IntRange(0, 24*60-1).Draw(t, "at")) * time.Minute
		}
		if got, want := c.next(rapport.InstantOf(from), zone).In(zone), c.byMinutes(from); !got.Equal(want) {
			t.Errorf("%+v from %v: %v, not %v", c, from, got, want)
		}
	})
}

// byMinutes finds what next finds. A time that the clocks jump over is shown at the jump.
func (c timetable) byMinutes(from time.Time) time.Time {
	for at := from; ; at = at.Add(time.Minute) {
		now, before := minuteOf(at), minuteOf(at.Add(-time.Minute))
		onDay := c.days == 0 || c.days>>at.Weekday()&1 == 1
		switch {
		case !onDay:
		case !c.hour:
			return at
		case now == int(c.at.Minutes()) && !shownBefore(at):
			return at
		case before < int(c.at.Minutes()) && now > int(c.at.Minutes()) && at.Add(-time.Minute).Day() == at.Day():
			return at // the clocks have jumped over it
		}
	}
}

func minuteOf(t time.Time) int { return t.Hour()*60 + t.Minute() }

// shownBefore reports whether the clocks showed the same time of the same day already.
func shownBefore(t time.Time) bool {
	for back := time.Minute; back <= 2*time.Hour; back += time.Minute {
		if before := t.Add(-back); before.Day() == t.Day() && minuteOf(before) == minuteOf(t) {
			return true
		}
	}
	return false
}

// TestSplitIsFair: ways get their shares, she keeps to hers, and what she gets at one step
// says nothing of what she gets at another.
func TestSplitIsFair(t *testing.T) {
	t.Parallel()
	const customers = 20_000
	var ways [4]int
	for i := range customers {
		id := rapport.CustomerID{byte(i), byte(i >> 8), 7}
		one, two := partOf(1, 10, id) < everybody/2, partOf(1, 11, id) < everybody/2
		if one != (partOf(1, 10, id) < everybody/2) {
			t.Fatal("she went another way")
		}
		at := 0
		if one {
			at++
		}
		if two {
			at += 2
		}
		ways[at]++
	}
	for i, n := range ways {
		if n < customers/4-400 || n > customers/4+400 { // six standard deviations
			t.Errorf("%d of %d went ways %02b", n, customers, i)
		}
	}
}
