package rule

import (
	"math"
	"strings"

	"rapport"
)

// words says how a leaf would come to an answer.
func (p *part) words(x *env, want Truth) string {
	switch n := p.cond.(type) {
	case compareAggregate:
		return p.aggregateWords(n, x, want)
	case compareMoney:
		return p.moneyWords(n, x, want)
	case *happened:
		if want == Yes {
			return "one " + selectionWords(p.expr.Args[0])
		}
		return "no " + selectionWords(p.expr.Args[0])
	case *matched:
		return p.matchedWords(n, x, want)
	case anniversary:
		return wouldHave(nameOf(p.expr.Args[0]), want, "return", "not return") + " within " + plural(n.days, "day")
	case compareNumbers, compareDays, compareMoments, compareClock, compareCalendar:
		return p.comparisonWords(want)
	case interface{ stored() still }:
		return p.storedWords(n.stored(), want)
	}
	return p.plainWords(want)
}

func (p *part) plainWords(want Truth) string {
	if want == Yes {
		return p.text + " would have to hold"
	}
	return p.text + " would have to fail"
}

func wouldHave(what string, want Truth, yes, no string) string {
	if want == Yes {
		return what + " would have to " + yes
	}
	return what + " would have to " + no
}

func (p *part) storedWords(c still, want Truth) string {
	switch n := c.(type) {
	case compareText, compareStored, compareValues:
		return p.comparisonWords(want)
	case oneOf, oneOfTexts:
		list := options(p.expr.Args[1].Args)
		return wouldHave(nameOf(p.expr.Args[0]), want, "be "+list, "be something other than "+list)
	case inList:
		return wouldHave(nameOf(p.expr.Args[1]), want, "hold "+nameOf(p.expr.Args[0]), "be without "+nameOf(p.expr.Args[0]))
	case isYes:
		return wouldHave(nameOf(p.expr), want, "be yes", "be no")
	case isSet:
		return wouldHave(nameOf(p.expr.Args[0]), want, "be set", "be not set")
	case inSegment:
		return wouldHave("she", want, "be in the segment "+n.name, "be outside the segment "+n.name)
	}
	return p.plainWords(want)
}

func options(list []*Expr) string {
	texts := make([]string, len(list))
	for i, option := range list {
		texts[i] = nameOf(option)
	}
	last := len(texts) - 1
	if last == 0 {
		return texts[0]
	}
	return strings.Join(texts[:last], ", ") + " or " + texts[last]
}

// negated is the operator that holds where op does not.
func negated(op Op) Op {
	switch op {
	case OpEq:
		return OpNe
	case OpNe:
		return OpEq
	case OpLt:
		return OpGe
	case OpLe:
		return OpGt
	case OpGt:
		return OpLe
	}
	return OpLt
}

func towards(op Op, want Truth) Op {
	if want == Yes {
		return op
	}
	return negated(op)
}

// comparisonWords puts what stands in the rule by itself on the right.
func (p *part) comparisonWords(want Truth) string {
	op, l, r := p.expr.Op, p.expr.Args[0], p.expr.Args[1]
	if isConstant(l) && !isConstant(r) {
		op, l, r = mirrored(op), r, l
	}
	op = towards(op, want)
	phrase := bounds(op)
	switch p.cond.(type) {
	case compareMoments, compareClock:
		phrase = map[Op]string{
			OpEq: "be at ", OpNe: "be other than ", OpLt: "be before ", OpLe: "be not after ", OpGt: "be after ", OpGe: "be not before ",
		}[op]
	}
	return nameOf(l) + " would have to " + phrase + nameOf(r)
}

func isConstant(e *Expr) bool {
	return e.Op == OpNumber || e.Op == OpText || e.Op == OpBool || e.Op == OpCall || e.Op == OpName && e.Text == "now" ||
		(e.Op == OpAdd || e.Op == OpSub) && isConstant(e.Args[0]) && isConstant(e.Args[1])
}

// nameOf names an expression as a person would.
func nameOf(e *Expr) string {
	switch {
	case e.Op == OpText:
		return e.Text
	case e.Op == OpField && e.Args[0].Op == OpName && e.Args[0].Text == "customer":
		return e.Text
	case e.Op == OpField && e.Args[0].Op == OpName:
		return "the " + e.Args[0].Text + "'s " + e.Text
	case e.Op == OpCall && e.Text == "ago":
		s, _ := parseSpan(e.Args[0].Text)
		return s.String() + " ago"
	case e.Op == OpMethod && (e.Text == "last" || e.Text == "first"):
		return "the " + e.Text + " " + selectionWords(e.Args[0])
	case isCalendarPart(e) && e.Args[0].Op == OpName:
		return "the " + e.Text + " of now"
	case isCalendarPart(e):
		return "the " + e.Text + " of " + nameOf(e.Args[0])
	}
	return e.String()
}

// aggregateWords says how many more, or how much more.
func (p *part) aggregateWords(n compareAggregate, x *env, want Truth) string {
	e := p.expr.Args[0]
	if computedFrom(p.expr.Args[1]) {
		e = p.expr.Args[1]
	}
	r, rok := n.r.eval(x)
	have, ok := n.aggregate.eval(x)
	op := towards(n.op, want)
	switch {
	case !rok || !ok && n.measure != countOf:
		return p.plainWords(want)
	case n.measure == countOf:
		return countWords(op, r, have, selectionWords(e.Args[0]))
	case n.measure == sumOf && (op == OpGe || op == OpGt) && r > have:
		more := rapport.FormatNumber(math.Round((r-have)*1e6)/1e6) + " more in "
		if op == OpGt {
			more = "more than " + more
		}
		return more + measureWords(e)
	}
	return "the " + e.Text + " of " + measureWords(e) + " would have to " + bounds(op) + rapport.FormatNumber(r)
}

// bounds says what an operator asks of a value.
func bounds(op Op) string {
	return map[Op]string{
		OpEq: "be ", OpNe: "be other than ", OpLt: "be less than ", OpLe: "be at most ", OpGt: "be more than ", OpGe: "be at least ",
	}[op]
}

// computedFrom reports whether an expression sums up events.
func computedFrom(e *Expr) bool {
	for ; e.Op == OpMethod; e = e.Args[0] {
		if e.Args[0].Op == OpCall && e.Args[0].Text == "events" {
			return true
		}
	}
	return false
}

func countWords(op Op, r, have float64, what string) string {
	number := rapport.FormatNumber(r)
	switch op {
	case OpGe, OpGt:
		need := math.Ceil(r)
		if op == OpGt {
			need = math.Floor(r) + 1
		}
		return rapport.FormatNumber(max(1, need-have)) + " more " + what
	case OpLt:
		return "fewer than " + number + " " + what
	case OpLe:
		return "no more than " + number + " " + what
	case OpEq:
		if have < r {
			return rapport.FormatNumber(r-have) + " more " + what
		}
		return "exactly " + number + " " + what
	}
	return "another number than " + number + " of " + what
}

func measureWords(e *Expr) string {
	return e.Args[2].String() + " of " + selectionWords(e.Args[0])
}
