package liquid

import "math"

func numberFilters() map[string]filterSpec {
	return map[string]filterSpec{
		"abs":        {0, 0, nil, unary(abs)},
		"at_least":   {1, 1, nil, binary(func(a, b value) (value, error) { return larger(a, b), nil })},
		"at_most":    {1, 1, nil, binary(func(a, b value) (value, error) { return smaller(a, b), nil })},
		"ceil":       {0, 0, nil, unary(func(v value) value { return integral(v, math.Ceil) })},
		"divided_by": {1, 1, nil, binary(divide)},
		"floor":      {0, 0, nil, unary(func(v value) value { return integral(v, math.Floor) })},
		"minus":      {1, 1, nil, binary(func(a, b value) (value, error) { return minus(a, b), nil })},
		"modulo":     {1, 1, nil, binary(modulo)},
		"plus":       {1, 1, nil, binary(func(a, b value) (value, error) { return plus(a, b), nil })},
		"round":      {0, 1, nil, roundFilter},
		"times":      {1, 1, nil, binary(func(a, b value) (value, error) { return times(a, b), nil })},
	}
}

func unary(f func(value) value) filterFunc {
	return func(_ *renderer, in value, _ args) (value, error) { return f(number(in)), nil }
}

func binary(f func(a, b value) (value, error)) filterFunc {
	return func(_ *renderer, in value, a args) (value, error) {
		out, err := f(number(in), number(a.get(0)))
		if err == nil && out.kind == floatKind && (math.IsInf(out.float(), 0) || math.IsNaN(out.float())) {
			return value{}, fail("this number is too large to calculate with")
		}
		return out, err
	}
}

func abs(v value) value {
	if v.kind == floatKind {
		return floatValue(math.Abs(v.float()))
	}
	if v.num < 0 {
		return minus(intValue(0), v)
	}
	return v
}

func larger(a, b value) value {
	if lessNumber(a, b) {
		return b
	}
	return a
}

func smaller(a, b value) value {
	if lessNumber(b, a) {
		return b
	}
	return a
}

func integral(v value, f func(float64) float64) value {
	if v.kind == floatKind {
		return whole(f(v.float()))
	}
	return v
}

// roundFilter rounds to a number of digits after the point, to a whole number
// unless said; halves go away from zero.
func roundFilter(_ *renderer, in value, a args) (value, error) {
	v, digits := number(in), floor(a.get(0))
	if digits > 0 && digits <= 15 && v.kind == floatKind {
		scale := math.Pow10(int(digits))
		if f := math.Round(v.float()*scale) / scale; !math.IsInf(f, 0) {
			return floatValue(f), nil
		}
		return v, nil
	}
	if digits >= 0 {
		return integral(v, math.Round), nil
	}
	scale := math.Pow10(int(min(-digits, 300)))
	return whole(math.Round(asFloat(v)/scale) * scale), nil
}
