package journey

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/hex"
	"slices"

	"github.com/cespare/xxhash/v2"

	"rapport"
)

// keyOf returns the value of the journey's key in an event, the empty text if it
// has none.
func (j *Journey) keyOf(e Event) string {
	if len(j.key) == 0 {
		return ""
	}
	v := e.Property(j.key[0])
	for _, name := range j.key[1:] {
		v = v.Get(name)
	}
	key := v.String()
	if len(key) > maxKey {
		sum := binary.BigEndian.AppendUint64(nil, xxhash.Sum64String(key))
		return "hash " + hex.EncodeToString(sum)
	}
	return key
}

// runNumber names a run by what started it.
func runNumber(journey uint64, key, cause string, at rapport.Instant) uint64 {
	var room [256]byte
	b := binary.LittleEndian.AppendUint64(room[:0], journey)
	b = binary.LittleEndian.AppendUint64(b, uint64(at))
	b = binary.LittleEndian.AppendUint64(b, uint64(len(key)))
	b = append(append(b, key...), cause...)
	return xxhash.Sum64(b)
}

// keepEntry returns a copy of an event's properties of at most MaxEntry bytes.
// Of larger ones whole properties are left out, the largest first, and of those
// of the same size the later in the alphabet first.
func keepEntry(json []byte) []byte {
	if len(json) <= MaxEntry {
		return bytes.Clone(json)
	}
	v, err := rapport.ParseJSON(json)
	if err != nil || v.Kind() != rapport.Object {
		return nil
	}
	type property struct {
		place int
		name  string
		json  []byte
	}
	var all []property
	size := len("{}")
	for i := range v.Len() {
		name, value := v.Pair(i)
		p := property{i, name, value.AppendJSON(append(rapport.AppendQuoted(nil, name), ':'))}
		all = append(all, p)
		size += len(p.json) + len(",")
	}
	slices.SortFunc(all, func(a, b property) int {
		return cmp.Or(cmp.Compare(len(a.json), len(b.json)), cmp.Compare(a.name, b.name), cmp.Compare(a.place, b.place))
	})
	for len(all) > 0 && size > MaxEntry {
		size -= len(all[len(all)-1].json) + len(",")
		all = all[:len(all)-1]
	}
	slices.SortFunc(all, func(a, b property) int { return cmp.Compare(a.place, b.place) })
	parts := make([][]byte, len(all))
	for i := range all {
		parts[i] = all[i].json
	}
	return append(append([]byte{'{'}, bytes.Join(parts, []byte{','})...), '}')
}

// selectFields returns the named properties that are set, as JSON; nil if none is.
func selectFields(from interface {
	Property(name string) rapport.Value
}, names []string) []byte {
	var pairs []rapport.Value
	for _, name := range names {
		if v := from.Property(name); v.IsSet() {
			pairs = append(pairs, rapport.TextOf(name), v)
		}
	}
	if len(pairs) == 0 {
		return nil
	}
	b := rapport.ObjectOf(pairs).AppendJSON(nil)
	if len(b) > MaxEntry {
		return nil
	}
	return b
}
