package rule

import "time"

// narrowed is a selection of events taken apart.
type narrowed struct {
	event   string
	filters []*Expr // where(...), the last one first
	windows []*Expr // within(...) or another window: one, or from(...) and until(...)
	steps   []*Expr // followed_by(...) and not_followed_by(...)
}

func takeApart(e *Expr) (n narrowed) {
	for ; e.Op == OpMethod; e = e.Args[0] {
		switch e.Text {
		case "where":
			n.filters = append(n.filters, e)
		case "followed_by", "not_followed_by":
			n.steps = append(n.steps, e)
		default:
			n.windows = append(n.windows, e)
		}
	}
	n.event = e.Args[0].Text
	return n
}

// whole reports whether all that ever happened is asked for.
func (n narrowed) whole() bool { return n.windows == nil && n.steps == nil }

// open reports whether whatever is newest is selected if anything is, so that
// the newest points are enough for some questions.
func (n narrowed) open() bool {
	for _, w := range n.windows {
		if w.Text != "within" && w.Text != "this" && w.Text != "from" {
			return false
		}
	}
	return n.steps == nil
}

// shared returns the property that what follows must share, if any.
func (n narrowed) shared() string {
	for _, step := range n.steps {
		if len(step.Args) > 3 {
			return step.Args[3].Text
		}
	}
	return ""
}

// selection compiles events(...) with all that narrows it, and notes the facts
// that it reads. measured is the method that measures, or nil; keep says what is
// needed besides the totals, its lengths replaced by the window's.
func (b *builder) selection(e *Expr, measured *Expr, keep Keep) (selection, Fact) {
	s, fact := b.selected(e, measured, keep)
	b.addFact(fact)
	return s, fact
}

// selected is selection without noting the fact of what is selected.
func (b *builder) selected(e *Expr, measured *Expr, keep Keep) (selection, Fact) {
	in := takeApart(e)
	s, length := selection{window: b.window(in.windows)}, Forever
	if s.window != nil {
		length = s.window.keep()
	}
	keep.Window, keep.LastWithin = min(keep.Window, length), min(keep.LastWithin, length)
	if property := in.shared(); property != "" {
		measured = byProperty(property)
	}
	fact := b.fact(in.event, in.filters, measured, keep)
	s.fact = fact.ID
	b.read('e', fact.Event)
	for _, step := range in.steps {
		s.steps = append(s.steps, b.sequence(step, length))
	}
	return s, fact
}

// sequence compiles what must follow, or must not. What follows an event is
// younger than it, so it is kept no longer.
func (b *builder) sequence(e *Expr, length time.Duration) sequence {
	s := sequence{absent: e.Text == "not_followed_by", shared: len(e.Args) > 3}
	s.within, _ = parseSpan(e.Args[2].Text)
	b.clock = b.clock || s.absent
	b.calendar = b.calendar || s.within.days > 0
	var measured *Expr
	if s.shared {
		measured = byProperty(e.Args[3].Text)
	}
	of, _ := b.selection(e.Args[1], measured, Keep{Window: length})
	s.fact = of.fact
	return s
}

// byProperty measures nothing: it has the points carry a hash of a property.
func byProperty(name string) *Expr {
	e := &Expr{Op: OpName, Text: "e"}
	return &Expr{Op: OpMethod, Text: "by", Args: []*Expr{nil, e, {Op: OpField, Text: name, Args: []*Expr{e}}}}
}

// window compiles within(...) and its like; nil if there is none.
func (b *builder) window(windows []*Expr) window {
	if windows == nil {
		return nil
	}
	e := windows[0]
	switch e.Text {
	case "this":
		b.clock, b.calendar = true, true
		return current{unitNamed(e.Args[1].Text)}
	case "previous":
		b.clock, b.calendar = true, true
		return previous{unitNamed(e.Args[1].Text)}
	case "between":
		return older{b.length(e.Args[1]), b.length(e.Args[2])}
	case "within":
		return recent{b.length(e.Args[1])}
	}
	w := dated{}
	for _, e := range windows {
		if e.Text == "from" {
			w.from = b.literalMoment(e.Args[1])
		} else {
			w.until = b.literalMoment(e.Args[1])
		}
	}
	return w
}

// length compiles a length of time that is counted back from now.
func (b *builder) length(e *Expr) span {
	s, _ := parseSpan(e.Text)
	b.clock = true
	b.calendar = b.calendar || s.days > 0
	return s
}

// exists compiles exists() of a selection.
func (b *builder) exists(e *Expr) cond {
	if takeApart(e.Args[0]).open() {
		s, _ := b.selection(e.Args[0], nil, Keep{})
		return &happened{s}
	}
	s, _ := b.selection(e.Args[0], nil, Keep{Window: Forever})
	return &matched{s}
}

// edge compiles first() and last(). The totals know the first of all, and the
// last where whatever is newest is selected.
func (b *builder) edge(e *Expr) moment {
	in := takeApart(e.Args[0])
	n, keep := &edge{first: e.Text == "first"}, Keep{}
	if n.exact = !in.whole() && (n.first || !in.open()); n.exact {
		keep.Window = Forever
	}
	n.selection, _ = b.selection(e.Args[0], nil, keep)
	return n
}
