package promotion

import (
	"fmt"
	"math/bits"
	"strconv"
	"strings"

	"rapport"
)

// maxMinor is the largest amount of money there is, in minor units: what a
// program that reads numbers of JSON as floating point still tells apart.
const maxMinor = 1<<53 - 1

// Decimal is an amount of money, or a percentage, as it is written: digits, at
// most one point. It is read exactly.
type Decimal string

// UnmarshalText reads a decimal of at least 0.
func (d *Decimal) UnmarshalText(text []byte) error {
	if !written(string(text)) {
		return fmt.Errorf("%q is no amount: write a number of at least 0, such as 20 or 12.50", text)
	}
	*d = Decimal(text)
	return nil
}

// UnmarshalJSON reads a decimal that stands as a number, or as a text.
func (d *Decimal) UnmarshalJSON(data []byte) error {
	return d.UnmarshalText([]byte(strings.Trim(string(data), `"`)))
}

// MarshalJSON writes the decimal as a number, digit by digit.
func (d Decimal) MarshalJSON() ([]byte, error) {
	if d == "" {
		return []byte("null"), nil
	}
	return []byte(d), nil
}

// SchemaType says that a decimal is written as a number.
func (Decimal) SchemaType() string { return "number" }

// Minor returns the decimal in minor units of a currency, and false if it has
// more digits than the currency or is too large.
func (d Decimal) Minor(currency string) (int64, bool) {
	return scaled(string(d), rapport.MinorDigits(currency))
}

// MoneyOf writes an amount of minor units of a currency as a decimal.
func MoneyOf(minor int64, currency string) Decimal {
	digits := rapport.MinorDigits(currency)
	sign := ""
	if minor < 0 {
		sign, minor = "-", -minor
	}
	s := strconv.FormatInt(minor, 10)
	if digits == 0 {
		return Decimal(sign + s)
	}
	for len(s) <= digits {
		s = "0" + s
	}
	return Decimal(sign + s[:len(s)-digits] + "." + s[len(s)-digits:])
}

// written reports whether a text is digits, with at most six behind a point.
func written(s string) bool {
	whole, fraction, point := strings.Cut(s, ".")
	return whole != "" && len(whole) <= 16 && len(fraction) <= 6 && point == (fraction != "") && strings.Trim(whole+fraction, "0123456789") == ""
}

// scaled reads digits with at most so many behind the point as a whole number of
// that many digits' units.
func scaled(s string, digits int) (int64, bool) {
	whole, fraction, point := strings.Cut(s, ".")
	fraction = strings.TrimRight(fraction, "0")
	if whole == "" || point && strings.HasSuffix(s, ".") || len(fraction) > digits || len(whole) > 16 {
		return 0, false
	}
	n, err := strconv.ParseUint(whole+fraction+strings.Repeat("0", digits-len(fraction)), 10, 64)
	return int64(n), err == nil && n <= maxMinor
}

// percent is a share in ten-thousandths of a per cent: 12.5 % is 125,000.
type percent int64

const whole percent = 1_000_000

// percentOf reads a percentage of at most 100 with at most four digits behind the
// point.
func percentOf(d Decimal) (percent, bool) {
	n, ok := scaled(string(d), 4)
	return percent(n), ok && percent(n) <= whole
}

// of returns the share of an amount, rounded to the nearest minor unit, a half up.
func (p percent) of(amount int64) int64 {
	return mulDiv(amount, int64(p), int64(whole), int64(whole)/2)
}

// mulDiv returns (a × b + add) / c rounded down. None is below zero, c is above
// zero, and one of a and b is at most c.
func mulDiv(a, b, c, add int64) int64 {
	high, low := bits.Mul64(uint64(a), uint64(b))
	low, carry := bits.Add64(low, uint64(add), 0)
	q, _ := bits.Div64(high+carry, low, uint64(c))
	return int64(q)
}

// mulMod returns the remainder of a × b / c, on the terms of mulDiv.
func mulMod(a, b, c int64) int64 {
	high, low := bits.Mul64(uint64(a), uint64(b))
	return int64(bits.Rem64(high, low, uint64(c)))
}

// times returns an amount so many times, and the largest that there is if that is more.
func times(n, amount int64) int64 {
	if n > 0 && amount > maxMinor/n {
		return maxMinor
	}
	return n * amount
}
