package rapport

import (
	"errors"
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// maxDepth is how deep lists and objects may be nested: deep enough for any
// shop's data, shallow enough that hostile input cannot exhaust the stack.
const maxDepth = 64

// ParseJSON reads one JSON value (RFC 8259), the whole of data. Nothing of the
// result refers to data. Invalid UTF-8 and lone surrogates become U+FFFD.
func ParseJSON(data []byte) (Value, error) {
	p := jsonParser{data: data}
	p.space()
	v, err := p.value(0)
	if err != nil {
		return Value{}, err
	}
	p.space()
	if p.pos != len(data) {
		return Value{}, p.fail("something after the value")
	}
	return v, nil
}

type jsonParser struct {
	data []byte
	pos  int
}

func (p *jsonParser) fail(what string) error {
	return Errorf(Invalid, "not JSON at byte %d: %s", p.pos, what)
}

func (p *jsonParser) space() {
	for p.pos < len(p.data) {
		switch p.data[p.pos] {
		case ' ', '\t', '\n', '\r':
			p.pos++
		default:
			return
		}
	}
}

func (p *jsonParser) value(depth int) (Value, error) {
	if p.pos >= len(p.data) {
		return Value{}, p.fail("it ends too early")
	}
	if depth > maxDepth {
		return Value{}, p.fail(fmt.Sprintf("nested more than %d deep", maxDepth))
	}
	switch c := p.data[p.pos]; {
	case c == '"':
		s, err := p.text()
		return TextOf(s), err
	case c == '{':
		return p.object(depth)
	case c == '[':
		return p.array(depth)
	case c == '-' || c >= '0' && c <= '9':
		return p.number()
	}
	for _, word := range [...]struct {
		text  string
		value Value
	}{{"null", Value{}}, {"true", BoolOf(true)}, {"false", BoolOf(false)}} {
		if len(p.data)-p.pos >= len(word.text) && string(p.data[p.pos:p.pos+len(word.text)]) == word.text {
			p.pos += len(word.text)
			return word.value, nil
		}
	}
	return Value{}, p.fail("a value was expected")
}

func (p *jsonParser) object(depth int) (Value, error) {
	p.pos++
	pairs := make([]Value, 0, 12) // most objects have no more
	for first := true; ; first = false {
		p.space()
		if p.pos < len(p.data) && p.data[p.pos] == '}' && first {
			p.pos++
			return ObjectOf(pairs), nil
		}
		if p.pos >= len(p.data) || p.data[p.pos] != '"' {
			return Value{}, p.fail("a name in quotes was expected")
		}
		name, err := p.text()
		if err != nil {
			return Value{}, err
		}
		p.space()
		if p.pos >= len(p.data) || p.data[p.pos] != ':' {
			return Value{}, p.fail("a colon was expected")
		}
		p.pos++
		p.space()
		v, err := p.value(depth + 1)
		if err != nil {
			return Value{}, err
		}
		pairs = append(pairs, TextOf(name), v)
		if done, err := p.next('}'); done || err != nil {
			return ObjectOf(pairs), err
		}
	}
}

func (p *jsonParser) array(depth int) (Value, error) {
	p.pos++
	items := []Value{}
	for first := true; ; first = false {
		p.space()
		if p.pos < len(p.data) && p.data[p.pos] == ']' && first {
			p.pos++
			return ListOf(items), nil
		}
		v, err := p.value(depth + 1)
		if err != nil {
			return Value{}, err
		}
		items = append(items, v)
		if done, err := p.next(']'); done || err != nil {
			return ListOf(items), err
		}
	}
}

// next steps over a comma, or over the closing mark, which ends the list.
func (p *jsonParser) next(closing byte) (done bool, err error) {
	p.space()
	if p.pos < len(p.data) {
		switch p.data[p.pos] {
		case ',':
			p.pos++
			return false, nil
		case closing:
			p.pos++
			return true, nil
		}
	}
	return false, p.fail(fmt.Sprintf("a comma or %q was expected", closing))
}

func (p *jsonParser) number() (Value, error) {
	start := p.pos
	digits := func() bool {
		from := p.pos
		for p.pos < len(p.data) && p.data[p.pos] >= '0' && p.data[p.pos] <= '9' {
			p.pos++
		}
		return p.pos > from
	}
	if p.data[p.pos] == '-' {
		p.pos++
	}
	from := p.pos
	if !digits() || p.data[from] == '0' && p.pos > from+1 {
		return Value{}, p.fail("a number was expected")
	}
	if p.pos < len(p.data) && p.data[p.pos] == '.' {
		p.pos++
		if !digits() {
			return Value{}, p.fail("a digit was expected after the point")
		}
	}
	if p.pos < len(p.data) && (p.data[p.pos] == 'e' || p.data[p.pos] == 'E') {
		p.pos++
		if p.pos < len(p.data) && (p.data[p.pos] == '+' || p.data[p.pos] == '-') {
			p.pos++
		}
		if !digits() {
			return Value{}, p.fail("a digit was expected in the exponent")
		}
	}
	f, err := strconv.ParseFloat(string(p.data[start:p.pos]), 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return Value{}, p.fail("a number was expected")
	}
	return NumberOf(f), nil
}

func (p *jsonParser) text() (string, error) {
	p.pos++
	start := p.pos
	for p.pos < len(p.data) {
		switch c := p.data[p.pos]; {
		case c == '"':
			s := string(p.data[start:p.pos])
			p.pos++
			if !utf8.ValidString(s) {
				s = string([]rune(s))
			}
			return s, nil
		case c == '\\':
			return p.escaped(start)
		case c < ' ':
			return "", p.fail("a control character inside a text")
		}
		p.pos++
	}
	return "", p.fail("a text has no end")
}

// escaped reads the rest of a text in which a backslash was met.
func (p *jsonParser) escaped(start int) (string, error) {
	out := append([]byte(nil), p.data[start:p.pos]...)
	for p.pos < len(p.data) {
		switch c := p.data[p.pos]; {
		case c == '"':
			p.pos++
			if !utf8.Valid(out) {
				return string([]rune(string(out))), nil
			}
			return string(out), nil
		case c < ' ':
			return "", p.fail("a control character inside a text")
		case c != '\\':
			out = append(out, c)
			p.pos++
			continue
		}
		p.pos++
		if p.pos >= len(p.data) {
			break
		}
		c := p.data[p.pos]
		p.pos++
		switch c {
		case '"', '\\', '/':
			out = append(out, c)
		case 'b':
			out = append(out, '\b')
		case 'f':
			out = append(out, '\f')
		case 'n':
			out = append(out, '\n')
		case 'r':
			out = append(out, '\r')
		case 't':
			out = append(out, '\t')
		case 'u':
			r, ok := p.hex4()
			if !ok {
				return "", p.fail("four hexadecimal digits were expected after \\u")
			}
			if utf16.IsSurrogate(r) {
				r = p.lowSurrogate(r)
			}
			out = utf8.AppendRune(out, r)
		default:
			return "", p.fail("an unknown escape in a text")
		}
	}
	return "", p.fail("a text has no end")
}

func (p *jsonParser) hex4() (rune, bool) {
	if len(p.data)-p.pos < 4 {
		return 0, false
	}
	n, err := strconv.ParseUint(string(p.data[p.pos:p.pos+4]), 16, 16)
	if err != nil || p.data[p.pos] == '+' {
		return 0, false
	}
	p.pos += 4
	return rune(n), true
}

// lowSurrogate reads the second half of a pair; without one, the first half
// stands for nothing and becomes U+FFFD.
func (p *jsonParser) lowSurrogate(high rune) rune {
	if len(p.data)-p.pos >= 6 && p.data[p.pos] == '\\' && p.data[p.pos+1] == 'u' {
		saved := p.pos
		p.pos += 2
		if low, ok := p.hex4(); ok {
			if r := utf16.DecodeRune(high, low); r != utf8.RuneError {
				return r
			}
		}
		p.pos = saved
	}
	return utf8.RuneError
}

// AppendJSON appends v as JSON; Unset is null.
func (v Value) AppendJSON(b []byte) []byte {
	switch v.kind {
	case Bool:
		return strconv.AppendBool(b, v.num == 1)
	case Number:
		return appendNumber(b, v.num)
	case Text:
		return AppendQuoted(b, v.text)
	case List:
		b = append(b, '[')
		for i, item := range v.list {
			if i > 0 {
				b = append(b, ',')
			}
			b = item.AppendJSON(b)
		}
		return append(b, ']')
	case Object:
		b = append(b, '{')
		for i := 0; i < len(v.list); i += 2 {
			if i > 0 {
				b = append(b, ',')
			}
			b = AppendQuoted(b, v.list[i].text)
			b = append(b, ':')
			b = v.list[i+1].AppendJSON(b)
		}
		return append(b, '}')
	}
	return append(b, "null"...)
}

// MarshalJSON returns v as JSON.
func (v Value) MarshalJSON() ([]byte, error) { return v.AppendJSON(nil), nil }

// UnmarshalJSON reads v from JSON.
func (v *Value) UnmarshalJSON(data []byte) error {
	parsed, err := ParseJSON(data)
	if err != nil {
		return err
	}
	*v = parsed
	return nil
}

const hexDigits = "0123456789abcdef"

// AppendQuoted appends s as a JSON text. Invalid UTF-8 becomes U+FFFD.
func AppendQuoted(b []byte, s string) []byte {
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && size == 1 {
				b = append(append(b, s[start:i]...), "\ufffd"...)
				start = i + 1
			}
			i += size
			continue
		}
		if c >= ' ' && c != '"' && c != '\\' {
			i++
			continue
		}
		b = append(b, s[start:i]...)
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\n':
			b = append(b, '\\', 'n')
		case '\r':
			b = append(b, '\\', 'r')
		case '\t':
			b = append(b, '\\', 't')
		default:
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
		i++
		start = i
	}
	return append(append(b, s[start:]...), '"')
}
