package flow

import (
	"slices"
	"time"

	"rapport"
	"rapport/internal/calendar"
	"rapport/journey"
)

// homes remembers in which time zone customers are at home, by their seats, so that
// those whose turn it is not need not be read. What is not known is found out.
type homes struct {
	zones []*time.Location
	of    []uint8 // by seat: the place in zones, from 1 on; 0: not known
}

// maxZones is how many zones can be told apart.
const maxZones = 255

func newHomes(zones []*time.Location) homes {
	return homes{zones: zones[:min(len(zones), maxZones)]}
}

// note remembers where a customer is at home. Nobody asks as long as no journey begins
// by itself, so nothing is kept until then.
func (h *homes) note(seat uint32, zone *time.Location) {
	if h.of == nil {
		return
	}
	if n := int(seat) + 1; n > len(h.of) {
		h.of = slices.Grow(h.of, n-len(h.of))[:n]
	}
	h.of[seat] = uint8(1 + slices.IndexFunc(h.zones, func(z *time.Location) bool { return z.String() == zone.String() }))
}

// forget says that it is not known any more.
func (h *homes) forget(seat uint32) {
	if int(seat) < len(h.of) {
		h.of[seat] = 0
	}
}

// begin has homes be remembered from now on.
func (h *homes) begin() {
	if h.of == nil {
		h.of = make([]uint8, 1)
	}
}

// zone returns where a customer is at home, nil if that is not known.
func (h *homes) zone(seat uint32) *time.Location {
	if int(seat) >= len(h.of) || h.of[seat] == 0 {
		return nil
	}
	return h.zones[h.of[seat]-1]
}

// instants returns when customers have their turns on a day, in order, each once.
func (h *homes) instants(c *journey.Calendar, day calendar.Day) []rapport.Instant {
	all := make([]rapport.Instant, 0, len(h.zones))
	for _, zone := range h.zones {
		all = append(all, c.At(day, zone))
	}
	slices.Sort(all)
	return slices.Compact(all)
}
