package workspace

import (
	"maps"
	"slices"
	"time"

	"rapport/internal/calendar"
	"rapport/internal/strictyaml"
)

// Feast is what a market says of one of its feasts.
type Feast struct {
	On     []string `json:"on" doc:"The day, or a list of days: 2027-02-06, or 11-11 for that day of every year"`
	Repeat string   `json:"repeat" doc:"Instead of on: a rule of recurrence (RFC 5545), such as FREQ=YEARLY;BYMONTH=5;BYDAY=2SU or FREQ=YEARLY;BYEASTER=0"`
}

// beginning returns the day from which the recurrences of feasts count.
func beginning() calendar.Day { return calendar.Date(2000, time.January, 1) }

// days returns when the feast is.
func (f Feast) days() (calendar.Days, string, error) {
	if f.Repeat == "" {
		days, err := calendar.On(f.On...)
		return days, "on", err
	}
	days, err := calendar.Repeat(f.Repeat, beginning(), nil)
	return days, "repeat", err
}

// feasts compiles a market's feasts and says what is wrong with them.
func (c *compiler) feasts(market string, docs map[string]Feast) map[string]calendar.Days {
	compiled := map[string]calendar.Days{}
	for _, name := range slices.Sorted(maps.Keys(docs)) {
		doc, path := docs[name], strictyaml.Key("feasts", name)
		if (len(doc.On) > 0) == (doc.Repeat != "") {
			c.add("market", market, path, "a feast is on days, or it repeats: write on: 11-11, or repeat: FREQ=YEARLY;BYMONTH=5;BYDAY=2SU")
			continue
		}
		days, field, err := doc.days()
		if err != nil {
			c.add("market", market, strictyaml.Key(path, field), err.Error())
		}
		compiled[name] = days
	}
	return compiled
}

// NextFeast returns the first day after one on which any market has a feast, and false
// if there is none in the next forty years.
func (m *Markets) NextFeast(feast string, after calendar.Day) (next calendar.Day, ok bool) {
	for _, p := range m.byName {
		if day, found := p.feasts[feast].Next(after); found && (!ok || day < next) {
			next, ok = day, true
		}
	}
	return next, ok
}

// HasFeast reports whether a day is a feast in a customer's market.
func (m *Markets) HasFeast(c Traits, feast string, day calendar.Day) bool {
	return m.Of(c).feasts[feast].Has(day)
}

// Feasts returns the names of all markets' feasts in order.
func (m *Markets) Feasts() []string {
	all := map[string]bool{}
	for _, p := range m.byName {
		for name := range p.feasts {
			all[name] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// Zones returns the time zones of all markets, each once.
func (m *Markets) Zones() []*time.Location {
	zones := []*time.Location{m.fallback.Zone}
	for _, name := range m.Names() {
		zone := m.byName[name].Zone
		if !slices.ContainsFunc(zones, func(z *time.Location) bool { return z.String() == zone.String() }) {
			zones = append(zones, zone)
		}
	}
	return zones
}
