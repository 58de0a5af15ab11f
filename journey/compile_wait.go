package journey

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"rapport/rule"
)

var (
	timeOfDay = regexp.MustCompile(`^([01]\d|2[0-3]):[0-5]\d$`)
	plainDate = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}$`)
)

// wait compiles a wait into node n.
func (c *compiler) wait(w Wait, path string, n int) {
	node := &c.j.nodes[n]
	node.kind = waitNode
	switch {
	case w.For != "" && w.Until != "":
		c.problem(path, "a wait is either for a length of time or until a date", "make two steps of it")
	case w.Missed != "" && w.Until == "":
		c.problem(path+".missed", "only a date can be missed", "leave it out, or write until: a date")
	}
	if w.For != "" {
		at := path
		if w.Until != "" || w.At != "" || len(w.On) > 0 {
			at += ".for"
		}
		node.wait = c.span(w.For, at)
	}
	if w.Until != "" {
		node.date = c.moment(w.Until, path+".until")
	}
	node.stop = c.missed(w.Missed, path+".missed")
	node.clock = c.timetable(w, path)
}

func (c *compiler) missed(word, path string) (stop bool) {
	if word != "" && word != "go_on" && word != "stop" {
		c.problem(path, fmt.Sprintf("%q is neither go_on nor stop", word), "write one of them")
	}
	return word == "stop"
}

func (c *compiler) timetable(w Wait, path string) (t timetable) {
	for i, name := range w.On {
		day, ok := parseWeekday(name)
		if !ok && name != "" {
			c.problem(fmt.Sprintf("%s.on[%d]", path, i), fmt.Sprintf("%q is no day of the week", name), "write monday, tuesday, ...")
		}
		if ok {
			t.days |= 1 << day
		}
	}
	if w.At == "" {
		return t
	}
	if !timeOfDay.MatchString(w.At) {
		c.problem(path+".at", fmt.Sprintf("%q is no time of day", w.At), "write hours and minutes, such as 09:30 or 18:00")
		return t
	}
	at, _ := time.Parse("15:04", w.At)
	t.at, t.hour = time.Duration(at.Hour())*time.Hour+time.Duration(at.Minute())*time.Minute, true
	return t
}

func parseWeekday(name string) (time.Weekday, bool) {
	for day := time.Sunday; day <= time.Saturday; day++ {
		if strings.EqualFold(day.String(), name) {
			return day, true
		}
	}
	return 0, false
}

// moment compiles what a wait waits for: a day, or an expression that yields an instant.
func (c *compiler) moment(text, path string) *rule.Moment {
	if plainDate.MatchString(text) {
		text = fmt.Sprintf("timestamp(%q)", text)
	}
	return c.momentIn(text, path, c.env(nil, true))
}

// momentIn compiles an expression that yields an instant.
func (c *compiler) momentIn(text, path string, in rule.Env) *rule.Moment {
	m, err := rule.CompileMoment(text, in)
	if err != nil {
		c.ruleProblem(err, path)
		return nil
	}
	c.j.facts = append(c.j.facts, m.Facts()...)
	c.rules = append(c.rules, m.Text())
	for _, name := range m.Reads().Events {
		c.refer(ToEvent, name, path)
	}
	return m
}
