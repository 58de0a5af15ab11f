package rapport

import (
	"math"
	"strconv"
)

// ValueKind says what a [Value] is.
type ValueKind uint8

// The kinds of value: those of JSON.
const (
	Unset  ValueKind = iota // not there, or null: a rule sees "unknown"
	Bool                    // yes or no
	Number                  // one number type, as in JSON
	Text                    // a text; dates and times are texts that can be read as such
	List                    // values in order
	Object                  // named values in the order they came
)

// Value is one value of a trait or of an event's property. The zero Value is
// Unset. A Value is immutable: whoever shares one may go on reading it.
type Value struct {
	kind ValueKind
	num  float64
	text string
	list []Value // List: its values; Object: name, value, name, value, ...
}

// BoolOf returns a yes or no.
func BoolOf(b bool) Value {
	if b {
		return Value{kind: Bool, num: 1}
	}
	return Value{kind: Bool}
}

// NumberOf returns a number; NaN and infinities are Unset, since JSON has none.
func NumberOf(f float64) Value {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return Value{}
	}
	return Value{kind: Number, num: f}
}

// TextOf returns a text.
func TextOf(s string) Value { return Value{kind: Text, text: s} }

// ListOf returns a list. The slice belongs to the Value from then on.
func ListOf(items []Value) Value { return Value{kind: List, list: items} }

// ObjectOf returns an object of name, value, name, value, ... The slice belongs
// to the Value from then on; the names must be texts.
func ObjectOf(pairs []Value) Value { return Value{kind: Object, list: pairs} }

// Kind returns what v is.
func (v Value) Kind() ValueKind { return v.kind }

// IsSet reports whether v is there and not null.
func (v Value) IsSet() bool { return v.kind != Unset }

// Bool returns a Bool's answer, and false of any other kind.
func (v Value) Bool() bool { return v.kind == Bool && v.num == 1 }

// Number returns a Number, and 0 of any other kind.
func (v Value) Number() float64 {
	if v.kind == Number {
		return v.num
	}
	return 0
}

// Text returns a Text, and "" of any other kind.
func (v Value) Text() string {
	if v.kind == Text {
		return v.text
	}
	return ""
}

// Len returns how many items a List or how many names an Object has.
func (v Value) Len() int {
	if v.kind == Object {
		return len(v.list) / 2
	}
	return len(v.list)
}

// Item returns item i of a List.
func (v Value) Item(i int) Value { return v.list[i] }

// Pair returns name and value i of an Object.
func (v Value) Pair(i int) (name string, value Value) { return v.list[2*i].text, v.list[2*i+1] }

// Get returns the value of a name in an Object; Unset if v is none or has none.
// Of a name that stands twice the last one counts.
func (v Value) Get(name string) Value {
	if v.kind == Object {
		for i := len(v.list) - 2; i >= 0; i -= 2 {
			if v.list[i].text == name {
				return v.list[i+1]
			}
		}
	}
	return Value{}
}

// Instant reads a Text as a time or a date (see [ParseInstant]), and a Number as
// milliseconds since 1970 if it is large enough to be no count of seconds.
func (v Value) Instant() (Instant, bool) {
	switch v.kind {
	case Text:
		if n := len(v.text); n < 10 || n > 40 || v.text[4] != '-' {
			return 0, false
		}
		at, err := ParseInstant(v.text)
		return at, err == nil
	case Number:
		if v.num >= 1e11 && v.num <= float64(latest) {
			return Instant(v.num), true
		}
	}
	return 0, false
}

// Equal reports whether two values are the same; objects compare name by name,
// in any order.
func (v Value) Equal(w Value) bool {
	if v.kind != w.kind || v.num != w.num || v.text != w.text || len(v.list) != len(w.list) {
		return false
	}
	if v.kind == Object {
		for i := range v.Len() {
			name, value := v.Pair(i)
			if !v.Get(name).Equal(w.Get(name)) || !value.IsSet() != !w.Get(name).IsSet() {
				return false
			}
		}
		return true
	}
	for i := range v.list {
		if !v.list[i].Equal(w.list[i]) {
			return false
		}
	}
	return true
}

// String returns v as a person would write it: a text as it is, a whole number
// without a fraction, a list or object as JSON, and Unset as the empty text.
func (v Value) String() string {
	switch v.kind {
	case Unset:
		return ""
	case Text:
		return v.text
	}
	return string(v.AppendJSON(nil))
}

// FormatNumber returns f in the shortest form that reads back the same, without
// an exponent where a person would write none.
func FormatNumber(f float64) string { return string(appendNumber(nil, f)) }

func appendNumber(b []byte, f float64) []byte {
	if abs := math.Abs(f); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		return strconv.AppendFloat(b, f, 'e', -1, 64)
	}
	return strconv.AppendFloat(b, f, 'f', -1, 64)
}
