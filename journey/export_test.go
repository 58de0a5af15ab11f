package journey

import "github.com/google/go-cmp/cmp"

// What tests outside the package look at.

const (
	MaxEnds  = maxEnds
	MaxHeard = maxHeard
	MaxKey   = maxKey
	Encoding = encoding
)

// KeepEntry is what is kept of an event's properties.
func KeepEntry(json []byte) []byte { return keepEntry(json) }

// KeyOf is the value of a journey's key.
func (j *Journey) KeyOf(e Event) string { return j.keyOf(e) }

// Heard is how many exits a state remembers, and the first of them.
func (st *State) Heard() (n int, fields string) {
	if len(st.heard) == 0 {
		return 0, ""
	}
	return len(st.heard), string(st.heard[0].fields)
}

// WithLaterFields encodes a run as a later version might.
func WithLaterFields(r Run, later ...byte) []byte {
	head := append(r.appendHead(nil), later...)
	data := append([]byte{encoding, 1, byte(len(head))}, head...)
	return append(data, 0, 0, 0)
}

// Inside lets states be compared field by field.
func Inside() cmp.Option { return cmp.AllowUnexported(State{}, Run{}, ended{}, heard{}) }
