package postgres

import (
	"encoding/binary"
	"slices"
)

// The types of values, by PostgreSQL's own numbers.
const (
	typeBool  = 16
	typeBytes = 17
	typeInt   = 20
	typeKey   = 2950 // uuid: 16 bytes in the order of bytes
)

// rows are rows on their way into one statement: an array for each column, in the
// binary form of the protocol, for unnest to make rows of again. They are written
// value by value, from left to right, row after row.
type rows struct {
	columns [][]byte
	at      int // the column that comes next
}

// newRows returns room for n rows of such columns.
func newRows(n int, types ...uint32) *rows {
	r := &rows{columns: make([][]byte, len(types))}
	for i, kind := range types {
		size := 4 + 16
		if kind == typeBytes {
			size = 4 + 32 // a guess
		}
		r.columns[i] = arrayHead(make([]byte, 0, 20+n*size), kind, n)
	}
	return r
}

// arrayHead begins an array of n elements: one dimension, no nulls, from 1 on.
func arrayHead(to []byte, kind uint32, n int) []byte {
	for _, word := range [...]uint32{1, 0, kind, uint32(n), 1} {
		to = binary.BigEndian.AppendUint32(to, word)
	}
	return to
}

func (r *rows) next() *[]byte {
	column := &r.columns[r.at]
	r.at = (r.at + 1) % len(r.columns)
	return column
}

func (r *rows) int(v int64) *rows {
	c := r.next()
	*c = binary.BigEndian.AppendUint64(append(*c, 0, 0, 0, 8), uint64(v))
	return r
}

func (r *rows) key(v [16]byte) *rows {
	c := r.next()
	*c = append(append(*c, 0, 0, 0, 16), v[:]...)
	return r
}

func (r *rows) bool(v bool) *rows {
	c := r.next()
	bit := byte(0)
	if v {
		bit = 1
	}
	*c = append(*c, 0, 0, 0, 1, bit)
	return r
}

func (r *rows) bytes(v []byte) *rows {
	c := r.next()
	*c = append(binary.BigEndian.AppendUint32(*c, uint32(len(v))), v...)
	return r
}

func (r *rows) text(v string) *rows {
	c := r.next()
	*c = append(binary.BigEndian.AppendUint32(*c, uint32(len(v))), v...)
	return r
}

// Single values as parameters.

func anInt(v int64) []byte { return binary.BigEndian.AppendUint64(nil, uint64(v)) }

func aKey(v [16]byte) []byte { return slices.Clone(v[:]) }

func aText(v string) []byte { return append([]byte{}, v...) } // nil would be NULL

// keysOf returns an array of keys as a parameter.
func keysOf[K ~[16]byte](list []K) []byte {
	r := newRows(len(list), typeKey)
	for i := range list {
		r.key(list[i])
	}
	return r.columns[0]
}

// row is one row that was read, in the binary form of the protocol. It is valid until
// the next one is read.
type row [][]byte

func (r row) int(i int) int64 { return int64(binary.BigEndian.Uint64(r[i])) }

func (r row) bool(i int) bool { return r[i][0] != 0 }

func (r row) key(i int) (id [16]byte) {
	copy(id[:], r[i])
	return id
}

func (r row) text(i int) string { return string(r[i]) }

// bytes returns a copy; bytes that are there are not nil.
func (r row) bytes(i int) []byte { return append(make([]byte, 0, len(r[i])), r[i]...) }

// elements returns the elements of an array in a column, none for NULL. They are
// valid as long as the row.
func (r row) elements(i int) (list [][]byte) {
	data := r[i]
	if len(data) < 20 {
		return nil
	}
	for rest := data[20:]; len(rest) >= 4; {
		n := binary.BigEndian.Uint32(rest)
		list = append(list, rest[4:4+n])
		rest = rest[4+n:]
	}
	return list
}
