package flow

import (
	"fmt"
	"maps"
	"slices"

	"rapport"
	"rapport/journey"
)

// What has to come together before a campaign stops by itself: so many messages handed
// over or failed, and so many that met the same thing. Fewer say nothing.
const (
	enoughMessages = 20
	enoughMet      = 2
)

// meet notes what a message of a journey met while an occasion of it was watched, and
// stops that if it was too much.
func (b *Batch) meet(m *rapport.Message, note func(*Met)) {
	known := b.g.agendas.all[m.Journey]
	if known == nil || len(known.Open) == 0 {
		return
	}
	pace := b.g.workspace.Journeys.Get(m.Journey).Calendar().Pace()
	if pace.Stop == (journey.Thresholds{}) {
		return
	}
	a := b.agenda(m.Journey)
	if len(a.Open) == 0 {
		return
	}
	o := &a.Open[len(a.Open)-1]
	note(&o.Met)
	if why := o.Met.tooMuch(pace.Stop); why != "" && o.Stopped == "" {
		o.Stopped = why
		b.count("journey/" + m.Journey + "/stopped")
	}
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
			o.Stopped, o.Met, o.Watched = "", Met{}, now
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

// tooMuch says what more messages have met than a pace allows; nothing if all is well.
func (m *Met) tooMuch(limits journey.Thresholds) string {
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
