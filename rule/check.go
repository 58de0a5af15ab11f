package rule

import (
	"fmt"
	"maps"
	"slices"

	"rapport"
)

// checker finds the type of every node and says what is wrong, in the words of
// whoever wrote the rule. It goes on after a mistake, with type any, so that one
// mistake is told once and the next is told as well.
type checker struct {
	in     Env
	text   string
	types  map[*Expr]Type
	scope  []variable
	filter bool // inside where(...) or a measure: only the event may be read
	paid   int  // how many conditions around this say the event's currency
	errs   Errors
}

// variable is a name bound by where(e, ...) or by a list's exists(i, ...).
type variable struct {
	name  string
	typ   Type
	event bool // it stands for an event, not for a value
}

func (c *checker) fail(e *Expr, suggestion, format string, args ...any) Type {
	err := &Error{Start: e.Start, End: e.End, Message: fmt.Sprintf(format, args...), Suggestion: suggestion}
	c.errs = append(c.errs, err.locate(c.text))
	return Type{broken: true}
}

func (c *checker) check(e *Expr) Type {
	t := c.typeOf(e)
	c.types[e] = t
	return t
}

func (c *checker) typeOf(e *Expr) Type {
	switch e.Op {
	case OpNumber:
		return Type{Kind: Number}
	case OpText:
		return Type{Kind: Text}
	case OpBool:
		return Type{Kind: Bool}
	case OpList:
		return c.list(e)
	case OpName:
		return c.name(e)
	case OpField:
		return c.field(e)
	case OpCall, OpMethod:
		return c.call(e)
	case OpNot, OpAnd, OpOr:
		c.joined(e)
		return Type{Kind: Bool}
	case OpIn:
		return c.membership(e)
	case OpNeg, OpMul, OpDiv, OpAdd, OpSub:
		return c.arithmetic(e)
	}
	return c.comparison(e)
}

// joined checks the parts of an and, an or or a not.
func (c *checker) joined(e *Expr) {
	says := c.saysCurrency(e)
	if says {
		c.paid++
	}
	for _, arg := range e.Args {
		c.condition(arg, opNames[e.Op])
	}
	if says {
		c.paid--
	}
}

// a names a type as a person would: a number, a yes/no.
func a(t Type) string {
	switch t.Kind {
	case Any:
		return "a value"
	case Bool:
		return "a yes/no condition"
	case Object:
		return "an object"
	case spanKind:
		return "a length of time"
	case eventsKind:
		return "a selection of events"
	}
	return "a " + t.Kind.word()
}

func (k Kind) word() string { return kindNames[k] }

// condition checks a part that an operator or function needs to be a yes or no.
func (c *checker) condition(e *Expr, op string) {
	t := c.check(e)
	switch {
	case t.Kind == Bool || t.Kind == Any:
	case t.Kind == eventsKind:
		c.fail(e, "ask .exists() or compare .count()", "events alone are no yes/no condition")
	case op == "&&" || op == "||":
		c.fail(e, "", "%s joins yes/no conditions; this is %s", op, a(t))
	case op == "!":
		c.fail(e, "", "! turns a yes/no condition round; this is %s", a(t))
	case op == "":
		c.fail(e, "compare it, as in ... >= 3", "a rule is a yes/no condition; this is %s", a(t))
	default:
		c.fail(e, "", "%s(...) needs a yes/no condition; this is %s", op, a(t))
	}
}

func (c *checker) number(e *Expr, op string) {
	if t := c.check(e); t.Kind != Number && t.Kind != Any {
		c.fail(e, "", "%s needs a number; this is %s", op, a(t))
	}
}

// list checks a written-out list: constants of one kind.
func (c *checker) list(e *Expr) Type {
	var elem Type
	for i, item := range e.Args {
		t := c.check(item)
		switch {
		case item.Op != OpText && item.Op != OpNumber && item.Op != OpBool:
			return c.fail(item, "join comparisons with || instead", "a list holds texts or numbers in so many words")
		case i > 0 && t.Kind != elem.Kind:
			return c.fail(item, "", "the list mixes %s and %s", a(elem), a(t))
		}
		elem = t
	}
	if len(e.Args) == 0 {
		return c.fail(e, "", "the list is empty, so nothing could be in it")
	}
	return ListOf(elem)
}

func (c *checker) name(e *Expr) Type {
	if v, ok := c.variable(e.Text); ok {
		if v.event {
			return c.fail(e, "write "+e.Text+".total, say", "%s is a whole event; name one of its properties", e.Text)
		}
		return v.typ
	}
	switch {
	case e.Text == "now":
		if c.filter {
			return c.outsideOnly(e, "now")
		}
		return Type{Kind: Time}
	case c.isRoot(e.Text):
		return c.fail(e, "write "+e.Text+".name", "%s alone is no value; name one of its properties", e.Text)
	}
	return c.unknownName(e, e.Text)
}

// outsideOnly refuses what a filter may not read, since a fact is kept for all
// customers alike and must not change by itself.
func (c *checker) outsideOnly(e *Expr, what string) Type {
	return c.fail(e, "", "inside where(...) and measures only the event's own properties can be read; %s belongs outside", what)
}

func (c *checker) unknownName(e *Expr, name string) Type {
	if _, ok := c.noun("customer").Fields[name]; ok && !c.filter {
		return c.fail(e, "did you mean customer."+name+"?", "%q is not known", name)
	}
	if _, ok := lookup(name, []receiver{ofNothing}); ok {
		f, _ := lookup(name, []receiver{ofNothing})
		return c.fail(e, "write "+f.usage, "%s is a function", name)
	}
	known := append([]string{"now", "customer"}, c.in.Roots...)
	for _, v := range c.scope {
		known = append(known, v.name)
	}
	suggestion := didYouMean(name, known, false)
	if suggestion == "" {
		suggestion = "put texts in quotes, and customer. before her properties"
	}
	return c.fail(e, suggestion, "%q is not known", name)
}

func (c *checker) variable(name string) (variable, bool) {
	for _, v := range c.scope {
		if v.name == name {
			return v, true
		}
	}
	return variable{}, false
}

func (c *checker) isRoot(name string) bool {
	return name == "customer" || slices.Contains(c.in.Roots, name)
}

// noun returns what the plan says of a root.
func (c *checker) noun(root string) Noun {
	switch {
	case c.in.Plan == nil:
		return Noun{}
	case root == "customer":
		return c.in.Plan.Customer
	}
	return c.in.Plan.Roots[root]
}

func (c *checker) field(e *Expr) Type {
	of := e.Args[0]
	if of.Op == OpName {
		if v, ok := c.variable(of.Text); ok && v.event {
			return c.property(e, *v.typ.Fields, of.Text)
		} else if !ok && c.isRoot(of.Text) {
			if c.filter {
				return c.outsideOnly(e, e.String())
			}
			return c.property(e, c.noun(of.Text), of.Text)
		} else if !ok && of.Text != "now" {
			return c.unknownName(of, of.Text)
		}
	}
	switch t := c.check(of); {
	case t.Kind == Object && t.Fields != nil:
		return c.property(e, *t.Fields, of.String())
	case t.Kind == Any || t.Kind == Object:
		return Type{broken: t.broken}
	case t.Kind == List:
		return c.fail(e, "ask .exists(i, i."+e.Text+" ...)", "a list has no property %q", e.Text)
	case t.Kind == eventsKind:
		return c.fail(e, "filter with .where(e, e."+e.Text+" ...)", "a selection of events has no property %q", e.Text)
	default:
		return c.fail(e, "", "%s has no property %q", a(t), e.Text)
	}
}

func (c *checker) property(e *Expr, noun Noun, of string) Type {
	t, ok := noun.Fields[e.Text]
	if ok || !noun.Strict {
		return t
	}
	place := &Expr{Start: e.End - len(e.Text), End: e.End}
	if c.text == "" || c.text[max(e.End-1, 0)] == '`' {
		place = e
	}
	return c.fail(place, didYouMean(e.Text, slices.Sorted(maps.Keys(noun.Fields)), true), "unknown property of %s %q", of, e.Text)
}

func (c *checker) arithmetic(e *Expr) Type {
	op := opNames[e.Op]
	if e.Op == OpAdd || e.Op == OpSub {
		left := c.check(e.Args[0])
		if right := c.check(e.Args[1]); right.Kind == spanKind {
			if left.Kind == Time || left.Kind == Date || left.Kind == Any {
				return Type{Kind: Time}
			}
			return c.fail(e.Args[0], "", "a length of time is added to a time; this is %s", a(left))
		}
		if left.Kind == Time || left.Kind == Date {
			return c.fail(e, "compare with ago(\"3d\"), or ask .days_since()", "times can't be added or subtracted")
		}
	}
	for _, arg := range e.Args {
		c.number(arg, op)
	}
	return Type{Kind: Number, Money: c.keepsMoney(e)}
}

func (c *checker) membership(e *Expr) Type {
	item, list := c.check(e.Args[0]), c.check(e.Args[1])
	elem := list.elem()
	switch {
	case list.Kind == Text:
		c.fail(e, "ask .contains(...) of a text", "in looks into a list; this is a text")
	case e.Args[1].Op != OpList && computed(e.Args[0]):
		c.fail(e.Args[0], "compare it with ==", "only what is stored can be looked for in a stored list")
	case list.Kind != List && list.Kind != Any:
		c.fail(e.Args[1], "", "in looks into a list; this is %s", a(list))
	case item.Kind == List:
		c.fail(e.Args[0], "ask .exists(t, t in [...])", "a whole list can't be in a list")
	case item.Kind == eventsKind || item.Kind == spanKind || item.Kind == Object || item.Kind == Time:
		c.fail(e.Args[0], "", "%s can't be in a list", a(item))
	case item.Money && elem.Kind == Number:
		c.bareAmount(e, item, list)
	case item.Kind != Any && elem.Kind != Any && item.Kind != elem.Kind && !(item.Kind == Date && elem.Kind == Text):
		c.fail(e.Args[0], "", "this is %s, but the list holds %ss", a(item), elem)
	}
	return Type{Kind: Bool}
}

func (c *checker) comparison(e *Expr) Type {
	l, r := c.check(e.Args[0]), c.check(e.Args[1])
	result := Type{Kind: Bool}
	for i, t := range []Type{l, r} {
		if t.Kind == List || t.Kind == Object || t.Kind == spanKind || t.Kind == eventsKind {
			c.fail(e.Args[i], comparisonAdvice(t), "%s can't be compared", a(t))
			return result
		}
	}
	if !c.comparable(e, l, r) {
		return result
	}
	if ordered := e.Op != OpEq && e.Op != OpNe; ordered && (l.Kind == Bool || r.Kind == Bool) {
		c.fail(e, "", "a yes/no is not more or less than another")
	}
	c.bareAmount(e, l, r)
	for i, t := range []Type{l, r} {
		if t.Kind == Bool && e.Args[i].Op != OpBool && e.Args[i].Op != OpField && e.Args[i].Op != OpName {
			c.fail(e.Args[i], "write the condition by itself, or with ! before it", "a condition needs no comparison")
		}
	}
	if l.isTime() && r.isTime() && c.moves(e.Args[0]) && c.moves(e.Args[1]) {
		c.fail(e, "", "both sides move with the clock, so the answer never changes")
	}
	return result
}

func comparisonAdvice(t Type) string {
	switch t.Kind {
	case eventsKind:
		return "compare .count() or .last()"
	case List:
		return "ask \"...\" in the list, or .size()"
	case spanKind:
		return "compare a time with ago(\"2h\")"
	}
	return ""
}

// comparable says whether two types may stand on the two sides of a comparison.
func (c *checker) comparable(e *Expr, l, r Type) bool {
	if l.Kind == r.Kind || l.Kind == Any || r.Kind == Any || l.isTime() && r.isTime() {
		return true
	}
	for i, t := range []Type{l, r} {
		other := e.Args[1-i]
		if t.isTime() && other.Op == OpText {
			if _, ok := rapport.TextOf(other.Text).Instant(); !ok {
				c.fail(other, "write it as \"2026-11-22\" or \"2026-11-22T09:30:00Z\"", "%q is not a time", other.Text)
				return false
			}
			return true
		}
	}
	c.fail(e, "", "%s is compared with %s", a(l), a(r))
	return false
}

func (t Type) isTime() bool { return t.Kind == Time || t.Kind == Date }

// moves reports whether a time changes as the clock runs.
func (c *checker) moves(e *Expr) bool {
	switch {
	case e.Op == OpName:
		_, bound := c.variable(e.Text)
		return e.Text == "now" && !bound
	case e.Op == OpCall:
		return e.Text == "ago"
	case e.Op == OpAdd || e.Op == OpSub:
		return c.moves(e.Args[0])
	}
	return false
}

// finish returns what was found, in the text's order.
func (c *checker) finish() error {
	if len(c.errs) == 0 {
		return nil
	}
	slices.SortStableFunc(c.errs, func(a, b *Error) int { return a.Start - b.Start })
	return c.errs
}
