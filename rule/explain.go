package rule

import (
	"strings"

	"rapport"
)

// part is a rule's condition as it is explained: and, or, not, and leaves.
type part struct {
	cond  cond
	op    Op // OpAnd, OpOr or OpNot; else a leaf
	parts []*part

	expr  *Expr    // of a leaf
	facts []FactID // that a leaf reads
	text  string
}

// part compiles a condition and keeps its shape.
func (b *builder) part(e *Expr) *part {
	if e.Op != OpAnd && e.Op != OpOr && e.Op != OpNot {
		b.ofLeaf = nil
		leaf := &part{cond: b.cond(e), expr: e, text: e.String()}
		leaf.facts = b.ofLeaf
		return leaf
	}
	p := &part{op: e.Op}
	var conds []cond
	for _, arg := range e.Args {
		below := b.part(arg)
		p.parts = append(p.parts, below)
		conds = append(conds, below.cond)
	}
	switch e.Op {
	case OpAnd:
		p.cond, p.text = and(stillFirst(conds)), "and"
	case OpOr:
		p.cond, p.text = or(stillFirst(conds)), "or"
	default:
		p.cond, p.text = not{conds[0]}, "not"
	}
	return p
}

func (p *part) explain(x *env) *Trace {
	t := &Trace{Text: p.text, Truth: p.cond.eval(x)}
	for _, below := range p.parts {
		t.Parts = append(t.Parts, below.explain(x))
	}
	if p.op == 0 {
		t.Saw = p.saw(x)
	}
	want := Yes
	if t.Truth == Yes {
		want = No
	}
	changes := p.change(x, want)
	t.Change = strings.Join(changes, " and ")
	return t
}

// change returns the fewest changes that would make the answer want: all parts
// that stand against it, or the one that is nearest to it.
func (p *part) change(x *env, want Truth) []string {
	switch {
	case p.cond.eval(x) == want:
		return nil
	case p.op == 0:
		return []string{p.wish(x, want)}
	case p.op == OpNot:
		return p.parts[0].change(x, want.Not())
	case (p.op == OpAnd) == (want == Yes):
		var all []string
		for _, below := range p.parts {
			all = append(all, below.change(x, want)...)
		}
		return all
	}
	var best []string
	for _, below := range p.parts {
		if changes := below.change(x, want); best == nil || len(changes) < len(best) {
			best = changes
		}
	}
	return best
}

// wish says in words how a leaf would come to the answer, by something that
// happens or, where it is so, by waiting.
func (p *part) wish(x *env, want Truth) string {
	at := p.waiting(x, want)
	if at == rapport.Never {
		return p.words(x, want)
	}
	wait := "waiting until " + at.In(x.zone()).Format(timeLayout)
	switch n := p.cond.(type) {
	case *matched:
		if want == Yes && n.steps != nil {
			return wait + n.without(p.expr.Args[0])
		}
	case compareClock, compareCalendar:
		if p.onlyTime() {
			return wait
		}
	}
	return p.words(x, want) + " (or " + wait + ")"
}

// waiting returns the next flip if it brings the answer by itself, else never.
func (p *part) waiting(x *env, want Truth) rapport.Instant {
	_, at := p.cond.flip(x)
	if at == rapport.Never || at <= x.now {
		return rapport.Never
	}
	then := *x
	if then.now = at; p.cond.eval(&then) != want {
		return rapport.Never
	}
	return at
}

// onlyTime reports whether nothing but the clock moves in a comparison.
func (p *part) onlyTime() bool {
	for _, side := range p.expr.Args {
		if isCalendarPart(side) {
			side = side.Args[0]
		}
		if !isConstant(side) && side.Op != OpList {
			return false
		}
	}
	return true
}

const timeLayout = "2006-01-02 15:04:05"

// saw shows the values that a leaf looked at.
func (p *part) saw(x *env) string {
	switch n := p.cond.(type) {
	case compareAggregate:
		return both(number(n.aggregate), n.r, x)
	case compareMoney:
		return n.saw(x)
	case compareNumbers:
		return both(n.l, n.r, x)
	case compareDays:
		return both(n.days, n.r, x)
	case compareCalendar:
		return n.saw(x)
	case compareClock:
		return showMoment(n.with, x)
	case compareMoments:
		return showMoment(n.l, x) + " and " + showMoment(n.r, x)
	case *happened:
		return showMoment(&edge{selection: selection{fact: n.fact}}, x)
	case *matched:
		return showMoment(&edge{selection: n.selection, exact: true}, x)
	case anniversary:
		return showDate(n.of, x)
	case eachItem:
		return showValue(n.list, x)
	case interface{ stored() still }:
		return sawStored(n.stored(), x)
	}
	return ""
}

func sawStored(c still, x *env) string {
	switch n := c.(type) {
	case compareText:
		return showValue(n.l, x)
	case compareStored:
		return showValue(n.l, x)
	case compareValues:
		return showBoth(n.l, n.r, x)
	case oneOf:
		return showValue(n.item, x)
	case oneOfTexts:
		return showValue(n.item, x)
	case inList:
		return showBoth(n.item, n.list, x)
	case textTest:
		return showBoth(n.of, n.arg, x)
	case isYes:
		return showValue(n.of, x)
	case isSet:
		return showValue(n.of, x)
	}
	return ""
}

const notSet = "not set"

// showValue shows a value as JSON, the beginning of a long one.
func showValue(n value, x *env) string {
	v := n.eval(x)
	if !v.IsSet() {
		return notSet
	}
	text := string(v.AppendJSON(nil))
	if letters := []rune(text); len(letters) > 80 {
		return string(letters[:79]) + "…"
	}
	return text
}

// showBoth shows two values, but not what stands in the rule anyway.
func showBoth(l, r value, x *env) string {
	if _, ok := r.(constant); ok {
		return showValue(l, x)
	}
	if _, ok := l.(constant); ok {
		return showValue(r, x)
	}
	return showValue(l, x) + " and " + showValue(r, x)
}

func showNumber(n number, x *env) string {
	v, ok := n.eval(x)
	if !ok {
		return whyUnknown(n, x)
	}
	return rapport.FormatNumber(v)
}

func both(l, r number, x *env) string {
	if _, ok := r.(constantNumber); ok {
		return showNumber(l, x)
	}
	if _, ok := l.(constantNumber); ok {
		return showNumber(r, x)
	}
	return showNumber(l, x) + " and " + showNumber(r, x)
}

func showMoment(n moment, x *env) string {
	if _, ok := n.(*edge); ok {
		if at, ok := n.eval(x); ok {
			return at.In(x.zone()).Format(timeLayout)
		}
		return "never"
	}
	at, ok := n.eval(x)
	if !ok {
		return notSet
	}
	return at.In(x.zone()).Format(timeLayout)
}

func showDate(n date, x *env) string {
	d, ok := n.day(x)
	if !ok {
		return notSet
	}
	return rapport.Instant(d * int64(day)).Time().Format("2006-01-02")
}
