package console

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"rapport/internal/durations"
)

// schedule is when a campaign is, as its document says.
type schedule struct {
	On                                                         texts
	Repeat, Feast, Date, Shift, At, Zone, From, To, Late, Rate string
	Yearly                                                     bool
}

// Words says it in a few lines.
func (s schedule) Words() []string {
	lines := []string{s.days() + s.shifted(), s.time()}
	switch {
	case s.From != "" && s.To != "":
		lines = append(lines, "From "+dated(s.From)+" to "+dated(s.To))
	case s.From != "":
		lines = append(lines, "From "+dated(s.From)+" on")
	case s.To != "":
		lines = append(lines, "Until "+dated(s.To))
	}
	if s.Late != "" {
		lines = append(lines, "Made up for up to "+lasting(s.Late)+" late, if the server was down")
	}
	return lines
}

func (s schedule) days() string {
	switch {
	case s.Repeat != "":
		return repeated(s.Repeat)
	case s.Feast != "":
		return "On the feast " + s.Feast + " of each customer's market"
	case s.Date != "" && s.Yearly:
		return "On the day of each customer's " + strings.TrimPrefix(s.Date, "customer.") + ", every year"
	case s.Date != "":
		return "On the day of each customer's " + strings.TrimPrefix(s.Date, "customer.")
	}
	var days []string
	for _, day := range s.On {
		days = append(days, dated(day))
	}
	return "On " + joined(days)
}

// shifted says how many days before or after that it is.
func (s schedule) shifted() string {
	switch before, ok := strings.CutPrefix(s.Shift, "-"); {
	case s.Shift == "":
		return ""
	case ok:
		return ", " + lasting(before) + " earlier"
	}
	return ", " + lasting(s.Shift) + " later"
}

func (s schedule) time() string {
	switch s.Zone {
	case "":
		return "At " + s.At + " by the clocks of each customer's market"
	case "UTC":
		return "At " + s.At + " UTC, for everybody at the same instant"
	}
	return "At " + s.At + " in " + placeOf(s.Zone) + ", for everybody at the same instant"
}

// Pace says how many may begin how fast.
func (s schedule) Pace() string {
	if n, per, ok := strings.Cut(s.Rate, "/"); ok {
		return "At most " + n + " a" + map[string]string{"s": " second", "m": " minute", "h": "n hour", "d": " day"}[per]
	}
	return "As fast as their turns come"
}

// dated writes a day, or a day of every year.
func dated(day string) string {
	if at, err := time.Parse(time.DateOnly, day); err == nil {
		return at.Format("2 January 2006")
	}
	if at, err := time.Parse("01-02", day); err == nil {
		return at.Format("2 January") + " of every year"
	}
	return day
}

// dayBrief writes a day as tables show it.
func dayBrief(day string) string {
	at, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return day
	}
	return at.Format("2 Jan 2006")
}

// lasting writes a length of time in words where it is of one unit.
func lasting(length string) string {
	span, err := durations.Parse(length)
	if err != nil {
		return length
	}
	n, unit := span.Days, "day"
	for _, part := range []struct {
		of   time.Duration
		unit string
	}{{time.Hour, "hour"}, {time.Minute, "minute"}, {time.Second, "second"}} {
		if span.Days == 0 && span.Exact%part.of == 0 {
			n, unit = int(span.Exact/part.of), part.unit
			break
		}
	}
	switch {
	case span.Days != 0 && span.Exact != 0:
		return length
	case n != 1:
		unit += "s"
	}
	return fmt.Sprintf("%d %s", n, unit)
}

// joined writes a list as one says it.
func joined(list []string) string {
	if len(list) < 2 {
		return strings.Join(list, "")
	}
	last := len(list) - 1
	return strings.Join(list[:last], ", ") + " and " + list[last]
}

var (
	weekdays = map[string]string{"MO": "Monday", "TU": "Tuesday", "WE": "Wednesday", "TH": "Thursday", "FR": "Friday", "SA": "Saturday", "SU": "Sunday"}
	units    = map[string]string{"DAILY": "day", "WEEKLY": "week", "MONTHLY": "month", "YEARLY": "year"}
	ofMonth  = regexp.MustCompile(`^(-1|[1-9]\d?)$`)
)

// repeated says a rule of recurrence in words, or as it stands if it is one of the rarer
// ones.
func repeated(rule string) string {
	every, interval, on := "", "", []string{}
	for part := range strings.SplitSeq(strings.TrimSuffix(rule, ";"), ";") {
		name, value, _ := strings.Cut(part, "=")
		switch name {
		case "FREQ":
			every = units[value]
		case "INTERVAL":
			interval = value
		case "BYDAY", "BYMONTHDAY":
			for day := range strings.SplitSeq(value, ",") {
				on = append(on, dayOfRule(name, day))
			}
		default:
			return "By the rule " + rule
		}
	}
	for _, day := range on {
		if day == "" {
			return "By the rule " + rule
		}
	}
	said := "Every " + every
	if interval != "" && interval != "1" {
		said = "Every " + interval + " " + every + "s"
	}
	if len(on) > 0 {
		said += " on " + joined(on)
	}
	return said
}

// dayOfRule says a day of a rule of recurrence; "" if it is one of the rarer ones.
func dayOfRule(name, day string) string {
	switch {
	case name == "BYDAY":
		return weekdays[day]
	case day == "-1":
		return "the last day"
	case ofMonth.MatchString(day):
		return "day " + day
	}
	return ""
}
