package journey

import (
	"encoding/binary"

	"github.com/cespare/xxhash/v2"

	"rapport"
)

// part passes a split and returns the node of the way that is the customer's.
func (w *walk) part(j *Journey, run *Run, n *node) int {
	her := partOf(j.hash, n.place, w.view.ID())
	for _, c := range n.cases {
		if her < c.upTo {
			w.pass(run, n, c.name)
			return c.to
		}
	}
	w.pass(run, n, "none")
	return n.next
}

// partOf returns which of everybody a customer is at a step: the same one each time she
// comes to it, and unrelated to what she is at any other.
func partOf(journey uint64, place uint32, id rapport.CustomerID) int {
	var room [8 + 4 + len(id)]byte
	b := binary.LittleEndian.AppendUint64(room[:0], journey)
	b = binary.LittleEndian.AppendUint32(b, place)
	return int(xxhash.Sum64(append(b, id[:]...)) % everybody)
}
