package rule

import (
	"slices"
	"strings"
)

// receiver says what a function is asked of.
type receiver uint8

const (
	ofNothing receiver = iota
	ofEvents
	ofText
	ofList
	ofTime
)

// function is one entry in the language's table of functions. Each letter of
// params is a parameter: d a quoted length of time, D one in days, q a quoted
// text, n a whole number, t a text, p a property, s a selection of events, v the
// name of a variable for what follows: c a condition, m a number, x any value. What
// may be left out: $ a quoted currency, k a quoted property.
type function struct {
	name   string
	of     receiver
	params string
	result Kind
	clock  bool // it asks what time it is, or what her calendar says
	usage  string
}

// functions are all functions of the language.
var functions = [...]function{
	{"events", ofNothing, "q", eventsKind, false, `events("Order Completed")`},
	{"segment", ofNothing, "q", Bool, false, `segment("loyal")`},
	{"has", ofNothing, "p", Bool, false, `has(customer.email)`},
	{"ago", ofNothing, "d", Time, true, `ago("2h")`},
	{"duration", ofNothing, "d", spanKind, false, `now - duration("2h")`},
	{"timestamp", ofNothing, "q", Time, false, `timestamp("2026-11-22T09:30:00Z")`},
	{"bucket", ofNothing, "qn", Number, false, `bucket("spring test", 100)`},

	{"within", ofEvents, "d", eventsKind, false, `.within("30d")`},
	{"this", ofEvents, "q", eventsKind, false, `.this("month")`},
	{"previous", ofEvents, "q", eventsKind, false, `.previous("month")`},
	{"between", ofEvents, "dd", eventsKind, false, `.between("60d", "30d")`},
	{"from", ofEvents, "q", eventsKind, false, `.from("2026-11-22")`},
	{"until", ofEvents, "q", eventsKind, false, `.until("2026-11-23")`},
	{"followed_by", ofEvents, "sdk", eventsKind, false, `.followed_by(events("Order Completed"), "2h")`},
	{"not_followed_by", ofEvents, "sdk", eventsKind, false, `.not_followed_by(events("Order Completed"), "2h")`},
	{"where", ofEvents, "vc", eventsKind, false, `.where(e, e.total >= 100)`},
	{"count", ofEvents, "", Number, false, `.count()`},
	{"exists", ofEvents, "", Bool, false, `.exists()`},
	{"first", ofEvents, "", Time, false, `.first()`},
	{"last", ofEvents, "", Time, false, `.last()`},
	{"sum", ofEvents, "vm$", Number, false, `.sum(e, e.total)`},
	{"avg", ofEvents, "vm$", Number, false, `.avg(e, e.total)`},
	{"min", ofEvents, "vm$", Number, false, `.min(e, e.total)`},
	{"max", ofEvents, "vm$", Number, false, `.max(e, e.total)`},
	{"distinct", ofEvents, "vx", Number, false, `.distinct(e, e.category)`},

	{"startsWith", ofText, "t", Bool, false, `.startsWith("/pricing")`},
	{"endsWith", ofText, "t", Bool, false, `.endsWith("@example.com")`},
	{"contains", ofText, "t", Bool, false, `.contains("sale")`},
	{"lower", ofText, "", Text, false, `.lower()`},
	{"size", ofText, "", Number, false, `.size()`},

	{"exists", ofList, "vc", Bool, false, `.exists(i, i.price > 10)`},
	{"all", ofList, "vc", Bool, false, `.all(i, i.price > 10)`},
	{"sum", ofList, "vm", Number, false, `.sum(i, i.price * i.quantity)`},
	{"size", ofList, "", Number, false, `.size()`},

	{"anniversary_in", ofTime, "D", Bool, true, `.anniversary_in("7d")`},
	{"days_until", ofTime, "", Number, true, `.days_until()`},
	{"days_since", ofTime, "", Number, true, `.days_since()`},
	{"weekday", ofTime, "", Number, true, `.weekday()`},
	{"hour", ofTime, "", Number, true, `.hour()`},
	{"day", ofTime, "", Number, true, `.day()`},
	{"month", ofTime, "", Number, true, `.month()`},
	{"year", ofTime, "", Number, true, `.year()`},
}

// takes reports whether a function may be given so many parameters.
func (f function) takes(n int) bool {
	return n == len(f.params) || n == f.least()
}

// least is how many parameters a function must be given.
func (f function) least() int { return len(strings.TrimRight(f.params, "$k")) }

// lookup finds a function by name among those that may be asked of a type.
func lookup(name string, of []receiver) (function, bool) {
	for _, f := range functions {
		if f.name == name && slices.Contains(of, f.of) {
			return f, true
		}
	}
	return function{}, false
}

// namesOf lists the functions that may be asked of a type.
func namesOf(of []receiver) []string {
	var names []string
	for _, f := range functions {
		if slices.Contains(of, f.of) {
			names = append(names, f.name)
		}
	}
	return names
}

// receivers returns what a value of a type may be asked for.
func receivers(t Type) []receiver {
	switch t.Kind {
	case eventsKind:
		return []receiver{ofEvents}
	case Text:
		return []receiver{ofText}
	case List:
		return []receiver{ofList}
	case Time, Date:
		return []receiver{ofTime}
	case Any:
		return []receiver{ofText, ofList, ofTime}
	}
	return nil
}
