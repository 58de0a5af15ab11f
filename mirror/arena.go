package mirror

import "encoding/binary"

// arena keeps many small byte strings, one after another in blocks, so that none
// costs an allocation. A string that is replaced leaves its place unused until the
// arena is packed anew.
type arena struct {
	blocks [][]byte
	used   int64 // bytes of strings that are there
	wasted int64
}

const (
	blockSize = 1 << 20
	alignment = 4  // a place is a multiple of it, so that 32 bits reach 16 GB
	placeBits = 18 // of the place within a block
)

// put keeps a string and returns its place, which is never 0.
func (a *arena) put(s []byte) uint32 {
	need := binary.MaxVarintLen32 + len(s) + alignment
	last := len(a.blocks) - 1
	if last < 0 || len(a.blocks[last])+need > cap(a.blocks[last]) {
		last++
		a.blocks = append(a.blocks, make([]byte, alignment, max(blockSize, need+alignment)))
	}
	b := a.blocks[last]
	start := len(b)
	b = append(binary.AppendUvarint(b, uint64(len(s))), s...)
	for len(b)%alignment != 0 {
		b = append(b, 0)
	}
	a.blocks[last] = b
	a.used += int64(len(b) - start)
	return uint32(last)<<placeBits | uint32(start/alignment)
}

func (a *arena) get(place uint32) []byte {
	b := a.blocks[place>>placeBits][place&(1<<placeBits-1)*alignment:]
	n, size := binary.Uvarint(b)
	return b[size : size+int(n)]
}

// drop leaves a place unused.
func (a *arena) drop(place uint32) {
	n := int64(len(a.get(place)) + 2)
	a.used -= n
	a.wasted += n
}

// worthPacking reports whether more than a third is unused.
func (a *arena) worthPacking() bool { return a.wasted > a.used/2+blockSize }

// pack puts all strings into blocks of their own.
func (a *arena) pack(places []uint32) {
	var fresh arena
	for i, place := range places {
		if place != 0 {
			places[i] = fresh.put(a.get(place))
		}
	}
	*a = fresh
}

func (a *arena) size() int64 {
	n := int64(0)
	for _, b := range a.blocks {
		n += int64(cap(b))
	}
	return n
}
