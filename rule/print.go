package rule

import (
	"strings"
	"unicode/utf8"

	"rapport"
)

// String returns the canonical text: [Parse] of it gives the same tree.
func (e *Expr) String() string {
	var b strings.Builder
	e.print(&b)
	return b.String()
}

func (e *Expr) print(b *strings.Builder) {
	switch e.Op {
	case OpNumber:
		b.WriteString(rapport.FormatNumber(e.Number))
	case OpText:
		b.WriteString(quote(e.Text))
	case OpBool:
		if e.Bool {
			b.WriteString("true")
		} else {
			b.WriteString("false")
		}
	case OpName:
		b.WriteString(e.Text)
	case OpList:
		printList(b, "[", e.Args, "]")
	case OpCall:
		b.WriteString(e.Text)
		printList(b, "(", e.Args, ")")
	case OpField, OpMethod:
		e.printMember(b)
	case OpNot, OpNeg:
		b.WriteString(opNames[e.Op])
		e.Args[0].printWithin(b, precMember, e.Args[0].Op == e.Op)
	default:
		e.printBinary(b)
	}
}

func (e *Expr) printMember(b *strings.Builder) {
	e.Args[0].printWithin(b, precMember, false)
	b.WriteByte('.')
	if e.Op == OpMethod {
		b.WriteString(e.Text)
		printList(b, "(", e.Args[1:], ")")
		return
	}
	if isPlainName(e.Text) {
		b.WriteString(e.Text)
		return
	}
	b.WriteString("`" + e.Text + "`")
}

func (e *Expr) printBinary(b *strings.Builder) {
	for i, arg := range e.Args {
		prec := precedences[e.Op]
		if i > 0 {
			b.WriteString(" " + opNames[e.Op] + " ")
		}
		if i > 0 || prec == precRelation || prec <= precAnd {
			prec++
		}
		arg.printWithin(b, prec, false)
	}
}

// printWithin prints e, in brackets if it binds looser than least.
func (e *Expr) printWithin(b *strings.Builder, least int, bare bool) {
	if bare || e.precedence() >= least {
		e.print(b)
		return
	}
	b.WriteByte('(')
	e.print(b)
	b.WriteByte(')')
}

func (e *Expr) precedence() int {
	switch {
	case e.Op >= OpOr:
		return precedences[e.Op]
	case e.Op == OpNot || e.Op == OpNeg || e.Op == OpNumber:
		return precUnary // a number as well: -5.x would be read as -(5.x)
	}
	return precMember
}

func printList(b *strings.Builder, opening string, items []*Expr, closing string) {
	b.WriteString(opening)
	for i, item := range items {
		if i > 0 {
			b.WriteString(", ")
		}
		item.print(b)
	}
	b.WriteString(closing)
}

// isPlainName reports whether a name needs no backticks.
func isPlainName(s string) bool {
	switch s {
	case "", "true", "false", "null", "in":
		return false
	}
	for i := range len(s) {
		if !isLetter(s[i]) && (i == 0 || !isDigit(s[i])) {
			return false
		}
	}
	return true
}

// quote writes a text in double quotes.
func quote(s string) string {
	const hex = "0123456789abcdef"
	b := []byte{'"'}
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r == '\n':
			b = append(b, '\\', 'n')
		case r == '\r':
			b = append(b, '\\', 'r')
		case r == '\t':
			b = append(b, '\\', 't')
		case r < ' ' || r == 0x7f:
			b = append(b, '\\', 'u', '0', '0', hex[r>>4], hex[r&15])
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	return string(append(b, '"'))
}
