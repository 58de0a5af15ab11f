package liquid

// loop is what forloop and tablerowloop stand for.
type loop struct {
	name   string
	length int
	index  int // from 0
	parent *loop
	cols   int // of a tablerow; 0 of a for
}

// field returns what forloop.name means.
func (l *loop) field(name string) value {
	switch name {
	case "index":
		return intValue(int64(l.index + 1))
	case "index0":
		return intValue(int64(l.index))
	case "rindex":
		return intValue(int64(l.length - l.index))
	case "rindex0":
		return intValue(int64(l.length - l.index - 1))
	case "length":
		return intValue(int64(l.length))
	case "first":
		return boolValue(l.index == 0)
	case "last":
		return boolValue(l.index == l.length-1)
	}
	if l.cols > 0 {
		return l.cell(name)
	}
	switch {
	case name == "name":
		return textValue(l.name)
	case name == "parentloop" && l.parent != nil:
		return value{kind: loopKind, of: l.parent}
	}
	return value{}
}

// cell returns what only a tablerowloop has.
func (l *loop) cell(name string) value {
	col := l.index % l.cols
	switch name {
	case "col":
		return intValue(int64(col + 1))
	case "col0":
		return intValue(int64(col))
	case "col_first":
		return boolValue(col == 0)
	case "col_last":
		return boolValue(col == l.cols-1 || l.cols >= l.length && l.index == l.length-1)
	case "row":
		return intValue(int64(l.index/l.cols + 1))
	}
	return value{}
}

// loopHead is what for and tablerow have in common: name in list, and from where
// to where.
type loopHead struct {
	symbol   int // of the loop's variable
	self     int // symbol of forloop or tablerowloop
	variable string
	name     string // variable-list
	list     expression
	limit    expression
	offset   expression
	resume   bool // offset: continue
	reversed bool
	cols     expression
	slot     int // where the frame remembers its end
}

// turns is the part of a list that a loop goes through.
type turns struct {
	of       value
	from, n  int
	reversed bool
}

func (t *turns) item(r *renderer, i int) value {
	if t.reversed {
		i = t.n - 1 - i
	}
	return r.turn(t.of, t.from+i)
}

// turn returns item i of what a loop goes through: a text is one turn, an object
// pairs of name and value.
func (r *renderer) turn(v value, i int) value {
	switch {
	case v.kind == textKind:
		return v
	case v.isObject():
		name, field := v.data().Pair(i)
		return listValue([]value{textValue(name), r.wrap(field)})
	}
	return r.item(v, i)
}

// length is how many turns a loop over v takes.
func length(v value) int {
	switch v.kind {
	case listKind, dataKind, rangeKind:
		return v.size()
	case textKind:
		return min(len(v.text), 1)
	}
	return 0
}

// turns evaluates the head of a loop.
func (h *loopHead) turns(r *renderer) (turns, error) {
	of, err := h.list.eval(r)
	if err != nil {
		return turns{}, err
	}
	t := turns{of: of, n: length(of), reversed: h.reversed}
	from, err := h.count(r, h.offset, 0)
	if err != nil {
		return turns{}, err
	}
	if h.resume {
		from = r.frame.offsets[h.slot]
	}
	t.from = max(0, min(from, t.n))
	limit, err := h.count(r, h.limit, t.n)
	if err != nil {
		return turns{}, err
	}
	t.n = max(0, min(limit, t.n-t.from))
	r.frame.offsets[h.slot] = t.from + t.n
	return t, nil
}

// count evaluates a limit or an offset; unset is the standard.
func (h *loopHead) count(r *renderer, expr expression, standard int) (int, error) {
	if expr == nil {
		return standard, nil
	}
	v, err := expr.eval(r)
	if err != nil || v.isNil() {
		return standard, err
	}
	return integer(v)
}

func (p *parser) loopHead(t token, self string) (h loopHead, err error) {
	s := newScanner(p.unit, t.start, t.end)
	if s.kind != nameSymbol {
		return h, s.unexpected("a loop reads {% " + t.name + " item in list %}")
	}
	h.variable, h.symbol, h.self = s.text, p.symbol(s.text), p.symbol(self)
	s.advance()
	if !s.takeName("in") {
		return h, s.unexpected("a loop reads {% " + t.name + " item in list %}")
	}
	if h.list, err = p.operand(s); err != nil {
		return h, err
	}
	h.name = h.variable + "-" + source(h.list)
	h.slot = p.offset(h.name)
	for s.kind != endSymbol {
		if err := p.loopOption(&h, s, t.name); err != nil {
			return h, err
		}
	}
	return h, s.err
}

// loopOption reads one of reversed, limit, offset and cols.
func (p *parser) loopOption(h *loopHead, s *scanner, tag string) (err error) {
	if s.take(",") {
		return nil
	}
	if tag == "for" && s.takeName("reversed") {
		h.reversed = true
		return nil
	}
	name, wanted := s.text, "a loop takes limit: and offset:, a for also reversed, a tablerow also cols:"
	if s.kind != nameSymbol || name != "limit" && name != "offset" && (name != "cols" || tag == "for") {
		return s.unexpected(wanted)
	}
	s.advance()
	if !s.take(":") {
		return s.unexpected("a colon and a number belong after " + name)
	}
	if name == "offset" && s.takeName("continue") {
		h.resume = true
		return nil
	}
	v, err := p.operand(s)
	switch name {
	case "limit":
		h.limit = v
	case "offset":
		h.offset = v
	default:
		h.cols = v
	}
	return err
}

// forNode is {% for %}.
type forNode struct {
	loopHead
	body   *body
	orElse *body // nil without {% else %}
}

func (n *forNode) render(r *renderer) error {
	t, err := n.turns(r)
	if err != nil {
		return err
	}
	if t.n == 0 {
		if n.orElse == nil {
			return nil
		}
		return n.orElse.render(r)
	}
	l := &loop{name: n.name, length: t.n, parent: r.loop}
	outer, base := r.loop, len(r.scope)
	r.loop = l
	r.bind(n.symbol, value{})
	r.bind(n.self, value{kind: loopKind, of: l})
	for l.index = 0; l.index < t.n; l.index++ {
		if err = r.step(); err != nil {
			break
		}
		r.scope[base].value = t.item(r, l.index)
		if err = n.body.render(r); err != nil && err != errContinue {
			break
		}
		err = nil
	}
	r.loop, r.scope = outer, r.scope[:base]
	if err == errBreak {
		return nil
	}
	return err
}

func parseFor(p *parser, out *body, t token) error {
	n := &forNode{}
	var err error
	if n.loopHead, err = p.loopHead(t, "forloop"); err != nil {
		return err
	}
	if n.body, err = p.block(t, "else", "endfor"); err != nil {
		return err
	}
	blank := n.body.blank
	for p.stop.name == "else" {
		if n.orElse, err = p.block(t, "else", "endfor"); err != nil {
			return err
		}
		blank = blank && n.orElse.blank
	}
	if list, ok := n.list.(*path); ok && n.orElse != nil {
		list.lenient = true
	}
	if blank {
		n.body.dropSpace()
		if n.orElse != nil {
			n.orElse.dropSpace()
		}
	}
	out.add(t.at, n, blank)
	return nil
}

type jumpNode struct{ to error }

func (n jumpNode) render(*renderer) error { return n.to }

func parseBreak(_ *parser, out *body, t token) error {
	out.add(t.at, jumpNode{errBreak}, false)
	return nil
}

func parseContinue(_ *parser, out *body, t token) error {
	out.add(t.at, jumpNode{errContinue}, false)
	return nil
}
