package rule

import (
	"cmp"
	"time"

	"rapport"
)

// Value is a checked and compiled expression that yields a value to be kept or
// handed on, such as customer.visits + 1. It is immutable.
type Value struct {
	text  string
	typ   Type
	said  rapport.Value // what the text itself says; Unset if it must be worked out
	node  value
	facts []Fact
	reads Reads
	room  *Room
	loops bool
}

// CompileValue parses, checks and compiles an expression that yields a value. Besides
// what rules know there is today(), the day on the customer's calendar. The error is
// [Errors].
func CompileValue(text string, in Env) (*Value, error) {
	e, problem := parse(text)
	if problem != nil {
		return nil, Errors{problem}
	}
	c := checker{in: in, text: text, types: map[*Expr]Type{}}
	typ := c.value(e)
	if err := c.finish(); err != nil {
		return nil, err
	}
	b := builder{types: c.types, room: cmp.Or(in.Room, new(Room)), roots: append([]string{"customer"}, in.Roots...), reads: map[string]bool{}, rates: c.rates()}
	v := &Value{text: e.String(), typ: typ, said: literalValue(e), node: b.result(e), room: b.room}
	v.facts, v.reads, v.loops = b.factList(), b.readsList(), b.loops
	return v, nil
}

// value checks an expression that must yield something that can be kept.
func (c *checker) value(e *Expr) Type {
	if isToday(e) {
		return Type{Kind: Date}
	}
	t := c.check(e)
	switch t.Kind {
	case eventsKind:
		c.fail(e, "ask .count() or .last()", "a selection of events is no value")
	case spanKind:
		c.fail(e, "add it to a time, as in now + duration(\"2h\")", "a length of time is no value")
	}
	return t
}

func isToday(e *Expr) bool { return e.Op == OpCall && e.Text == "today" && len(e.Args) == 0 }

// result compiles an expression to the value that it yields.
func (b *builder) result(e *Expr) value {
	stored := e.Op == OpField || e.Op == OpMethod && e.Text == "lower"
	switch t := b.types[e]; {
	case isToday(e):
		b.clock, b.calendar = true, true
		return calendarDay{}
	case stored || literalValue(e).IsSet():
		return b.value(e)
	case t.isTime():
		return writtenMoment{b.moment(e)}
	case t.Kind == Bool:
		return answeredValue{b.cond(e)}
	}
	return computedValue{b.number(e)}
}

// calendarDay is the day on the customer's calendar.
type calendarDay struct{}

func (calendarDay) eval(x *env) rapport.Value {
	return rapport.TextOf(x.now.In(x.zone()).Format(time.DateOnly))
}

// writtenMoment is an instant as it is kept.
type writtenMoment struct{ of moment }

func (n writtenMoment) eval(x *env) rapport.Value {
	at, ok := n.of.eval(x)
	if !ok {
		return rapport.Value{}
	}
	return rapport.TextOf(at.String())
}

// Text returns the expression's canonical text.
func (v *Value) Text() string { return v.text }

// Type returns what the expression yields, as far as it can be told.
func (v *Value) Type() Type { return v.typ }

// Said returns what the expression says in so many words; Unset if it must be worked out.
func (v *Value) Said() rapport.Value { return v.said }

// Facts returns what must be kept of the customer's past to tell the value.
func (v *Value) Facts() []Fact { return v.facts }

// Reads returns what the value looks at.
func (v *Value) Reads() Reads { return v.reads }

// Answerable reports whether all is kept of a customer that the value reads.
func (v *Value) Answerable(s Subject) bool { return answerable(s, v.facts) }

// Eval returns the value for a customer at an instant; Unset if it is unknown.
func (v *Value) Eval(s Subject, now rapport.Instant) rapport.Value {
	x := v.room.get()
	x.subject, x.now = s, now
	is := v.node.eval(x)
	v.room.put(x, v.loops)
	return is
}

// Holds reports whether a value of one type may be kept as another: what is not known
// may be anything.
func (t Type) Holds(o Type) bool {
	switch {
	case t.Kind == Any || o.Kind == Any:
		return true
	case t.Kind == List && o.Kind == List:
		return t.elem().Holds(o.elem())
	}
	return t.Kind == o.Kind
}

// HoldsValue reports whether a value that is written out may be kept as a type: a time
// or a date is a text that can be read as one.
func (t Type) HoldsValue(v rapport.Value) bool {
	switch t.Kind {
	case Any:
		return true
	case Bool:
		return v.Kind() == rapport.Bool
	case Number:
		return v.Kind() == rapport.Number
	case Text:
		return v.Kind() == rapport.Text
	case Time, Date:
		_, ok := v.Instant()
		return ok && v.Kind() == rapport.Text && (t.Kind == Time || len(v.Text()) == len(time.DateOnly))
	case List:
		for i := range v.Len() {
			if v.Kind() == rapport.List && !t.elem().HoldsValue(v.Item(i)) {
				return false
			}
		}
		return v.Kind() == rapport.List
	}
	return v.Kind() == rapport.Object
}
