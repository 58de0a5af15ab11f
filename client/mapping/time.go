package mapping

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"rapport"
)

// Time says how a time is read from a row. Written as a text it is the name of a
// column that holds times with their zones, such as 2026-11-22T09:30:00Z.
type Time struct {
	Column string `json:"column" required:"true" doc:"The column that holds it"`
	Layout string `json:"layout" doc:"How it is written: YYYY-MM-DD hh:mm:ss and the like, unix or unix_ms"`
	Zone   string `json:"zone" doc:"In which time zone it is told, such as Europe/London or UTC; needed unless the time names its own"`

	layout string // for package time
	zone   *time.Location
}

// UnmarshalText reads the name of a column.
func (t *Time) UnmarshalText(text []byte) error {
	t.Column = string(text)
	return nil
}

func (c *checker) time(t *Time, path string) {
	t.zone = time.UTC
	if t.Zone != "" {
		zone, err := time.LoadLocation(t.Zone)
		if err != nil || t.Zone == "Local" {
			c.add(path, "there is no time zone %q: write one such as Europe/London, Asia/Singapore or UTC", t.Zone)
			return
		}
		t.zone = zone
	}
	if t.Layout == "" || strings.HasPrefix(t.Layout, "unix") {
		if t.Layout != "" && t.Layout != "unix" && t.Layout != "unix_ms" {
			c.add(path, "%q is no layout: write unix for seconds or unix_ms for milliseconds", t.Layout)
		}
		return
	}
	layout, own, err := goLayout(t.Layout)
	switch {
	case err != nil:
		c.add(path, "%s", err.Error())
	case !own && t.Zone == "":
		c.add(path, `the layout has no zone: add "zone", such as Europe/London or UTC`)
	}
	t.layout = layout
}

// words are what a layout is made of, longer ones first, and what package time
// calls them.
var layoutWords = [...][2]string{
	{"YYYY", "2006"}, {"YY", "06"}, {"MMMM", "January"}, {"MMM", "Jan"}, {"MM", "01"}, {"M", "1"},
	{"DD", "02"}, {"D", "2"}, {"hh", "15"}, {"h", "3"}, {"mm", "04"}, {"m", "4"}, {"ss", "05"}, {"s", "5"},
	{"SSSSSS", "000000"}, {"SSS", "000"}, {"AM", "PM"}, {"ZZ", "-0700"}, {"Z", "Z07:00"}, {"T", "T"},
}

// goLayout turns YYYY-MM-DD and the like into package time's layout.
func goLayout(layout string) (out string, hasZone bool, err error) {
	var b strings.Builder
	for rest := layout; rest != ""; {
		word, meaning, ok := layoutWord(rest)
		switch {
		case ok:
			b.WriteString(meaning)
			hasZone = hasZone || word == "Z" || word == "ZZ"
		case isLetterOrDigit(rest[0]):
			return "", false, fmt.Errorf("%q is no part of a layout: use YYYY, MM or MMM, DD, hh (or h with AM), mm, ss, SSS and Z or ZZ for the zone", rest)
		default:
			word = rest[:1]
			b.WriteString(word)
		}
		rest = rest[len(word):]
	}
	if out = b.String(); !strings.Contains(out, "06") {
		return "", false, fmt.Errorf("the layout has no year: use YYYY, MM, DD, hh, mm, ss")
	}
	return out, hasZone, nil
}

func layoutWord(rest string) (word, meaning string, ok bool) {
	for _, w := range layoutWords {
		if strings.HasPrefix(rest, w[0]) {
			return w[0], w[1], true
		}
	}
	return "", "", false
}

func isLetterOrDigit(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// of returns the time that a row tells; ok is false if its cell is empty.
func (t *Time) of(r *row) (at rapport.Instant, ok bool, err error) {
	text, ok := r.text(t.Column)
	if !ok {
		return 0, false, nil
	}
	if at, err = t.parse(text); err != nil {
		return 0, false, fmt.Errorf("column %q is no time %s", t.Column, t.wanted())
	}
	return at, true, nil
}

func (t *Time) parse(text string) (rapport.Instant, error) {
	switch t.Layout {
	case "":
		return t.plain(text)
	case "unix", "unix_ms":
		n, err := strconv.ParseFloat(text, 64)
		if t.Layout == "unix" {
			n *= 1000
		}
		if at, ok := rapport.NumberOf(n).Instant(); ok && err == nil {
			return at, nil
		}
		return 0, fmt.Errorf("no time")
	}
	at, err := time.ParseInLocation(t.layout, text, t.zone)
	return rapport.InstantOf(at), err
}

// plain reads a time in the usual form, without a zone only if one was said.
func (t *Time) plain(text string) (rapport.Instant, error) {
	if t.Zone != "" {
		for _, layout := range [...]string{time.DateTime, "2006-01-02T15:04:05", "2006-01-02 15:04", time.DateOnly} {
			if at, err := time.ParseInLocation(layout, text, t.zone); err == nil {
				return rapport.InstantOf(at), nil
			}
		}
	}
	return rapport.ParseInstant(text)
}

func (t *Time) wanted() string {
	switch {
	case t.Layout == "" && t.Zone != "":
		return "such as 2026-11-22 09:30:00; \"layout\" says another form"
	case t.Layout == "":
		return `with its zone, as in 2026-11-22T09:30:00Z; a mapping can say another "layout" and a "zone"`
	}
	return "written as " + t.Layout
}
