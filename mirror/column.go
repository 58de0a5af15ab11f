package mirror

import "rapport"

// column is one trait of everybody: for each seat the code of her value. Values
// that nobody has any more make room for others.
type column struct {
	codes  []uint32 // by seat; 0: not set
	values []rapport.Value
	users  []uint32 // of each code
	byText map[string]uint32
	unused []uint32 // codes
	bytes  int64    // that texts and nested values take
}

func newColumn() *column {
	return &column{values: make([]rapport.Value, 1), users: make([]uint32, 1), byText: map[string]uint32{}}
}

func (c *column) value(seat uint32) rapport.Value {
	if c == nil || int(seat) >= len(c.codes) {
		return rapport.Value{}
	}
	return c.values[c.codes[seat]]
}

func (c *column) set(seat uint32, v rapport.Value) {
	c.codes = grown(c.codes, seat)
	old := c.codes[seat]
	c.codes[seat] = c.code(v)
	c.release(old)
}

// code returns the code of a value, a new one if nobody has that value.
func (c *column) code(v rapport.Value) uint32 {
	if !v.IsSet() {
		return 0
	}
	var room [64]byte
	text := v.AppendJSON(room[:0])
	code, known := c.byText[string(text)]
	if !known {
		code = c.add(string(text), v)
	}
	c.users[code]++
	return code
}

// entryBytes is about what an entry of a dictionary takes besides its text, which
// stands there twice; codeBytes what a code takes, used or not.
const (
	entryBytes = 64
	codeBytes  = 64
)

func (c *column) add(text string, v rapport.Value) (code uint32) {
	if n := len(c.unused); n > 0 {
		code, c.unused = c.unused[n-1], c.unused[:n-1]
		c.values[code] = v
	} else {
		code = uint32(len(c.values))
		c.values, c.users = append(c.values, v), append(c.users, 0)
	}
	c.byText[text] = code
	c.bytes += int64(2*len(text) + entryBytes)
	return code
}

// release notes that one customer less has a value.
func (c *column) release(code uint32) {
	if code == 0 {
		return
	}
	if c.users[code]--; c.users[code] > 0 {
		return
	}
	text := string(c.values[code].AppendJSON(nil))
	delete(c.byText, text)
	c.values[code] = rapport.Value{}
	c.unused = append(c.unused, code)
	c.bytes -= int64(2*len(text) + entryBytes)
}

func (c *column) size() int64 {
	return 4*int64(cap(c.codes)) + codeBytes*int64(cap(c.values)) + c.bytes
}

// grown returns a list that has a place for a seat.
func grown[T any](list []T, seat uint32) []T {
	for int(seat) >= len(list) {
		var none T
		list = append(list, none)
	}
	return list
}
