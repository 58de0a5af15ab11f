package liquid

import "strconv"

// maxNesting bounds brackets inside brackets, and tags inside tags.
const maxNesting = 100

// operand reads a literal, a range or a path.
func (c *compiler) operand(s *scanner) (expression, error) {
	c.nesting++
	defer func() { c.nesting-- }()
	if c.nesting > maxNesting {
		return nil, s.unit.malformed(s.at, "this is nested too deep")
	}
	switch {
	case s.kind == textSymbol:
		return literal(s, textValue(s.text)), s.err
	case s.kind == intSymbol:
		return literal(s, integerLiteral(s.text)), nil
	case s.kind == floatSymbol:
		return literal(s, numberOf(s.text)), nil
	case s.is("("):
		return c.rangeOf(s)
	case s.is("["):
		return c.path(s)
	case s.kind == nameSymbol:
		if v, ok := keyword(s); ok {
			return literal(s, v), nil
		}
		return c.path(s)
	}
	return nil, s.unexpected("a name, a text in quotes or a number belongs here")
}

func literal(s *scanner, v value) expression {
	s.advance()
	return &constant{v}
}

func integerLiteral(text string) value {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return intValue(n)
	}
	return numberOf(text)
}

// keyword reads nil, true and their like, unless they begin a path.
func keyword(s *scanner) (value, bool) {
	if s.follows('.') || s.follows('[') {
		return value{}, false
	}
	switch s.text {
	case "nil", "null":
		return value{}, true
	case "true":
		return boolValue(true), true
	case "false":
		return boolValue(false), true
	case "blank":
		return value{kind: blankKind}, true
	case "empty":
		return value{kind: emptyKind}, true
	}
	return value{}, false
}

func (c *compiler) rangeOf(s *scanner) (expression, error) {
	s.advance()
	first, err := c.operand(s)
	if err != nil {
		return nil, err
	}
	if !s.take("..") {
		return nil, s.unexpected("brackets make a range, as in (1..5); conditions have none")
	}
	last, err := c.operand(s)
	if err != nil {
		return nil, err
	}
	if !s.take(")") {
		return nil, s.unexpected("a range ends with )")
	}
	return &rangeExpr{first, last}, nil
}

func (c *compiler) path(s *scanner) (expression, error) {
	p := &path{unit: s.unit, at: s.at, lenient: c.lenient}
	if s.kind == nameSymbol {
		p.name, p.symbol = s.text, c.symbol(s.text)
		s.advance()
	} else if err := c.rootOf(p, s); err != nil {
		return nil, err
	}
	for {
		switch {
		case len(p.rest) > maxNesting:
			return nil, s.unit.malformed(p.at, "this path is too long")
		case s.take("."):
			if s.kind != nameSymbol {
				return nil, s.unexpected("a name belongs after the dot")
			}
			p.rest = append(p.rest, segment{name: s.text, special: s.text == "size" || s.text == "first" || s.text == "last"})
			s.advance()
		case s.is("["):
			seg, err := c.bracket(s)
			if err != nil {
				return nil, err
			}
			p.rest = append(p.rest, seg)
		default:
			return p, s.err
		}
	}
}

// rootOf reads ['any name'] or [some.path] at the beginning of a path.
func (c *compiler) rootOf(p *path, s *scanner) error {
	seg, err := c.bracket(s)
	if err != nil {
		return err
	}
	switch {
	case seg.by != nil:
		p.root = seg.by
	case seg.name != "":
		p.name, p.symbol = seg.name, c.symbol(seg.name)
	default:
		p.root = &constant{intValue(int64(seg.index))}
	}
	return nil
}

func (c *compiler) bracket(s *scanner) (segment, error) {
	s.advance()
	by, err := c.operand(s)
	if err != nil {
		return segment{}, err
	}
	if !s.take("]") {
		return segment{}, s.unexpected("] is missing")
	}
	if k, ok := by.(*constant); ok {
		switch {
		case k.value.kind == textKind && k.value.text != "":
			return segment{name: k.value.text}, nil
		case k.value.kind == intKind && int64(int(k.value.num)) == k.value.num:
			return segment{index: int(k.value.num)}, nil
		}
	}
	return segment{by: by}, nil
}

// filtered reads an operand and the filters after it.
func (c *compiler) filtered(s *scanner) (expression, error) {
	lenient := c.lenient
	c.lenient = lenient || hasDefault(s)
	input, err := c.operand(s)
	c.lenient = lenient
	if err != nil || !s.is("|") {
		return input, err
	}
	ch := &chain{unit: s.unit, input: input}
	for s.take("|") {
		call, err := c.call(s)
		if err != nil {
			return nil, err
		}
		ch.calls = append(ch.calls, call)
	}
	return ch, nil
}

// hasDefault looks ahead for | default in what is left of the markup.
func hasDefault(s *scanner) bool {
	for ahead := *s; ahead.kind != endSymbol; ahead.advance() {
		if ahead.is("|") {
			ahead.advance()
			if ahead.isName("default") {
				return true
			}
		}
	}
	return false
}

func (c *compiler) call(s *scanner) (call, error) {
	if s.kind != nameSymbol {
		return call{}, s.unexpected("the name of a filter belongs after |")
	}
	spec, ok := c.filter(s.text)
	if !ok {
		return call{}, s.unit.malformed(s.at, "unknown filter %q%s", s.text, didYouMean(s.text, c.filterNames()))
	}
	out := call{at: s.at, name: s.text, apply: spec.apply, named: make([]expression, len(spec.keys))}
	s.advance()
	if s.take(":") {
		if err := c.arguments(s, spec, &out); err != nil {
			return call{}, err
		}
	}
	if n := len(out.args); n < spec.min || n > spec.max {
		return call{}, s.unit.malformed(out.at, "the filter %q takes %s, not %d", out.name, spec.arity(), n)
	}
	return out, nil
}

func (c *compiler) arguments(s *scanner, spec filterSpec, out *call) error {
	for {
		if s.kind == nameSymbol && s.follows(':') {
			if err := c.namedArgument(s, spec, out); err != nil {
				return err
			}
		} else {
			arg, err := c.operand(s)
			if err != nil {
				return err
			}
			out.args = append(out.args, arg)
		}
		if !s.take(",") {
			return s.err
		}
	}
}

func (c *compiler) namedArgument(s *scanner, spec filterSpec, out *call) error {
	name, at := s.text, s.at
	s.advance()
	s.advance()
	arg, err := c.operand(s)
	if err != nil {
		return err
	}
	for i, key := range spec.keys {
		if key == name {
			out.named[i] = arg
			return nil
		}
	}
	return s.unit.malformed(at, "the filter %q knows no %q%s", out.name, name, didYouMean(name, spec.keys))
}

// condition reads clauses joined by and and or. Whatever it asks for may be
// unset: asking is what conditions are for.
func (c *compiler) condition(s *scanner) (*condition, error) {
	lenient := c.lenient
	c.lenient = true
	defer func() { c.lenient = lenient }()
	out := &condition{unit: s.unit}
	for {
		clause, err := c.clause(s)
		if err != nil {
			return nil, err
		}
		out.clauses = append(out.clauses, clause)
		last := &out.clauses[len(out.clauses)-1]
		switch {
		case s.takeName("and"):
			last.and = true
		case s.takeName("or"):
		default:
			return out, s.finish("a condition goes on with and, or, or one of == != < > <= >= contains")
		}
	}
}

func (c *compiler) clause(s *scanner) (comparison, error) {
	left, err := c.operand(s)
	if err != nil {
		return comparison{}, err
	}
	out := comparison{left: left, at: s.at, op: operatorOf(s)}
	if out.op == none {
		return out, nil
	}
	s.advance()
	out.right, err = c.operand(s)
	return out, err
}

func operatorOf(s *scanner) operator {
	if s.isName("contains") {
		return contains
	}
	if s.kind != punctSymbol {
		return none
	}
	return map[string]operator{
		"==": isEqual, "!=": isNotEqual, "<>": isNotEqual,
		"<": isLess, ">": isMore, "<=": isAtMost, ">=": isAtLeast,
	}[s.text]
}
