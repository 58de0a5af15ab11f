package liquid

import (
	"slices"
	"strings"
)

// blockNode is {% render %} or {% include %}: it prints another source. A
// rendered block sees the caller's data and its arguments, an included one also
// everything that the template set, and what it sets stays.
type blockNode struct {
	block    *unit
	editions []*unit  // that may be printed instead of it
	names    []string // of the editions
	isolated bool
	with     expression // nil without; bound to alias
	each     bool       // for: once for every item
	alias    int        // symbol
	name     string     // of alias
	self     int        // symbol of forloop
	args     []argument
}

type argument struct {
	symbol int
	name   string
	expr   expression
}

func (n *blockNode) render(r *renderer) error {
	bound, err := n.bindings(r)
	if err != nil {
		return err
	}
	var with value
	if n.with != nil {
		if with, err = n.with.eval(r); err != nil {
			return err
		}
	}
	if r.depth >= orDefault(r.opts.Limits.Depth, defaultDepth) {
		return &Error{Reason: TooDeep, Message: "blocks are rendered inside blocks too deep here: does one render itself?"}
	}
	floor, loop, frame, scope := r.floor, r.loop, r.frame, len(r.scope)
	r.depth++
	if n.isolated {
		r.floor, r.loop = scope, nil
		r.charge((len(r.template.names) + r.template.offsets) / fieldsAStep)
		r.openFrame()
	}
	for _, b := range bound {
		n.set(r, b.symbol, b.value)
	}
	err = n.run(r, n.edition(r).body, with)
	if n.isolated {
		r.frame.clear()
	}
	r.depth--
	r.floor, r.loop, r.frame, r.scope = floor, loop, frame, r.scope[:scope]
	if n.isolated && (err == errBreak || err == errContinue) {
		return nil
	}
	return err
}

// bindings evaluates the arguments, before any of them is in sight.
func (n *blockNode) bindings(r *renderer) ([]binding, error) {
	if len(n.args) == 0 {
		return nil, nil
	}
	bound := make([]binding, len(n.args))
	for i, arg := range n.args {
		v, err := arg.expr.eval(r)
		if err != nil {
			return nil, err
		}
		r.charge(1)
		bound[i] = binding{arg.symbol, v}
	}
	return bound, nil
}

// set gives the block a name: a rendered one as if it had assigned it itself, an
// included one for as long as it lasts.
func (n *blockNode) set(r *renderer, symbol int, v value) {
	if n.isolated {
		r.assign(symbol, v)
	} else {
		r.bind(symbol, v)
	}
}

// run prints the block once, or once for every item.
func (n *blockNode) run(r *renderer, body *body, with value) error {
	if n.with == nil {
		return body.render(r)
	}
	base := len(r.scope)
	if !n.each && (n.isolated || !with.isList()) || !with.isList() && with.kind != rangeKind {
		n.set(r, n.alias, with)
		return body.render(r)
	}
	l := &loop{name: n.name, length: with.size()}
	for ; l.index < l.length; l.index++ {
		if err := r.step(); err != nil {
			return err
		}
		r.scope = r.scope[:base]
		n.set(r, n.alias, r.item(with, l.index))
		if n.isolated {
			n.set(r, n.self, value{kind: loopKind, of: l})
		}
		if err := body.render(r); err != nil && (!n.isolated || err != errContinue) {
			return err
		}
	}
	return nil
}

func parseBlock(p *parser, out *body, t token) error {
	s := newScanner(p.unit, t.start, t.end)
	if s.kind != textSymbol {
		return s.unexpected("the name of a block in quotes belongs here, as in {% " + t.name + " \"footer\" %}")
	}
	name, at := s.text, s.at
	s.advance()
	n := &blockNode{isolated: t.name == "render", name: name[strings.LastIndexByte(name, '/')+1:], self: p.symbol("forloop")}
	if err := p.blockWith(n, s); err != nil {
		return err
	}
	n.alias = p.symbol(n.name)
	if err := p.blockArguments(n, s); err != nil {
		return err
	}
	var err error
	if n.block, err = p.load(p.unit, at, name); err != nil {
		return err
	}
	out.add(t.at, n, false)
	return p.loadEditions(n, at, name)
}

// loadEditions loads what may be printed instead of a block.
func (p *parser) loadEditions(n *blockNode, at int, name string) error {
	if p.opts.Editions == nil {
		return nil
	}
	n.names = p.opts.Editions(name)
	for _, edition := range n.names {
		u, err := p.load(p.unit, at, edition)
		if err != nil {
			return err
		}
		n.editions = append(n.editions, u)
	}
	return nil
}

// edition returns what is printed: the block, or one of its editions.
func (n *blockNode) edition(r *renderer) *unit {
	if len(n.names) == 0 || r.opts.Edition == nil {
		return n.block
	}
	r.charge(len(n.names))
	if i := slices.Index(n.names, r.opts.Edition(n.block.name, n.names)); i >= 0 {
		return n.editions[i]
	}
	return n.block
}

// blockWith reads with … as … or for … as ….
func (p *parser) blockWith(n *blockNode, s *scanner) (err error) {
	if s.follows(':') {
		return nil
	}
	if n.each = s.isName("for"); !n.each && !s.isName("with") {
		return nil
	}
	s.advance()
	if n.with, err = p.operand(s); err != nil {
		return err
	}
	if s.isName("as") && !s.follows(':') {
		s.advance()
		if s.kind != nameSymbol {
			return s.unexpected("a name belongs after as")
		}
		n.name = s.text
		s.advance()
	}
	return nil
}

func (p *parser) blockArguments(n *blockNode, s *scanner) error {
	for s.take(","); s.kind == nameSymbol; s.take(",") {
		arg := argument{symbol: p.symbol(s.text), name: s.text}
		s.advance()
		if !s.take(":") {
			return s.unexpected("a colon and a value belong after " + arg.name)
		}
		var err error
		if arg.expr, err = p.operand(s); err != nil {
			return err
		}
		n.args = append(n.args, arg)
	}
	return s.finish("what a block is given reads name: value, name: value")
}
