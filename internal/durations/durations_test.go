package durations_test

import (
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the zones, also where the machine has none

	"pgregory.net/rapid"

	"rapport/internal/durations"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]durations.Span{
		"15m":      {Exact: 15 * time.Minute},
		"26h":      {Exact: 26 * time.Hour},
		"90d":      {Days: 90},
		"2w":       {Days: 14},
		"1h30m":    {Exact: 90 * time.Minute},
		"1w2d3h4s": {Days: 9, Exact: 3*time.Hour + 4*time.Second},
		"0s":       {},
		"0d":       {},
		"3660d":    {Days: durations.MaxDays},
		"720h":     {Exact: 720 * time.Hour},
	} {
		got, err := durations.Parse(text)
		if err != nil || got != want {
			t.Errorf("Parse(%q) = %+v, %v; want %+v", text, got, err, want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for text, says := range map[string]string{
		"":                     "write a whole number",
		"15":                   "write a whole number",
		"m":                    "write a whole number",
		"1.5h":                 "write a whole number",
		"-1h":                  "write a whole number",
		"+1h":                  "write a whole number",
		"1h ":                  "write a whole number",
		"3 days":               "write a whole number",
		"1y":                   "write a whole number",
		"5ms":                  "write a whole number",
		"30m1h":                "write a whole number",
		"1h1h":                 "write a whole number",
		"١h":                   "write a whole number",
		"1h\n":                 "write a whole number",
		"3661d":                "too long: at most 3660 days",
		"523w":                 "too long",
		"999999999h":           "too long",
		"99999999999999999999": "write a whole number",
	} {
		got, err := durations.Parse(text)
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("Parse(%q) = %+v, %v; want an error that says %q", text, got, err, says)
		}
	}
}

func TestString(t *testing.T) {
	t.Parallel()
	for want, span := range map[string]durations.Span{
		"0s":     {},
		"14d":    {Days: 14},
		"1h30m":  {Exact: 90 * time.Minute},
		"26h":    {Exact: 26 * time.Hour},
		"1d12h":  {Days: 1, Exact: 12 * time.Hour},
		"1m1s":   {Exact: 61*time.Second + 5},
		"2d30s":  {Days: 2, Exact: 30 * time.Second},
		"100h1s": {Exact: 100*time.Hour + time.Second},
	} {
		if got := span.String(); got != want {
			t.Errorf("%+v is written %q, want %q", span, got, want)
		}
	}
}

func TestAddAcrossSummerTime(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, zone, from, span, want string }{
		{"a day of 23 hours", "Europe/Berlin", "2026-03-28T12:00:00+01:00", "1d", "2026-03-29T12:00:00+02:00"},
		{"24 hours are not a day", "Europe/Berlin", "2026-03-28T12:00:00+01:00", "24h", "2026-03-29T13:00:00+02:00"},
		{"a day of 25 hours", "Europe/Berlin", "2026-10-24T12:00:00+02:00", "1d", "2026-10-25T12:00:00+01:00"},
		{"a time that is skipped", "Europe/Berlin", "2026-03-28T02:30:00+01:00", "1d", "2026-03-29T03:00:00+02:00"},
		{"a time that comes twice", "Europe/Berlin", "2026-10-24T02:30:00+02:00", "1d", "2026-10-25T02:30:00+02:00"},
		{"from the second of it", "Europe/Berlin", "2026-10-25T02:30:00+01:00", "1d", "2026-10-26T02:30:00+01:00"},
		{"nothing at all, in the second of it", "Europe/Berlin", "2026-10-25T02:30:00+01:00", "0d", "2026-10-25T02:30:00+01:00"},
		{"no summer time", "Asia/Bangkok", "2026-03-28T23:59:59+07:00", "1w", "2026-04-04T23:59:59+07:00"},
		{"a jump of half an hour", "Australia/Lord_Howe", "2026-10-03T02:15:00+10:30", "1d", "2026-10-04T02:30:00+11:00"},
		{"a day that never was", "Pacific/Apia", "2011-12-29T10:00:00-10:00", "1d", "2011-12-31T00:00:00+14:00"},
		{"days first, then hours", "Europe/Berlin", "2026-03-28T12:00:00+01:00", "1d12h", "2026-03-30T00:00:00+02:00"},
		{"a month's end", "UTC", "2026-01-31T00:00:00Z", "1d", "2026-02-01T00:00:00Z"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			span, err := durations.Parse(c.span)
			if err != nil {
				t.Fatal(err)
			}
			got := span.Add(at(t, c.from).In(zone(t, c.zone)))
			if !got.Equal(at(t, c.want)) {
				t.Errorf("%s after %s is %s, want %s", c.span, c.from, got.Format(time.RFC3339), c.want)
			}
			if got.Location().String() != c.zone {
				t.Errorf("the answer stands in the zone %s", got.Location())
			}
		})
	}
}

func TestSpanReadsBackWhatItWrites(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		span := spans().Draw(t, "span")
		text, err := span.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		var back durations.Span
		if err := back.UnmarshalText(text); err != nil || back != span {
			t.Errorf("%+v is written %s and read as %+v, %v", span, text, back, err)
		}
	})
}

// Whatever the zone: the clocks show the same time of day so many dates later;
// where they skip that time they have just jumped over it; and of two instants
// that show it the first is meant.
func TestSameTimeOfDay(t *testing.T) {
	t.Parallel()
	zones := []*time.Location{time.UTC}
	for _, name := range []string{"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Africa/Casablanca", "Asia/Singapore"} {
		zones = append(zones, zone(t, name))
	}
	rapid.Check(t, func(t *rapid.T) {
		z := rapid.SampledFrom(zones).Draw(t, "zone")
		from := time.Unix(rapid.Int64Range(0, 2_000_000_000).Draw(t, "from"), 0).In(z)
		days := rapid.IntRange(-800, 800).Filter(func(n int) bool { return n != 0 }).Draw(t, "days")
		got := durations.SameTimeOfDay(from, days)

		want, shown, before := wall(from).AddDate(0, 0, days), wall(got), wall(got.Add(-time.Second))
		switch {
		case shown.Equal(want): // and no earlier instant shows it
			for back := time.Minute; back <= 3*time.Hour; back += time.Minute {
				if wall(got.Add(-back)).Equal(want) {
					t.Errorf("%v shows %v, but %v before does as well", got, want, back)
				}
			}
		case shown.After(want) && before.Before(want): // skipped
		default:
			t.Errorf("%v and %d days are %v, where the clocks show %v", from, days, got, shown)
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"15m", "26h", "90d", "2w", "1h30m", "1w2d3h4m5s", "", "0s", "999999999w", "1h1h", "-1d", "1.5h"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		span, err := durations.Parse(text)
		if err != nil {
			return
		}
		if span.Days < 0 || span.Exact < 0 || span.Days > durations.MaxDays {
			t.Fatalf("%q is read as %+v", text, span)
		}
		if again, err := durations.Parse(span.String()); err != nil || again != span {
			t.Fatalf("%q is read as %+v, written as %q and read as %+v, %v", text, span, span, again, err)
		}
	})
}

func spans() *rapid.Generator[durations.Span] {
	return rapid.Custom(func(t *rapid.T) durations.Span {
		return durations.Span{
			Days:  rapid.IntRange(0, durations.MaxDays).Draw(t, "days"),
			Exact: time.Duration(rapid.Int64Range(0, 3660*24*3600).Draw(t, "seconds")) * time.Second,
		}
	})
}

// wall is what the clocks show, as a time in UTC.
func wall(t time.Time) time.Time {
	year, month, day := t.Date()
	return time.Date(year, month, day, t.Hour(), t.Minute(), t.Second(), 0, time.UTC)
}

func at(t *testing.T, text string) time.Time {
	t.Helper()
	parsed, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}
