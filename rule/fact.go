package rule

import (
	"cmp"
	"encoding/binary"
	"iter"
	"math"
	"slices"
	"time"

	"github.com/cespare/xxhash/v2"

	"rapport"
)

// FactID is the hash of a fact's Key. It is the same in every installation and
// for ever, so a record may be kept under it.
type FactID uint64

// Fact is what rules read of the past: one event, filtered, and perhaps measured.
// Rules that differ in their windows or in how they sum up share one fact.
type Fact struct {
	ID    FactID
	Key   string // its canonical text, such as events("Order Completed").where(e, e.total >= 100).sum(e, e.total)
	Event string // the name of the event
	Keep  Keep   // how much of the past must be kept

	probe *probe
	need  *Need // nil: its filter has to be tried on every event of the name
}

// Observe says whether an event belongs to the fact, and the point that it adds
// to the fact's [History]. Only events that match for certain do.
func (f *Fact) Observe(e Event) (Point, bool) { return f.probe.observe(e) }

// Forever is a window without a beginning.
const Forever time.Duration = math.MaxInt64

// Keep says how much of a fact's past must be kept. Totals (how many, sum, first,
// last) always are; the zero Keep keeps nothing else. Points are kept while they
// are younger than Window; besides, the newest Last ones are while younger than
// LastWithin. All of them are exact lengths: a window of calendar days is widened
// by what a time zone may add to it.
type Keep struct {
	Window     time.Duration
	Last       int
	LastWithin time.Duration
	Distinct   bool // of points with the same value only the newest is kept
	Measured   bool // points carry a value that totals are kept of
}

// Merge returns a Keep that holds whatever k or o holds.
func (k Keep) Merge(o Keep) Keep {
	return Keep{
		Window:     max(k.Window, o.Window),
		Last:       max(k.Last, o.Last),
		LastWithin: max(k.LastWithin, o.LastWithin),
		Distinct:   k.Distinct || o.Distinct,
		Measured:   k.Measured || o.Measured,
	}
}

// Covers reports whether a history kept for k answers whatever one kept for o
// does. If not, the fact must be built again from the events.
func (k Keep) Covers(o Keep) bool {
	return k.Window >= o.Window && k.Distinct == o.Distinct && k.Measured == o.Measured &&
		(k.Last >= o.Last && k.LastWithin >= o.LastWithin || k.Window >= o.LastWithin)
}

// TotalsOnly reports whether no point needs to be kept.
func (k Keep) TotalsOnly() bool { return k.Window <= 0 && (k.Last <= 0 || k.LastWithin <= 0) }

// FactSet is all the facts of a workspace, each once and with the widest Keep
// that any rule asks for.
type FactSet struct {
	facts   []*Fact // by ID
	byID    map[FactID]*Fact
	byEvent map[string]*eventFacts
	hash    uint64
}

// NewFactSet merges facts by their ID.
func NewFactSet(facts ...Fact) *FactSet {
	s := &FactSet{byID: map[FactID]*Fact{}, byEvent: map[string]*eventFacts{}}
	for _, f := range facts {
		if known := s.byID[f.ID]; known != nil {
			known.Keep = known.Keep.Merge(f.Keep)
			continue
		}
		s.byID[f.ID] = &f
		s.facts = append(s.facts, &f)
	}
	slices.SortFunc(s.facts, func(a, b *Fact) int { return cmp.Compare(a.ID, b.ID) })
	digest := xxhash.New()
	for _, f := range s.facts {
		if s.byEvent[f.Event] == nil {
			s.byEvent[f.Event] = new(eventFacts)
		}
		s.byEvent[f.Event].all = append(s.byEvent[f.Event].all, f)
		s.byEvent[f.Event].byNeed.Add(f, f.need)
		_, _ = digest.Write(f.appendDigest(nil))
	}
	s.hash = digest.Sum64()
	return s
}

func (f *Fact) appendDigest(b []byte) []byte {
	b = binary.LittleEndian.AppendUint64(b, uint64(f.ID))
	b = binary.LittleEndian.AppendUint64(b, uint64(f.Keep.Window))
	b = binary.LittleEndian.AppendUint64(b, uint64(f.Keep.Last))
	return binary.LittleEndian.AppendUint64(b, uint64(f.Keep.LastWithin))
}

// eventFacts is the facts of one event.
type eventFacts struct {
	all    []*Fact // by ID
	byNeed ByNeed[*Fact]
}

// All returns the facts in the order of their ids. The slice must not be changed.
func (s *FactSet) All() []*Fact { return s.facts }

// ByEvent returns the facts that an event of this name may add to, in the order
// of their ids. The slice must not be changed.
func (s *FactSet) ByEvent(name string) []*Fact {
	if l := s.byEvent[name]; l != nil {
		return l.all
	}
	return nil
}

// Of returns the facts that an event may add to, each once: all those of its name
// whose filter does not ask a property for a text that it does not have.
func (s *FactSet) Of(e Event) iter.Seq[*Fact] {
	l := s.byEvent[e.Name()]
	if l == nil {
		l = &eventFacts{}
	}
	return l.byNeed.Of(e.Property)
}

// Get returns a fact, or nil if no rule asks for it.
func (s *FactSet) Get(id FactID) *Fact { return s.byID[id] }

// Hash changes whenever a fact comes, goes or must be kept otherwise.
func (s *FactSet) Hash() uint64 { return s.hash }

// probe is a fact's filter and measure, compiled.
type probe struct {
	filter  cond   // nil: every event matches
	measure number // of sum, avg, min, max; else nil
	what    value  // of distinct; else nil
	loops   bool
	room    *Room
}

func (p *probe) observe(e Event) (Point, bool) {
	x := p.room.get()
	x.event = e
	point, ok := p.point(x)
	p.room.put(x, p.loops)
	return point, ok
}

func (p *probe) point(x *env) (Point, bool) {
	if p.filter != nil && p.filter.eval(x) != Yes {
		return Point{}, false
	}
	point := Point{At: x.event.Timestamp()}
	switch {
	case p.measure != nil:
		n, ok := p.measure.eval(x)
		if !ok {
			return Point{}, false
		}
		point.Value = microsOf(n)
	case p.what != nil:
		v := p.what.eval(x)
		if !v.IsSet() {
			return Point{}, false
		}
		point.Value = int64(hashOf(v))
	}
	return point, true
}

// hashOf hashes a value such that a text and a number never meet.
func hashOf(v rapport.Value) uint64 {
	var room [128]byte
	return xxhash.Sum64(v.AppendJSON(room[:0]))
}
