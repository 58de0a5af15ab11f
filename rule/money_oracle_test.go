package rule

import (
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"rapport"
)

// The oracle of money reckons in fractions of whole numbers, from the bare list
// of payments and the rates as they are written.

// plainPayment is what the oracle knows of an event: what was paid, as it is
// written, and in which currency.
type plainPayment struct {
	at       int64
	amount   string
	currency string // empty: none is named
}

// plainRates are rates as they are written, by period.
type plainRates struct {
	from []int64
	per  []map[string]string // of SGD
}

func fraction(s string) *big.Rat {
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		panic(s)
	}
	return r
}

// rate is what one unit of a currency was worth at an instant; nil if nobody knows.
func (p plainRates) rate(currency string, at int64) *big.Rat {
	var held *big.Rat
	for i, from := range p.from {
		if from > at {
			break
		}
		held = nil
		if currency == "SGD" {
			held = big.NewRat(1, 1)
		} else if s := p.per[i][currency]; s != "" {
			held = fraction(s)
		}
	}
	return held
}

// micros is a payment in millionths of a currency, rounded half to even; nil if
// there is no rate.
func (p plainRates) micros(paid plainPayment, to string) *big.Int {
	from := strings.ToUpper(paid.currency)
	if from == "" {
		from = "SGD"
	}
	exact := new(big.Rat).Mul(fraction(paid.amount), big.NewRat(1_000_000, 1))
	if from != to {
		l, r := p.rate(from, paid.at), p.rate(to, paid.at)
		if l == nil || r == nil {
			return nil
		}
		exact.Mul(exact, l).Quo(exact, r)
	}
	return halfToEven(exact)
}

// halfToEven looks for the nearest whole number beside the one below.
func halfToEven(exact *big.Rat) *big.Int {
	below := new(big.Int).Div(exact.Num(), exact.Denom()) // towards less
	twice := new(big.Rat).Sub(exact, new(big.Rat).SetInt(below))
	twice.Add(twice, twice)
	up := twice.Cmp(big.NewRat(1, 1))
	if up > 0 || up == 0 && below.Bit(0) == 1 {
		below.Add(below, big.NewInt(1))
	}
	return below
}

// moneyClause asks for money of event P. Its threshold is often the very value at
// some instant.
func moneyClause(t *rapid.T, c *oracleCase, paid []plainPayment, rates plainRates) clause {
	how, op := pick(t, "how", "sum", "avg", "min", "max"), pick(t, "op", operators...)
	to := pick(t, "currency", "SGD", "USD", "JPY", "KWD")
	l := pick(t, "length", append(lengths(), length{"", 0, 100_000}, length{"", 0, 100_000}, length{"", 0, 100_000})...)
	var narrowed []picked // by what the oracle of selections knows; else by the length
	if l.text == "" && rapid.Bool().Draw(t, "narrowed") {
		narrowed = append(narrowed, anyWindow(t, c))
		if rapid.Bool().Draw(t, "step") {
			narrowed = append(narrowed, anyStep(t, c, false))
		}
	}
	told := make([]*big.Int, len(paid))
	for i, one := range paid {
		told[i] = rates.micros(one, to)
	}
	value := func(p *past, now int64) (float64, Truth) {
		start, total, n := int64(-1<<60), new(big.Int), 0
		if l.text != "" {
			start = p.clock.back(now, l)
		}
		var least, most *big.Int
		for i, one := range paid {
			out := func(part picked) bool { return !part.holds(p, plainEvent{at: one.at}, now) }
			if one.at <= start || one.at > now || slices.ContainsFunc(narrowed, out) {
				continue
			}
			m := told[i]
			if m == nil {
				return 0, Unknown
			}
			if total.Add(total, m); least == nil || m.Cmp(least) < 0 {
				least = m
			}
			if most == nil || m.Cmp(most) > 0 {
				most = m
			}
			n++
		}
		switch {
		case how != "sum" && n == 0:
			return 0, Unknown
		case how == "min":
			total = least
		case how == "max":
			total = most
		}
		f, _ := strconv.ParseFloat(total.String(), 64)
		if how == "avg" {
			return f / (1e6 * float64(n)), Yes
		}
		return f / 1e6, Yes
	}
	x := pick(t, "x", 0, 7, 100, 250.5)
	if then, ok := value(&c.past, c.start+rapid.Int64Range(0, 60*86_400_000).Draw(t, "then")); ok == Yes && rapid.Bool().Draw(t, "equal") {
		x = then
	}
	within := ""
	var spans []length
	if l.text != "" {
		within, spans = fmt.Sprintf(".within(%q)", l.text), []length{l}
	}
	var edges []edger
	for _, part := range narrowed {
		within += part.text
		spans, edges = append(spans, part.spans...), append(edges, part.edges...)
	}
	text := fmt.Sprintf(`events("P")%s.%s(e, e.paid, %q) %s %s`, within, how, to, op, strconv.FormatFloat(x, 'f', -1, 64))
	return clause{text, func(p *past, now int64) Truth {
		v, ok := value(p, now)
		if ok != Yes {
			return Unknown
		}
		return order(op, v, x)
	}, spans, edges}
}

// anyRates draws one to three periods around the events; some currencies come late.
func anyRates(t *rapid.T, start int64) plainRates {
	var p plainRates
	day := start/86_400_000 - 260
	for range rapid.IntRange(1, 3).Draw(t, "periods") {
		day += rapid.Int64Range(1, 120).Draw(t, "after")
		p.from = append(p.from, day*86_400_000)
		per := map[string]string{}
		for _, code := range []string{"USD", "JPY", "KWD"} {
			if pick(t, code+" has", 1, 2, 3, 4, 5) > 1 {
				per[code] = pick(t, code, "1.35", "0.038", "0.009", "4.225", "0.333333333333", "1.000000000001", "77.7", "0.0000005", "0.00005", "0.0005")
			}
		}
		p.per = append(p.per, per)
	}
	return p
}

// anyPaid draws payments with the digits of their currencies; many lie at the
// edges of periods and beside jumps of the clock. Now and then there are more than
// a search for the next flip goes through.
func anyPaid(t *rapid.T, c *oracleCase, rates plainRates) (paid []plainPayment) {
	n := rapid.IntRange(0, 9).Draw(t, "payments")
	if pick(t, "many", 0, 1, 2, 3, 4, 5, 6, 7, 8, 9) == 9 {
		n += 90
	}
	for range n {
		p := plainPayment{at: c.start - rapid.Int64Range(0, 190*86_400_000).Draw(t, "ago"), currency: pick(t, "paid in", "", "SGD", "usd", "USD", "JPY", "KWD", "kwd", "sgd")}
		switch pick(t, "place", 0, 1, 2, 3, 4) {
		case 0:
			p.at = min(c.start, pick(t, "edge", rates.from...)+pick[int64](t, "beside", -1, 0, 1))
		case 1:
			p.at = c.nearJump(t, p.at)
		case 2:
			p.at = c.nearAnother(t, p.at)
		}
		minor := rapid.Int64Range(-2_000, 20_000).Draw(t, "minor")
		digits := map[string]int{"JPY": 0, "KWD": 3}[strings.ToUpper(p.currency)]
		if digits == 0 && strings.ToUpper(p.currency) != "JPY" {
			digits = 2
		}
		p.amount = new(big.Rat).SetFrac(big.NewInt(minor), new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(digits)), nil)).FloatString(digits)
		if rapid.IntRange(0, 5*n).Draw(t, "strange") == 0 {
			p.currency = "EUR"
		}
		paid = append(paid, p)
	}
	slices.SortFunc(paid, func(a, b plainPayment) int { return int(a.at - b.at) })
	return paid
}

// told gives the case's customer the payments, as events of her own.
func (c *oracleCase) told(tb testing.TB, paid []plainPayment) {
	for _, p := range paid {
		c.events["P"] = append(c.events["P"], plainEvent{at: p.at})
		text := fmt.Sprintf(`{"paid": %s, "currency": %q}`, p.amount, p.currency)
		if p.currency == "" {
			text = fmt.Sprintf(`{"paid": %s}`, p.amount)
		}
		c.rows = append(c.rows, happening{"P", rapport.Instant(p.at), object(tb, text)})
	}
}

// read makes the rates that the rule is given of what is written.
func (p plainRates) read(t *rapid.T) *Rates {
	var periods []Period
	for i, from := range p.from {
		per := map[string]Rate{"KWD": 0, "JPY": 0, "USD": 0}
		for code, s := range p.per[i] {
			rate, err := ParseRate(s)
			if err != nil {
				t.Fatal(err)
			}
			per[code] = rate
		}
		periods = append(periods, Period{rapport.Instant(from), per})
	}
	return NewRates("SGD", periods)
}

// Money told in any of four currencies equals what fractions come to, at every
// edge of 400 days; and no flip is missed.
func TestMoneyEqualsFractions(t *testing.T) {
	t.Parallel()
	for _, zone := range oracleZones() {
		t.Run(zone, func(t *testing.T) {
			t.Parallel()
			from, to := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2029, 6, 1, 0, 0, 0, 0, time.UTC)
			clock := newWallClock(newCustomer(zone, t).zone, from, to)
			wakes, changes := 0, 0
			rapid.Check(t, func(rt *rapid.T) {
				w := &watch{T: rt, oracleCase: anyCase(rt, t, zone, clock)}
				rates := anyRates(rt, w.start)
				paid := anyPaid(rt, w.oracleCase, rates)
				w.told(t, paid)
				w.env = Env{Plan: &Plan{Rates: rates.read(rt)}}
				for range 3 {
					w.clause = moneyClause(rt, w.oracleCase, paid, rates)
					w.run(t)
				}
				wakes, changes = wakes+w.wakes, changes+w.changes
			})
			t.Logf("%d wake-ups, %d of them changed the answer", wakes, changes)
			if changes == 0 {
				t.Error("nothing ever changed")
			}
		})
	}
}
