package flow

import (
	"fmt"
	"maps"
	"slices"

	"rapport"
	"rapport/internal/calendar"
	"rapport/journey"
)

// What has to come together before a campaign stops by itself: so many messages handed
// over or failed, and so many that met the same thing. Fewer say nothing.
const (
	enoughMessages = 20
	enoughMet      = 2
)

// meet notes what a message of a journey met with the occasion that its run is of. One
// that is under way, and watched, stops if it was too much.
func (b *Batch) meet(m *rapport.Message, note func(*Met)) {
	known := b.g.agendas.all[m.Journey]
	if known == nil {
		return
	}
	day, ok := dayOf(m)
	if _, kept := known.of(day); !ok || kept == nil {
		return
	}
	under, o := b.agenda(m.Journey).of(day)
	if o == nil {
		return
	}
	note(&o.Met)
	pace := b.g.workspace.Journeys.Get(m.Journey).Calendar().Pace()
	if why := o.Met.less(o.Forgiven).tooMuch(pace.Stop); under && why != "" && o.Stopped == "" {
		o.Stopped = why
		b.count("journey/" + m.Journey + "/stopped")
	}
}

// dayOf returns the day of the run that asked for a message of a journey that begins by
// itself.
func dayOf(m *rapport.Message) (calendar.Day, bool) {
	entry, err := rapport.ParseJSON(m.Entry)
	if err != nil {
		return 0, false
	}
	day, err := calendar.Parse(entry.Get("day").Text())
	return day, err == nil
}

// of returns the occasion of a day and whether it is under way; nil if none is remembered.
func (a *Agenda) of(day calendar.Day) (under bool, o *Occasion) {
	for i := range a.Open {
		if a.Open[i].Day == day {
			return true, &a.Open[i]
		}
	}
	for i := len(a.Past) - 1; i >= 0; i-- {
		if a.Past[i].Day == day {
			return false, &a.Past[i]
		}
	}
	return false, nil
}

// stopped returns why the agenda has stopped by itself; nothing if it has not.
func (a *Agenda) stopped() string {
	for i := range a.Open {
		if a.Open[i].Stopped != "" {
			return a.Open[i].Stopped
		}
	}
	return ""
}

// goOn lets an agenda go on that has stopped by itself. What was met before is forgiven,
// and those who went first are watched anew.
func (a *Agenda) goOn(now rapport.Instant) {
	for i := range a.Open {
		if o := &a.Open[i]; o.Stopped != "" {
			o.Stopped, o.Forgiven, o.Watched = "", o.Met, now
		}
	}
}

// noteStops notes which of some agendas have stopped by themselves, for whoever is to
// pause their journeys.
func (g *Engine) noteStops(agendas map[string]*Agenda) {
	for _, name := range slices.Sorted(maps.Keys(agendas)) {
		if why := agendas[name].stopped(); why != "" && g.workspace.Journeys.Standing(name) == journey.Active {
			g.stops = append(g.stops, stop{name, why})
		}
	}
}

// stop is a journey that has stopped by itself, and why.
type stop struct{ journey, why string }

// OnStop sets who is told of a journey that has stopped by itself: it gives no more turns,
// and is to be paused, so that nothing else of it goes on either. After a restart it is
// told again of one that was not.
func (f *Flow) OnStop(tell func(journey, why string)) { f.stopping.Store(&tell) }

// tellStops tells of those that have stopped since.
func (f *Flow) tellStops() {
	tell := f.stopping.Load()
	if tell == nil || len(f.engine.stops) == 0 {
		return
	}
	stops := f.engine.stops
	f.engine.stops = nil
	go func() {
		for _, s := range stops {
			(*tell)(s.journey, s.why)
		}
	}()
}

// less returns what was met besides.
func (m Met) less(other Met) Met {
	return Met{m.Handed - other.Handed, m.Failed - other.Failed, m.Unsubscribed - other.Unsubscribed, m.Complained - other.Complained}
}

// tooMuch says what more messages have met than a pace allows; nothing if all is well.
func (m Met) tooMuch(limits journey.Thresholds) string {
	messages := m.Handed + m.Failed
	for _, met := range [...]struct {
		what  string
		n     int64
		limit *float64
	}{
		{"were answered by unsubscribing", m.Unsubscribed, limits.Unsubscribes},
		{"were complained of", m.Complained, limits.Complaints},
		{"failed", m.Failed, limits.Failures},
	} {
		if met.limit != nil && messages >= enoughMessages && met.n >= enoughMet && float64(met.n)*100 > *met.limit*float64(messages) {
			return fmt.Sprintf("%d of %d messages %s, more than %v of 100", met.n, messages, met.what, *met.limit)
		}
	}
	return ""
}
