package segment

import (
	"encoding/binary"
	"slices"

	"github.com/cespare/xxhash/v2"

	"rapport"
)

// State is which segments one customer is in, since when, and when that may
// change by itself. The zero State is that of a new customer, for whom no rule
// has been evaluated yet. It is not safe for concurrent use.
type State struct {
	set     uint64          // hash of the Set it was evaluated under; 0 if it never was
	entries []entry         // by key
	next    rapport.Instant // the earliest of the entries, all of which are after 0; 0 if it has to be looked for
}

// entry is a segment of which she is a member or that may change by itself; of
// all others nothing is kept.
type entry struct {
	key    uint64 // hash of the segment's name
	text   uint16 // some bits of the hash of its rule's definition, to know that it stayed
	member bool
	since  rapport.Instant // of a member
	next   rapport.Instant // when to look again; Never if only for an event
}

// keyBits is how many bits of the hash of a segment's name it is kept under.
const keyBits = 48

func keyOf(name string) uint64 { return xxhash.Sum64String(name) >> (64 - keyBits) }

// Member reports whether she is in a segment.
func (st *State) Member(name string) bool {
	_, ok := st.Since(name)
	return ok
}

// Since returns since when she has been in a segment, if she is.
func (st *State) Since(name string) (rapport.Instant, bool) {
	i, found := st.find(keyOf(name))
	if !found || !st.entries[i].member {
		return 0, false
	}
	return st.entries[i].since, true
}

// Evaluated reports whether the state is of this Set, so that [Set.Rebase] has
// nothing to do.
func (st *State) Evaluated(set *Set) bool { return st.set == set.hash }

// Next returns the earliest instant at which a membership may change by itself,
// [rapport.Never] if none does. It may turn out that nothing changes then.
func (st *State) Next() rapport.Instant {
	if st.next == 0 {
		st.next = rapport.Never
		for i := range st.entries {
			st.next = min(st.next, st.entries[i].next)
		}
	}
	return st.next
}

// Merge returns the state of a customer who was kept as two: she is in every
// segment that either was in, since the earlier instant. It is a beginning only,
// since membership follows from the record: call [Set.Update] with
// [Touched].All and the merged record next. Neither a nor b is changed.
func Merge(a, b *State) *State {
	m := &State{set: mergeSets(a.set, b.set), entries: slices.Clone(a.entries)}
	for _, e := range b.entries {
		i, found := m.find(e.key)
		if !found {
			m.entries = slices.Insert(m.entries, i, e)
			continue
		}
		m.entries[i] = m.entries[i].merge(e)
	}
	return m
}

// mergeSets returns under which set two states are evaluated; one that never was
// does not matter.
func mergeSets(a, b uint64) uint64 {
	switch {
	case a == b || b == 0:
		return a
	case a == 0:
		return b
	}
	return stale
}

// stale is the hash of no Set: a state under it is rebased before it is used.
const stale = 1

func (e entry) merge(o entry) entry {
	if e.member && o.member {
		e.since = min(e.since, o.since)
	} else if o.member {
		e.member, e.since = true, o.since
	}
	if e.text != o.text {
		e.text = 0
	}
	e.next = min(e.next, o.next)
	return e
}

// find begins where a key lies among so many hashes, which is near its place.
func (st *State) find(key uint64) (int, bool) {
	i := int(key * uint64(len(st.entries)) >> keyBits)
	for i < len(st.entries) && st.entries[i].key < key {
		i++
	}
	for i > 0 && st.entries[i-1].key >= key {
		i--
	}
	return i, i < len(st.entries) && st.entries[i].key == key
}

// Format of a state: a version, the set's hash, the number of entries, and each
// entry as its key and text in 8 bytes, a byte of flags, and what the flags say
// is there. Later versions only append.
const (
	version     = 1
	flagMember  = 1 << 0
	flagNext    = 1 << 1
	knownFlags  = flagMember | flagNext
	headerBytes = 1 + 8
	entryBytes  = 8 + 1 // at least
)

// AppendBinary appends the state's encoding. A state that says nothing takes no
// bytes.
func (st *State) AppendBinary(b []byte) []byte {
	if st.set == 0 && len(st.entries) == 0 {
		return b
	}
	b = append(b, version)
	b = binary.LittleEndian.AppendUint64(b, st.set)
	b = binary.AppendUvarint(b, uint64(len(st.entries)))
	for i := range st.entries {
		b = st.entries[i].append(b)
	}
	return b
}

func (e *entry) append(b []byte) []byte {
	var flags byte
	if e.member {
		flags |= flagMember
	}
	if e.next != rapport.Never {
		flags |= flagNext
	}
	b = append(binary.BigEndian.AppendUint64(b, e.key<<16|uint64(e.text)), flags)
	if e.member {
		b = binary.AppendVarint(b, int64(e.since))
	}
	if e.next != rapport.Never {
		b = binary.AppendVarint(b, int64(e.next))
	}
	return b
}

// Decode reads what AppendBinary wrote, of this version or an earlier one. Bytes
// behind what this version knows are passed over.
func Decode(data []byte) (*State, error) {
	st := new(State)
	if err := st.Read(data); err != nil {
		return nil, err
	}
	return st, nil
}

// Read is Decode into a State that was used before, so that reading one after
// another takes no new memory. After an error it must not be used.
func (st *State) Read(data []byte) error {
	st.set, st.entries, st.next = 0, st.entries[:0], 0
	if len(data) == 0 {
		return nil
	}
	if data[0] != version || len(data) < headerBytes {
		return broken()
	}
	st.set = binary.LittleEndian.Uint64(data[1:])
	count, n := binary.Uvarint(data[headerBytes:])
	data = data[min(headerBytes+max(n, 0), len(data)):]
	if n <= 0 || count > uint64(len(data)/entryBytes) {
		return broken()
	}
	st.entries = slices.Grow(st.entries, int(count))
	for range count {
		e, size := readEntry(data)
		if size == 0 || len(st.entries) > 0 && st.entries[len(st.entries)-1].key >= e.key {
			return broken()
		}
		st.entries, data = append(st.entries, e), data[size:]
	}
	return nil
}

// readEntry returns an entry and its length, 0 if it is none.
func readEntry(data []byte) (e entry, size int) {
	if len(data) < entryBytes {
		return e, 0
	}
	head, flags := binary.BigEndian.Uint64(data), data[8]
	e.key, e.text, e.next = head>>16, uint16(head), rapport.Never
	size = entryBytes
	if flags&^knownFlags != 0 {
		return e, 0
	}
	for _, field := range [...]struct {
		flag byte
		to   *rapport.Instant
	}{{flagMember, &e.since}, {flagNext, &e.next}} {
		if flags&field.flag == 0 {
			continue
		}
		v, n := binary.Varint(data[size:])
		if n <= 0 {
			return e, 0
		}
		*field.to = rapport.Instant(v)
		size += n
	}
	e.member = flags&flagMember != 0
	return e, size
}

func broken() error {
	return rapport.Errorf(rapport.Internal, "a customer's segments cannot be read: they are damaged or were written by a newer program")
}
