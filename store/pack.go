package store

import (
	"encoding/binary"
	"sync"

	"github.com/klauspost/compress/zstd"

	"rapport"
)

// The first byte of a packed block says how the rest is to be read. The list is
// append-only: what was once written can be read for ever.
const (
	plainV1 byte = 1 // the layout of blockWriter as it is
	zstdV1  byte = 2 // its length, then one frame of zstd
)

// A block is packed at most so much. So unpacking a damaged one cannot take more
// memory than this many times its length.
const maxRatio = 256

// zstdCodec compresses and decompresses; safe for use by many at once, and it
// starts no goroutine.
type zstdCodec struct {
	*zstd.Encoder
	*zstd.Decoder
}

var codec = sync.OnceValue(func() zstdCodec {
	e, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(2),
		zstd.WithEncoderCRC(true), zstd.WithSingleSegment(true))
	if err != nil {
		panic(err) // only if the options are wrong
	}
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecodeAllCapLimit(true))
	if err != nil {
		panic(err)
	}
	return zstdCodec{e, d}
})

// pack compresses the layout of a block if that makes it smaller.
func pack(raw []byte) []byte {
	out := make([]byte, 0, len(raw)/3+64)
	out = binary.AppendUvarint(append(out, zstdV1), uint64(len(raw)))
	out = codec().EncodeAll(raw, out)
	if len(out) > len(raw) || len(raw) > maxRatio*len(out) {
		return append([]byte{plainV1}, raw...)
	}
	return out
}

// unpack returns what pack was given, in memory of its own.
func unpack(data []byte) ([]byte, error) {
	if len(data) == 0 {
		return nil, errBlock("it is empty")
	}
	body := data[1:]
	switch data[0] {
	case plainV1:
		return append([]byte(nil), body...), nil
	case zstdV1:
		size, n := binary.Uvarint(body)
		if n <= 0 || size > maxRatio*uint64(len(data)) {
			return nil, errBlock("its length cannot be")
		}
		raw, err := codec().DecodeAll(body[n:], make([]byte, 0, size))
		if err != nil || uint64(len(raw)) != size {
			return nil, &rapport.Error{Kind: rapport.Internal, Message: "a block of events is damaged", Err: err}
		}
		return raw, nil
	}
	return nil, rapport.Errorf(rapport.Internal, "a block of events was written by a newer version of the program (form %d)", data[0])
}
