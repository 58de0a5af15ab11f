package liquid

import "strings"

// ifNode is {% if %} or {% unless %} with its branches.
type ifNode struct{ branches []branch }

type branch struct {
	when   *condition // nil of else
	negate bool
	body   *body
}

func (n *ifNode) render(r *renderer) error {
	for i := range n.branches {
		b := &n.branches[i]
		ok := b.when == nil
		if !ok {
			holds, err := b.when.holds(r)
			if err != nil {
				return err
			}
			ok = holds != b.negate
		}
		if ok {
			return b.body.render(r)
		}
	}
	return nil
}

func parseIf(p *parser, out *body, t token) error {
	n, blank := &ifNode{}, true
	for head := t; head.name != "end"+t.name; head = p.stop {
		b := branch{negate: head.name == "unless"}
		err := p.branchHead(&b, head)
		if err != nil {
			return err
		}
		if b.body, err = p.block(t, "elsif", "else", "end"+t.name); err != nil {
			return err
		}
		blank = blank && b.body.blank
		n.branches = append(n.branches, b)
	}
	if blank {
		for _, b := range n.branches {
			b.body.dropSpace()
		}
	}
	out.add(t.at, n, blank)
	return nil
}

// branchHead reads the condition of a branch, unless it is an else.
func (p *parser) branchHead(b *branch, head token) (err error) {
	if head.name != "else" {
		b.when, err = p.condition(newScanner(p.unit, head.start, head.end))
		return err
	}
	if strings.HasPrefix(p.unit.src[head.start:head.end], "if ") {
		return p.unit.malformed(head.at, "{%% else if … %%} is written {%% elsif … %%}")
	}
	return nil
}

// caseNode is {% case %}. Every {% when %} that matches is printed, once for
// each of its values that does; an {% else %} if nothing before it matched.
type caseNode struct {
	of    expression
	whens []when
}

type when struct {
	values []expression // nil of else
	body   *body
}

func (n *caseNode) render(r *renderer) error {
	of, err := n.of.eval(r)
	if err != nil {
		return err
	}
	matched := false
	for i := range n.whens {
		w := &n.whens[i]
		if w.values == nil && !matched {
			if err := w.body.render(r); err != nil {
				return err
			}
		}
		for _, expr := range w.values {
			v, err := expr.eval(r)
			if err != nil {
				return err
			}
			r.charge(1 + v.weight())
			if !equal(r, of, v) {
				continue
			}
			matched = true
			if err := w.body.render(r); err != nil {
				return err
			}
		}
	}
	return nil
}

func parseCase(p *parser, out *body, t token) error {
	n, blank := &caseNode{}, true
	var err error
	if n.of, err = p.caseHead(t); err != nil {
		return err
	}
	if _, err = p.block(t, "when", "else", "endcase"); err != nil {
		return err
	}
	for p.stop.name != "endcase" {
		var w when
		if p.stop.name == "when" {
			if w.values, err = p.whenValues(p.stop); err != nil {
				return err
			}
		}
		if w.body, err = p.block(t, "when", "else", "endcase"); err != nil {
			return err
		}
		blank = blank && w.body.blank
		n.whens = append(n.whens, w)
	}
	if blank {
		for _, w := range n.whens {
			w.body.dropSpace()
		}
	}
	out.add(t.at, n, blank)
	return nil
}

// caseHead reads what a case is about. It may be unset: that is one of the cases.
func (p *parser) caseHead(t token) (expression, error) {
	lenient := p.lenient
	p.lenient = true
	defer func() { p.lenient = lenient }()
	s := newScanner(p.unit, t.start, t.end)
	of, err := p.operand(s)
	if err != nil {
		return nil, err
	}
	return of, s.finish("{% case value %} takes one value")
}

func (p *parser) whenValues(t token) ([]expression, error) {
	lenient := p.lenient
	p.lenient = true
	defer func() { p.lenient = lenient }()
	s := newScanner(p.unit, t.start, t.end)
	var values []expression
	for {
		v, err := p.operand(s)
		if err != nil {
			return nil, err
		}
		values = append(values, v)
		if !s.take(",") && !s.takeName("or") {
			return values, s.finish("the values of {% when %} are joined by , or or")
		}
	}
}
