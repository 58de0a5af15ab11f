package journey

import (
	"fmt"
	"maps"
	"slices"

	"rapport"
	"rapport/internal/strictyaml"
	"rapport/rule"
)

// value is what a document says instead of a value: an expression, something that is
// written out, or a list or an object of such.
type value struct {
	expr  *rule.Value
	said  rapport.Value
	names []string // of an object's values
	parts []value
	kind  rapport.ValueKind // List or Object if it has parts
}

// maxNested is how deep values may be nested.
const maxNested = 8

// object compiles what is written under names.
func (c *compiler) object(m map[string]any, path string) value {
	return c.value(m, path, maxNested)
}

// value compiles one value: each text in it is an expression.
func (c *compiler) value(written any, path string, depth int) (v value) {
	if depth == 0 {
		c.problem(path, "the value is nested too deeply", "write it flatter")
		return v
	}
	switch w := written.(type) {
	case string:
		v.expr = c.expression(w, path)
	case bool:
		v.said = rapport.BoolOf(w)
	case float64:
		v.said = rapport.NumberOf(w)
	case []any:
		v.kind = rapport.List
		for i, item := range w {
			v.parts = append(v.parts, c.value(item, strictyaml.Index(path, i), depth-1))
		}
	case map[string]any:
		v.kind, v.names = rapport.Object, slices.Sorted(maps.Keys(w))
		for _, name := range v.names {
			v.parts = append(v.parts, c.value(w[name], strictyaml.Key(path, name), depth-1))
		}
	}
	return v
}

// expression compiles an expression of a step; nil if it is none.
func (c *compiler) expression(text, path string) *rule.Value {
	v, err := rule.CompileValue(text, c.env(nil, true))
	if err != nil {
		c.ruleProblem(err, path)
		return nil
	}
	c.j.facts = append(c.j.facts, v.Facts()...)
	c.rules = append(c.rules, v.Text())
	for _, name := range v.Reads().Segments {
		c.refer(ToSegment, name, path)
	}
	for _, name := range v.Reads().Events {
		c.refer(ToEvent, name, path)
	}
	return v
}

// fits checks a value against the type that a data plan declares.
func (c *compiler) fits(v value, declared rule.Type, what, path string) {
	switch {
	case v.isNull():
		return
	case v.expr == nil && v.kind == 0:
		if declared.HoldsValue(v.said) {
			return
		}
	case v.expr == nil:
		if declared.Kind == rule.Any || (declared.Kind == rule.List) == (v.kind == rapport.List) && (declared.Kind == rule.Object) == (v.kind == rapport.Object) {
			return
		}
	case v.expr.Said().IsSet():
		if declared.HoldsValue(v.expr.Said()) {
			return
		}
	case declared.Holds(v.expr.Type()):
		return
	}
	suggestion := ""
	if declared.Kind == rule.Date {
		suggestion = "write today(), a trait that is a date, or a day in quotes of its own, such as '\"2026-12-24\"'"
	}
	c.problem(path, fmt.Sprintf("%s is of type %s in the data plan, and this is not", what, declared), suggestion)
}

// isNull reports whether nothing is said, which takes a value away.
func (v *value) isNull() bool { return v.expr == nil && v.kind == 0 && !v.said.IsSet() }

// each yields the expressions in a value.
func (v *value) each(yield func(*rule.Value)) {
	if v.expr != nil {
		yield(v.expr)
	}
	for i := range v.parts {
		v.parts[i].each(yield)
	}
}

// eval returns the value for a customer at an instant. What is unknown within a list or
// an object is null there.
func (v *value) eval(s rule.Subject, now rapport.Instant) rapport.Value {
	switch {
	case v.expr != nil:
		return v.expr.Eval(s, now)
	case v.kind == rapport.List:
		items := make([]rapport.Value, len(v.parts))
		for i := range v.parts {
			items[i] = v.parts[i].eval(s, now)
		}
		return rapport.ListOf(items)
	case v.kind == rapport.Object:
		pairs := make([]rapport.Value, 0, 2*len(v.parts))
		for i := range v.parts {
			pairs = append(pairs, rapport.TextOf(v.names[i]), v.parts[i].eval(s, now))
		}
		return rapport.ObjectOf(pairs)
	}
	return v.said
}

// answerable reports whether all that a value reads is kept of a customer.
func (v *value) answerable(s rule.Subject) bool {
	ok := true
	v.each(func(e *rule.Value) { ok = ok && e.Answerable(s) })
	return ok
}
