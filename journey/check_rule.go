package journey

import (
	"slices"

	"rapport/rule"
)

// tree returns a rule's tree; nil of no rule.
func (c *checker) tree(r *rule.Rule) *rule.Expr {
	if r == nil {
		return nil
	}
	if c.trees[r] == nil {
		c.trees[r], _ = rule.Parse(r.Text()) // what was compiled can be parsed
	}
	return c.trees[r]
}

// partsOf returns what stands on the sides of an operator, the whole if it is none.
func partsOf(e *rule.Expr, op rule.Op) []*rule.Expr {
	if e.Op == op {
		return e.Args
	}
	return []*rule.Expr{e}
}

func textsOf(parts []*rule.Expr) []string {
	texts := make([]string, len(parts))
	for i, p := range parts {
		texts[i] = p.String()
	}
	return texts
}

// implies reports whether one rule can be seen to hold only where another does: by its
// text, so it misses what takes arithmetic to see.
func implies(one, other *rule.Expr) bool {
	among := func(some, all []string) bool {
		return !slices.ContainsFunc(some, func(text string) bool { return !slices.Contains(all, text) })
	}
	return isLiteral(other, true) ||
		among(textsOf(partsOf(other, rule.OpAnd)), textsOf(partsOf(one, rule.OpAnd))) ||
		among(textsOf(partsOf(one, rule.OpOr)), textsOf(partsOf(other, rule.OpOr)))
}

func isLiteral(e *rule.Expr, value bool) bool { return e.Op == rule.OpBool && e.Bool == value }

// told returns the fields of a root that must be set for a rule to hold.
func told(e *rule.Expr, root string) map[string]bool {
	fields := map[string]bool{}
	if e == nil {
		return fields
	}
	switch name, asks := has(e, root); {
	case asks:
		fields[name] = true
	case e.Op == rule.OpNot:
		if _, asks := has(e.Args[0], root); !asks {
			return told(e.Args[0], root) // what is unknown stays so
		}
	case e.Op == rule.OpOr:
		return inAll(e.Args, root)
	case e.Op == rule.OpField:
		if e.Args[0].Op == rule.OpName && e.Args[0].Text == root {
			fields[e.Text] = true
			return fields
		}
		return told(e.Args[0], root)
	case e.Op == rule.OpMethod:
		return told(e.Args[0], root)
	case e.Op == rule.OpCall:
	default:
		for _, arg := range e.Args {
			for name := range told(arg, root) {
				fields[name] = true
			}
		}
	}
	return fields
}

// inAll returns the fields that must be set whichever of some rules holds.
func inAll(rules []*rule.Expr, root string) map[string]bool {
	fields := told(rules[0], root)
	for _, r := range rules[1:] {
		fields = both(fields, told(r, root))
	}
	return fields
}

// both returns what is in two sets.
func both(a, b map[string]bool) map[string]bool {
	out := map[string]bool{}
	for name := range a {
		if b[name] {
			out[name] = true
		}
	}
	return out
}

// untold returns the fields of a root that must be set since a rule does not hold: those
// whose absence alone would make it hold.
func untold(e *rule.Expr, root string) map[string]bool {
	fields := map[string]bool{}
	for _, part := range partsOf(e, rule.OpOr) {
		if part.Op == rule.OpNot {
			if name, asks := has(part.Args[0], root); asks {
				fields[name] = true
			}
		}
	}
	return fields
}

// has returns the field of a root that an expression asks whether it is set.
func has(e *rule.Expr, root string) (name string, asks bool) {
	if e.Op != rule.OpCall || e.Text != "has" || len(e.Args) != 1 {
		return "", false
	}
	f := e.Args[0]
	for f.Op == rule.OpField && f.Args[0].Op == rule.OpField {
		f = f.Args[0]
	}
	if f.Op != rule.OpField || f.Args[0].Op != rule.OpName || f.Args[0].Text != root {
		return "", false
	}
	return f.Text, true
}

// unasked returns the fields of a root that a rule reads without asking anywhere whether
// they are set, in the order in which they stand.
func unasked(e *rule.Expr, root string) []string {
	var read []string
	asked := map[string]bool{}
	walkFields(e, root, func(name string, asks bool) {
		asked[name] = asked[name] || asks
		if !asks && !slices.Contains(read, name) {
			read = append(read, name)
		}
	})
	return slices.DeleteFunc(read, func(name string) bool { return asked[name] })
}

func walkFields(e *rule.Expr, root string, visit func(name string, asks bool)) {
	if name, asks := has(e, root); asks {
		visit(name, true)
		return
	}
	if e.Op == rule.OpField && e.Args[0].Op == rule.OpName && e.Args[0].Text == root {
		visit(e.Text, false)
		return
	}
	for _, arg := range e.Args {
		walkFields(arg, root, visit)
	}
}
