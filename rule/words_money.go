package rule

// show tells the value in its currency, or why there is none.
func (n *money) show(x *env) string {
	t := n.tally(x)
	v, ok := t.value(n.measure)
	switch {
	case t.unrated > 0:
		return n.lack(x).String()
	case !ok:
		return notSet
	}
	return amountText(microsOf(v), n.currency)
}

// String says what is lacking.
func (l lack) String() string {
	if l.lost {
		return l.amounts + " are not all kept any more"
	}
	return l.amounts + " have no rate"
}

// saw shows what a comparison looked at.
func (n compareMoney) saw(x *env) string {
	if _, ok := n.r.(constantNumber); ok {
		return n.show(x)
	}
	return n.show(x) + " and " + showNumber(n.r, x)
}

// whyUnknown finds the money without a value in a calculation.
func whyUnknown(n number, x *env) string {
	switch n := n.(type) {
	case *money:
		return n.show(x)
	case negative:
		return whyUnknown(n.of, x)
	case arithmetic:
		if why := whyUnknown(n.l, x); why != notSet {
			return why
		}
		return whyUnknown(n.r, x)
	}
	return notSet
}

// moneyWords says how much more, in the currency.
func (p *part) moneyWords(n compareMoney, x *env, want Truth) string {
	e := p.expr.Args[0]
	if computedFrom(p.expr.Args[1]) && !computedFrom(e) {
		e = p.expr.Args[1]
	}
	t := n.tally(x)
	have, ok := t.value(n.measure)
	r, rok := n.r.eval(x)
	op := towards(n.op, want)
	switch {
	case t.unrated > 0 && !n.lack(x).lost:
		return n.lack(x).amounts + " would need a rate"
	case !ok || !rok:
		return p.plainWords(want)
	case n.measure == sumOf && (op == OpGe || op == OpGt) && r > have:
		more := amountText(toMinor(microsOf(r)-t.sum.Micros(), n.currency), n.currency) + " more of " + selectionWords(e.Args[0])
		if op == OpGt {
			return "more than " + more
		}
		return more
	}
	return "the " + e.Text + " of " + measureWords(e) + " would have to " + bounds(op) + amountText(microsOf(r), n.currency)
}
