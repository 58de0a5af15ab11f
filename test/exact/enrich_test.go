package exact_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
)

// What a history has besides: amounts of money, rates, and segments about sequences
// and money. They are drawn by dice of their own when the rest is drawn, so that what
// a seed played before it still plays.

// enricher draws it.
type enricher struct {
	dice
	*history
	clock  *wallClock // of most customers
	events []*event   // what happens, though not all of it may be admitted
	prices []int64
	rates  *rates
	n      int // segments that were drawn
}

func (a *artist) enrich() {
	e := &enricher{dice: dice{rand.New(rand.NewPCG(a.seed, 13))}, history: &a.history, clock: a.clocks.of(a.home)}
	e.pay()
	e.rates = e.anyRates()
	base := e.always()
	var more []segment
	for range e.dice.between(2, 3) {
		more = append(more, e.segment(append(slices.Clone(base), names(more)...)))
	}
	e.into(e.def, more)
	e.acts = e.enriched(more)
}

// into gives a definition what is in force along with it.
func (e *enricher) into(d *definition, more []segment) {
	d.segments, d.rates = append(d.segments, more...), e.rates
}

// enriched are the acts, with what becomes of the segments when definitions come; at
// times other rates come between them.
func (e *enricher) enriched(more []segment) (acts []act) {
	def := e.def
	for _, a := range e.acts {
		if done := a.punctual || a.what == "wake"; done && e.chance(12) {
			e.rates = e.otherRates()
			def = &definition{def.segments, def.markets, e.rates}
			acts = append(acts, act{at: a.at, what: "apply", def: def, punctual: true})
		}
		if a.def != nil {
			more = e.applied(&a, more)
			e.into(a.def, more)
			def = a.def
		}
		acts = append(acts, a)
	}
	return acts
}

// applied draws what becomes of the segments, and at times other rates, when a
// definition comes.
func (e *enricher) applied(a *act, old []segment) []segment {
	late := !a.punctual
	if !late && e.chance(40) {
		e.rates = e.otherRates()
	}
	stand := changed(e.dice, old, late, e.leaf)
	if e.chance(40) {
		var others []string
		if !late && a.later == 0 { // see the fifth promise
			others = names(stand)
		}
		stand = append(stand, e.segment(others))
	}
	return stand
}

// always are the segments that no definition takes away.
func (e *enricher) always() []string {
	all := names(e.def.segments)
	for _, a := range e.acts {
		if a.def != nil {
			all = slices.DeleteFunc(all, func(name string) bool { return !slices.Contains(names(a.def.segments), name) })
		}
	}
	return all
}

func names(segments []segment) (names []string) {
	for _, s := range segments {
		names = append(names, s.name)
	}
	return names
}

func (e *enricher) segment(others []string) segment {
	e.n++
	return segment{fmt.Sprint("s", e.n), anyClause(e.dice, pick(e.dice, 0, 0, 1, 1, 2), others, e.leaf)}
}

// leaf is mostly a question about what followed, or about money.
func (e *enricher) leaf() clause {
	switch {
	case e.chance(20):
		return plainClause(e.dice)
	case e.chance(40):
		return e.moneyClause(e.selection("", pick(e.dice, 0, 0, 1)))
	}
	shared, asks := "", []func(dice, selection) clause{existsClause, existsClause, edgeClause, countClause, measureClause}
	if e.chance(40) { // what shares a property can't be measured
		shared, asks = pick(e.dice, "colour", "colour", "n", "currency"), asks[:4]
	}
	return pick(e.dice, asks...)(e.dice, e.selection(shared, pick(e.dice, 0, 1, 1, 1, 2)))
}

// pay draws what each call paid: the same when it is sent again. There are few prices,
// so that what some of them come to is often the same.
func (e *enricher) pay() {
	for range e.dice.between(1, 4) {
		e.prices = append(e.prices, pick(e.dice, 100_000, 100_000, 300_000, million, 2_500_000, 9_990_000, 100*million, -5*million, e.dice.between(-5_000, 50_000)*10_000))
	}
	first := map[string]call{}
	for i := range e.acts {
		a := &e.acts[i]
		for j := range a.calls {
			c := &a.calls[j]
			if again, ok := first[c.id]; ok {
				c.paid, c.currency = again.paid, again.currency
			} else if c.kind == "track" {
				c.paid, c.currency = e.amount()
			}
			first[c.id] = *c
			e.events = append(e.events, &event{call: *c, stamp: c.happened(a.end())})
		}
	}
	if e.events == nil {
		e.events = []*event{{call: call{kind: "identify"}, stamp: e.start}}
	}
}

// amount draws an amount and its currency. Few have a currency that has no rate: they
// leave a sum unknown for as long as they are in it.
func (e *enricher) amount() (paid *int64, currency any) {
	if e.chance(85) {
		paid = &e.prices[e.IntN(len(e.prices))]
	}
	currency = pick[any](e.dice, nil, nil, "EUR", "EUR", "eur", "USD", "USD", "usd", "GBP", "GBP", "gBp", "")
	if e.chance(6) {
		currency = pick[any](e.dice, "CHF", "JPY", "gold", 7.0)
	}
	return paid, currency
}

// otherRates are mostly the same rates but for one number.
func (e *enricher) otherRates() *rates {
	if e.chance(20) {
		return e.anyRates()
	}
	r := &rates{e.rates.base, slices.Clone(e.rates.periods)}
	p := &r.periods[e.IntN(len(r.periods))]
	p.per = maps.Clone(p.per)
	p.per[pick(e.dice, slices.Sorted(maps.Keys(p.per))...)] = pick(e.dice, worths()...)
	return r
}

// worths are what one unit of a currency may be worth, in millionths.
func worths() []int64 {
	return []int64{million, 1_100_000, 920_000, 1_350_000, 333_333, 6_500, 77_700_000}
}

// anyRates draws rates of one to four periods that begin about when things happen. Of
// yen there is a rate from some period on, if at all.
func (e *enricher) anyRates() *rates {
	r := &rates{base: pick(e.dice, "EUR", "EUR", "USD")}
	var days []int64
	for _, one := range e.events {
		if one.stamp%day == 0 && e.chance(50) { // a period begins at the very instant
			days = append(days, one.stamp/day)
		}
	}
	for range e.dice.between(1, 3) {
		days = append(days, pick(e.dice, e.events...).stamp/day-pick[int64](e.dice, -1, 0, 0, 0, 30, 300))
	}
	slices.Sort(days)
	yen := int(e.dice.between(0, 4))
	for i, n := range slices.Compact(days) {
		p := period{n * day, map[string]int64{}}
		for _, code := range currencies() {
			if code != r.base {
				p.per[code] = pick(e.dice, worths()...)
			}
		}
		if i >= yen {
			p.per["JPY"] = pick[int64](e.dice, 6_100, 6_500)
		}
		r.periods = append(r.periods, p)
	}
	return r
}
