package journey

import (
	"time"

	"rapport"
	"rapport/internal/calendar"
	"rapport/internal/durations"
	"rapport/rule"
)

// Calendar is a schedule, compiled: on which days a journey begins by itself, for whom,
// when on them, and how fast. It is immutable.
type Calendar struct {
	days   calendar.Days
	feast  string       // the days are a feast's, which the markets know
	date   *rule.Moment // the days are one of the customer's
	yearly bool         // that day returns
	shift  calendar.Day // so many days later
	first  calendar.Day
	last   calendar.Day
	at     time.Duration
	zone   *time.Location // nil: the customer's
	late   durations.Span
	pace   Pace
	hash   uint64
}

// Pace says how fast runs may begin, and how many have to begin before the others may.
type Pace struct {
	Rate   int64         // runs in Per; 0: as many as there are
	Per    time.Duration // of Rate
	Stages []int         // so many of ten thousand customers go first, then so many; the last is everybody
	Wait   durations.Span
	Stop   Thresholds
}

// After returns the share that follows one in the stages.
func (p Pace) After(share int) int {
	for _, next := range p.Stages {
		if next > share {
			return next
		}
	}
	return Everybody
}

// Everybody is the share of a stage that leaves nobody out.
const Everybody = 10_000

// Thresholds are how many of a hundred messages may meet something before a journey
// stops by itself; nil where it never stops.
type Thresholds struct {
	Unsubscribes, Complaints, Failures *float64
}

// Feasts tells when feasts are.
type Feasts interface {
	// NextFeast returns the first day after one on which any market has a feast, and
	// false if there is none.
	NextFeast(feast string, after calendar.Day) (calendar.Day, bool)
}

// Hash changes whenever the days or the time of day are others.
func (c *Calendar) Hash() uint64 { return c.hash }

// Calendar returns when the journey begins by itself; nil if it does not.
func (j *Journey) Calendar() *Calendar { return j.entry.calendar }

// Next returns the first day after one on which the journey may begin for anybody, and
// false if there is none.
func (c *Calendar) Next(after calendar.Day, feasts Feasts) (calendar.Day, bool) {
	after = max(after, c.first-1)
	next, ok := after+1, true
	switch {
	case c.feast != "":
		next, ok = feasts.NextFeast(c.feast, after-c.shift)
		next += c.shift
	case c.date == nil:
		next, ok = c.days.Next(after - c.shift)
		next += c.shift
	}
	return next, ok && next <= c.last
}

// Feast returns the name of the feast that the days depend on, and the day on which it
// must be for the journey to begin on a day; none if they depend on no feast.
func (c *Calendar) Feast(day calendar.Day) (feast string, on calendar.Day) {
	return c.feast, day - c.shift
}

// At returns when a customer of a zone has her turn on a day.
func (c *Calendar) At(day calendar.Day, zone *time.Location) rapport.Instant {
	if c.zone != nil {
		zone = c.zone
	}
	return rapport.InstantOf(day.At(zone, c.at))
}

// Until returns until when a turn that should have been at an instant may still be.
func (c *Calendar) Until(at rapport.Instant) rapport.Instant { return after(at, c.late, time.UTC) }

// Pace returns how fast runs may begin.
func (c *Calendar) Pace() Pace { return c.pace }

// Turn says that a day's turn has come for a customer. Whether it is a feast of her
// market, if the journey asks for one, is the caller's to know.
type Turn struct {
	Journey string
	Day     calendar.Day
}

// Falls reports whether a turn is one of the customer's as of now: the day is hers, and
// the rule of the entry holds.
func (j *Journey) Falls(t Turn, s rule.Subject, now rapport.Instant) bool {
	c := j.entry.calendar
	if c == nil || !c.Hers(t.Day, s, now) {
		return false
	}
	return j.entry.where == nil || j.entry.where.Answerable(s) && j.entry.where.Eval(s, now) == rule.Yes
}

// AudienceReads returns the facts and the names of the segments by which it is told whether
// a turn falls to a customer.
func (j *Journey) AudienceReads() (facts []rule.Fact, segments []string) {
	if c := j.entry.calendar; c != nil && c.date != nil {
		facts, segments = append(facts, c.date.Facts()...), append(segments, c.date.Reads().Segments...)
	}
	if w := j.entry.where; w != nil {
		facts, segments = append(facts, w.Facts()...), append(segments, w.Reads().Segments...)
	}
	return facts, segments
}

// Hers reports whether a day is one of the customer's: the date that the schedule names,
// if it does, falls on it.
func (c *Calendar) Hers(day calendar.Day, s rule.Subject, now rapport.Instant) bool {
	if c.date == nil {
		return true
	}
	if !c.date.Answerable(s) {
		return false
	}
	at, ok := c.date.At(s, now)
	if !ok {
		return false
	}
	own, on := calendar.DayOf(at.In(s.Zone())), day-c.shift
	return own == on || c.yearly && own < on && own.Returns(on)
}

// turned handles a turn: it starts the run of the day, once.
func (w *walk) turned(t Turn) {
	j := w.set.byHash[NameHash(t.Journey)]
	if j == nil || !j.Falls(t, &w.view, w.now) {
		return
	}
	key := t.Day.String()
	if _, had := w.st.lastEnd(j.hash, key); had || w.st.find(j.hash, key) >= 0 {
		return
	}
	w.enter(j, Run{
		Journey: j.hash, Key: key, Version: j.version, Number: runNumber(j.hash, key, "", 0),
		Entered: w.now, Since: w.now, reached: w.now, Entry: rapport.ObjectOf([]rapport.Value{rapport.TextOf("day"), rapport.TextOf(key)}).AppendJSON(nil),
	})
}

// turnMemory is how long a day's run is remembered after its end, so that whoever
// becomes one with somebody whose turn is still to come has none again.
const turnMemory = 7 * 24 * time.Hour
