package flow

import (
	"context"
	"encoding/json"
	"maps"
	"slices"

	"rapport"
	"rapport/internal/calendar"
	"rapport/journey"
	"rapport/store"
)

// Agenda is how far a journey that begins by itself has come.
type Agenda struct {
	Schedule uint64          `json:"schedule"` // hash of the calendar that it follows
	Since    rapport.Instant `json:"since"`    // what was due before is none of it
	UpTo     calendar.Day    `json:"upTo"`     // all days up to it have been opened
	Open     []Occasion      `json:"open,omitempty"`
	Past     []Occasion      `json:"past,omitempty"` // the last ones, from old to new

	Next rapport.Instant `json:"-"` // of one that is read: when there is something to do

	later rapport.Instant // no turns are given before: too many messages wait
	full  bool            // unless there is room again for messages to leave
}

// maxPast is how many occasions are remembered.
const maxPast = 30

// Occasion is one day of a journey that begins by itself.
type Occasion struct {
	Day     calendar.Day    `json:"day"`
	Begun   rapport.Instant `json:"begun,omitzero"` // when the first turn was given
	Ended   rapport.Instant `json:"ended,omitzero"`
	Waves   []Wave          `json:"waves,omitempty"`   // by when they are due
	Share   int             `json:"share"`             // how many of ten thousand may go so far
	Watched rapport.Instant `json:"watched,omitzero"`  // since when these are watched, before others go
	Entered int64           `json:"entered"`           // runs that began
	Missed  bool            `json:"missed,omitempty"`  // turns passed while the server was down
	Stopped string          `json:"stopped,omitempty"` // why it stopped by itself
	Slice   int64           `json:"slice"`             // of the rate: the one under way, counted from when it began
	Given   int64           `json:"given"`             // runs that began in it
	Met     Met             `json:"met"`

	Forgiven Met `json:"forgiven,omitzero"` // of what was met: what it has been let go on in spite of
}

// Met is what became of the messages of an occasion's runs, for as long as the occasion is
// remembered.
type Met struct {
	Handed       int64 `json:"handed"`
	Failed       int64 `json:"failed"`
	Unsubscribed int64 `json:"unsubscribed"`
	Complained   int64 `json:"complained"`
}

// Wave is one instant of an occasion: those whose turn comes then, by their seats.
type Wave struct {
	At   rapport.Instant `json:"at"`
	From int             `json:"from"` // how many of ten thousand have had their turns
	Upto int             `json:"upto"` // how many are having them
	Seat uint32          `json:"seat"` // the last one of these that was looked at
	Over bool            `json:"over,omitempty"`
}

// clone copies an agenda, to be changed within a batch.
func (a *Agenda) clone() *Agenda {
	c := *a
	c.Open = slices.Clone(a.Open)
	for i := range c.Open {
		c.Open[i].Waves = slices.Clone(c.Open[i].Waves)
	}
	c.Past = slices.Clone(a.Past)
	return &c
}

// agendas are those of all journeys that begin by themselves, by name.
type agendas struct {
	all     map[string]*Agenda
	unsaved map[string]bool // of which the store's marks say something else
	next    rapport.Instant // when the next of them has something to do
	full    bool            // one of them waits for room
}

// agendaMark begins the names of the store's marks.
const agendaMark = "agenda/"

func readAgendas(ctx context.Context, from Finder, of *journey.Set) (agendas, error) {
	a := agendas{all: map[string]*Agenda{}, unsaved: map[string]bool{}}
	for _, j := range of.Scheduled() {
		data, err := from.Mark(ctx, agendaMark+j.Name())
		if err != nil {
			return a, err
		}
		if data == nil {
			continue
		}
		a.all[j.Name()] = new(Agenda)
		if err := json.Unmarshal(data, a.all[j.Name()]); err != nil {
			return a, err
		}
	}
	return a, nil
}

// mark returns what the store keeps of an agenda; one that is gone is kept no more.
func (a *Agenda) mark(name string) store.Mark {
	m := store.Mark{Name: agendaMark + name}
	if a != nil {
		m.Data, _ = json.Marshal(a) // holds nothing that JSON can't
	}
	return m
}

// plan brings the agendas up to the workspace: a journey that is new, or has another
// schedule, begins with what is due from now on.
func (g *Engine) plan() {
	w := g.workspace
	before := g.agendas.all
	g.agendas.all = map[string]*Agenda{}
	for _, j := range w.Journeys.Scheduled() {
		schedule := j.Calendar().Hash()
		a := before[j.Name()]
		if a == nil || a.Schedule != schedule {
			a = g.fresh(a, schedule)
			g.agendas.unsaved[j.Name()] = true
		}
		g.agendas.all[j.Name()] = a
	}
	for name := range before {
		if g.agendas.all[name] == nil {
			g.agendas.unsaved[name] = true
		}
	}
	g.homes = newHomes(w.markets().Zones())
	for name, a := range g.agendas.all {
		g.agendas.all[name] = g.withWaves(w.Journeys.Get(name).Calendar(), a)
	}
	g.whenNext()
}

// fresh begins an agenda. What an earlier schedule had under way is over.
func (g *Engine) fresh(old *Agenda, schedule uint64) *Agenda {
	a := &Agenda{Schedule: schedule, Since: g.now, UpTo: calendar.DayOf(g.now.Time()) - 2} // it may still be yesterday somewhere
	if old != nil {
		a.Past = slices.Clone(old.Past)
		for _, o := range old.Open {
			a.keep(o, g.now)
		}
	}
	return a
}

// keep puts an occasion among the past ones.
func (a *Agenda) keep(o Occasion, now rapport.Instant) {
	o.Ended, o.Waves = now, nil
	a.Past = append(a.Past, o)
	a.Past = a.Past[max(0, len(a.Past)-maxPast):]
}

// withWaves adds to the open occasions the instants of time zones that came to the
// markets since they were opened.
func (g *Engine) withWaves(c *journey.Calendar, a *Agenda) *Agenda {
	a = a.clone()
	for i := range a.Open {
		o := &a.Open[i]
		for _, at := range g.homes.instants(c, o.Day) {
			known := slices.ContainsFunc(o.Waves, func(w Wave) bool { return w.At == at })
			if !known && at > g.now {
				o.Waves = append(o.Waves, Wave{At: at})
			}
		}
		slices.SortFunc(o.Waves, compareWaves)
	}
	return a
}

func compareWaves(a, b Wave) int { return int(a.At - b.At) }

// whenNext finds out when something is to be done next.
func (g *Engine) whenNext() {
	g.agendas.next, g.agendas.full = rapport.Never, false
	for name, a := range g.agendas.all {
		g.agendas.full = g.agendas.full || a.full
		g.agendas.next = min(g.agendas.next, g.nextOf(g.workspace.Journeys.Get(name), a))
	}
}

// nextOf returns when an agenda has something to do: open a day, or go on with one.
// That of a journey that is not active stands still.
func (g *Engine) nextOf(j *journey.Journey, a *Agenda) rapport.Instant {
	c, next := j.Calendar(), rapport.Never
	if g.workspace.Journeys.Standing(j.Name()) != journey.Active || a.stopped() != "" {
		return next
	}
	if day, ok := c.Next(a.UpTo, g.workspace.markets()); ok {
		next = g.homes.instants(c, day)[0]
	}
	for i := range a.Open {
		next = min(next, max(a.Open[i].next(c.Pace()), a.later))
	}
	return next
}

// waitsForRoom reports whether an agenda would go on now if there were room for messages.
func (g *Engine) waitsForRoom(j *journey.Journey, a *Agenda, now rapport.Instant) bool {
	free := *a
	free.later = 0
	return a.full && g.nextOf(j, &free) <= now
}

// agenda returns a journey's agenda, to be changed: it is kept once the batch is.
func (b *Batch) agenda(name string) *Agenda {
	if b.agendas == nil {
		b.agendas = map[string]*Agenda{}
	}
	a := b.agendas[name]
	if a == nil {
		a = b.g.agendas.all[name].clone()
		b.agendas[name] = a
	}
	return a
}

// fillAgendas writes what the batch has changed of the agendas.
func (b *Batch) fillAgendas() {
	names := slices.Collect(maps.Keys(b.agendas))
	for name := range b.g.agendas.unsaved {
		if b.agendas[name] == nil {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		a := b.agendas[name]
		if a == nil {
			a = b.g.agendas.all[name]
		}
		b.out.Marks = append(b.out.Marks, a.mark(name))
	}
}

// keepAgendas makes what was committed the truth in memory.
func (g *Engine) keepAgendas(changed map[string]*Agenda) {
	maps.Copy(g.agendas.all, changed)
	clear(g.agendas.unsaved)
	g.noteStops(changed)
	if changed != nil {
		g.whenNext()
	}
}
