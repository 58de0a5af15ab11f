package liquid

import (
	"maps"
	"slices"
	"strings"
)

// Use says what a template does with a path.
type Use uint8

// The uses.
const (
	Printed Use = iota // {{ }} or {% echo %} prints it
	Tested             // a condition or a case asks for it
	Looped             // a loop goes through it
	Passed             // it is an argument, or is given another name
)

// Path is one place where a template reads something from outside. What a
// template reads through names of its own is traced back: in
// {% for p in event.products %}{{ p.title }}{% endfor %} the title is
// event.products[].title. All indices read [], and so do first and last; size at
// the end is left out. A name in brackets that is known only when rendering
// reads [] as well, and at the beginning of a path as it stands.
type Path struct {
	Name     string
	Position Position
	Use      Use
	Default  bool // a default filter follows, or an else of the loop
	Guarded  bool // it is tested, or stands where a condition makes sure that it has a value
}

// Variables returns every place where t or a block it renders reads something
// from outside, in the order of rendering.
func (t *Template) Variables() []Path { return slices.Clone(t.paths) }

// analysis goes through a template once, as if every branch were taken.
type analysis struct {
	unit      *unit
	paths     []Path
	locals    map[string]string // names surely set by now, to the path they stand for, or ""
	guards    map[string]int
	active    map[*unit]bool // the blocks being looked into
	defaulted bool
	visits    int
}

// maxVisits bounds the analysis of blocks that render blocks many times over, and of
// names that stand for ever longer paths.
const maxVisits = 200_000

func analyse(u *unit) ([]Path, error) {
	a := &analysis{unit: u, locals: map[string]string{}, guards: map[string]int{}, active: map[*unit]bool{u: true}}
	a.body(u.body)
	if a.visits > maxVisits {
		return nil, u.malformed(0, "this template has too much to it: it renders blocks inside blocks many times over, or reads very long paths")
	}
	return a.paths, nil
}

func (a *analysis) body(b *body) {
	if b == nil {
		return
	}
	for _, n := range b.nodes {
		if a.visits++; a.visits > maxVisits {
			return
		}
		n.inspect(a)
	}
}

// branches looks into bodies of which at most one is taken, or exactly one if
// they are exhaustive: names are surely set after them only if all set them.
func (a *analysis) branches(exhaustive bool, bodies ...guarded) {
	before := a.locals
	var after map[string]string
	for _, b := range bodies {
		a.locals = a.clone(before)
		release := a.guard(b.sure)
		a.body(b.body)
		release()
		after = common(after, a.locals)
	}
	if !exhaustive || after == nil {
		after = common(after, before)
	}
	a.locals = after
}

// clone copies what names stand for, which counts like visiting them.
func (a *analysis) clone(names map[string]string) map[string]string {
	a.visits += len(names)
	return maps.Clone(names)
}

// common keeps the names that are in both; one that stands for different paths
// stands for nothing in particular.
func common(x, y map[string]string) map[string]string {
	if x == nil {
		return maps.Clone(y)
	}
	out := map[string]string{}
	for name, path := range x {
		if other, ok := y[name]; ok {
			if path != other {
				path = ""
			}
			out[name] = path
		}
	}
	return out
}

// guard marks paths, and all that they go through, as surely there until the
// returned function is called.
func (a *analysis) guard(names []string) (release func()) {
	add := func(n int) {
		for _, name := range names {
			for i := 1; i <= len(name); i++ {
				if i == len(name) || name[i] == '.' || name[i] == '[' {
					a.visits += i / bytesAStep
					a.guards[name[:i]] += n
				}
			}
		}
	}
	add(1)
	return func() { add(-1) }
}

// resolve returns the path from outside that p stands for; ok is false for what
// the template made itself.
func (a *analysis) resolve(p *path) (name string, ok bool) {
	name, ok = p.name, true
	if p.root != nil {
		name = p.String()[:len(source(p.root))+2]
	} else if alias, local := a.locals[p.name]; local {
		name, ok = alias, alias != ""
	}
	var b strings.Builder
	b.WriteString(name)
	for i, s := range p.rest {
		switch {
		case s.special && s.name == "size" && i == len(p.rest)-1:
		case s.by != nil || s.name == "" || s.special && (s.name == "first" || s.name == "last"):
			b.WriteString("[]")
		case isPlainName(s.name):
			b.WriteString("." + s.name)
		default:
			s.write(&b)
		}
	}
	a.visits += b.Len() / bytesAStep
	return b.String(), ok
}

// isPlainName reports whether s can stand after a dot.
func isPlainName(s string) bool {
	return s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == ""
}

func (p *path) inspect(a *analysis, use Use) {
	if p.root != nil {
		p.root.inspect(a, Passed)
	}
	for _, s := range p.rest {
		if s.by != nil {
			s.by.inspect(a, Passed)
		}
	}
	name, ok := a.resolve(p)
	if !ok || a.visits > maxVisits {
		return
	}
	a.paths = append(a.paths, Path{
		Name: name, Position: p.unit.position(p.at), Use: use,
		Default: a.defaulted, Guarded: use == Tested || a.guards[name] > 0,
	})
}

func (c *constant) inspect(*analysis, Use) {}

func (e *rangeExpr) inspect(a *analysis, _ Use) {
	e.first.inspect(a, Passed)
	e.last.inspect(a, Passed)
}

func (c *condition) inspect(a *analysis) {
	for _, clause := range c.clauses {
		clause.left.inspect(a, Tested)
		if clause.right != nil {
			clause.right.inspect(a, Tested)
		}
	}
}

func (c *chain) inspect(a *analysis, use Use) {
	outer := a.defaulted
	a.defaulted = outer || defaults(c.calls)
	c.input.inspect(a, use)
	a.defaulted = outer
	for _, f := range c.calls {
		for _, arg := range slices.Concat(f.args, f.named) {
			if arg != nil {
				arg.inspect(a, Passed)
			}
		}
	}
}

// defaults reports whether a default follows before anything is made of a missing
// value.
func defaults(calls []call) bool {
	for _, f := range calls {
		switch f.name {
		case "default":
			return true
		case "append", "prepend", "json", "size", "concat", "sum", "plus", "minus", "times", "divided_by", "modulo",
			"abs", "ceil", "floor", "round", "at_least", "at_most":
			return false
		}
	}
	return false
}

// alias returns the path that e stands for, "" if it is more than a path.
func (a *analysis) alias(e expression) string {
	if p, ok := e.(*path); ok {
		if name, ok := a.resolve(p); ok {
			return name
		}
	}
	return ""
}
