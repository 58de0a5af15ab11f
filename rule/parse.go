package rule

import (
	"fmt"
	"math"
	"strings"
)

// How large a tree may be: far beyond any rule a person writes, small enough
// that hostile input exhausts neither stack nor time.
const (
	maxDepth = 64
	maxNodes = 2000
)

// Parse reads a rule's text. The error is an [*Error].
func Parse(text string) (*Expr, error) {
	e, err := parse(text)
	if err != nil {
		return nil, err
	}
	return e, nil
}

func parse(text string) (*Expr, *Error) {
	tokens, err := lex(text)
	if err != nil {
		return nil, err.locate(text)
	}
	p := parser{tokens: tokens}
	if len(tokens) == 1 {
		p.fail(tokens[0], "the rule is empty", "")
	}
	e := p.expr(precOr)
	if t := p.peek(); t.kind != tokenEnd {
		p.unexpected(t)
	}
	if p.err != nil {
		return nil, p.err.locate(text)
	}
	return e, nil
}

// parser is a Pratt parser. After a mistake it jumps to the end token, where
// every loop ends, so that no function needs to return an error.
type parser struct {
	tokens []token
	pos    int
	depth  int
	nodes  int
	err    *Error
}

// The precedences, from loose to tight.
const (
	precOr = iota + 1
	precAnd
	precRelation
	precAdd
	precMul
	precUnary
	precMember
)

var precedences = [...]int{
	OpOr: precOr, OpAnd: precAnd,
	OpEq: precRelation, OpNe: precRelation, OpLt: precRelation, OpLe: precRelation, OpGt: precRelation, OpGe: precRelation, OpIn: precRelation,
	OpAdd: precAdd, OpSub: precAdd, OpMul: precMul, OpDiv: precMul,
}

func (p *parser) fail(at token, message, suggestion string) *Expr {
	if p.err == nil {
		p.err = &Error{Start: at.start, End: at.end, Message: message, Suggestion: suggestion}
	}
	p.pos = len(p.tokens) - 1
	return &Expr{Op: OpBool}
}

func (p *parser) peek() token { return p.tokens[p.pos] }

func (p *parser) take() token {
	t := p.tokens[p.pos]
	if t.kind != tokenEnd {
		p.pos++
	}
	return t
}

func (p *parser) mark(text string) bool {
	t := p.peek()
	if t.kind != tokenMark || t.text != text {
		return false
	}
	p.pos++
	return true
}

// node counts what it makes, as a limit.
func (p *parser) node(e Expr, end token) *Expr {
	e.End = end.end
	if p.nodes++; p.nodes > maxNodes {
		return p.fail(end, "the rule is too large", "keep a part of it as a segment and ask segment(\"...\")")
	}
	return &e
}

// last is the token that was taken last.
func (p *parser) last() token { return p.tokens[max(p.pos-1, 0)] }

// expr reads operators that bind at least as tight as least.
func (p *parser) expr(least int) *Expr {
	if p.depth++; p.depth > maxDepth {
		return p.fail(p.peek(), "the rule is nested too deep", "keep a part of it as a segment and ask segment(\"...\")")
	}
	defer func() { p.depth-- }()
	left := p.unary()
	for chain := 0; ; chain++ {
		t := p.peek()
		op := binaryOp(t)
		prec := precedences[op]
		if op == 0 || prec < least {
			return left
		}
		if chain > maxDepth && prec > precAnd {
			return p.fail(t, "the sum is too long", "")
		}
		p.take()
		right := p.expr(prec + 1)
		if prec == precRelation && precedences[binaryOp(p.peek())] == precRelation {
			return p.fail(p.peek(), "two comparisons are chained", "write a < b && b < c instead of a < b < c")
		}
		left = p.join(op, left, right)
	}
}

// join makes a node of an operator, and keeps and- and or-chains flat.
func (p *parser) join(op Op, left, right *Expr) *Expr {
	e := Expr{Op: op, Start: left.Start}
	for _, arg := range []*Expr{left, right} {
		if (op == OpAnd || op == OpOr) && arg.Op == op {
			e.Args = append(e.Args, arg.Args...)
			continue
		}
		e.Args = append(e.Args, arg)
	}
	return p.node(e, p.last())
}

func binaryOp(t token) Op {
	if t.kind == tokenName && t.text == "in" {
		return OpIn
	}
	if t.kind != tokenMark {
		return 0
	}
	for op := OpOr; op <= OpDiv; op++ {
		if opNames[op] == t.text {
			return op
		}
	}
	return 0
}

func (p *parser) unary() *Expr {
	t := p.peek()
	if t.kind == tokenMark && (t.text == "!" || t.text == "-") {
		p.take()
		if p.depth++; p.depth > maxDepth {
			return p.fail(t, "the rule is nested too deep", "")
		}
		defer func() { p.depth-- }()
		arg := p.unary()
		switch {
		case t.text == "!":
			return p.node(Expr{Op: OpNot, Args: []*Expr{arg}, Start: t.start}, p.last())
		case arg.Op == OpNumber && !math.Signbit(arg.Number):
			arg.Number, arg.Start = -arg.Number, t.start
			return arg
		}
		return p.node(Expr{Op: OpNeg, Args: []*Expr{arg}, Start: t.start}, p.last())
	}
	return p.member(p.primary())
}

// member reads the .name and .name(...) behind a value.
func (p *parser) member(e *Expr) *Expr {
	for chain := 0; ; chain++ {
		if t := p.peek(); t.kind == tokenMark && t.text == "[" {
			return p.fail(t, "items can't be picked by their position", "ask .exists(i, ...) or .all(i, ...) of a list")
		}
		if !p.mark(".") {
			return e
		}
		name := p.take()
		if name.kind != tokenName && name.kind != tokenQuoted {
			return p.fail(name, "a name must follow the dot", "")
		}
		if chain > maxDepth {
			return p.fail(name, "the rule is nested too deep", "")
		}
		member := Expr{Op: OpField, Text: name.text, Args: []*Expr{e}, Start: e.Start}
		if name.kind == tokenName && p.mark("(") {
			member.Op = OpMethod
			member.Args = append(member.Args, p.list(")")...)
		}
		e = p.node(member, p.last())
	}
}

func (p *parser) primary() *Expr {
	t := p.take()
	switch {
	case t.kind == tokenNumber:
		return p.node(Expr{Op: OpNumber, Number: t.number, Start: t.start}, t)
	case t.kind == tokenText:
		return p.node(Expr{Op: OpText, Text: t.text, Start: t.start}, t)
	case t.kind == tokenName:
		return p.name(t)
	case t.kind == tokenQuoted:
		return p.fail(t, "only a name behind a dot may stand in backticks", "write customer.`"+t.text+"`, or quotes around a text")
	case t.kind == tokenMark && t.text == "(":
		e := p.expr(precOr)
		if !p.mark(")") {
			return p.fail(p.peek(), "a closing bracket ) is missing", "")
		}
		return e
	case t.kind == tokenMark && t.text == "[":
		items := p.list("]")
		return p.node(Expr{Op: OpList, Args: items, Start: t.start}, p.last())
	}
	return p.unexpected(t)
}

func (p *parser) name(t token) *Expr {
	switch strings.ToLower(t.text) {
	case "true", "false":
		if t.text == "true" || t.text == "false" {
			return p.node(Expr{Op: OpBool, Bool: t.text == "true", Start: t.start}, t)
		}
		return p.fail(t, fmt.Sprintf("%q is not known", t.text), "write "+strings.ToLower(t.text))
	case "null":
		return p.fail(t, "there is no null", "ask has(customer.name) or !has(customer.name)")
	case "not":
		return p.fail(t, fmt.Sprintf("%q is not known", t.text), "write ! instead of \""+t.text+"\"")
	case "in":
		return p.unexpected(t)
	}
	if !p.mark("(") {
		return p.node(Expr{Op: OpName, Text: t.text, Start: t.start}, t)
	}
	args := p.list(")")
	return p.node(Expr{Op: OpCall, Text: t.text, Args: args, Start: t.start}, p.last())
}

// list reads what stands between brackets up to the closing one.
func (p *parser) list(closing string) []*Expr {
	if p.mark(closing) {
		return nil
	}
	var items []*Expr
	for {
		items = append(items, p.expr(precOr))
		if p.mark(closing) {
			return items
		}
		if !p.mark(",") {
			if t := p.peek(); t.kind == tokenEnd {
				p.fail(t, "a closing bracket "+closing+" is missing", "")
			}
			p.unexpected(p.peek())
			return items
		}
	}
}

// unexpected says that a token can't stand where it does, in the words of
// whoever has the habits of another language.
func (p *parser) unexpected(t token) *Expr {
	switch {
	case t.kind == tokenEnd:
		return p.fail(t, "the rule ends too early", "something is missing after the last sign")
	case t.kind == tokenText:
		return p.fail(t, "a text stands where && or a comparison was expected", "")
	case t.kind == tokenNumber:
		return p.fail(t, "a number stands where && or a comparison was expected", "")
	}
	words := map[string]string{"and": "&&", "or": "||", "is": "==", "equals": "==", "not": "!", "contains": ".contains(...)"}
	if mark := words[strings.ToLower(t.text)]; mark != "" {
		return p.fail(t, fmt.Sprintf("%q is not known", t.text), fmt.Sprintf("write %s instead of %q", mark, t.text))
	}
	return p.fail(t, fmt.Sprintf("%q can't stand here", t.text), "")
}
