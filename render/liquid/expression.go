package liquid

import (
	"math"
	"strconv"
	"strings"
)

// expression is what comes to a value.
type expression interface {
	eval(r *renderer) (value, error)
	inspect(a *analysis, use Use)
}

// constant is a literal.
type constant struct{ value value }

func (c *constant) eval(*renderer) (value, error) { return c.value, nil }

// rangeExpr is (first..last).
type rangeExpr struct{ first, last expression }

func (e *rangeExpr) eval(r *renderer) (value, error) {
	first, err := e.first.eval(r)
	if err != nil {
		return value{}, err
	}
	last, err := e.last.eval(r)
	if err != nil {
		return value{}, err
	}
	return value{kind: rangeKind, of: &span{floor(first), floor(last)}}, nil
}

// comparison is one clause of a condition, and how the next one is joined.
type comparison struct {
	at          int
	left, right expression // right is nil where there is no operator
	op          operator
	and         bool // joined to the rest by and, else by or
}

// condition is clauses joined by and and or. Each joins its left clause to all
// that stands on its right, as Shopify reads them: a and b or c is a and (b or c).
type condition struct {
	unit    *unit
	clauses []comparison
}

func (c *condition) holds(r *renderer) (bool, error) {
	for i := range c.clauses {
		clause := &c.clauses[i]
		ok, err := clause.holds(r)
		if err != nil {
			return false, c.unit.locate(err, clause.at)
		}
		if i == len(c.clauses)-1 || ok != clause.and {
			return ok, nil
		}
	}
	return false, nil
}

func (c *comparison) holds(r *renderer) (bool, error) {
	r.charge(1)
	left, err := c.left.eval(r)
	if err != nil || c.op == none {
		return left.truthy(), err
	}
	right, err := c.right.eval(r)
	if err != nil {
		return false, err
	}
	r.charge(left.weight() + right.weight())
	return compare(r, c.op, left, right)
}

// weight is how many steps it costs to go through v.
func (v value) weight() int {
	if v.kind == textKind {
		return len(v.text) / bytesAStep
	}
	return 0
}

// chain is an expression followed by filters.
type chain struct {
	unit  *unit
	input expression
	calls []call
}

// call is one filter with its arguments.
type call struct {
	at    int
	name  string
	apply filterFunc
	args  []expression
	named []expression // in the order of the filter's keys, nil where not given
}

func (c *chain) eval(r *renderer) (value, error) {
	v, err := c.input.eval(r)
	if err != nil {
		return value{}, err
	}
	for i := range c.calls {
		call := &c.calls[i]
		if v, err = call.eval(r, v); err != nil {
			return value{}, c.unit.locate(err, call.at)
		}
	}
	return v, nil
}

func (c *call) eval(r *renderer, input value) (value, error) {
	if err := r.spend(1 + input.weight()); err != nil {
		return value{}, err
	}
	base := len(r.args)
	defer func() { r.args = r.args[:base] }()
	for _, expr := range c.args {
		v, err := expr.eval(r)
		if err != nil {
			return value{}, err
		}
		r.args = append(r.args, v)
		r.charge(1 + v.weight())
	}
	named := len(r.args)
	for _, expr := range c.named {
		var v value
		if expr != nil {
			var err error
			if v, err = expr.eval(r); err != nil {
				return value{}, err
			}
		}
		r.args = append(r.args, v)
	}
	out, err := c.apply(r, input, args{at: r.args[base:named:named], named: r.args[named:]})
	r.charge(out.weight())
	return out, err
}

// source writes an expression as it would stand in a template.
func source(e expression) string {
	switch e := e.(type) {
	case *path:
		return e.String()
	case *rangeExpr:
		return "(" + source(e.first) + ".." + source(e.last) + ")"
	case *constant:
		return sourceOf(e.value)
	case *chain:
		return source(e.input)
	}
	return ""
}

func sourceOf(v value) string {
	switch v.kind {
	case textKind:
		return strconv.Quote(v.text)
	case nilKind:
		return "nil"
	case blankKind:
		return "blank"
	case emptyKind:
		return "empty"
	}
	return string(appendText(nil, v, math.MaxInt))
}

func (s *segment) write(b *strings.Builder) {
	switch {
	case s.by != nil:
		b.WriteString("[" + source(s.by) + "]")
	case isPlainName(s.name):
		b.WriteString("." + s.name)
	case s.name != "":
		b.WriteString("[" + strconv.Quote(s.name) + "]")
	default:
		b.WriteString("[" + strconv.Itoa(s.index) + "]")
	}
}
