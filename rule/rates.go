package rule

import (
	"cmp"
	"encoding/binary"
	"maps"
	"math"
	"math/bits"
	"slices"
	"strconv"
	"strings"

	"github.com/cespare/xxhash/v2"

	"rapport"
)

// Rate is how many units of the base one unit of a currency is worth, exactly, in
// steps of the twelfth digit after the point. It is above zero.
type Rate int64

// RateDigits is how many digits behind the point a rate may have.
const RateDigits = 12

const (
	one     Rate = 1_000_000_000_000 // the base's own rate
	maxRate      = 9_000_000 * one
)

// ParseRate reads a rate as it is written in decimals: 1.35 or 0.038.
func ParseRate(s string) (Rate, error) {
	whole, part, point := strings.Cut(s, ".")
	if !isDigits(whole) || point && !isDigits(part) {
		return 0, rapport.Errorf(rapport.Invalid, "%q is no rate: write a decimal number, such as 1.35 or 0.038", s)
	}
	if part = strings.TrimRight(part, "0"); len(part) > RateDigits {
		return 0, rapport.Errorf(rapport.Invalid, "a rate has at most %d digits after the point: round %s", RateDigits, s)
	}
	units, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || units >= int64(maxRate/one) {
		return 0, rapport.Errorf(rapport.Invalid, "a rate is below %d: choose a base that is worth less", maxRate/one)
	}
	below, _ := strconv.ParseInt(part+strings.Repeat("0", RateDigits-len(part)), 10, 64)
	r := Rate(units)*one + Rate(below)
	if r == 0 {
		return 0, rapport.Errorf(rapport.Invalid, "a rate is above zero")
	}
	return r, nil
}

func isDigits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// Period says which rates hold from an instant on, until the next period's.
type Period struct {
	From rapport.Instant
	Per  map[string]Rate // by the currency's code
}

// Rates are a workspace's rates of exchange. They are immutable.
type Rates struct {
	base  string
	codes []string          // of all currencies with a rate, and of the base; ascending
	from  []rapport.Instant // when each period begins, ascending
	rates map[string][]Rate // of a currency in each period; 0 where it has none
	hash  uint64
}

// NewRates makes rates of a base and periods in the order of time. In a period a
// currency without a rate has none, whatever stood before.
func NewRates(base string, periods []Period) *Rates {
	r := &Rates{base: base, rates: map[string][]Rate{base: nil}}
	for _, p := range periods {
		for code := range p.Per {
			r.rates[code] = nil
		}
	}
	r.codes = slices.Sorted(maps.Keys(r.rates))
	for _, p := range periods {
		r.from = append(r.from, p.From)
		for _, code := range r.codes {
			r.rates[code] = append(r.rates[code], p.Per[code])
		}
	}
	for i := range periods {
		r.rates[base][i] = one
	}
	r.hash = r.digest()
	return r
}

func (r *Rates) digest() uint64 {
	b := []byte(r.base)
	for _, at := range r.from {
		b = binary.LittleEndian.AppendUint64(b, uint64(at))
	}
	for _, code := range r.codes {
		b = append(b, code...)
		for _, rate := range r.rates[code] {
			b = binary.LittleEndian.AppendUint64(b, uint64(rate))
		}
	}
	return xxhash.Sum64(b)
}

// Base returns the currency in which the rates are told.
func (r *Rates) Base() string { return r.base }

// Currencies returns the codes of all currencies that amounts can be told in, in
// order. The slice must not be changed.
func (r *Rates) Currencies() []string { return r.codes }

func (r *Rates) knows(code string) bool { return slices.Contains(r.codes, code) }

// Convert tells an amount in millionths, paid at an instant, in another currency:
// at the rates of that instant, exactly, and rounded to a millionth, a half to the
// even one. It is false if one of the two has no rate then. An amount in the
// currency itself needs none. What does not fit becomes the nearest that does.
func (r *Rates) Convert(micros int64, from, to string, at rapport.Instant) (int64, bool) {
	return r.exchange(from, to).convert(micros, at)
}

// exchange is how one currency is turned into another.
type exchange struct {
	starts   []rapport.Instant // of the periods
	from, to []Rate
	same     bool
}

func (r *Rates) exchange(from, to string) exchange {
	return exchange{r.from, r.rates[from], r.rates[to], from == to}
}

func (x exchange) convert(micros int64, at rapport.Instant) (int64, bool) {
	if x.same {
		return micros, true
	}
	i := x.period(at)
	if i < 0 || i >= len(x.from) || i >= len(x.to) || x.from[i] == 0 || x.to[i] == 0 {
		return 0, false
	}
	return scale(micros, x.from[i], x.to[i]), true
}

// period returns which period an instant is in, -1 if it is before all.
func (x exchange) period(at rapport.Instant) int {
	i, found := slices.BinarySearchFunc(x.starts, at, cmp.Compare[rapport.Instant])
	if !found {
		i--
	}
	return i
}

// scale returns micros × num ÷ den, rounded half to even.
func scale(micros int64, num, den Rate) int64 {
	amount := uint64(micros)
	if micros < 0 {
		amount = -amount
	}
	hi, lo := bits.Mul64(amount, uint64(num))
	quotient := uint64(math.MaxInt64)
	if hi < uint64(den) {
		var rest uint64
		quotient, rest = bits.Div64(hi, lo, uint64(den))
		if over := uint64(den) - rest; rest > over || rest == over && quotient&1 == 1 {
			quotient++
		}
	}
	scaled := int64(min(quotient, math.MaxInt64))
	if micros < 0 {
		return -scaled
	}
	return scaled
}

// amountText writes an amount in its currency, with the digits of its minor unit
// and with more where it has them: 120.00 SGD.
func amountText(micros int64, currency string) string {
	text := strconv.FormatInt(micros, 10)
	sign := ""
	if micros < 0 {
		text, sign = text[1:], "-"
	}
	text = strings.Repeat("0", max(0, 7-len(text))) + text
	point := len(text) - 6
	part := strings.TrimRight(text[point:], "0")
	part += strings.Repeat("0", max(0, rapport.MinorDigits(currency)-len(part)))
	if part != "" {
		part = "." + part
	}
	return sign + text[:point] + part + " " + currency
}

// toMinor rounds an amount up to whole minor units of its currency.
func toMinor(micros int64, currency string) int64 {
	unit := int64(math.Pow10(6 - rapport.MinorDigits(currency)))
	if over := micros % unit; over > 0 {
		return micros - over + unit
	}
	return micros
}
