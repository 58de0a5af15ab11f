package liquid

import "slices"

// guarded is a body that is taken or not, and the paths that have a value if it is.
type guarded struct {
	body *body
	sure []string
}

// sure returns the paths that have a value if a condition came out so. It reads the
// clauses from the last one on, since each is joined to all that stands on its right.
func (a *analysis) sure(c *condition, holds bool) (names []string) {
	last := len(c.clauses) - 1
	for i := last; i >= 0 && a.visits <= maxVisits; i-- {
		clause := &c.clauses[i]
		own := a.sureOf(clause, holds)
		if i == last || clause.and == holds {
			names = append(names, own...) // both came out so
			continue
		}
		a.visits += (1 + len(own)) * len(names)
		names = both(own, slices.Concat(a.sureOf(clause, !holds), names)) // one of them did
	}
	return names
}

// sureOf returns the paths that have a value if one clause came out so.
func (a *analysis) sureOf(c *comparison, holds bool) []string {
	switch c.op {
	case isEqual, isNotEqual:
		same := holds == (c.op == isEqual)
		return append(a.sureOfSame(c.left, c.right, same), a.sureOfSame(c.right, c.left, same)...)
	case none:
		return a.sureIf(holds, c.left)
	}
	return a.sureIf(holds, c.left, c.right)
}

// sureOfSame returns the path that e stands for, if that it is the same as another
// value, or is not, means that it has one.
func (a *analysis) sureOfSame(e, other expression, same bool) []string {
	k, ok := other.(*constant)
	return a.sureIf(ok && same != isVoid(k.value), e)
}

// isVoid reports whether a missing value equals v. It is blank, but not empty.
func isVoid(v value) bool { return v.kind == nilKind || v.kind == blankKind }

// sureIf returns the paths that expressions stand for, or none.
func (a *analysis) sureIf(ok bool, of ...expression) (names []string) {
	for _, e := range of {
		if name := a.alias(e); ok && name != "" {
			names = append(names, name)
		}
	}
	return names
}

// sureOfCase returns what has a value where one of the values of a when is the
// case's, and where none is.
func (a *analysis) sureOfCase(of expression, values []expression) (match, otherwise []string) {
	constants, void := len(values) > 0, false
	for _, v := range values {
		k, ok := v.(*constant)
		constants = constants && ok && !isVoid(k.value)
		void = void || ok && isVoid(k.value)
	}
	return a.sureIf(constants, of), a.sureIf(void, of)
}

// together joins what two things make sure of.
func (a *analysis) together(x, y []string) []string {
	a.visits += len(x) + len(y)
	if a.visits > maxVisits {
		return nil
	}
	return slices.Concat(x, y)
}

// both keeps the names that are in x and in y, and in y what goes through them.
func both(x, y []string) (names []string) {
	for _, name := range x {
		for _, other := range y {
			if name == other || leadsTo(name, other) {
				names = append(names, name)
				break
			}
			if leadsTo(other, name) {
				names = append(names, other)
			}
		}
	}
	return names
}

// leadsTo reports whether a path goes through another: a.b.c and a.b[] through a.b.
func leadsTo(through, path string) bool {
	return len(path) > len(through) && path[:len(through)] == through && (path[len(through)] == '.' || path[len(through)] == '[')
}
