package liquid

import "strings"

// tagFunc reads a tag, with its body if it has one, and adds it to out.
type tagFunc func(p *parser, out *body, t token) error

// standardTags are all the tags but comment, raw, doc and #, which the lexer
// deals with.
func standardTags() map[string]tagFunc {
	return map[string]tagFunc{
		"assign":    parseAssign,
		"break":     parseBreak,
		"capture":   parseCapture,
		"case":      parseCase,
		"continue":  parseContinue,
		"cycle":     parseCycle,
		"decrement": parseCounter,
		"echo":      parseEcho,
		"for":       parseFor,
		"if":        parseIf,
		"ifchanged": parseIfChanged,
		"include":   parseBlock,
		"increment": parseCounter,
		"liquid":    parseLiquid,
		"render":    parseBlock,
		"tablerow":  parseTableRow,
		"unless":    parseIf,
	}
}

// textNode is text between tags.
type textNode string

func (n textNode) render(r *renderer) error { return r.write(string(n)) }

func (n textNode) blank() bool {
	start, end := trimSpace(string(n), 0, len(n))
	return start == end
}

// outputNode is {{ }} or {% echo %}.
type outputNode struct {
	expr   expression
	escape bool
}

func (n *outputNode) render(r *renderer) error {
	v, err := n.expr.eval(r)
	if err != nil {
		return err
	}
	return r.print(v, n.escape)
}

func parseEcho(p *parser, out *body, t token) error {
	n, err := p.output(t)
	if err == nil {
		out.add(t.at, n, false)
	}
	return err
}

// assignNode is {% assign name = … %}.
type assignNode struct {
	symbol int
	name   string
	expr   expression
}

func (n *assignNode) render(r *renderer) error {
	v, err := n.expr.eval(r)
	if err != nil {
		return err
	}
	r.assign(n.symbol, v)
	return nil
}

func (r *renderer) assign(symbol int, v value) {
	target := &r.frame.vars[symbol]
	target.assigned, target.value = true, v
}

func parseAssign(p *parser, out *body, t token) error {
	s := newScanner(p.unit, t.start, t.end)
	name, err := p.newName(s)
	if err != nil {
		return err
	}
	if !s.take("=") {
		return s.unexpected("an assignment reads {% assign name = value %}")
	}
	expr, err := p.filtered(s)
	if err != nil {
		return err
	}
	if err := s.finish("after a value come only filters, as in {% assign total = price | times: 2 %}"); err != nil {
		return err
	}
	out.add(t.at, &assignNode{symbol: p.symbol(name), name: name, expr: expr}, true)
	return nil
}

// newName reads the name that a tag sets.
func (p *parser) newName(s *scanner) (string, error) {
	name := s.text
	if s.kind != nameSymbol && s.kind != intSymbol || strings.HasSuffix(name, "?") || strings.HasPrefix(name, "-") {
		return "", s.unexpected("a name of letters, digits, - and _ belongs here")
	}
	s.advance()
	return name, nil
}

// captureNode is {% capture name %}…{% endcapture %}.
type captureNode struct {
	symbol int
	name   string
	body   *body
	html   bool
}

func (n *captureNode) render(r *renderer) error {
	from := len(r.out)
	end := n.body.render(r)
	if end != nil && end != errBreak && end != errContinue {
		return end
	}
	text, err := r.captured(from)
	if err != nil {
		return err
	}
	v := textValue(text)
	if n.html {
		v = v.html()
	}
	r.assign(n.symbol, v)
	return end
}

func parseCapture(p *parser, out *body, t token) error {
	s := newScanner(p.unit, t.start, t.end)
	name := s.text
	if s.kind == textSymbol && name != "" {
		s.advance()
	} else {
		var err error
		if name, err = p.newName(s); err != nil {
			return err
		}
	}
	if err := s.finish("{% capture name %} takes a name only"); err != nil {
		return err
	}
	b, err := p.block(t, "endcapture")
	if err != nil {
		return err
	}
	out.add(t.at, &captureNode{symbol: p.symbol(name), name: name, body: b, html: p.opts.AutoEscape}, true)
	return nil
}

// counterNode is {% increment name %} or {% decrement name %}.
type counterNode struct {
	symbol int
	name   string
	down   bool
}

func (n *counterNode) render(r *renderer) error {
	v := &r.frame.vars[n.symbol]
	v.counted = true
	if n.down {
		v.count--
		return r.print(intValue(v.count), false)
	}
	v.count++
	return r.print(intValue(v.count-1), false)
}

func parseCounter(p *parser, out *body, t token) error {
	s := newScanner(p.unit, t.start, t.end)
	name, err := p.newName(s)
	if err != nil {
		return err
	}
	if err := s.finish("{% " + t.name + " name %} takes a name only"); err != nil {
		return err
	}
	out.add(t.at, &counterNode{symbol: p.symbol(name), name: name, down: t.name == "decrement"}, false)
	return nil
}

// ifChangedNode is {% ifchanged %}: it prints its body unless that is what the
// last one printed.
type ifChangedNode struct{ body *body }

func (n *ifChangedNode) render(r *renderer) error {
	from := len(r.out)
	end := n.body.render(r)
	if end != nil && end != errBreak && end != errContinue {
		return end
	}
	text, err := r.captured(from)
	if err != nil {
		return err
	}
	if text != r.frame.changed {
		r.frame.changed = text
		if err := r.write(text); err != nil {
			return err
		}
	}
	return end
}

func parseIfChanged(p *parser, out *body, t token) error {
	b, err := p.block(t, "endifchanged")
	if err != nil {
		return err
	}
	out.add(t.at, &ifChangedNode{b}, b.blank)
	return nil
}

// parseLiquid reads {% liquid %}, in which every line is a tag.
func parseLiquid(p *parser, out *body, t token) error {
	p.nesting++
	defer func() { p.nesting-- }()
	if p.nesting > maxNesting {
		return p.unit.malformed(t.at, "tags are nested too deep here")
	}
	tokens, err := lexLines(p.unit, t)
	if err != nil {
		return err
	}
	inner := &parser{compiler: p.compiler, unit: p.unit, tokens: tokens}
	b, err := inner.body("", nil)
	if err != nil {
		return err
	}
	for i, n := range b.nodes {
		out.add(b.at[i], n, b.blank)
	}
	return nil
}

// lexLines cuts the markup of {% liquid %} into a tag a line.
func lexLines(u *unit, t token) ([]token, error) {
	var tokens []token
	commentAt, depth := 0, 0
	for start := t.start; start < t.end; {
		next := t.end
		if i := strings.IndexByte(u.src[start:t.end], '\n'); i >= 0 {
			next = start + i + 1
		}
		from, to := trimSpace(u.src, start, next)
		start = next
		name, rest := tagName(u.src, from, to)
		switch {
		case from == to || name == "#" && depth == 0:
		case name == "comment":
			if depth++; depth == 1 {
				commentAt = from
			}
		case name == "endcomment" && depth > 0:
			depth--
		case depth > 0:
		case name == "":
			return nil, u.malformed(from, "every line of {%% liquid %%} begins with the name of a tag")
		case name == "raw" || name == "doc":
			return nil, u.malformed(from, "%s cannot stand in {%% liquid %%}", name)
		default:
			tokens = append(tokens, token{kind: tagToken, name: name, start: rest, end: to, at: from})
		}
	}
	if depth > 0 {
		return nil, u.malformed(commentAt, "this comment is never closed: a line with endcomment is missing")
	}
	return tokens, nil
}
