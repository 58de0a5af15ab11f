package journey

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/cespare/xxhash/v2"

	"rapport/internal/calendar"
	"rapport/internal/durations"
	"rapport/rule"
)

// schedule compiles on which days a journey begins.
func (c *compiler) schedule(s *Schedule, path string) *Calendar {
	if s == nil {
		return nil
	}
	if s.kinds() != 1 {
		c.problem(path, "a schedule names days, a rule that repeats, a feast, or a date of the customer",
			"write one of on: 2026-11-11, repeat: FREQ=WEEKLY;BYDAY=MO, feast: singles-day, and date: customer.birthday")
	}
	k := &Calendar{feast: s.Feast, yearly: s.Yearly, late: durations.Span{Exact: 6 * time.Hour}}
	k.first, k.last = c.bounds(s, path)
	c.days(k, s, path)
	c.shift(k, s.Shift, path+".shift")
	c.turn(k, s, path)
	k.pace = c.pace(s, path)
	when := *s
	when.Late, when.Rate, when.Canary = "", "", nil
	text, _ := json.Marshal(when) // texts
	k.hash = xxhash.Sum64(text)
	return k
}

// kinds returns how many of the things that may name the days are said.
func (s *Schedule) kinds() (n int) {
	for _, set := range [...]bool{len(s.On) > 0, s.Repeat != "", s.Feast != "", s.Date != ""} {
		if set {
			n++
		}
	}
	return n
}

// bounds returns the first and the last day that a schedule says; if it says none, all
// that there are.
func (c *compiler) bounds(s *Schedule, path string) (first, last calendar.Day) {
	first, last = 0, calendar.Date(9999, time.December, 31)
	for _, b := range [...]struct {
		said, path string
		to         *calendar.Day
	}{{s.From, path + ".from", &first}, {s.To, path + ".to", &last}} {
		if b.said == "" {
			continue
		}
		day, err := calendar.Parse(b.said)
		if err != nil {
			c.problem(b.path, err.Error(), "")
			continue
		}
		*b.to = day
	}
	if last < first {
		c.problem(path+".to", fmt.Sprintf("the last day %v is before the first", last), "change the two of them")
	}
	return first, last
}

func (c *compiler) days(k *Calendar, s *Schedule, path string) {
	var err error
	if k.days, err = calendar.On(s.On...); err != nil {
		c.problem(path+".on", err.Error(), "")
	}
	if s.Yearly && s.Date == "" {
		c.problem(path+".yearly", "yearly goes with date only", "for a day of every year write on: 11-11")
	}
	switch {
	case s.Date != "":
		k.date = c.momentIn(s.Date, path+".date", c.env(nil, false))
	case s.Feast != "":
		c.refer(ToFeast, s.Feast, path+".feast")
	case s.Repeat != "" && s.From == "":
		c.problem(path+".from", "what repeats counts from a day", "write from: 2026-11-02, the first day that may be one of them")
	case s.Repeat != "":
		if k.days, err = calendar.Repeat(s.Repeat, k.first, &k.last); err != nil {
			c.problem(path+".repeat", err.Error(), "")
		}
	}
}

var shiftForm = regexp.MustCompile(`^-?\d{1,3}d$`)

// maxShift is how many days a schedule may be shifted.
const maxShift = 366

func (c *compiler) shift(k *Calendar, text, path string) {
	if text == "" {
		return
	}
	days, _ := strconv.Atoi(strings.TrimSuffix(text, "d"))
	if !shiftForm.MatchString(text) || days > maxShift || days < -maxShift {
		c.problem(path, fmt.Sprintf("%q is no number of days", text), "write at most 366 days after it, such as 1d, or before it, such as -7d")
		return
	}
	k.shift = calendar.Day(days)
}

// turn compiles when on its day somebody has her turn.
func (c *compiler) turn(k *Calendar, s *Schedule, path string) {
	t := c.timetable(Wait{At: s.At}, path)
	k.at = t.at
	if s.At == "" {
		c.problem(path+".at", "the schedule names no time of day", "write at: 10:00")
	}
	if s.Zone != "" {
		zone, err := time.LoadLocation(s.Zone)
		if err != nil || s.Zone == "Local" {
			c.problem(path+".zone", fmt.Sprintf("%q is no time zone", s.Zone), "write one such as Asia/Singapore, or leave it out for the customer's own")
		}
		k.zone = zone
	}
	if s.Late != "" {
		k.late, _ = c.spanOrZero(s.Late, path+".late")
	}
}

func (c *compiler) pace(s *Schedule, path string) Pace {
	p := Pace{Stages: []int{Everybody}}
	if s.Rate != "" {
		p.Rate, p.Per = c.rate(s.Rate, path+".rate")
	}
	if s.Canary != nil {
		c.canary(&p, s.Canary, path+".canary")
	}
	return p
}

var rateForm = regexp.MustCompile(`^(\d{1,9})/([smhd])$`)

var rateUnits = map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour}

func (c *compiler) rate(text, path string) (int64, time.Duration) {
	parts := rateForm.FindStringSubmatch(text)
	if parts == nil || strings.Trim(parts[1], "0") == "" {
		c.problem(path, fmt.Sprintf("%q is no rate", text), "write how many in a second, minute, hour or day, such as 600/m or 5000/h")
		return 0, 0
	}
	n, _ := strconv.ParseInt(parts[1], 10, 64)
	return n, rateUnits[parts[2]]
}

func (c *compiler) canary(p *Pace, doc *Canary, path string) {
	stages := doc.Stages
	if len(stages) == 0 {
		stages = []float64{1, 10}
	}
	p.Stages = nil
	before := 0
	for i, percent := range stages {
		share := int(percent * Everybody / 100)
		if share <= before || share > Everybody {
			c.problem(fmt.Sprintf("%s.stages[%d]", path, i), fmt.Sprintf("%v of a hundred is no stage here", percent),
				"write growing shares from 0.01 to 100, such as [1, 10]")
			return
		}
		p.Stages, before = append(p.Stages, share), share
	}
	if before < Everybody {
		p.Stages = append(p.Stages, Everybody)
	}
	p.Wait = durations.Span{Exact: time.Hour}
	if doc.Wait != "" {
		p.Wait = c.span(doc.Wait, path+".wait")
	}
	p.Stop = Thresholds{
		Unsubscribes: c.threshold(doc.Stop.Unsubscribes, 1, path+".stop.unsubscribes"),
		Complaints:   c.threshold(doc.Stop.Complaints, 0.1, path+".stop.complaints"),
		Failures:     c.threshold(doc.Stop.Failures, 10, path+".stop.failures"),
	}
}

func (c *compiler) threshold(said *float64, standard float64, path string) *float64 {
	switch {
	case said == nil:
		return &standard
	case *said < 0 || *said > 100:
		c.problem(path, fmt.Sprintf("%v is no share of a hundred", *said), "write a number from 0 to 100")
	}
	return said
}

// dayNoun is what is known of the entry of a journey that a schedule enters.
func dayNoun() rule.Noun {
	return rule.Noun{Strict: true, Fields: map[string]rule.Type{"day": {Kind: rule.Text}}}
}
