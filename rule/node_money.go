package rule

import (
	"slices"
	"strings"

	"rapport"
)

// An amount of money counts in the currency that its own event names, in the
// property currency; one whose event names none counts in the base of the rates.
// What is kept of amounts are facts of one currency each, as they were paid; they
// are exchanged when they are read, each at the rate of the instant it was paid.
// One more fact keeps the amounts in currencies that have no rate at all: as long
// as one of them is in the window there is no value.

// paidIn says whether an event names a currency; the empty code stands for
// events that name none.
type paidIn struct{ code string }

func (n paidIn) eval(x *env) Truth {
	v := x.event.Property("currency")
	if names := v.IsSet() && (v.Kind() != rapport.Text || v.Text() != ""); !names {
		return TruthOf(n.code == "")
	}
	return TruthOf(n.code != "" && isCode(v.Text(), n.code))
}

// isCode compares with a code in capital letters; the text may be in small ones.
func isCode(text, code string) bool { return len(text) == len(code) && strings.EqualFold(text, code) }

// paidOtherwise says whether an event names a currency that is none of these.
type paidOtherwise struct{ codes []string }

func (n paidOtherwise) eval(x *env) Truth {
	if (paidIn{}).eval(x) == Yes {
		return No
	}
	text := x.event.Property("currency").Text()
	return TruthOf(!slices.ContainsFunc(n.codes, func(code string) bool { return isCode(text, code) }))
}

// strangeCode measures an amount without a rate by its currency's three letters,
// so that it can be told; 0 if it has another name than that.
type strangeCode struct{ of number }

func (n strangeCode) eval(x *env) (float64, bool) {
	_, ok := n.of.eval(x)
	text := strings.ToUpper(x.event.Property("currency").Text())
	if !rapport.IsCurrency(text) {
		return 0, ok
	}
	return numberOf(int64(text[0])<<16 | int64(text[1])<<8 | int64(text[2])), ok
}

func (n strangeCode) next(*env) rapport.Instant { return rapport.Never }

// strangeName is the name of the currency that strangeCode measured.
func strangeName(code int64) string {
	if code == 0 {
		return "another currency"
	}
	return string([]byte{byte(code >> 16), byte(code >> 8), byte(code)})
}

// amounts are what was paid in one currency, or in all that have no rate.
type amounts struct {
	selection
	code     string   // of the currency; empty if it has no rate
	exchange exchange // none for those without a rate
}

// payment is an amount told in the currency that is asked for, or one that has
// no rate.
type payment struct {
	at     rapport.Instant
	micros int64
	rated  bool
}

func (n *amounts) told(p Point) payment {
	micros, ok := n.exchange.convert(p.Value, p.At)
	return payment{p.At, micros, ok}
}

// totals reports whether an amount counts as it was paid, whenever that was.
func (n *amounts) totals() bool { return n.exchange.same && n.whole() }

// counted returns the points that count: without a window all there are. With
// steps they are valid until those of other amounts are asked for.
func (n *amounts) counted(x *env) run {
	if !n.whole() {
		return n.run(x)
	}
	h := x.subject.History(n.fact)
	if h == nil {
		return run{}
	}
	return run{h, 0, len(h.Points), len(h.Points)}
}

func (n *amounts) tally(x *env, m measure, t *tally) {
	h := x.subject.History(n.fact)
	switch {
	case h == nil || h.Count == 0:
		return
	case n.totals():
		t.addTotals(h)
		return
	case n.whole():
		t.unrated += h.Count - int64(len(h.Points))
	}
	n.add(n.counted(x), m, t)
}

// add tallies a run. What needs no rate is summed up without going through it.
func (n *amounts) add(r run, m measure, t *tally) {
	if n.exchange.same && (m == sumOf || m == avgOf) {
		t.count += int64(r.len())
		t.sum = t.sum.plus(r.sum())
		return
	}
	for _, p := range r.points() {
		t.add(n.told(p))
	}
}

// tally is what payments come to.
type tally struct {
	count       int64
	sum         Sum
	least, most int64
	unrated     int64 // without a rate, or not kept any more
}

func (t *tally) add(p payment) {
	if !p.rated {
		t.unrated++
		return
	}
	if t.count == 0 {
		t.least, t.most = p.micros, p.micros
	}
	t.least, t.most = min(t.least, p.micros), max(t.most, p.micros)
	t.count++
	t.sum.add(p.micros)
}

func (t *tally) addTotals(h *History) {
	if t.count == 0 {
		t.least, t.most = h.Min, h.Max
	}
	t.least, t.most = min(t.least, h.Min), max(t.most, h.Max)
	t.count += h.Count
	t.sum = t.sum.plus(h.Sum)
}

// value is what a measure makes of a tally; none while an amount has no rate.
func (t *tally) value(m measure) (float64, bool) {
	ok := t.unrated == 0
	switch m {
	case sumOf:
		return t.sum.Number(), ok
	case avgOf:
		return t.sum.mean(t.count), ok && t.count > 0
	case minOf:
		return numberOf(t.least), ok && t.count > 0
	}
	return numberOf(t.most), ok && t.count > 0
}

// money is sum, avg, min or max, told in one currency.
type money struct {
	parts    []amounts // the last one is of those without a rate
	narrowed bool      // by a window or by what followed
	measure  measure
	currency string
}

func (n *money) tally(x *env) (t tally) {
	for i := range n.parts {
		n.parts[i].tally(x, n.measure, &t)
	}
	return t
}

func (n *money) eval(x *env) (float64, bool) {
	t := n.tally(x)
	return t.value(n.measure)
}

func (n *money) next(x *env) rapport.Instant {
	first := rapport.Never
	for i := range n.parts {
		if n.narrowed {
			at, _ := n.parts[i].later(x, n.parts[i].run(x))
			first = min(first, at)
		}
	}
	return first
}

// oldest takes the oldest points out of the runs of the parts, as payments
// ascending by time, as many as there is room for.
func (n *money) oldest(runs []run, into []payment) []payment {
	for len(into) < cap(into) {
		best := -1
		for i, r := range runs {
			if r.len() > 0 && (best < 0 || r.first().At < runs[best].first().At) {
				best = i
			}
		}
		if best < 0 {
			break
		}
		into = append(into, n.parts[best].told(runs[best].first()))
		runs[best].from++
	}
	return into
}

func (r run) first() Point { return r.of.Points[r.from] }

// lack is which amounts keep a sum from being told.
type lack struct {
	amounts string // in words; empty if nothing is lacking
	lost    bool   // they have a rate, but are not all kept any more
}

// lack says why there is no value although there are amounts: first of those
// whose currency nobody knows.
func (n *money) lack(x *env) lack {
	for i := len(n.parts) - 1; i >= 0; i-- {
		if l := n.parts[i].lack(x); l.amounts != "" {
			return l
		}
	}
	return lack{}
}

func (n *amounts) lack(x *env) lack {
	h, r := x.subject.History(n.fact), n.counted(x)
	switch {
	case h == nil || n.totals():
	case n.code == "" && r.len() > 0:
		return lack{amounts: "amounts in " + strangeName(r.points()[r.len()-1].Value)}
	case n.code == "" && h.Count > 0 && n.whole():
		return lack{amounts: "amounts in " + strangeName(h.Max)}
	case slices.ContainsFunc(r.points(), func(p Point) bool { return !n.told(p).rated }):
		return lack{amounts: "amounts in " + n.code + n.exchange.before()}
	case n.whole() && int64(r.len()) < h.Count:
		return lack{"amounts in " + n.code, true}
	}
	return lack{}
}

// before says from when on there is a rate.
func (x exchange) before() string {
	for i, at := range x.starts {
		if x.from[i] > 0 && x.to[i] > 0 {
			return " before " + at.Time().Format("2006-01-02")
		}
	}
	return ""
}

// compareMoney compares money with a number. As long as the number stands still
// its flip is exact, unless more payments than lookAhead must leave before it.
type compareMoney struct {
	*money
	op Op
	r  number
}

func (n compareMoney) eval(x *env) Truth {
	r, rok := n.r.eval(x)
	if !rok {
		return Unknown
	}
	t := n.tally(x)
	return n.judge(&t, r)
}

func (n compareMoney) judge(t *tally, r float64) Truth {
	v, ok := t.value(n.measure)
	if !ok {
		return Unknown
	}
	return answersNumbers(n.op, v, r)
}

func (n compareMoney) flip(x *env) (Truth, rapport.Instant) {
	r, ok := n.r.eval(x)
	bound := n.r.next(x)
	if !n.narrowed || !ok {
		return n.eval(x), bound
	}
	if !n.parts[0].onlyLeaves() {
		truth := n.eval(x)
		return truth, min(bound, n.turns(x, truth, r))
	}
	var room [16]run
	var first [lookAhead]payment
	runs := room[:0]
	for i := range n.parts {
		runs = append(runs, n.parts[i].run(x))
	}
	leaving := n.oldest(runs, first[:0])
	truth, left := n.changing(leaving, runs, r)
	if left >= 0 {
		bound = min(bound, n.parts[0].leaves(x, leaving[left].at))
	}
	return truth, bound
}

// turns lets payments enter and leave until the answer may be another.
func (n compareMoney) turns(x *env, truth Truth, r float64) rapport.Instant {
	now := x.now
	defer func() { x.now = now }()
	for range lookAhead {
		x.now = n.money.next(x)
		if x.now == rapport.Never {
			break
		}
		if t := n.tally(x); n.judge(&t, r) != truth {
			break
		}
	}
	return x.now
}

// changing returns the answer, and the first of the payments whose leaving may
// change it, -1 if none does; rest is what stays when they have left. It works out
// what would be left after each from the last one back; payments of one instant
// leave together.
func (n compareMoney) changing(leaving []payment, rest []run, r float64) (truth Truth, left int) {
	var t tally
	more := false
	for i := range rest {
		n.parts[i].add(rest[i], n.measure, &t)
		more = more || rest[i].len() > 0
	}
	var after [lookAhead]Truth
	for i := len(leaving) - 1; i >= 0; i-- {
		after[i] = n.judge(&t, r)
		t.add(leaving[i])
	}
	truth = n.judge(&t, r)
	for i := range leaving {
		together := i+1 < len(leaving) && leaving[i+1].at == leaving[i].at
		if !together && after[i] != truth {
			return truth, i
		}
	}
	if more {
		return truth, len(leaving) - 1
	}
	return truth, -1
}
