package flow

import (
	"time"

	"rapport"
	"rapport/internal/calendar"
	"rapport/journey"
)

// turnsGiven is how far a copy of a customer has had her turns in the journeys that
// begin by themselves: when they were due, as if there were no rate and no canary.
type turnsGiven struct {
	days map[*journey.Journey]calendar.Day // up to these
}

// until gives the turns that were due from one instant to another.
func (g *turnsGiven) until(l *Look, since, until rapport.Instant, visit func(journey.Effect)) {
	if until < since {
		return
	}
	if g.days == nil {
		g.days = map[*journey.Journey]calendar.Day{}
		for _, j := range l.w.Journeys.Scheduled() {
			g.days[j] = calendar.DayOf(since.Time()) - 2
		}
	}
	for _, j := range l.w.Journeys.Scheduled() {
		g.give(l, j, since, until, visit)
	}
}

func (g *turnsGiven) give(l *Look, j *journey.Journey, since, until rapport.Instant, visit func(journey.Effect)) {
	c := j.Calendar()
	for {
		day, ok := c.Next(g.days[j], l.w.markets())
		if !ok || c.At(day, l.c.zone) > until {
			return
		}
		g.days[j] = day
		if at := c.At(day, l.c.zone); at >= since && keeps(l.w, c, l.c.record, day) {
			l.catchUp(at, visit)
			t := journey.Turn{Journey: j.Name(), Day: day}
			l.step(journey.Input{Turn: &t}, &subject{customer: l.c}, at, visit)
			l.setOff(visit)
		}
	}
}

// keeps reports whether a day is a feast in a customer's market, if it must be.
func keeps(w *Workspace, c *journey.Calendar, of Traits, day calendar.Day) bool {
	feast, on := c.Feast(day)
	return feast == "" || w.markets().HasFeast(of, feast, on)
}

// Turns is when a customer has her turns in a journey that begins by itself; zero where
// there is none.
type Turns struct {
	Day  calendar.Day    // of the last one
	Last rapport.Instant // not after now
	Next rapport.Instant // after now
}

// TurnsOf returns a customer's turns, the last of them since an instant. Whether she
// belongs to the audience is not asked, nor whether a date of hers falls on the day.
func TurnsOf(w *Workspace, c *journey.Calendar, of Traits, zone *time.Location, since, now rapport.Instant) (t Turns) {
	day := calendar.DayOf(since.Time()) - 2
	for {
		next, ok := c.Next(day, w.markets())
		if day = next; !ok {
			return t
		}
		switch at := c.At(day, zone); {
		case at < since || !keeps(w, c, of, day):
		case at > now:
			t.Next = at
			return t
		default:
			t.Last, t.Day = at, day
		}
	}
}
