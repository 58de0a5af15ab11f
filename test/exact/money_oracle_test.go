package exact_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Money as the oracle reckons it: in whole millionths, each amount by itself, from
// the rates as they are written.

const million = 1_000_000

// rates are what one unit of each currency is worth in the base.
type rates struct {
	base    string
	periods []period
}

type period struct {
	from int64            // a midnight
	per  map[string]int64 // in millionths
}

// currencies are those that every period has a rate of, or are the base.
func currencies() []string { return []string{"EUR", "USD", "GBP"} }

// worth is what one unit of a currency was worth at an instant, 0 if nobody knows.
func (r *rates) worth(code string, at int64) (micros int64) {
	for _, p := range r.periods {
		if p.from <= at && code == r.base {
			micros = million
		} else if p.from <= at {
			micros = p.per[code]
		}
	}
	return micros
}

// told is what an event paid, in a currency; false if there is no rate.
func (r *rates) told(e *event, in string) (micros int64, ok bool) {
	code := r.paidIn(e)
	if code == in {
		return *e.paid, true
	}
	worth, per := r.worth(code, e.stamp), r.worth(in, e.stamp)
	if worth == 0 || per == 0 {
		return 0, false
	}
	return divided(*e.paid*worth, per), true
}

// paidIn is the currency of an event's amount: that which it names, else the base.
func (r *rates) paidIn(e *event) string {
	switch code := e.currency.(type) {
	case nil:
		return r.base
	case string:
		if code != "" {
			return strings.ToUpper(code)
		}
		return r.base
	}
	return fmt.Sprint(e.currency) // no text names a currency that has a rate
}

// divided is the whole number that is nearest to a fraction, of two the even one.
func divided(n, by int64) int64 {
	below, rest := n/by, n%by
	if rest < 0 {
		below, rest = below-1, rest+by
	}
	if 2*rest > by || 2*rest == by && below%2 != 0 {
		below++
	}
	return below
}

// text writes rates as the marketer does.
func (r *rates) text() string {
	text := fmt.Sprintf("kind: rates\nname: bank\nbase: %s\nperiods:\n", r.base)
	for _, p := range r.periods {
		text += fmt.Sprintf("  - from: %s\n    per: { %s }\n", written(p.from, true), strings.Join(p.told(), ", "))
	}
	return text
}

// tell is the same for a story.
func (r *rates) tell() string {
	text := "one unit is worth in " + r.base
	for _, p := range r.periods {
		text += fmt.Sprintf(", from %s %s", written(p.from, true), strings.Join(p.told(), " "))
	}
	return text
}

func (p period) told() (list []string) {
	for code, worth := range p.per {
		list = append(list, code+": "+decimal(worth))
	}
	slices.Sort(list)
	return list
}

// decimal writes millionths as a number.
func decimal(micros int64) string { return strconv.FormatFloat(float64(micros)/million, 'f', -1, 64) }

// moneyClause asks of what was paid, told in a currency: often whether it is what
// some came to that were paid, to the last millionth.
func (e *enricher) moneyClause(s selection) clause {
	in, op := pick(e.dice, currencies()...), pick(e.dice, operators()...)
	how := pick(e.dice, "sum", "sum", "avg", "avg", "min", "max")
	k := e.threshold(s, how, in)
	c := s.asked(fmt.Sprintf(".%s(e, e.paid, %q) %s %s", how, in, op, decimal(k)), func(v *view) int {
		var told []int64
		for _, paid := range s.of(v) {
			if paid.paid == nil {
				continue
			}
			micros, ok := v.rates.told(paid, in)
			if !ok {
				return 0
			}
			told = append(told, micros)
		}
		return judged(how, told, op, k)
	})
	c.rated = true
	return c
}

// judged compares what amounts come to. An average is compared without dividing.
func judged(how string, told []int64, op string, k int64) int {
	switch {
	case len(told) == 0 && how != "sum":
		return 0
	case how == "avg":
		return compare(op, comesTo("sum", told), k*int64(len(told)))
	}
	return compare(op, comesTo(how, told), k)
}

// comesTo is the sum of amounts, their average in whole millionths, the least or most.
func comesTo(how string, told []int64) (micros int64) {
	switch how {
	case "min":
		return slices.Min(told)
	case "max":
		return slices.Max(told)
	}
	for _, one := range told {
		micros += one
	}
	if how == "avg" {
		return divided(micros, int64(len(told)))
	}
	return micros
}

// threshold is what the payments of one sender come to, some or all of them.
func (e *enricher) threshold(s selection, how, in string) int64 {
	last, most := pick(e.dice, e.events...), pick(e.dice, 1, 2, 3, 9)
	var told []int64
	for _, paid := range slices.Backward(e.events) {
		if paid.source() == last.source() && paid.paid != nil && s.takes(paid) && len(told) < most {
			if micros, ok := e.rates.told(paid, in); ok {
				told = append(told, micros)
			}
		}
	}
	if told == nil {
		return pick[int64](e.dice, 0, 1, 10, 100) * million
	}
	return comesTo(how, told)
}
