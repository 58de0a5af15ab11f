// Package wire reads and writes the small values that binary sections are made
// of: variable-length numbers and texts with their length in front.
//
// A [Reader] never panics and never reads past its input: after the first
// malformed value it returns zero values and keeps the error, so callers check
// once at the end. It does not know any layout; who writes a section decides it.
package wire

import (
	"encoding/binary"
	"errors"
	"math"
)

// ErrMalformed says that the bytes are not what was written.
var ErrMalformed = errors.New("malformed binary data")

// AppendUint appends n in 1 to 10 bytes, fewer for smaller numbers.
func AppendUint(b []byte, n uint64) []byte { return binary.AppendUvarint(b, n) }

// AppendInt appends n in 1 to 10 bytes, fewer for numbers near zero.
func AppendInt(b []byte, n int64) []byte { return binary.AppendVarint(b, n) }

// AppendFixed64 appends n in 8 bytes.
func AppendFixed64(b []byte, n uint64) []byte { return binary.LittleEndian.AppendUint64(b, n) }

// AppendFloat appends f in 8 bytes.
func AppendFloat(b []byte, f float64) []byte { return AppendFixed64(b, math.Float64bits(f)) }

// AppendText appends the length of s and s.
func AppendText[T ~string | ~[]byte](b []byte, s T) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// AppendFramed appends what write appends, with its length in front, as [Reader.Bytes]
// reads it. What is written may be moved once, if it takes more than 127 bytes.
func AppendFramed(b []byte, write func([]byte) []byte) []byte {
	start := len(b)
	b = write(append(b, 0))
	n := len(b) - start - 1
	if n < 0x80 {
		b[start] = byte(n)
		return b
	}
	var room [binary.MaxVarintLen64]byte
	length := binary.AppendUvarint(room[:0], uint64(n))
	b = append(b, length[1:]...)
	copy(b[start+len(length):], b[start+1:start+1+n])
	copy(b[start:], length)
	return b
}

// Reader reads values in the order in which they were appended.
type Reader struct {
	b   []byte
	err error
}

// NewReader returns a Reader of b. Texts and bytes that it returns share b's memory.
func NewReader(b []byte) *Reader { return &Reader{b: b} }

// Err returns ErrMalformed once a value could not be read.
func (r *Reader) Err() error { return r.err }

// Len returns how many bytes are left, 0 after an error.
func (r *Reader) Len() int { return len(r.b) }

// Fail makes the Reader refuse everything that follows, for a value that was
// read well and makes no sense.
func (r *Reader) Fail() {
	r.b, r.err = nil, ErrMalformed
}

// Uint reads what AppendUint wrote.
func (r *Reader) Uint() uint64 {
	n, size := binary.Uvarint(r.b)
	if size <= 0 {
		r.Fail()
		return 0
	}
	r.b = r.b[size:]
	return n
}

// Int reads what AppendInt wrote.
func (r *Reader) Int() int64 {
	n, size := binary.Varint(r.b)
	if size <= 0 {
		r.Fail()
		return 0
	}
	r.b = r.b[size:]
	return n
}

// Fixed64 reads what AppendFixed64 wrote.
func (r *Reader) Fixed64() uint64 {
	if b := r.Take(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

// Float reads what AppendFloat wrote.
func (r *Reader) Float() float64 { return math.Float64frombits(r.Fixed64()) }

// Byte reads one byte.
func (r *Reader) Byte() byte {
	if b := r.Take(1); b != nil {
		return b[0]
	}
	return 0
}

// Count reads the number of items that follow, each at least size bytes long, so
// that a forged count cannot make the caller allocate more than was sent.
func (r *Reader) Count(size int) int {
	n := r.Uint()
	if n > uint64(len(r.b)/max(size, 1)) {
		r.Fail()
		return 0
	}
	return int(n)
}

// Bytes reads what AppendText wrote; nil if it is empty.
func (r *Reader) Bytes() []byte {
	n := r.Uint()
	if n == 0 || n > uint64(len(r.b)) {
		if n != 0 {
			r.Fail()
		}
		return nil
	}
	return r.Take(int(n))
}

// Text reads what AppendText wrote, as a copy.
func (r *Reader) Text() string { return string(r.Bytes()) }

// Take reads n bytes as they are; nil if there are fewer.
func (r *Reader) Take(n int) []byte {
	if n < 0 || n > len(r.b) || r.err != nil {
		r.Fail()
		return nil
	}
	b := r.b[:n:n]
	r.b = r.b[n:]
	return b
}
