package mirror

import (
	"encoding/binary"
	"slices"
	"sync"
	"time"

	"rapport"
	"rapport/rule"
)

// Config says what a Mirror keeps.
type Config struct {
	Facts    *rule.FactSet
	Segments func(name string) *rule.Rule // the rule of a segment, nil if there is none
	Traits   []string
	Limit    int64 // bytes it may take
}

// Customer is what a Mirror is told of one customer.
type Customer interface {
	// Trait returns the value of a trait, Unset if she has none.
	Trait(name string) rapport.Value
	// History returns what is kept of a fact, nil if nothing is. It belongs to the
	// Mirror from then on.
	History(id rule.FactID) *rule.History
}

// Mirror is what rules read of everybody, by seat. It is safe for concurrent use.
type Mirror struct {
	facts    []*rule.Fact
	number   map[rule.FactID]int
	segments func(string) *rule.Rule
	limit    int64

	mu      sync.RWMutex
	full    bool
	put     int
	present int64
	ids     []rapport.CustomerID // by seat; the zero id where nobody is
	zones   []*time.Location
	zone    []uint16 // by seat, in zones
	columns map[string]*column
	places  []uint32 // by seat: of her packed histories; 0 for none
	packed  arena
	large   map[uint32][]*rule.History // of those who have too many points to pack
	weight  int64                      // bytes of large
	room    []byte
}

// New returns an empty Mirror.
func New(c Config) *Mirror {
	m := &Mirror{
		facts: c.Facts.All(), number: map[rule.FactID]int{}, segments: c.Segments, limit: c.Limit,
		columns: map[string]*column{}, large: map[uint32][]*rule.History{},
	}
	for i, f := range m.facts {
		m.number[f.ID] = i
	}
	for _, name := range c.Traits {
		m.columns[name] = newColumn()
	}
	return m
}

// Holds reports whether the mirror keeps all that a rule reads, itself and through
// other segments.
func (m *Mirror) Holds(r *rule.Rule) bool {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return !m.full && m.holds(r, map[string]bool{})
}

func (m *Mirror) holds(r *rule.Rule, seen map[string]bool) bool {
	for _, f := range r.Facts() {
		i, ok := m.number[f.ID]
		if !ok || !m.facts[i].Keep.Covers(f.Keep) {
			return false
		}
	}
	reads := r.Reads()
	for _, name := range reads.Traits {
		if m.columns[name] == nil {
			return false
		}
	}
	for _, name := range reads.Segments {
		other := m.segments(name)
		if seen[name] || other == nil {
			continue
		}
		seen[name] = true
		if !m.holds(other, seen) {
			return false
		}
	}
	return true
}

// Put notes what is so of the customer on a seat, instead of what was.
func (m *Mirror) Put(seat uint32, id rapport.CustomerID, zone *time.Location, c Customer) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.full {
		return
	}
	m.sit(seat, id)
	m.zone = grown(m.zone, seat)
	m.zone[seat] = m.zoneNumber(zone)
	for name, column := range m.columns {
		column.set(seat, c.Trait(name))
	}
	m.putHistories(seat, c)
	m.checkLimit()
}

// Remove notes that nobody is on a seat.
func (m *Mirror) Remove(seat uint32) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if int(seat) >= len(m.ids) || m.ids[seat] == (rapport.CustomerID{}) {
		return
	}
	m.sit(seat, rapport.CustomerID{})
	for _, column := range m.columns {
		column.set(seat, rapport.Value{})
	}
	m.dropHistories(seat)
}

func (m *Mirror) sit(seat uint32, id rapport.CustomerID) {
	m.ids = grown(m.ids, seat)
	none := rapport.CustomerID{}
	if m.ids[seat] == none && id != none {
		m.present++
	} else if m.ids[seat] != none && id == none {
		m.present--
	}
	m.ids[seat] = id
}

func (m *Mirror) zoneNumber(zone *time.Location) uint16 {
	i := slices.IndexFunc(m.zones, func(known *time.Location) bool { return known == zone || known.String() == zone.String() })
	if i < 0 {
		i = len(m.zones)
		m.zones = append(m.zones, zone)
	}
	return uint16(i)
}

func (m *Mirror) dropHistories(seat uint32) {
	if int(seat) >= len(m.places) {
		return
	}
	if m.places[seat] != 0 {
		m.packed.drop(m.places[seat])
		m.places[seat] = 0
	}
	if old, ok := m.large[seat]; ok {
		m.weight -= weigh(old)
		delete(m.large, seat)
	}
}

// largeHistory is how many points are packed of one fact at the most. Who has more
// is kept unpacked: unpacking so many for each question would take too long.
const largeHistory = 256

// putHistories keeps the histories of a customer: the number of each fact that has
// one, and what it encodes itself as.
func (m *Mirror) putHistories(seat uint32, c Customer) {
	m.places = grown(m.places, seat)
	m.dropHistories(seat)
	b, all, large := m.room[:0], make([]*rule.History, 0, 8), false
	for i, f := range m.facts {
		h := c.History(f.ID)
		if h == nil {
			continue
		}
		for len(all) < i {
			all = append(all, nil)
		}
		all = append(all, h)
		if large = large || len(h.Points) > largeHistory || h.Paged() > 0; !large {
			b = h.AppendBinary(binary.AppendUvarint(b, uint64(i)))
		}
	}
	m.room = b[:0]
	switch {
	case large:
		m.large[seat] = all
		m.weight += weigh(all)
	case len(b) > 0:
		m.places[seat] = m.packed.put(b)
	}
	if m.packed.worthPacking() {
		m.packed.pack(m.places)
	}
}

func weigh(histories []*rule.History) (bytes int64) {
	for _, h := range histories {
		if h != nil {
			bytes += 256 + 64*int64(cap(h.Points)) // a point, and its part of an index
		}
	}
	return bytes
}

// Size returns about how many bytes the mirror takes.
func (m *Mirror) Size() int64 {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.size()
}

func (m *Mirror) size() int64 {
	n := int64(16*cap(m.ids)+2*cap(m.zone)+4*cap(m.places)) + m.packed.size() + m.weight
	for _, column := range m.columns {
		n += column.size()
	}
	return n
}

// checkedEach is after how many customers the limit is looked at.
const checkedEach = 64

// checkLimit empties a mirror that takes too much.
func (m *Mirror) checkLimit() {
	if m.put++; m.put%checkedEach != 0 || m.size() <= m.limit {
		return
	}
	m.full, m.present, m.weight = true, 0, 0
	m.ids, m.zone, m.places, m.packed, m.room = nil, nil, nil, arena{}, nil
	m.columns, m.large = nil, nil
}

// Full reports whether the mirror would have taken more memory than it may. It holds
// nothing then.
func (m *Mirror) Full() bool {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.full
}
