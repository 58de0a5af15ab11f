package journey

import (
	"time"

	"rapport"
	"rapport/internal/durations"
)

// maxDays is the longest span: longer than a year, so that a yearly rhythm fits,
// and short enough that nobody has forgotten what she planned.
const maxDays = 400

// after returns the instant that is a span after at. Days go to the same time of
// day in the zone.
func after(at rapport.Instant, sp durations.Span, zone *time.Location) rapport.Instant {
	if sp.Days == 0 {
		return at.Add(sp.Exact)
	}
	if zone == nil {
		zone = time.UTC
	}
	return rapport.InstantOf(sp.Add(at.In(zone)))
}

// span reads a length of time that must not be zero.
func (c *compiler) span(text, path string) durations.Span {
	sp, ok := c.spanOrZero(text, path)
	if ok && sp.IsZero() {
		c.problem(path, "the length of time is zero", "write one longer than that, such as 1h")
	}
	return sp
}

// spanOrZero reads a length of time, and reports whether it could.
func (c *compiler) spanOrZero(text, path string) (durations.Span, bool) {
	sp, err := durations.Parse(text)
	switch {
	case err != nil:
		c.problem(path, err.Error(), "")
	case sp.About() > maxDays*24*time.Hour:
		c.problem(path, text+" is too long", "write at most 400d")
	default:
		return sp, true
	}
	return sp, false
}
