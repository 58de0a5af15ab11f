package rule

import (
	"cmp"
	"strings"

	"rapport"
)

// CompileExpr checks and compiles a tree that was parsed. The error is [Errors],
// with places in the tree's canonical text.
func CompileExpr(e *Expr, in Env) (*Rule, error) { return Compile(e.String(), in) }

func compile(e *Expr, text string, in Env) (*Rule, error) {
	c := checker{in: in, text: text, types: map[*Expr]Type{}}
	c.condition(e, "")
	if err := c.finish(); err != nil {
		return nil, err
	}
	room := cmp.Or(in.Room, new(Room))
	b := builder{types: c.types, room: room, roots: append([]string{"customer"}, in.Roots...), reads: map[string]bool{}, rates: c.rates()}
	part := b.part(e)
	return &Rule{
		text:  e.String(),
		root:  part.cond,
		whole: part,
		facts: b.factList(),
		reads: b.readsList(),
		loops: b.loops,
		clock: b.clock,
		room:  room,
		rates: b.ratesHash(),
	}, nil
}

// builder turns a checked tree into nodes. It has no way to fail.
type builder struct {
	types map[*Expr]Type
	roots []string
	scope []binding
	room  *Room
	loops bool // some list loop needs room for its item
	rates *Rates
	rated bool // some question is told in a currency

	facts    []Fact
	ofLeaf   []FactID        // that the leaf at hand reads
	reads    map[string]bool // a letter for the kind, then the name
	clock    bool
	calendar bool
}

// binding is a variable in scope.
type binding struct {
	name  string
	event bool
	slot  int // in env.items, of an item of a list
}

func (b *builder) kind(e *Expr) Kind { return b.types[e].Kind }

// binding returns the variable that a name stands for, if it does.
func (b *builder) binding(e *Expr) (binding, bool) {
	if e.Op == OpName {
		for _, v := range b.scope {
			if v.name == e.Text {
				return v, true
			}
		}
	}
	return binding{}, false
}

func (b *builder) read(kind byte, name string) { b.reads[string(kind)+name] = true }

// cond compiles a condition.
func (b *builder) cond(e *Expr) cond {
	switch e.Op {
	case OpAnd, OpOr:
		parts := make([]cond, len(e.Args))
		for i, arg := range e.Args {
			parts[i] = b.cond(arg)
		}
		if e.Op == OpAnd {
			return and(stillFirst(parts))
		}
		return or(stillFirst(parts))
	case OpNot:
		return not{b.cond(e.Args[0])}
	case OpIn:
		return b.in(e)
	case OpCall, OpMethod:
		return b.question(e)
	case OpEq, OpNe, OpLt, OpLe, OpGt, OpGe:
		return b.comparison(e)
	}
	return fix(isYes{b.value(e)})
}

// question compiles a function that answers yes or no.
func (b *builder) question(e *Expr) cond {
	switch e.Text {
	case "segment":
		b.read('s', e.Args[0].Text)
		return fix(inSegment{e.Args[0].Text})
	case "has":
		return fix(isSet{b.value(e.Args[0])})
	case "startsWith":
		return b.textTest(e, strings.HasPrefix)
	case "endsWith":
		return b.textTest(e, strings.HasSuffix)
	case "contains":
		return b.textTest(e, strings.Contains)
	case "anniversary_in":
		s, _ := parseSpan(e.Args[1].Text)
		b.clock, b.calendar = true, true
		return anniversary{b.date(e.Args[0]), s.days}
	case "all":
		return b.eachItem(e, No)
	}
	if b.kind(e.Args[0]) != eventsKind {
		return b.eachItem(e, Yes)
	}
	return b.exists(e)
}

func (b *builder) textTest(e *Expr, test func(s, part string) bool) cond {
	return fix(textTest{test, b.value(e.Args[0]), b.value(e.Args[1])})
}

func (b *builder) eachItem(e *Expr, stop Truth) cond {
	n := eachItem{list: b.value(e.Args[0]), stop: stop}
	n.slot = b.enter(e.Args[1].Text)
	n.body = b.cond(e.Args[2])
	b.leave()
	return n
}

// enter opens the scope of a list's variable.
func (b *builder) enter(name string) (slot int) {
	for _, v := range b.scope {
		if !v.event {
			slot++
		}
	}
	b.loops = true
	b.scope = append(b.scope, binding{name: name, slot: slot})
	return slot
}

func (b *builder) leave() { b.scope = b.scope[:len(b.scope)-1] }

// in compiles x in [...] and x in customer.tags.
func (b *builder) in(e *Expr) cond {
	item, list := e.Args[0], e.Args[1]
	if list.Op != OpList {
		return fix(inList{b.value(item), b.value(list)})
	}
	if isCalendarPart(item) {
		return b.calendarIn(item, list)
	}
	if computed(item) {
		parts := make([]cond, len(list.Args))
		for i, option := range list.Args {
			parts[i] = b.comparison(&Expr{Op: OpEq, Args: []*Expr{item, option}})
		}
		return or(parts)
	}
	if list.Args[0].Op == OpText {
		texts := make([]string, len(list.Args))
		for i, option := range list.Args {
			texts[i] = option.Text
		}
		return fix(oneOfTexts{b.value(item), texts})
	}
	options := make([]rapport.Value, len(list.Args))
	for i, option := range list.Args {
		options[i] = literalValue(option)
	}
	return fix(oneOf{b.value(item), options})
}

// computed reports whether an expression is worked out rather than stored.
func computed(e *Expr) bool {
	switch e.Op {
	case OpNeg, OpAdd, OpSub, OpMul, OpDiv:
		return true
	case OpCall, OpMethod:
		return e.Text != "lower"
	}
	return false
}

// comparison compiles by what the two sides are: instants, numbers, or whatever
// was stored.
func (b *builder) comparison(e *Expr) cond {
	l, r := e.Args[0], e.Args[1]
	switch {
	case b.isTime(l) || b.isTime(r):
		return b.compareMoments(e.Op, l, r)
	case b.kind(l) == Number || b.kind(r) == Number:
		return b.compareNumbers(e.Op, l, r)
	case l.Op == OpText:
		return fix(compareText{mirrored(e.Op), b.value(r), l.Text})
	case r.Op == OpText:
		return fix(compareText{e.Op, b.value(l), r.Text})
	}
	return fix(compareValues{e.Op, b.value(l), b.value(r)})
}

func (b *builder) isTime(e *Expr) bool { return b.types[e].isTime() }

func (b *builder) compareMoments(op Op, l, r *Expr) cond {
	left, right := b.moment(l), b.moment(r)
	if m, ok := left.(moving); ok {
		return compareClock{op, m, right}
	}
	if m, ok := right.(moving); ok {
		return compareClock{mirrored(op), m, left}
	}
	return compareMoments{op, left, right}
}

func (b *builder) compareNumbers(op Op, l, r *Expr) cond {
	if b.isAggregate(r) && !b.isAggregate(l) || isDays(r) && !isDays(l) ||
		isCalendarPart(r) && !isCalendarPart(l) && !isDays(l) && !b.isAggregate(l) {
		l, r, op = r, l, mirrored(op)
	}
	switch {
	case b.namesCurrency(l):
		return compareMoney{b.money(l), op, b.number(r)}
	case b.isAggregate(l):
		return compareAggregate{b.aggregate(l, needed(l, op, r)), op, b.number(r)}
	case isDays(l):
		return compareDays{b.days(l), op, b.number(r)}
	case isCalendarPart(l):
		return compareCalendar{calendarPart: b.calendarPart(l), op: op, r: b.number(r)}
	case r.Op == OpNumber && !computed(l):
		return fix(compareStored{op, b.value(l), r.Number})
	case l.Op == OpNumber && !computed(r):
		return fix(compareStored{mirrored(op), b.value(r), l.Number})
	}
	return compareNumbers{op, b.number(l), b.number(r)}
}

func isDays(e *Expr) bool {
	return e.Op == OpMethod && (e.Text == "days_until" || e.Text == "days_since")
}

func (b *builder) days(e *Expr) days {
	b.clock, b.calendar = true, true
	return days{b.date(e.Args[0]), e.Text == "days_since"}
}

// date compiles what a question of the calendar is asked of.
func (b *builder) date(e *Expr) date {
	if computed(e) {
		return momentDate{b.moment(e)}
	}
	return storedDate{b.value(e)}
}

// isAggregate reports whether an expression sums up events.
func (b *builder) isAggregate(e *Expr) bool {
	return e.Op == OpMethod && b.kind(e.Args[0]) == eventsKind && b.kind(e) == Number
}

// number compiles an expression that yields a number.
func (b *builder) number(e *Expr) number {
	switch {
	case e.Op == OpNumber:
		return constantNumber(e.Number)
	case e.Op == OpNeg:
		return negative{b.number(e.Args[0])}
	case e.Op >= OpAdd:
		return arithmetic{e.Op, b.number(e.Args[0]), b.number(e.Args[1])}
	case b.namesCurrency(e):
		return b.money(e)
	case b.isAggregate(e):
		return b.aggregate(e, 0)
	case isDays(e):
		return b.days(e)
	case isCalendarPart(e):
		return b.calendarPart(e)
	case e.Op == OpCall && e.Text == "bucket":
		return bucket{e.Args[0].Text, uint64(e.Args[1].Number)}
	case e.Op == OpMethod && e.Text == "size":
		return size{b.value(e.Args[0])}
	case e.Op == OpMethod && e.Text == "sum":
		n := listSum{list: b.value(e.Args[0])}
		n.slot = b.enter(e.Args[1].Text)
		n.body = b.number(e.Args[2])
		b.leave()
		return n
	}
	return storedNumber{b.value(e)}
}

// moment compiles an expression that yields an instant.
func (b *builder) moment(e *Expr) moment {
	_, bound := b.binding(e)
	switch {
	case e.Op == OpName && !bound && e.Text == "now":
		b.clock = true
		return clockMoment{}
	case e.Op == OpCall && e.Text == "ago":
		b.clock = true
		return b.shift(clockMoment{}, e.Args[0], true)
	case e.Op == OpCall && e.Text == "timestamp":
		return b.literalMoment(e.Args[0])
	case e.Op == OpAdd || e.Op == OpSub:
		return b.shift(b.moment(e.Args[0]), e.Args[1].Args[0], e.Op == OpSub)
	case e.Op == OpText:
		return b.literalMoment(e)
	case e.Op == OpMethod && b.kind(e.Args[0]) == eventsKind:
		return b.edge(e)
	}
	b.calendar = true // it may be a plain date
	return storedMoment{b.value(e)}
}

func (b *builder) literalMoment(e *Expr) moment {
	v := rapport.TextOf(e.Text)
	if at, _ := v.Instant(); len(e.Text) > len("2006-01-02") {
		return constantMoment(at)
	}
	b.calendar = true
	return storedMoment{constant{v}}
}

func (b *builder) shift(of moment, length *Expr, back bool) moment {
	by, _ := parseSpan(length.Text)
	b.calendar = b.calendar || by.days > 0
	s := shifted{of: of, by: by, back: back}
	if m, ok := of.(moving); ok {
		return shiftedClock{shifted: s, of: m}
	}
	return s
}

// value compiles an expression that yields what was stored.
func (b *builder) value(e *Expr) value {
	switch e.Op {
	case OpField:
		return b.field(e)
	case OpMethod: // lower is the only one that yields a text
		return lowered{b.value(e.Args[0])}
	case OpName:
		v, _ := b.binding(e)
		return loopVariable{v.slot}
	}
	return constant{literalValue(e)}
}

func (b *builder) field(e *Expr) value {
	of := e.Args[0]
	switch v, bound := b.binding(of); {
	case bound && v.event:
		return property{e.Text}
	case bound || of.Op != OpName:
		return member{b.value(of), e.Text}
	case of.Text == "customer":
		b.read('t', e.Text)
		return trait{e.Text}
	}
	b.read('f', of.Text+"."+e.Text)
	return rootField{of.Text, e.Text}
}

func literalValue(e *Expr) rapport.Value {
	switch e.Op {
	case OpNumber:
		return rapport.NumberOf(e.Number)
	case OpText:
		return rapport.TextOf(e.Text)
	case OpBool:
		return rapport.BoolOf(e.Bool)
	case OpList:
		items := make([]rapport.Value, len(e.Args))
		for i, item := range e.Args {
			items[i] = literalValue(item)
		}
		return rapport.ListOf(items)
	}
	return rapport.Value{}
}
