package flow

import (
	"fmt"

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
