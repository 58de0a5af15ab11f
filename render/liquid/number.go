package liquid

import (
	"math"
	"strconv"
	"strings"
)

// number reads v as a number the way arithmetic does: a text by the number it
// begins with, anything that is none as 0.
func number(v value) value {
	switch v.kind {
	case intKind, floatKind:
		return v
	case textKind:
		return numberOf(v.text)
	}
	return intValue(0)
}

func numberOf(s string) value {
	start, end := trimSpace(s, 0, len(s))
	s = s[start:end]
	digits, decimals := numberLength(s)
	if decimals == len(s) && decimals > digits {
		if f, err := strconv.ParseFloat(s, 64); err == nil {
			return floatValue(f)
		}
	}
	if n, err := strconv.ParseInt(s[:digits], 10, 64); err == nil {
		return intValue(n)
	}
	if f, err := strconv.ParseFloat(s[:digits], 64); err == nil {
		return floatValue(f)
	}
	return intValue(0)
}

// numberLength returns how long the whole number is that s begins with, and how
// long with its decimals; both are 0 if s begins with none.
func numberLength(s string) (whole, decimal int) {
	i := 0
	if i < len(s) && s[i] == '-' {
		i++
	}
	first := i
	for i < len(s) && isDigit(s[i]) {
		i++
	}
	if i == first {
		return 0, 0
	}
	whole, decimal = i, i
	if i+1 < len(s) && s[i] == '.' && isDigit(s[i+1]) {
		for i++; i < len(s) && isDigit(s[i]); i++ {
		}
		decimal = i
	}
	return whole, decimal
}

// integer reads v as a whole number where nothing else will do: a count, an
// offset.
func integer(v value) (int, error) {
	n, ok := v.num, v.kind == intKind
	if v.kind == textKind {
		parsed, err := strconv.ParseInt(strings.TrimSpace(v.text), 10, 64)
		n, ok = parsed, err == nil
	}
	if !ok {
		return 0, fail("a whole number was expected here")
	}
	return int(max(math.MinInt32, min(n, math.MaxInt32))), nil
}

// floor cuts v to a whole number, 0 if it is none.
func floor(v value) int64 {
	n := number(v)
	if n.kind == floatKind {
		n = whole(math.Trunc(n.float()))
	}
	if n.kind == floatKind {
		return 0
	}
	return n.num
}

// whole returns a float without decimals as an integer if it fits.
func whole(f float64) value {
	if math.Abs(f) < 1<<63 {
		return intValue(int64(f))
	}
	return floatValue(f)
}

func asFloat(v value) float64 {
	if v.kind == floatKind {
		return v.float()
	}
	return float64(v.num)
}

// decimals is how many digits after the point f prints with.
func decimals(f float64) int {
	var scratch [32]byte
	if math.Abs(f) < 1e-6 || math.Abs(f) >= 1e15 {
		return 20
	}
	b := strconv.AppendFloat(scratch[:0], f, 'f', -1, 64)
	for i, c := range b {
		if c == '.' {
			return len(b) - i - 1
		}
	}
	return 0
}

// rounded returns f as decimal arithmetic would have it, with so many digits
// after the point, so that 10.1 - 2.2 is 7.9.
func rounded(f float64, digits int) value {
	if digits > 15 || math.Abs(f) >= 1e15 {
		return floatValue(f)
	}
	var scratch [48]byte
	b := strconv.AppendFloat(scratch[:0], f, 'f', digits, 64)
	if g, err := strconv.ParseFloat(string(b), 64); err == nil {
		return floatValue(g)
	}
	return floatValue(f)
}

func plus(a, b value) value {
	if a.kind == intKind && b.kind == intKind {
		if sum := a.num + b.num; (sum > a.num) == (b.num > 0) {
			return intValue(sum)
		}
	}
	x, y := asFloat(a), asFloat(b)
	return rounded(x+y, max(decimals(x), decimals(y)))
}

func minus(a, b value) value {
	if a.kind == intKind && b.kind == intKind {
		if diff := a.num - b.num; (diff < a.num) == (b.num > 0) {
			return intValue(diff)
		}
	}
	x, y := asFloat(a), asFloat(b)
	return rounded(x-y, max(decimals(x), decimals(y)))
}

func times(a, b value) value {
	if a.kind == intKind && b.kind == intKind {
		if a.num == 0 || b.num == 0 {
			return intValue(0)
		}
		if n := a.num * b.num; n/b.num == a.num && !(a.num == -1 && b.num == math.MinInt64) && !(b.num == -1 && a.num == math.MinInt64) {
			return intValue(n)
		}
	}
	x, y := asFloat(a), asFloat(b)
	return rounded(x*y, decimals(x)+decimals(y))
}

// divide divides whole numbers down to the next whole one, and decimals as such.
func divide(a, b value) (value, error) {
	if asFloat(b) == 0 {
		return value{}, fail("there is no dividing by zero: check that the number after divided_by is set, or give it a default")
	}
	if a.kind == intKind && b.kind == intKind && b.num != -1 {
		q := a.num / b.num
		if a.num%b.num != 0 && (a.num < 0) != (b.num < 0) {
			q--
		}
		return intValue(q), nil
	}
	if a.kind == intKind && b.kind == intKind {
		return minus(intValue(0), a), nil
	}
	return floatValue(asFloat(a) / asFloat(b)), nil
}

// modulo leaves a remainder of the divisor's sign.
func modulo(a, b value) (value, error) {
	if asFloat(b) == 0 {
		return value{}, fail("there is no remainder of dividing by zero: check that the number after modulo is set, or give it a default")
	}
	if a.kind == intKind && b.kind == intKind {
		if b.num == -1 {
			return intValue(0), nil
		}
		m := a.num % b.num
		if m != 0 && (m < 0) != (b.num < 0) {
			m += b.num
		}
		return intValue(m), nil
	}
	x, y := asFloat(a), asFloat(b)
	m := math.Mod(x, y)
	if m != 0 && (m < 0) != (y < 0) {
		m += y
	}
	return rounded(m, max(decimals(x), decimals(y))), nil
}

// lessNumber and equalNumber compare whole numbers exactly and others as floats.
func lessNumber(a, b value) bool {
	if a.kind == intKind && b.kind == intKind {
		return a.num < b.num
	}
	return asFloat(a) < asFloat(b)
}

func equalNumber(a, b value) bool {
	if a.kind == intKind && b.kind == intKind {
		return a.num == b.num
	}
	return asFloat(a) == asFloat(b)
}
