package collect

import (
	"encoding/binary"
	"math/bits"
	"strconv"
	"unicode/utf16"

	"rapport"
)

// scanner walks once over JSON (RFC 8259) in valid UTF-8, checking it and
// saying where values stand, without building them. Its methods return false
// at the first fault, which err then tells.
//
// A lone surrogate, which JSON can write but UTF-8 cannot hold, is overwritten
// with U+FFFD where it stands: both are six bytes long as escapes.
type scanner struct {
	data []byte
	pos  int
	open []byte // the brackets that stand open in the value being walked over
	deep bool   // a value was nested deeper than maxDepth
	err  error
}

// span is where a value stands: data[from:to]. The zero span is no value.
type span struct{ from, to int }

func (s span) len() int { return s.to - s.from }

func (s *scanner) fail(what string) bool {
	if s.err == nil {
		s.err = &rapport.Error{
			Kind: rapport.Invalid, Code: "not_json",
			Message: "The body is not JSON: at byte " + strconv.Itoa(s.pos) + " " + what + ".",
		}
	}
	return false
}

// peek steps over space and returns the byte there; 0, which is never valid
// JSON, at the end.
func (s *scanner) peek() byte {
	for s.pos < len(s.data) {
		switch c := s.data[s.pos]; c {
		case ' ', '\t', '\n', '\r':
			s.pos++
		default:
			return c
		}
	}
	return 0
}

// end checks that nothing but space is left.
func (s *scanner) end() bool {
	if s.peek(); s.pos < len(s.data) {
		return s.fail("there is something after the end")
	}
	return true
}

// object walks over the object that begins here. It calls member after each
// name and its colon, with the text between the quotes; member must walk over
// the value.
func (s *scanner) object(member func(name []byte) bool) bool {
	s.pos++
	if s.peek() == '}' {
		s.pos++
		return true
	}
	for {
		s.peek()
		from := s.pos + 1
		if !s.text() {
			return false
		}
		name := s.data[from : s.pos-1]
		if !s.colon() || !member(name) {
			return false
		}
		if closed, ok := s.comma('}'); closed || !ok {
			return ok
		}
	}
}

// array walks over the array that begins here; item must walk over one item.
func (s *scanner) array(item func() bool) bool {
	s.pos++
	if s.peek() == ']' {
		s.pos++
		return true
	}
	for {
		if !item() {
			return false
		}
		if closed, ok := s.comma(']'); closed || !ok {
			return ok
		}
	}
}

// comma steps over a comma or over the closing bracket.
func (s *scanner) comma(closing byte) (closed, ok bool) {
	switch s.peek() {
	case ',':
		s.pos++
		return false, true
	case closing:
		s.pos++
		return true, true
	}
	return false, s.fail("a comma or a closing bracket is missing")
}

func (s *scanner) colon() bool {
	if s.peek() != ':' {
		return s.fail("a colon is missing after a name")
	}
	s.pos++
	return true
}

// span walks over one value and says where it stands.
func (s *scanner) span() (span, bool) {
	s.peek()
	from := s.pos
	ok := s.value()
	return span{from, s.pos}, ok
}

// value walks over one value. It does not recurse, so depth costs no stack.
func (s *scanner) value() bool {
	s.open = s.open[:0]
	for {
		complete := true
		switch c := s.peek(); c {
		case '"':
			if !s.text() {
				return false
			}
		case '{', '[':
			s.pos++
			s.open = append(s.open, c)
			s.deep = s.deep || len(s.open) >= maxDepth
			if s.peek() != c+2 { // } and ] stand two after { and [
				complete = false
			}
		default:
			if !s.scalar(c) {
				return false
			}
		}
		if complete && !s.unwind() {
			return false
		}
		if len(s.open) == 0 {
			return true
		}
		if s.open[len(s.open)-1] == '{' && !s.name() {
			return false
		}
	}
}

// unwind steps, after a value, over the brackets that close and the comma that
// follows.
func (s *scanner) unwind() bool {
	for len(s.open) > 0 {
		last := len(s.open) - 1
		switch s.peek() {
		case s.open[last] + 2:
			s.pos++
			s.open = s.open[:last]
		case ',':
			s.pos++
			if c := s.peek(); c == ']' || c == '}' {
				return s.fail("there is a comma with nothing after it")
			}
			return true
		default:
			return s.fail("a comma or a closing bracket is missing")
		}
	}
	return true
}

func (s *scanner) name() bool {
	s.peek()
	return s.text() && s.colon()
}

const (
	eachByte  = 0x0101010101010101
	highBits  = 0x80 * eachByte
	quotes    = '"' * eachByte
	backslash = '\\' * eachByte
	spaces    = ' ' * eachByte
)

// special returns the high bit of each of eight bytes that is a quote, a
// backslash or a control character. Bits above the lowest one that is set may
// be wrong.
func special(w uint64) uint64 {
	q, b := w^quotes, w^backslash
	return ((q-eachByte)&^q | (b-eachByte)&^b | (w-spaces)&^w) & highBits
}

// text walks over a text in quotes.
func (s *scanner) text() bool {
	if s.pos >= len(s.data) || s.data[s.pos] != '"' {
		return s.fail("a name in quotes is missing")
	}
	s.pos++
	for {
		s.plain()
		if s.pos >= len(s.data) {
			return s.fail("a text has no end")
		}
		switch s.data[s.pos] {
		case '"':
			s.pos++
			return true
		case '\\':
			if !s.escape() {
				return false
			}
		default:
			return s.fail("there is a control character inside a text")
		}
	}
}

// plain steps over what needs no attention inside a text, eight bytes at a time.
func (s *scanner) plain() {
	i := s.pos
	for ; i+8 <= len(s.data); i += 8 {
		if m := special(binary.LittleEndian.Uint64(s.data[i:])); m != 0 {
			s.pos = i + bits.TrailingZeros64(m)/8
			return
		}
	}
	for ; i < len(s.data); i++ {
		if c := s.data[i]; c == '"' || c == '\\' || c < ' ' {
			break
		}
	}
	s.pos = i
}

func (s *scanner) escape() bool {
	if s.pos+1 < len(s.data) {
		switch s.data[s.pos+1] {
		case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
			s.pos += 2
			return true
		case 'u':
			return s.unicode()
		}
	}
	return s.fail("there is an unknown escape in a text")
}

// unicode walks over an escape of four digits, or over two that are a pair.
func (s *scanner) unicode() bool {
	r, ok := s.hex(s.pos)
	if !ok {
		return s.fail("four hexadecimal digits are missing after \\u")
	}
	if utf16.IsSurrogate(r) {
		if low, ok := s.hex(s.pos + 6); ok && utf16.DecodeRune(r, low) != '\ufffd' {
			s.pos += 6
		} else {
			copy(s.data[s.pos:], `\ufffd`)
		}
	}
	s.pos += 6
	return true
}

// hex reads the escape of four hexadecimal digits at a place.
func (s *scanner) hex(at int) (rune, bool) {
	if at+6 > len(s.data) || s.data[at] != '\\' || s.data[at+1] != 'u' {
		return 0, false
	}
	var r rune
	for _, c := range s.data[at+2 : at+6] {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

// scalar walks over a number or a word.
func (s *scanner) scalar(c byte) bool {
	switch {
	case c == '-' || c >= '0' && c <= '9':
		return s.number()
	case c == 't':
		return s.word("true")
	case c == 'f':
		return s.word("false")
	case c == 'n':
		return s.word("null")
	case s.pos >= len(s.data):
		return s.fail("it ends too early")
	}
	return s.fail("a value is missing")
}

func (s *scanner) word(w string) bool {
	if len(s.data)-s.pos < len(w) || string(s.data[s.pos:s.pos+len(w)]) != w {
		return s.fail("a value is missing")
	}
	s.pos += len(w)
	return true
}

func (s *scanner) number() bool {
	if s.at('-') {
		s.pos++
	}
	if s.at('0') {
		s.pos++
	} else if !s.digits() {
		return false
	}
	if s.at('.') {
		s.pos++
		if !s.digits() {
			return false
		}
	}
	if s.at('e') || s.at('E') {
		s.pos++
		if s.at('+') || s.at('-') {
			s.pos++
		}
		return s.digits()
	}
	return true
}

func (s *scanner) at(c byte) bool { return s.pos < len(s.data) && s.data[s.pos] == c }

func (s *scanner) digits() bool {
	from := s.pos
	for s.pos < len(s.data) && s.data[s.pos]-'0' <= 9 {
		s.pos++
	}
	return s.pos > from || s.fail("a digit is missing in a number")
}
