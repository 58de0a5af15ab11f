package liquid

import "maps"

func (n textNode) inspect(*analysis) {}

func (n jumpNode) inspect(*analysis) {}

func (n *outputNode) inspect(a *analysis) { n.expr.inspect(a, Printed) }

func (n *assignNode) inspect(a *analysis) {
	n.expr.inspect(a, Passed)
	a.locals[n.name] = a.alias(n.expr)
}

func (n *captureNode) inspect(a *analysis) {
	a.body(n.body)
	a.locals[n.name] = ""
}

func (n *counterNode) inspect(a *analysis) {
	if _, ok := a.locals[n.name]; !ok {
		a.locals[n.name] = ""
	}
}

func (n *ifChangedNode) inspect(a *analysis) { a.body(n.body) }

func (n *ifNode) inspect(a *analysis) {
	var bodies []guarded
	var before []string // what has a value once the branches before were not taken
	exhaustive := false
	for _, b := range n.branches {
		taken := before
		if b.when != nil {
			release := a.guard(before)
			b.when.inspect(a)
			release()
			taken = a.together(before, a.sure(b.when, !b.negate))
			before = a.together(before, a.sure(b.when, b.negate))
		}
		exhaustive = exhaustive || b.when == nil
		bodies = append(bodies, guarded{b.body, taken})
	}
	a.branches(exhaustive, bodies...)
}

func (n *caseNode) inspect(a *analysis) {
	n.of.inspect(a, Tested)
	var bodies []guarded
	var before []string
	for _, w := range n.whens {
		for _, v := range w.values {
			v.inspect(a, Tested)
		}
		match, otherwise := a.sureOfCase(n.of, w.values)
		if w.values == nil {
			match = before
		}
		before = append(before, otherwise...)
		bodies = append(bodies, guarded{w.body, match})
	}
	a.branches(false, bodies...)
}

func (h *loopHead) inspect(a *analysis) {
	for _, e := range []expression{h.limit, h.offset, h.cols} {
		if e != nil {
			e.inspect(a, Passed)
		}
	}
}

// inspectBody looks into the body of a loop, in which its names are known.
func (h *loopHead) inspectBody(a *analysis, self string, b *body) {
	item := a.alias(h.list)
	if item != "" {
		item += "[]"
	}
	defer a.guard(a.sureIf(true, h.list))()
	before := a.locals
	a.locals = a.clone(before)
	a.locals[h.variable], a.locals[self] = item, ""
	a.body(b)
	a.locals = common(before, a.locals)
	for _, name := range []string{h.variable, self} {
		delete(a.locals, name)
		if path, ok := before[name]; ok {
			a.locals[name] = path
		}
	}
}

func (n *forNode) inspect(a *analysis) {
	outer := a.defaulted
	a.defaulted = n.orElse != nil
	n.list.inspect(a, Looped)
	a.defaulted = outer
	n.loopHead.inspect(a)
	n.inspectBody(a, "forloop", n.body)
	if n.orElse != nil {
		a.branches(false, guarded{body: n.orElse})
	}
}

func (n *tableRowNode) inspect(a *analysis) {
	n.list.inspect(a, Looped)
	n.loopHead.inspect(a)
	n.inspectBody(a, "tablerowloop", n.body)
}

func (n *cycleNode) inspect(a *analysis) {
	if n.name != nil {
		n.name.inspect(a, Tested)
	}
	for _, v := range n.values {
		v.inspect(a, Printed)
	}
}

func (n *blockNode) inspect(a *analysis) {
	bound := map[string]string{}
	for _, arg := range n.args {
		arg.expr.inspect(a, Passed)
		bound[arg.name] = a.alias(arg.expr)
	}
	if n.with != nil {
		n.inspectWith(a, bound)
	}
	before := a.locals
	var after map[string]string
	for _, u := range append([]*unit{n.block}, n.editions...) {
		n.inspectUnit(a, u, bound, before)
		after = common(after, a.locals)
	}
	a.locals = after
}

// inspectUnit looks into a block, or an edition of it, unless it stands in itself.
func (n *blockNode) inspectUnit(a *analysis, u *unit, bound, before map[string]string) {
	a.locals = before
	if a.active[u] {
		return
	}
	if a.locals = a.clone(bound); !n.isolated {
		a.locals = a.clone(before)
		maps.Copy(a.locals, bound)
	}
	outer := a.unit
	a.active[u], a.unit = true, u
	a.body(u.body)
	delete(a.active, u)
	a.unit = outer
	if n.isolated {
		a.locals = before
		return
	}
	for name := range bound {
		delete(a.locals, name)
		if path, ok := before[name]; ok {
			a.locals[name] = path
		}
	}
}

func (n *blockNode) inspectWith(a *analysis, bound map[string]string) {
	use, item := Passed, ""
	if n.each {
		use, item = Looped, "[]"
		bound["forloop"] = ""
	}
	n.with.inspect(a, use)
	if name := a.alias(n.with); name != "" {
		bound[n.name] = name + item
	} else {
		bound[n.name] = ""
	}
}
