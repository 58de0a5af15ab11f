package rule

import (
	"math"
	"math/bits"
	"unicode/utf8"

	"github.com/cespare/xxhash/v2"

	"rapport"
)

type constantNumber float64

func (n constantNumber) eval(*env) (float64, bool) { return float64(n), true }
func (n constantNumber) next(*env) rapport.Instant { return rapport.Never }

type storedNumber struct{ of value }

func (n storedNumber) eval(x *env) (float64, bool) {
	v := n.of.eval(x)
	return v.Number(), v.Kind() == rapport.Number
}

func (n storedNumber) next(*env) rapport.Instant { return rapport.Never }

type negative struct{ of number }

func (n negative) eval(x *env) (float64, bool) {
	v, ok := n.of.eval(x)
	return -v, ok
}

func (n negative) next(x *env) rapport.Instant { return n.of.next(x) }

// arithmetic is + - * /. What has no finite result, such as a division by zero,
// is unknown.
type arithmetic struct {
	op   Op
	l, r number
}

func (n arithmetic) eval(x *env) (float64, bool) {
	l, lok := n.l.eval(x)
	r, rok := n.r.eval(x)
	if !lok || !rok {
		return 0, false
	}
	v := l
	switch n.op {
	case OpAdd:
		v += r
	case OpSub:
		v -= r
	case OpMul:
		v *= r
	default:
		v /= r
	}
	return v, !math.IsInf(v, 0) && !math.IsNaN(v)
}

func (n arithmetic) next(x *env) rapport.Instant { return min(n.l.next(x), n.r.next(x)) }

// bucket puts a customer for good into one of so many equal parts, by a hash.
type bucket struct {
	salt  string
	count uint64
}

func (n bucket) eval(x *env) (float64, bool) {
	id := x.subject.ID()
	var room [96]byte
	b := append(append(append(room[:0], n.salt...), 0), id[:]...)
	part, _ := bits.Mul64(xxhash.Sum64(b), n.count)
	return float64(part), true
}

func (n bucket) next(*env) rapport.Instant { return rapport.Never }

// size counts the letters of a text or the items of a list.
type size struct{ of value }

func (n size) eval(x *env) (float64, bool) {
	switch v := n.of.eval(x); v.Kind() {
	case rapport.Text:
		return float64(utf8.RuneCountInString(v.Text())), true
	case rapport.List:
		return float64(v.Len()), true
	}
	return 0, false
}

func (n size) next(*env) rapport.Instant { return rapport.Never }

// listSum adds up a measure of the items of a list, in millionths, as exactly as
// a sum over events. An item without the measure makes it unknown.
type listSum struct {
	list value
	slot int
	body number
}

func (n listSum) eval(x *env) (float64, bool) {
	list := n.list.eval(x)
	if list.Kind() != rapport.List {
		return 0, false
	}
	var sum Sum
	for i := range list.Len() {
		x.items[n.slot] = list.Item(i)
		v, ok := n.body.eval(x)
		if !ok {
			return 0, false
		}
		sum.add(microsOf(v))
	}
	return sum.Number(), true
}

func (n listSum) next(x *env) rapport.Instant {
	list, first := n.list.eval(x), rapport.Never
	if list.Kind() != rapport.List {
		return first
	}
	for i := range list.Len() {
		x.items[n.slot] = list.Item(i)
		first = min(first, n.body.next(x))
	}
	return first
}

// compareNumbers compares any two numbers; its bound is the first change of either.
type compareNumbers struct {
	op   Op
	l, r number
}

func (n compareNumbers) eval(x *env) Truth {
	l, lok := n.l.eval(x)
	r, rok := n.r.eval(x)
	if !lok || !rok {
		return Unknown
	}
	return answersNumbers(n.op, l, r)
}

func (n compareNumbers) flip(x *env) (Truth, rapport.Instant) {
	return n.eval(x), min(n.l.next(x), n.r.next(x))
}

// compareStored is the commonest comparison of numbers: a property and a number
// written in the rule.
type compareStored struct {
	op    Op
	l     value
	right float64
}

func (n compareStored) eval(x *env) Truth {
	l := n.l.eval(x)
	if l.Kind() != rapport.Number {
		return Unknown
	}
	return answersNumbers(n.op, l.Number(), n.right)
}
