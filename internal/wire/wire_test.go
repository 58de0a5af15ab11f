package wire_test

import (
	"testing"

	"pgregory.net/rapid"

	"rapport/internal/wire"
)

func TestWhatIsWrittenIsRead(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		u, i := rapid.Uint64().Draw(t, "u"), rapid.Int64().Draw(t, "i")
		f := rapid.Float64().Draw(t, "f")
		s, raw := rapid.String().Draw(t, "s"), rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, "raw")
		b := wire.AppendUint(nil, u)
		b = wire.AppendText(wire.AppendFloat(wire.AppendInt(b, i), f), s)
		b = wire.AppendFixed64(wire.AppendText(b, raw), u)
		r := wire.NewReader(b)
		if r.Uint() != u || r.Int() != i || r.Float() != f || r.Text() != s || string(r.Bytes()) != string(raw) || r.Fixed64() != u {
			t.Fatal("a value came back different")
		}
		if r.Err() != nil || r.Len() != 0 {
			t.Fatalf("err %v, %d bytes left", r.Err(), r.Len())
		}
		for cut := range len(b) {
			r := wire.NewReader(b[:cut])
			r.Uint()
			r.Int()
			r.Float()
			r.Text()
			r.Bytes()
			r.Fixed64()
			if r.Err() == nil {
				t.Fatalf("cut at %d of %d bytes: no error", cut, len(b))
			}
		}
	})
}

func TestForgedCountIsRefused(t *testing.T) {
	t.Parallel()
	r := wire.NewReader(wire.AppendUint(nil, 1<<40))
	if n := r.Count(1); n != 0 || r.Err() == nil {
		t.Fatalf("count %d, error %v", n, r.Err())
	}
}
