package rule

import (
	"slices"
	"strings"

	"rapport"
)

// lower is the only meaning of "without regard to case" in the language.
func lower(s string) string { return strings.ToLower(s) }

// and is No if any part is, else Unknown if any part is, else Yes.
type and []cond

func (n and) eval(x *env) Truth {
	truth := Yes
	for _, part := range n {
		if truth = truth.And(part.eval(x)); truth == No {
			return No
		}
	}
	return truth
}

// flip: a No stands until every part that says No may have changed; any other
// answer until any part may have.
func (n and) flip(x *env) (Truth, rapport.Instant) {
	truth, first, last := Yes, rapport.Never, rapport.Instant(minInstant)
	for _, part := range n {
		t, at := part.flip(x)
		truth = truth.And(t)
		first = min(first, at)
		if t == No {
			if at == rapport.Never {
				return No, at // whatever the others say
			}
			last = max(last, at)
		}
	}
	if truth == No {
		return No, last
	}
	return truth, first
}

const minInstant = -1 << 63

// holding reports whether a condition is Yes and until when that stays. Each part of
// an and that is not Yes is in the way of the whole until it may have changed.
func holding(c cond, x *env) (holds bool, until rapport.Instant) {
	parts, ok := c.(and)
	if !ok {
		t, at := c.flip(x)
		return t == Yes, at
	}
	holds, first, last := true, rapport.Never, rapport.Instant(minInstant)
	for _, part := range parts {
		yes, at := holding(part, x)
		switch {
		case yes:
			first = min(first, at)
		case at == rapport.Never:
			return false, at // whatever the others say
		default:
			holds, last = false, max(last, at)
		}
	}
	if holds {
		return true, first
	}
	return false, last
}

// stillFirst puts what never changes as time passes before what may: where it
// decides the answer, neither the others nor their next flips need be worked out.
func stillFirst(parts []cond) []cond {
	ordered := slices.Clone(parts)
	slices.SortStableFunc(ordered, func(a, b cond) int { return rankOf(a) - rankOf(b) })
	return ordered
}

func rankOf(c cond) int {
	if _, still := c.(interface{ stored() still }); still {
		return 0
	}
	return 1
}

// or is Yes if any part is, else Unknown if any part is, else No.
type or []cond

func (n or) eval(x *env) Truth {
	truth := No
	for _, part := range n {
		if truth = truth.Or(part.eval(x)); truth == Yes {
			return Yes
		}
	}
	return truth
}

func (n or) flip(x *env) (Truth, rapport.Instant) {
	truth, first, last := No, rapport.Never, rapport.Instant(minInstant)
	for _, part := range n {
		t, at := part.flip(x)
		truth = truth.Or(t)
		first = min(first, at)
		if t == Yes {
			if at == rapport.Never {
				return Yes, at // whatever the others say
			}
			last = max(last, at)
		}
	}
	if truth == Yes {
		return Yes, last
	}
	return truth, first
}

type not struct{ of cond }

func (n not) eval(x *env) Truth { return n.of.eval(x).Not() }

func (n not) flip(x *env) (Truth, rapport.Instant) {
	truth, at := n.of.flip(x)
	return truth.Not(), at
}

// still is a condition that never changes as time passes.
type still interface{ eval(x *env) Truth }

// fixed makes a cond of one, without the cost of another call through an interface.
type fixed[T still] struct{ of T }

func (n fixed[T]) eval(x *env) Truth                    { return n.of.eval(x) }
func (n fixed[T]) flip(x *env) (Truth, rapport.Instant) { return n.of.eval(x), rapport.Never }
func (n fixed[T]) stored() still                        { return n.of }

func fix[T still](of T) cond { return fixed[T]{of} }

type isYes struct{ of value }

func (n isYes) eval(x *env) Truth {
	v := n.of.eval(x)
	if v.Kind() != rapport.Bool {
		return Unknown
	}
	return TruthOf(v.Bool())
}

type isSet struct{ of value }

func (n isSet) eval(x *env) Truth { return TruthOf(n.of.eval(x).IsSet()) }

type inSegment struct{ name string }

func (n inSegment) eval(x *env) Truth { return x.subject.Segment(n.name) }

// answers turns an order (-1, 0, 1) into what an operator says of it.
func answers(op Op, order int) Truth {
	switch op {
	case OpEq:
		return TruthOf(order == 0)
	case OpNe:
		return TruthOf(order != 0)
	case OpLt:
		return TruthOf(order < 0)
	case OpLe:
		return TruthOf(order <= 0)
	case OpGt:
		return TruthOf(order > 0)
	}
	return TruthOf(order >= 0)
}

// answersNumbers is answers for two numbers.
func answersNumbers(op Op, l, r float64) Truth {
	switch op {
	case OpEq:
		return TruthOf(l == r)
	case OpNe:
		return TruthOf(l != r)
	case OpLt:
		return TruthOf(l < r)
	case OpLe:
		return TruthOf(l <= r)
	case OpGt:
		return TruthOf(l > r)
	}
	return TruthOf(l >= r)
}

// mirrored is the operator with its sides exchanged.
func mirrored(op Op) Op {
	switch op {
	case OpLt:
		return OpGt
	case OpLe:
		return OpGe
	case OpGt:
		return OpLt
	case OpGe:
		return OpLe
	}
	return op
}

// compareValues compares what was stored, whatever its kind.
type compareValues struct {
	op   Op
	l, r value
}

func (n compareValues) eval(x *env) Truth {
	l, r := n.l.eval(x), n.r.eval(x)
	if l.Kind() != r.Kind() {
		return Unknown
	}
	switch l.Kind() {
	case rapport.Number:
		return answersNumbers(n.op, l.Number(), r.Number())
	case rapport.Text:
		return answers(n.op, strings.Compare(l.Text(), r.Text()))
	case rapport.Bool:
		if n.op == OpEq || n.op == OpNe {
			return TruthOf((l.Bool() == r.Bool()) == (n.op == OpEq))
		}
	}
	return Unknown
}

// compareText is the commonest comparison, with a text written in the rule.
type compareText struct {
	op   Op
	l    value
	text string
}

func (n compareText) eval(x *env) Truth {
	l := n.l.eval(x)
	switch {
	case l.Kind() != rapport.Text:
		return Unknown
	case n.op == OpEq:
		return TruthOf(l.Text() == n.text)
	}
	return answers(n.op, strings.Compare(l.Text(), n.text))
}

// oneOf is in [...] with a list written in the rule.
type oneOf struct {
	item value
	list []rapport.Value // all of one kind
}

func (n oneOf) eval(x *env) Truth {
	item := n.item.eval(x)
	if item.Kind() != n.list[0].Kind() {
		return Unknown
	}
	for i := range n.list {
		if n.list[i].Equal(item) {
			return Yes
		}
	}
	return No
}

// oneOfTexts is oneOf of texts, the commonest.
type oneOfTexts struct {
	item value
	list []string
}

func (n oneOfTexts) eval(x *env) Truth {
	item := n.item.eval(x)
	if item.Kind() != rapport.Text {
		return Unknown
	}
	return TruthOf(slices.Contains(n.list, item.Text()))
}

// inList is in with a list that was stored.
type inList struct{ item, list value }

func (n inList) eval(x *env) Truth {
	item, list := n.item.eval(x), n.list.eval(x)
	if !item.IsSet() || list.Kind() != rapport.List {
		return Unknown
	}
	for i := range list.Len() {
		if list.Item(i).Equal(item) {
			return Yes
		}
	}
	return No
}

// textTest is startsWith, endsWith or contains.
type textTest struct {
	test    func(s, part string) bool
	of, arg value
}

func (n textTest) eval(x *env) Truth {
	of, arg := n.of.eval(x), n.arg.eval(x)
	if of.Kind() != rapport.Text || arg.Kind() != rapport.Text {
		return Unknown
	}
	return TruthOf(n.test(of.Text(), arg.Text()))
}

// eachItem asks a condition of the items of a list: of any if stop is Yes, of
// all if stop is No.
type eachItem struct {
	list value
	slot int
	body cond
	stop Truth
}

func (n eachItem) eval(x *env) Truth {
	list := n.list.eval(x)
	if list.Kind() != rapport.List {
		return Unknown
	}
	truth := n.stop.Not()
	for i := range list.Len() {
		x.items[n.slot] = list.Item(i)
		switch t := n.body.eval(x); {
		case t == n.stop:
			return t
		case t == Unknown:
			truth = Unknown
		}
	}
	return truth
}

func (n eachItem) flip(x *env) (Truth, rapport.Instant) {
	list, first := n.list.eval(x), rapport.Never
	if list.Kind() != rapport.List {
		return Unknown, first
	}
	for i := range list.Len() {
		x.items[n.slot] = list.Item(i)
		_, at := n.body.flip(x)
		first = min(first, at)
	}
	return n.eval(x), first
}
