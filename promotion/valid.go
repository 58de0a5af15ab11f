package promotion

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"rapport"
	"rapport/internal/calendar"
)

// validity is when an offer holds, compiled. All its edges are half-open: the first
// instant is in, the last is not.
type validity struct {
	from, until edge
	weekdays    [7]bool // from Sunday; all false: every day
	hours       []hours // none: all day
	feast       string
	zone        *time.Location // nil: the customer's
}

// edge is an instant, or the beginning of a day in the zone that days are told in.
type edge struct {
	set   bool
	at    rapport.Instant
	onDay bool
	day   calendar.Day
}

func (e edge) in(zone *time.Location) rapport.Instant {
	if e.onDay {
		return rapport.InstantOf(e.day.At(zone, 0))
	}
	return e.at
}

// hours is a part of the day. One whose end is not after its beginning ends the day
// after.
type hours struct{ from, to time.Duration }

// Feasts says whether a day is a feast where the customer is.
type Feasts func(feast string, day calendar.Day) bool

// at reports whether the offer holds at an instant, and if not from when on it does,
// which is [rapport.Never] if that is not within the next four years.
func (v *validity) at(now rapport.Instant, zone *time.Location, feasts Feasts) (holds bool, next rapport.Instant) {
	if v.zone != nil {
		zone = v.zone
	}
	if zone == nil {
		zone = time.UTC
	}
	from := now
	if v.from.set {
		from = max(from, v.from.in(zone))
	}
	until := rapport.Never
	if v.until.set {
		until = v.until.in(zone)
	}
	if v.everyDay() {
		return now == from && now < until, earlier(from, until)
	}
	first := calendar.DayOf(from.In(zone)) - 1 // whose hours may reach into the next
	for day := first; day < first+4*366; day++ {
		if !v.onDay(day, feasts) {
			continue
		}
		for _, h := range v.hoursOf() {
			begin, end := h.on(day, zone)
			if at := max(from, begin); at < end {
				return at == now && now < until, earlier(at, until)
			}
		}
	}
	return false, rapport.Never
}

// earlier returns at, and Never if the offer has ended by then.
func earlier(at, until rapport.Instant) rapport.Instant {
	if at < until {
		return at
	}
	return rapport.Never
}

func (v *validity) everyDay() bool {
	return v.weekdays == [7]bool{} && len(v.hours) == 0 && v.feast == ""
}

func (v *validity) onDay(day calendar.Day, feasts Feasts) bool {
	if v.weekdays != [7]bool{} && !v.weekdays[day.At(time.UTC, 0).Weekday()] {
		return false
	}
	return v.feast == "" || feasts != nil && feasts(v.feast, day)
}

// hoursOf returns the parts of a day, ascending.
func (v *validity) hoursOf() []hours {
	if len(v.hours) == 0 {
		return []hours{{0, 24 * time.Hour}}
	}
	return v.hours
}

// on returns the instants between which these hours of a day are.
func (h hours) on(day calendar.Day, zone *time.Location) (begin, end rapport.Instant) {
	last, to := day, h.to
	if h.to <= h.from || h.to == 24*time.Hour {
		last, to = day+1, h.to%(24*time.Hour)
	}
	return rapport.InstantOf(day.At(zone, h.from)), rapport.InstantOf(last.At(zone, to))
}

// compileValid reads when an offer holds.
func (c *compiler) compileValid(doc Valid) (v validity) {
	v.from, v.until = c.edge("valid.from", doc.From), c.edge("valid.until", doc.Until)
	if v.from.set && v.until.set && v.from.in(time.UTC) >= v.until.in(time.UTC) {
		c.problem("valid.until", "the offer ends before it begins", "write a later day: with until: 2026-12-01 the last of November is its last day")
	}
	for _, name := range doc.Days {
		for d := time.Sunday; d <= time.Saturday; d++ {
			if strings.EqualFold(d.String(), name) {
				v.weekdays[d] = true
			}
		}
	}
	for i, s := range doc.Hours {
		h, err := parseHours(s)
		if err != nil {
			c.problem(fmt.Sprintf("valid.hours[%d]", i), err.Error(), "")
			continue
		}
		v.hours = append(v.hours, h)
	}
	slices.SortFunc(v.hours, func(a, b hours) int { return int(a.from - b.from) })
	v.feast = doc.Feast
	if doc.Zone != "" {
		zone, err := time.LoadLocation(doc.Zone)
		if err != nil || doc.Zone == "Local" {
			c.problem("valid.zone", fmt.Sprintf("%q is no time zone", doc.Zone), "write one such as Asia/Singapore, Europe/Berlin or UTC")
			zone = nil
		}
		v.zone = zone
	}
	return v
}

func (c *compiler) edge(path, s string) edge {
	if s == "" {
		return edge{}
	}
	if day, err := calendar.Parse(s); err == nil {
		return edge{set: true, onDay: true, day: day}
	}
	at, err := rapport.ParseInstant(s)
	if err != nil {
		c.problem(path, fmt.Sprintf("%q is neither a day nor an instant", s), "write 2026-11-11, or 2026-11-11T10:00:00Z")
	}
	return edge{set: err == nil, at: at}
}

// parseHours reads hours of the day, such as 09:00-12:00.
func parseHours(s string) (h hours, err error) {
	from, to, ok := strings.Cut(s, "-")
	if ok {
		h.from, ok = timeOfDay(from)
	}
	if ok {
		h.to, ok = timeOfDay(to)
	}
	if !ok || h.from == h.to || h.from == 24*time.Hour {
		return hours{}, fmt.Errorf("%q are no hours of the day: write two times, such as 09:00-12:00 or 22:00-02:00", s)
	}
	return h, nil
}

func timeOfDay(s string) (time.Duration, bool) {
	s = strings.TrimSpace(s)
	if s == "24:00" {
		return 24 * time.Hour, true
	}
	t, err := time.Parse("15:04", s)
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute, err == nil && len(s) == 5
}
