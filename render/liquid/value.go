package liquid

import (
	"math"
	"slices"
	"strconv"

	"rapport"
)

type kind uint8

const (
	nilKind   kind = iota
	boolKind       // num is 0 or 1
	intKind        // num
	floatKind      // num holds its bits
	textKind       // text; num is 1 if it is HTML already
	listKind       // of is *list, made by a filter
	dataKind       // of is *rapport.Value, a List or Object of the caller's
	rangeKind      // of is *span
	loopKind       // of is *loop
	blankKind      // the word blank
	emptyKind      // the word empty
)

// value is what an expression comes to. It has what Liquid tells apart and
// rapport.Value does not: whole and decimal numbers, ranges, blank and empty,
// and a text that is HTML already.
type value struct {
	kind kind
	num  int64
	text string
	of   any
}

type list struct{ items []value }

// span is a range such as (1..5), both ends included; it is never written out
// unless a filter asks for its items.
type span struct{ first, last int64 }

func (s *span) len() int {
	if s.last < s.first {
		return 0
	}
	n := uint64(s.last) - uint64(s.first)
	if n >= math.MaxInt32 {
		return math.MaxInt32 // far over any limit of steps
	}
	return int(n) + 1
}

func boolValue(b bool) value {
	if b {
		return value{kind: boolKind, num: 1}
	}
	return value{kind: boolKind}
}

func intValue(n int64) value     { return value{kind: intKind, num: n} }
func floatValue(f float64) value { return value{kind: floatKind, num: int64(math.Float64bits(f))} }
func textValue(s string) value   { return value{kind: textKind, text: s} }
func listValue(v []value) value  { return value{kind: listKind, of: &list{v}} }

func (v value) float() float64       { return math.Float64frombits(uint64(v.num)) }
func (v value) data() *rapport.Value { return v.of.(*rapport.Value) }
func (v value) items() []value       { return v.of.(*list).items }
func (v value) isHTML() bool         { return v.kind == textKind && v.num == 1 }
func (v value) isNil() bool          { return v.kind == nilKind }
func (v value) isList() bool         { return v.kind == listKind || v.isData(rapport.List) }
func (v value) isObject() bool       { return v.isData(rapport.Object) }
func (v value) isNumber() bool       { return v.kind == intKind || v.kind == floatKind }
func (v value) truthy() bool         { return v.kind != nilKind && (v.kind != boolKind || v.num == 1) }
func (v value) html() value          { v.num = 1; return v }
func (v value) isData(k rapport.ValueKind) bool {
	return v.kind == dataKind && v.data().Kind() == k
}

// wrap makes a value of the caller's data. A whole number counts as an integer.
func (r *renderer) wrap(v rapport.Value) value {
	switch v.Kind() {
	case rapport.Bool:
		return boolValue(v.Bool())
	case rapport.Number:
		if f := v.Number(); f == math.Trunc(f) && math.Abs(f) < 1<<63 {
			return intValue(int64(f))
		}
		return floatValue(v.Number())
	case rapport.Text:
		return textValue(v.Text())
	case rapport.List, rapport.Object:
		return value{kind: dataKind, of: r.box(v)}
	}
	return value{}
}

// unwrap makes the caller's kind of value of v, for filters of the caller's.
func (r *renderer) unwrap(v value) (rapport.Value, error) {
	switch v.kind {
	case boolKind:
		return rapport.BoolOf(v.num == 1), nil
	case intKind:
		return rapport.NumberOf(float64(v.num)), nil
	case floatKind:
		return rapport.NumberOf(v.float()), nil
	case textKind:
		return rapport.TextOf(v.text), nil
	case dataKind:
		return *v.data(), nil
	case listKind, rangeKind:
		return r.unwrapList(v)
	}
	return rapport.Value{}, nil
}

func (r *renderer) unwrapList(v value) (rapport.Value, error) {
	items, err := r.list(v)
	if err != nil {
		return rapport.Value{}, err
	}
	out := make([]rapport.Value, len(items))
	for i, item := range items {
		if out[i], err = r.unwrap(item); err != nil {
			return rapport.Value{}, err
		}
	}
	return rapport.ListOf(out), nil
}

// appendText appends v as {{ }} prints it: lists without anything between their
// items, objects as JSON, nil, blank and empty as nothing. It adds no further item
// of a list once b is longer than limit.
func appendText(b []byte, v value, limit int) []byte {
	switch v.kind {
	case boolKind:
		return strconv.AppendBool(b, v.num == 1)
	case intKind:
		return strconv.AppendInt(b, v.num, 10)
	case floatKind:
		return appendFloat(b, v.float())
	case textKind:
		return append(b, v.text...)
	case rangeKind:
		s := v.of.(*span)
		return strconv.AppendInt(append(strconv.AppendInt(b, s.first, 10), ".."...), s.last, 10)
	case listKind:
		for _, item := range v.items() {
			if len(b) > limit {
				break
			}
			b = appendText(b, item, limit)
		}
	case dataKind:
		return appendData(b, *v.data())
	}
	return b
}

func appendData(b []byte, v rapport.Value) []byte {
	switch v.Kind() {
	case rapport.Text:
		return append(b, v.Text()...)
	case rapport.List:
		for i := range v.Len() {
			b = appendData(b, v.Item(i))
		}
		return b
	case rapport.Unset:
		return b
	}
	return v.AppendJSON(b)
}

// appendFloat writes a decimal number with at least one digit after the point,
// and with an exponent only where it would be very long.
func appendFloat(b []byte, f float64) []byte {
	start, format := len(b), byte('f')
	if abs := math.Abs(f); abs != 0 && (abs < 1e-4 || abs >= 1e16) {
		format = 'e'
	}
	b = strconv.AppendFloat(b, f, format, -1, 64)
	for i := start; i < len(b); i++ {
		switch b[i] {
		case '.':
			return b
		case 'e':
			return slices.Insert(b, i, '.', '0')
		}
	}
	return append(b, ".0"...)
}

// string returns v as text filters see it. Making a long one costs steps; one too
// long to be paid for is cut off, and ends the rendering at the next step.
func (r *renderer) string(v value) string {
	switch v.kind {
	case textKind:
		return v.text
	case nilKind:
		return ""
	}
	var scratch [32]byte
	b := appendText(scratch[:0], v, max(0, r.maxSteps-r.steps)*bytesAStep)
	r.charge(len(b) / bytesAStep)
	return string(b)
}

// size is how many characters a text or items a list has; 0 of anything else.
func (v value) size() int {
	switch v.kind {
	case textKind:
		return runeCount(v.text)
	case listKind:
		return len(v.items())
	case dataKind:
		return v.data().Len()
	case rangeKind:
		return v.of.(*span).len()
	}
	return 0
}

// isEmpty reports whether v is a text, list or object with nothing in it.
func (v value) isEmpty() bool {
	switch v.kind {
	case textKind:
		return v.text == ""
	case listKind, dataKind:
		return v.size() == 0
	}
	return false
}

// isBlank reports whether v is nil, false, empty, or a text of white space.
func (v value) isBlank() bool {
	switch v.kind {
	case nilKind:
		return true
	case boolKind:
		return v.num == 0
	case textKind:
		start, end := trimSpace(v.text, 0, len(v.text))
		return start == end
	}
	return v.isEmpty()
}
