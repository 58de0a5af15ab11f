package calendar

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/teambition/rrule-go"
)

// Days is a set of days as people name them: some dates, a date of every year, or
// what a rule of recurrence yields. It is immutable; the zero Days has none.
type Days struct {
	dates  []Day // in order
	yearly []monthDay
	repeat *rrule.ROption // without its end
	first  Day            // of the recurrence
	last   Day            // of the recurrence; no day comes after it
}

// monthDay is a date of every year.
type monthDay struct {
	month time.Month
	day   int
}

// On returns the days that texts name, each a date, such as 2026-11-11, or a date of
// every year, such as 11-11; 02-29 is the 28th in common years. The error's text is for
// the person who wrote them.
func On(texts ...string) (Days, error) {
	var days Days
	for _, text := range texts {
		if of, ok := parseMonthDay(text); ok {
			days.yearly = append(days.yearly, of)
			continue
		}
		day, err := Parse(text)
		if err != nil {
			return Days{}, fmt.Errorf("%q is no day: write 2026-11-11 for one day, or 11-11 for that day of every year", text)
		}
		days.dates = append(days.dates, day)
	}
	slices.Sort(days.dates)
	return days, nil
}

func parseMonthDay(text string) (monthDay, bool) {
	t, err := time.Parse(layout, "2000-"+text) // a leap year
	return monthDay{t.Month(), t.Day()}, err == nil
}

// horizon is how far ahead a day is looked for: what comes once in a leap year only, on
// a certain day of the week, comes within it.
const horizon = 41 * 366

// Repeat returns the days that a rule of recurrence yields from a first day on, such as
// FREQ=WEEKLY;BYDAY=MO,TH or FREQ=YEARLY;BYEASTER=0: RFC 5545's RRULE in days, so
// without hours and shorter units. Last is the end; no day, no end. The error's text is
// for the person who wrote the rule.
func Repeat(text string, first Day, last *Day) (Days, error) {
	option, err := rrule.StrToROption(strings.TrimPrefix(strings.TrimSpace(text), "RRULE:"))
	if err != nil {
		return Days{}, fmt.Errorf("%q is no rule of recurrence (%w): write one such as FREQ=WEEKLY;BYDAY=MO", text, err)
	}
	switch {
	case option.Freq > rrule.DAILY, len(option.Byhour)+len(option.Byminute)+len(option.Bysecond) > 0:
		return Days{}, fmt.Errorf("%q repeats within a day: it can be daily, weekly, monthly or yearly, at one time of day", text)
	case !option.Dtstart.IsZero():
		return Days{}, fmt.Errorf("%q has a DTSTART: the first day stands beside the rule", text)
	}
	days := Days{repeat: option, first: first, last: first + maxDays}
	if !option.Until.IsZero() {
		days.last = DayOf(option.Until)
	}
	if last != nil {
		days.last = min(days.last, *last)
	}
	option.Dtstart, option.Until = first.midnight(), time.Time{}
	if _, ok := days.Next(first - 1); !ok {
		return Days{}, fmt.Errorf("%q yields no day from %v on", text, first)
	}
	return days, nil
}

// maxDays is how long a recurrence may go on: two hundred years.
const maxDays = 200 * 366

// Has reports whether a day is among them.
func (s Days) Has(day Day) bool {
	next, ok := s.Next(day - 1)
	return ok && next == day
}

// Next returns the first of the days after one, and false if there is none in the next
// forty years.
func (s Days) Next(after Day) (next Day, ok bool) {
	found := func(day Day) {
		if !ok || day < next {
			next, ok = day, true
		}
	}
	if i, _ := slices.BinarySearch(s.dates, after+1); i < len(s.dates) {
		found(s.dates[i])
	}
	for _, of := range s.yearly {
		found(of.next(after))
	}
	if s.repeat != nil {
		if day, ok := s.repeated(after); ok {
			found(day)
		}
	}
	return next, ok
}

// next returns the first such date after a day.
func (m monthDay) next(after Day) Day {
	year, _, _ := after.Date()
	for ; ; year++ {
		day := Date(year, m.month, m.day)
		if m.month == time.February && m.day == 29 {
			day = Date(year, time.March, 1) - 1
		}
		if day > after {
			return day
		}
	}
}

// repeated returns the first day of the recurrence after one.
func (s Days) repeated(after Day) (Day, bool) {
	option := *s.repeat
	option.Until = min(s.last, max(after, s.first)+horizon).midnight()
	if option.Until.Before(option.Dtstart) {
		return 0, false
	}
	rule, err := rrule.NewRRule(option)
	if err != nil {
		return 0, false // it was one when it was read
	}
	t := rule.After(after.midnight(), false)
	return DayOf(t), !t.IsZero()
}
