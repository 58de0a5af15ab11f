package journey

import (
	"cmp"
	"encoding/binary"
	"maps"
	"slices"
	"strings"

	"github.com/cespare/xxhash/v2"

	"rapport"
	"rapport/internal/durations"
	"rapport/rule"
)

// Set is the journeys of a workspace, found by what they read. It is immutable
// and safe for concurrent use.
type Set struct {
	journeys  []*Journey // by name
	byHash    map[uint64]*Journey
	byEvent   map[string]*reading
	bySegment map[string][]*Journey
	traits    map[string]bool      // whose changes start runs
	anyTrait  bool                 // some entry names the event of all changes
	earlier   map[edition]*Journey // that runs still follow
	standings map[uint64]Standing
	inactive  []string // names of those that are paused or archived
	content   uint64   // hash of all journeys
	digest    uint64
}

// Hash changes whenever a journey comes, goes, becomes another or has another standing.
func (x *Set) Hash() uint64 { return x.digest }

// reading is what the journeys do with one event.
type reading struct {
	entries rule.ByNeed[*Journey] // what it may start, by what it must say
	runs    bool                  // it may end or move runs
	goals   bool                  // it may reach goals
	heard   bool                  // it is to be remembered as an exit
	fields  []string              // its properties that rules of exits read, sorted
	horizon durations.Span        // for how long it is remembered
}

// NewSet gathers journeys. Of two with the same name the later one counts. Of earlier
// versions, runs that began under them follow them to their end, if their journey says
// so; nobody enters them.
func NewSet(journeys []*Journey, earlier ...*Journey) *Set {
	x := &Set{
		byHash: map[uint64]*Journey{}, byEvent: map[string]*reading{}, bySegment: map[string][]*Journey{}, traits: map[string]bool{},
		earlier: map[edition]*Journey{},
	}
	for _, j := range journeys {
		x.byHash[j.hash] = j
	}
	for _, j := range x.byHash {
		x.journeys = append(x.journeys, j)
	}
	slices.SortFunc(x.journeys, compareNames)
	var names []byte
	for _, j := range x.journeys {
		x.index(j)
		names = binary.LittleEndian.AppendUint64(append(names, j.name...), j.definition)
	}
	for _, j := range earlier {
		x.earlier[edition{j.hash, j.version}] = j
		x.listen(j)
	}
	x.content = xxhash.Sum64(names)
	x.digest = x.content
	return x
}

// index notes what starts a journey's runs, and what they listen to.
func (x *Set) index(j *Journey) {
	for _, name := range j.entry.traits {
		x.traits[name] = true
	}
	for _, name := range j.entry.events {
		x.anyTrait = x.anyTrait || name == rapport.TraitChanged && len(j.entry.traits) == 0
		r := x.reading(name)
		r.entries.Add(j, j.entry.need(j.name))
	}
	if j.entry.segment != "" {
		x.bySegment[j.entry.segment] = append(x.bySegment[j.entry.segment], j)
	}
	for _, h := range j.exits {
		for _, name := range h.events {
			if len(j.entry.events) > 0 {
				x.reading(name).remember(h.where, j.entry.maxAge)
			}
		}
	}
	x.listen(j)
}

// listen notes what the runs of a journey listen to.
func (x *Set) listen(j *Journey) {
	for _, h := range j.exits {
		for _, name := range h.events {
			x.reading(name).runs = true
		}
	}
	for i := range j.nodes {
		for _, name := range j.nodes[i].until.events {
			x.reading(name).runs = true
		}
	}
	if j.goal != nil {
		for _, name := range j.goal.events {
			x.reading(name).goals = true
		}
	}
}

func (x *Set) reading(event string) *reading {
	r := x.byEvent[event]
	if r == nil {
		r = &reading{}
		x.byEvent[event] = r
	}
	return r
}

// starts returns the journeys that the event may start, by name.
func (r *reading) starts(e Event) []*Journey {
	return slices.SortedFunc(r.entries.Of(e.Property), compareNames)
}

func compareNames(a, b *Journey) int { return strings.Compare(a.name, b.name) }

// remember widens what is kept of the event such that an exit's rule can be
// asked later, until no entry that happened before it could start a run.
func (r *reading) remember(where *rule.Rule, horizon durations.Span) {
	r.heard = true
	if horizon.About() > r.horizon.About() {
		r.horizon = horizon
	}
	if where == nil {
		return
	}
	for _, name := range fieldsOf(where, "event") {
		if !slices.Contains(r.fields, name) {
			r.fields = append(r.fields, name)
		}
	}
	slices.Sort(r.fields)
}

// Journeys returns the journeys in the order of their names. The slice must not
// be changed.
func (x *Set) Journeys() []*Journey { return x.journeys }

// Earlier returns the earlier versions that runs may still follow, in the order of names and
// versions.
func (x *Set) Earlier() []*Journey {
	return slices.SortedFunc(maps.Values(x.earlier), func(a, b *Journey) int {
		return cmp.Or(compareNames(a, b), cmp.Compare(a.version, b.version))
	})
}

// Scheduled returns the journeys that begin by themselves, by name.
func (x *Set) Scheduled() (all []*Journey) {
	for _, j := range x.journeys {
		if j.entry.calendar != nil {
			all = append(all, j)
		}
	}
	return all
}

// Get returns a journey, or nil if there is none of this name.
func (x *Set) Get(name string) *Journey { return x.byHash[NameHash(name)] }

// Of returns the journey of a run in the version that the run follows, or nil if it is
// not there any more.
func (x *Set) Of(r Run) *Journey { return x.of(&r) }

// Reads reports whether an event of this name could do anything to a customer
// who has no runs.
func (x *Set) Reads(event string) bool { return x.byEvent[event] != nil }

// ReadsTrait reports whether a change of a trait could do anything: some journey is
// entered by it, or listens to all changes of traits.
func (x *Set) ReadsTrait(name string) bool {
	r := x.byEvent[rapport.TraitChanged]
	return r != nil && (x.traits[name] || x.anyTrait || r.runs || r.goals)
}

// Step gives one input to a customer's runs at an instant, changes st and
// returns what came of it, in order. What fell due by now is done as of its due
// instant if the input is the zero one, and not before.
//
// A run that comes to an update stands ready ([State.Ready]): the caller gives the input
// Do, carries out what is told, gives whatever that sets off, and goes on so until no run
// is ready, before it gives anything else.
//
// The zero input also asks every rule that a run is waiting for, so it serves
// after a change of the record that no event tells. After [Set.Merge] it should
// be given at the instant of the merge, since what ends a run may stand in the
// other half.
func (x *Set) Step(st *State, in Input, s rule.Subject, now rapport.Instant) []Effect {
	var r *reading
	if in.Event != nil {
		r = x.byEvent[in.Event.Name()]
		if r == nil && !st.watched() {
			return nil
		}
	}
	st.expire(now)
	w := &walk{set: x, st: st, now: now, view: view{Subject: s}}
	w.effects = w.room[:0]
	switch {
	case in.Event != nil:
		w.happened(in.Event, r)
	case in.Segment != nil:
		w.changed(*in.Segment)
	case in.Turn != nil:
		w.turned(*in.Turn)
	case in.Answer != nil:
		w.answered(*in.Answer)
	case in.Do:
		w.do()
	case in.Halt:
		w.halt()
	default:
		w.passed()
	}
	st.sweep()
	if len(w.effects) == 0 {
		return nil
	}
	return w.effects
}

// Merge returns the state of a customer who was kept as two, and the end of each
// run that does not live on: of two runs of the same journey and key the older
// survives. The state depends neither on which half is called a nor on the order
// in which several are merged. Neither half is changed, but the result shares
// memory with both.
func (x *Set) Merge(a, b *State, now rapport.Instant) (*State, []Effect) {
	m, lost := merge(a, b, now)
	w := &walk{set: x, st: m, now: now}
	for _, l := range lost {
		w.effects = append(w.effects, w.ending(&l.run, l.reason, ""))
	}
	return m, w.effects
}

// compareRuns orders runs by age; the order is total.
func compareRuns(a, b Run) int {
	return cmp.Or(cmp.Compare(a.Entered, b.Entered), cmp.Compare(a.Since, b.Since), cmp.Compare(a.Number, b.Number))
}
