package calendar_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"rapport/internal/calendar"
)

func day(t testing.TB, text string) calendar.Day {
	t.Helper()
	d, err := calendar.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// firstDays returns the first of some days after one, as text.
func firstDays(s calendar.Days, after calendar.Day, n int) string {
	text := ""
	for range n {
		next, ok := s.Next(after)
		if !ok {
			return text + "end"
		}
		text += next.String() + " "
		after = next
	}
	return text
}

func TestOn(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		texts []string
		after string
		want  string
	}{
		{[]string{"2026-11-11"}, "2026-11-10", "2026-11-11 end"},
		{[]string{"2026-11-11"}, "2026-11-11", "end"},
		{[]string{"2027-01-01", "2026-11-11"}, "2026-01-01", "2026-11-11 2027-01-01 "},
		{[]string{"11-11"}, "2026-11-11", "2027-11-11 2028-11-11 "},
		{[]string{"02-29"}, "2026-12-31", "2027-02-28 2028-02-29 "},
		{[]string{"12-25", "2026-12-24"}, "2026-12-01", "2026-12-24 2026-12-25 "},
		{nil, "2026-12-01", "end"},
	} {
		days, err := calendar.On(c.texts...)
		if err != nil {
			t.Fatal(err)
		}
		if got := firstDays(days, day(t, c.after), 2); got != c.want {
			t.Errorf("%q after %s: %s, want %s", c.texts, c.after, got, c.want)
		}
	}
}

func TestRepeat(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ rule, first, last, want string }{
		{"FREQ=WEEKLY;BYDAY=MO,TH", "2026-11-11", "", "2026-11-12 2026-11-16 2026-11-19 "},
		{"RRULE:FREQ=YEARLY;BYMONTH=5;BYDAY=2SU", "2026-01-01", "", "2026-05-10 2027-05-09 2028-05-14 "},
		{"FREQ=YEARLY;BYEASTER=0", "2027-01-01", "", "2027-03-28 2028-04-16 2029-04-01 "},
		{"FREQ=MONTHLY;BYMONTHDAY=-1", "2027-01-15", "", "2027-01-31 2027-02-28 2027-03-31 "},
		{"FREQ=DAILY;INTERVAL=2", "2027-01-01", "2027-01-04", "2027-01-01 2027-01-03 end"},
		{"FREQ=DAILY;COUNT=2", "2027-01-01", "", "2027-01-01 2027-01-02 end"},
		{"FREQ=DAILY;UNTIL=20270102", "2027-01-01", "", "2027-01-01 2027-01-02 end"},
		{"FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "2027-01-01", "", "2028-02-29 2032-02-29 2036-02-29 "},
	} {
		var last *calendar.Day
		if c.last != "" {
			l := day(t, c.last)
			last = &l
		}
		days, err := calendar.Repeat(c.rule, day(t, c.first), last)
		if err != nil {
			t.Fatal(err)
		}
		if got := firstDays(days, day(t, c.first)-1, 3); got != c.want {
			t.Errorf("%s: %s, want %s", c.rule, got, c.want)
		}
	}
}

func TestWhatIsNoDay(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "11.11.", "2026-02-30", "13-01", "2026-1-1", "tomorrow", "02-30"} {
		if _, err := calendar.On(text); err == nil {
			t.Errorf("%q is taken for a day", text)
		}
	}
	for _, rule := range []string{"", "weekly", "FREQ=HOURLY", "FREQ=DAILY;BYHOUR=9", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=DAILY;UNTIL=20260101", "DTSTART=20260101T000000Z;FREQ=DAILY"} {
		if _, err := calendar.Repeat(rule, day(t, "2026-11-11"), nil); err == nil {
			t.Errorf("%q is taken for a rule of recurrence", rule)
		}
	}
}

// Has and Next agree, and no day is left out: the days found one by one are those
// found one after another.
func TestHasIsNext(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		first := calendar.Day(rapid.Int32Range(10_000, 30_000).Draw(t, "first"))
		rule := rapid.SampledFrom([]string{
			"FREQ=WEEKLY;BYDAY=MO,WE", "FREQ=MONTHLY;BYMONTHDAY=31", "FREQ=DAILY;INTERVAL=3", "FREQ=MONTHLY;BYDAY=-1FR", "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU;WKST=SU",
		}).Draw(t, "rule")
		days, err := calendar.Repeat(rule, first, nil)
		if err != nil {
			t.Fatal(err)
		}
		from := first + calendar.Day(rapid.Int32Range(-10, 400).Draw(t, "from"))
		next, ok := days.Next(from)
		if !ok || !days.Has(next) || next < first {
			t.Fatalf("%v after %v", next, from)
		}
		for between := from + 1; between < next; between++ {
			if days.Has(between) {
				t.Fatalf("%v is left out between %v and %v", between, from, next)
			}
		}
	})
}

func TestDayAt(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ day, zone, at, want string }{
		{"2026-11-11", "Asia/Singapore", "14h", "2026-11-11T06:00:00Z"},
		{"2026-03-29", "Europe/Berlin", "2h30m", "2026-03-29T01:00:00Z"}, // skipped: the instant they jump
		{"2026-10-25", "Europe/Berlin", "2h30m", "2026-10-25T00:30:00Z"}, // twice: the first
		{"2011-12-30", "Pacific/Apia", "10h", "2011-12-30T10:00:00Z"},    // a day that was left out
		{"1969-07-20", "UTC", "20h17m40s", "1969-07-20T20:17:40Z"},
	} {
		zone, err := time.LoadLocation(c.zone)
		if err != nil {
			t.Fatal(err)
		}
		at, err := time.ParseDuration(c.at)
		if err != nil {
			t.Fatal(err)
		}
		d := day(t, c.day)
		if got := d.At(zone, at).UTC().Format(time.RFC3339); got != c.want {
			t.Errorf("%s %s in %s: %s, want %s", c.day, c.at, c.zone, got, c.want)
		}
		if year, month, date := d.Date(); calendar.Date(year, month, date) != d || d.String() != c.day {
			t.Errorf("%v is another day when written and read", d)
		}
	}
}
