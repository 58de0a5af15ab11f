package liquid

import (
	"strings"

	"rapport"
)

// equal reports whether two values are the same. A number never equals a text;
// blank and empty equal whatever is so.
func equal(r *renderer, a, b value) bool {
	if a.kind == blankKind || a.kind == emptyKind {
		a, b = b, a
	}
	switch {
	case b.kind == blankKind:
		return a.kind == blankKind || a.isBlank()
	case b.kind == emptyKind:
		return a.kind == emptyKind || a.isEmpty()
	case a.isNumber() && b.isNumber():
		return equalNumber(a, b)
	case a.isList() && b.isList():
		return equalLists(r, a, b)
	case a.kind != b.kind:
		return false
	}
	switch a.kind {
	case textKind:
		if len(a.text) != len(b.text) {
			return false
		}
		r.charge(a.weight())
		return a.text == b.text
	case boolKind:
		return a.num == b.num
	case dataKind:
		return a.isObject() && b.isObject() && equalObjects(r, *a.data(), *b.data())
	case rangeKind:
		return *a.of.(*span) == *b.of.(*span)
	case loopKind:
		return a.of == b.of
	}
	return true
}

func equalLists(r *renderer, a, b value) bool {
	n := a.size()
	if n != b.size() {
		return false
	}
	r.charge(n)
	for i := range n {
		if r.spent() || !equal(r, r.item(a, i), r.item(b, i)) {
			return false
		}
	}
	return true
}

// equalObjects reports whether two objects hold the same under the same names.
func equalObjects(r *renderer, a, b rapport.Value) bool {
	n := a.Len()
	if n != b.Len() {
		return false
	}
	for i := range n {
		r.charge(1 + n/fieldsAStep)
		name, _ := a.Pair(i)
		of, in := lookUp(b, name)
		if r.spent() || !in || !equal(r, r.wrap(a.Get(name)), r.wrap(of)) {
			return false
		}
	}
	return true
}

type operator uint8

const (
	none operator = iota // the operand alone: is it truthy?
	isEqual
	isNotEqual
	isLess
	isMore
	isAtMost
	isAtLeast
	contains
)

// compare answers one comparison. Only numbers and only texts have an order;
// anything compared with a missing value is false.
func compare(r *renderer, op operator, a, b value) (bool, error) {
	switch op {
	case none:
		return a.truthy(), nil
	case isEqual:
		return equal(r, a, b), nil
	case isNotEqual:
		return !equal(r, a, b), nil
	case contains:
		return hasInside(r, a, b), nil
	}
	switch {
	case a.isNumber() && b.isNumber():
		return ordered(op, lessNumber(a, b), equalNumber(a, b)), nil
	case a.kind == textKind && b.kind == textKind:
		return ordered(op, a.text < b.text, a.text == b.text), nil
	case (a.isNumber() || a.kind == textKind) && (b.isNumber() || b.kind == textKind):
		return false, fail("a text and a number cannot be compared: make the text a number first, for example with {%% assign n = … | plus: 0 %%}")
	}
	return false, nil
}

func ordered(op operator, less, same bool) bool {
	switch op {
	case isLess:
		return less
	case isMore:
		return !less && !same
	case isAtMost:
		return less || same
	}
	return !less
}

// hasInside answers contains: a text in a text, an item in a list, a name in an
// object, a number in a range.
func hasInside(r *renderer, a, b value) bool {
	if !b.truthy() {
		return false
	}
	switch {
	case a.kind == textKind:
		return strings.Contains(a.text, r.string(b))
	case a.isObject():
		r.charge(a.size() / fieldsAStep)
		_, ok := lookUp(*a.data(), r.string(b))
		return ok
	case a.isList():
		r.charge(a.size())
		for i := 0; i < a.size() && !r.spent(); i++ {
			if equal(r, r.item(a, i), b) {
				return true
			}
		}
	case a.kind == rangeKind && b.kind == intKind:
		s := a.of.(*span)
		return b.num >= s.first && b.num <= s.last
	}
	return false
}

// lookUp is Value.Get that tells a name that is there with null from one that
// is not there. What is no object has none.
func lookUp(v rapport.Value, name string) (rapport.Value, bool) {
	if v.Kind() != rapport.Object {
		return rapport.Value{}, false
	}
	for i := v.Len() - 1; i >= 0; i-- {
		if n, value := v.Pair(i); n == name {
			return value, true
		}
	}
	return rapport.Value{}, false
}
