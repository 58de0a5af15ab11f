package store

import (
	"encoding/binary"
	"hash/crc32"

	"github.com/klauspost/compress/s2"

	"rapport"
)

// The first byte of a packed block says how the rest is to be read. The list is
// append-only: what was once written can be read for ever. A checksum of all
// before it ends every form.
const (
	plainV1 byte = 1 // the layout of blockWriter as it is
	s2V1    byte = 2 // the same, compressed
)

// A block is packed at most so much. So unpacking a damaged one cannot take more
// memory than this many times its length.
const maxRatio = 256

const checksumSize = 4

func checksum(b []byte) uint32 { return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)) }

// pack compresses the layout of a block if that makes it smaller.
//
// S2 it is because of what it costs: half of zstd's time at its fastest. Texts
// stand once in a block anyway, so zstd would only be a sixth smaller.
func pack(raw []byte) []byte {
	out := make([]byte, 1+s2.MaxEncodedLen(len(raw))+checksumSize)
	n := len(s2.Encode(out[1:], raw))
	out[0] = s2V1
	if n >= len(raw) || len(raw) > maxRatio*n {
		out[0] = plainV1
		n = copy(out[1:], raw)
	}
	out = binary.LittleEndian.AppendUint32(out[:1+n], checksum(out[:1+n]))
	return append(make([]byte, 0, len(out)), out...)
}

// unpack returns what pack was given, in memory of its own.
func unpack(data []byte) ([]byte, error) {
	n := len(data) - checksumSize
	if n < 1 {
		return nil, errBlock("it ends too early")
	}
	if form := data[0]; form > s2V1 {
		return nil, rapport.Errorf(rapport.Internal, "a block of events was written by a newer version of the program (form %d)", form)
	}
	if checksum(data[:n]) != binary.LittleEndian.Uint32(data[n:]) {
		return nil, errBlock("its checksum is wrong")
	}
	return unpackForm(data[0], data[1:n])
}

func unpackForm(form byte, body []byte) ([]byte, error) {
	switch form {
	case plainV1:
		return append([]byte(nil), body...), nil
	case s2V1:
		if size, err := s2.DecodedLen(body); err != nil || size > maxRatio*len(body) {
			return nil, errBlock("its length cannot be")
		}
		raw, err := s2.Decode(nil, body)
		if err != nil {
			return nil, errBlock("it does not unpack")
		}
		return raw, nil
	}
	return nil, errBlock("it has no known form")
}
