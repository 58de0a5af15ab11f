package rule

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"rapport"
)

// call checks a function or method by the table.
func (c *checker) call(e *Expr) Type {
	of, args := []receiver{ofNothing}, e.Args
	var target Type
	if e.Op == OpMethod {
		target, args = c.check(e.Args[0]), e.Args[1:]
		of = receivers(target)
		if target.broken {
			return target
		}
	}
	f, ok := lookup(e.Text, of)
	if !ok {
		return c.unknownFunction(e, target, of)
	}
	if c.filter && (f.clock || f.result == eventsKind || f.name == "segment" || f.name == "bucket") {
		return c.outsideOnly(e, f.name+"(...)")
	}
	if f.of == ofTime && c.moves(e.Args[0]) && partNamed(f.name) == noPart {
		return c.fail(e, "ask it of a date of hers", "%s(...) of the current time never changes", f.name)
	}
	if !f.takes(len(args)) {
		return c.fail(e, "write "+f.usage, "%s(...) has %s", f.name, wrongCount(len(args), f.least()))
	}
	c.args(e, f, target, args)
	if strings.HasSuffix(f.params, "$") {
		c.money(e, f)
	}
	switch {
	case f.name == "hour" && target.Kind == Date:
		return c.fail(e, "", "a date has no hour")
	case f.of == ofEvents && f.result == eventsKind:
		c.narrowing(e, f)
	case f.of == ofEvents && f.params != "":
		c.measured(e, f)
	}
	switch {
	case f.name == "events":
		noun := c.in.Plan.Event(args[0].Text)
		return Type{Kind: eventsKind, Fields: &noun}
	case f.result == eventsKind:
		return target
	}
	return Type{Kind: f.result, Money: f.of == ofList && f.name == "sum" && c.types[args[1]].Money}
}

func wrongCount(got, want int) string {
	if got < want {
		return "too little between its brackets"
	}
	return "too much between its brackets"
}

// elsewhere is what people write for a function of ours.
func elsewhere(name string) string {
	return map[string]string{
		"average": "write .avg(e, e.total)", "total": "write .sum(e, e.total)", "length": "write .size()", "len": "write .size()",
		"toLowerCase": "write .lower()", "lowerAscii": "write .lower()", "any": "write .exists(i, ...)", "includes": "write .contains(...) of a text, or \"...\" in the list",
		"filter": "write .where(e, ...)", "since": "write .within(\"30d\") or .from(\"2026-11-22\")", "today": "write .this(\"day\")", "yesterday": "write .previous(\"day\")",
		"then": "write .followed_by(events(\"...\"), \"2h\")", "before": "write .until(\"2026-11-22\")", "after": "write .from(\"2026-11-22\")",
		"dayofweek": "write .weekday(), 1 being Monday", "getDayOfWeek": "write .weekday(), 1 being Monday", "getHours": "write .hour()", "getMonth": "write .month()", "getFullYear": "write .year()",
		"minute": "compare the time itself, as in ... > ago(\"45m\")", "in_segment": "write segment(\"...\")", "event": "write events(\"...\")",
	}[name]
}

func (c *checker) unknownFunction(e *Expr, target Type, of []receiver) Type {
	place := e
	if e.Op == OpMethod {
		start := e.Args[0].End + 1
		place = &Expr{Start: start, End: min(start+len(e.Text), e.End)}
	}
	suggestion := cmp.Or(elsewhere(e.Text), didYouMean(e.Text, namesOf(of), false))
	if e.Op == OpCall {
		if f, ok := lookup(e.Text, []receiver{ofEvents, ofText, ofList, ofTime}); ok {
			suggestion = "write it behind a dot, as in ..." + f.usage
		}
		return c.fail(place, suggestion, "unknown function %q", e.Text)
	}
	if f, ok := lookup(e.Text, []receiver{ofEvents, ofText, ofList, ofTime}); ok && len(of) > 0 {
		return c.fail(place, "", "%s(...) can't be asked of %s", f.name, a(target))
	}
	return c.fail(place, suggestion, "%s has no function %q", a(target), e.Text)
}

func (c *checker) args(e *Expr, f function, target Type, args []*Expr) {
	for i, param := range f.params[:len(args)] {
		arg := args[i]
		switch param {
		case 's':
			c.follower(arg, f)
		case 'q', 'k':
			c.quoted(arg, f)
		case 'd', 'D':
			c.span(arg, f, param == 'D')
		case 'n':
			if arg.Op != OpNumber || arg.Number < 1 || arg.Number > 1e6 || arg.Number != float64(int(arg.Number)) {
				c.fail(arg, "write "+f.usage, "%s(...) needs a whole number from 1 to 1000000", f.name)
			}
		case 't':
			if t := c.check(arg); t.Kind != Text && t.Kind != Any {
				c.fail(arg, "", "%s(...) needs a text; this is %s", f.name, a(t))
			}
		case 'p':
			if t := c.check(arg); arg.Op != OpField && t.Kind != eventsKind {
				c.fail(arg, "write "+f.usage, "has(...) asks whether a property is set")
			} else if t.Kind == eventsKind {
				c.fail(arg, "write events(...).exists()", "has(...) asks whether a property is set")
			}
		case 'v':
			c.loop(arg, args[i+1], f, target)
			return
		}
	}
}

// loop checks where(e, ...), sum(e, ...) and the lists' exists(i, ...).
func (c *checker) loop(name, body *Expr, f function, target Type) {
	if name.Op != OpName {
		c.fail(name, "write "+f.usage, "%s(...) starts with a name of your choice for what it looks at", f.name)
		return
	}
	if _, taken := c.variable(name.Text); taken || c.isRoot(name.Text) || name.Text == "now" {
		c.fail(name, "", "the name %q is taken; choose another one", name.Text)
		return
	}
	v, outer := variable{name: name.Text, typ: target.elem()}, c.filter
	if f.of == ofEvents {
		v.event, v.typ, c.filter = true, target, true
	}
	if len(c.scope) >= maxLoops {
		c.fail(name, "", "too many loops stand inside each other")
		return
	}
	c.scope = append(c.scope, v)
	switch f.params[1] {
	case 'c':
		c.condition(body, f.name)
	case 'm':
		c.number(body, f.name+"(...)")
	default:
		if t := c.check(body); t.Kind == spanKind || t.Kind == eventsKind {
			c.fail(body, "", "%s(...) needs a value; this is %s", f.name, a(t))
		}
	}
	c.scope, c.filter = c.scope[:len(c.scope)-1], outer
}

func (c *checker) quoted(arg *Expr, f function) {
	if arg.Op != OpText || arg.Text == "" {
		c.fail(arg, "write "+f.usage, "%s(...) needs a text in quotes", f.name)
		return
	}
	plan := c.in.Plan
	switch {
	case f.name == "timestamp" || f.name == "from" || f.name == "until":
		if _, ok := rapport.TextOf(arg.Text).Instant(); !ok {
			c.fail(arg, "write it as \"2026-11-22\" or \"2026-11-22T09:30:00Z\"", "%q is not a time", arg.Text)
		}
	case plan == nil:
	case f.name == "segment" && plan.StrictSegments && !slices.Contains(plan.Segments, arg.Text):
		c.fail(arg, didYouMean(arg.Text, plan.Segments, true), "there is no segment %q", arg.Text)
	case f.name == "events" && plan.StrictEvents:
		if _, ok := plan.Events[arg.Text]; !ok {
			c.fail(arg, didYouMean(arg.Text, slices.Sorted(maps.Keys(plan.Events)), true), "unknown event %q", arg.Text)
		}
	}
}

// span checks a quoted length of time; only anniversary_in may be given "0d".
func (c *checker) span(arg *Expr, f function, days bool) {
	if arg.Op != OpText {
		c.fail(arg, "write "+f.usage, "%s(...) needs a quoted length of time", f.name)
		return
	}
	s, err := parseSpan(arg.Text)
	switch {
	case err != nil:
		c.fail(arg, "write it as \"45m\", \"2h\", \"30d\" or \"2w\"", "%s", err)
	case days && s.exact != 0:
		c.fail(arg, "write it as \"7d\"", "%s(...) counts in days", f.name)
	case !days && s.isZero():
		c.fail(arg, "", "a length of time of nothing holds no instant")
	}
}
