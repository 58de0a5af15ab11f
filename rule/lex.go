package rule

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxText is how long a rule's text may be.
const maxText = 16 << 10

type tokenKind uint8

const (
	tokenEnd tokenKind = iota
	tokenNumber
	tokenText
	tokenName   // customer
	tokenQuoted // `first name`
	tokenMark   // an operator, a bracket, a comma, a dot
)

type token struct {
	kind       tokenKind
	start, end int
	text       string // of a text, a name or a mark
	number     float64
}

// lex cuts a text into tokens; the last is tokenEnd.
func lex(text string) ([]token, *Error) {
	if len(text) > maxText {
		return nil, &Error{Start: maxText, End: len(text), Message: fmt.Sprintf("a rule may be %d characters long at most", maxText)}
	}
	l := lexer{text: text}
	var tokens []token
	for {
		t := l.next()
		if l.err != nil {
			return nil, l.err
		}
		tokens = append(tokens, t)
		if t.kind == tokenEnd {
			return tokens, nil
		}
	}
}

type lexer struct {
	text string
	pos  int
	err  *Error
}

func (l *lexer) fail(start, end int, message, suggestion string) token {
	l.err = &Error{Start: start, End: end, Message: message, Suggestion: suggestion}
	return token{}
}

func (l *lexer) peek(offset int) byte {
	if l.pos+offset < len(l.text) {
		return l.text[l.pos+offset]
	}
	return 0
}

func (l *lexer) next() token {
	for strings.IndexByte(" \t\r\n", l.peek(0)) >= 0 && l.pos < len(l.text) {
		l.pos++
	}
	start := l.pos
	if start == len(l.text) {
		return token{kind: tokenEnd, start: start, end: start}
	}
	switch c := l.peek(0); {
	case c == '"' || c == '\'':
		return l.quoted(c)
	case c == '`':
		return l.backticked()
	case isDigit(c) || c == '.' && isDigit(l.peek(1)):
		return l.number()
	case isLetter(c):
		for isLetter(l.peek(0)) || isDigit(l.peek(0)) {
			l.pos++
		}
		return token{kind: tokenName, start: start, end: l.pos, text: l.text[start:l.pos]}
	}
	return l.mark()
}

func isDigit(c byte) bool  { return c >= '0' && c <= '9' }
func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' }

// marks are tried in this order, so longer ones stand first. Those with a message
// are what people write by habit, and what to write instead.
var marks = [...]struct{ mark, message, suggestion string }{
	{"//", "a rule holds no comments", "keep notes in the description"},
	{"===", "there is no ===", "to compare, write =="},
	{"!==", "there is no !==", "write !="},
	{"=>", "there is no =>", "write >="},
	{"=<", "there is no =<", "write <="},
	{"<>", "there is no <>", "write !="},
	{"≥", "there is no ≥", "write >="},
	{"≤", "there is no ≤", "write <="},
	{"≠", "there is no ≠", "write !="},
	{mark: "&&"},
	{mark: "||"},
	{mark: "=="},
	{mark: "!="},
	{mark: "<="},
	{mark: ">="},
	{"&", "a single & joins nothing", "write &&"},
	{"|", "a single | joins nothing", "write ||"},
	{"=", "a single = does nothing", "to compare, write =="},
	{mark: "<"},
	{mark: ">"},
	{mark: "!"},
	{mark: "+"},
	{mark: "-"},
	{mark: "*"},
	{mark: "/"},
	{mark: "("},
	{mark: ")"},
	{mark: "["},
	{mark: "]"},
	{mark: ","},
	{mark: "."},
	{"?", "there is no ? : choice in a rule", "join conditions with && and ||"},
	{"{", "there are no { } in a rule", ""},
	{"}", "there are no { } in a rule", ""},
	{"%", "there is no % in a rule", "write a share as a number, such as 0.2"},
	{";", "a rule is one condition without ;", "join conditions with && or ||"},
	{"“", "curly quotes don't work", "use straight quotes \"...\" instead of “"},
	{"”", "curly quotes don't work", "use straight quotes \"...\" instead of ”"},
	{"‘", "curly quotes don't work", "use straight quotes \"...\" instead of ‘"},
	{"’", "curly quotes don't work", "use straight quotes \"...\" instead of ’"},
}

func (l *lexer) mark() token {
	start, rest := l.pos, l.text[l.pos:]
	for _, m := range marks {
		if !strings.HasPrefix(rest, m.mark) {
			continue
		}
		l.pos += len(m.mark)
		if m.message != "" {
			return l.fail(start, l.pos, m.message, m.suggestion)
		}
		return token{kind: tokenMark, start: start, end: l.pos, text: m.mark}
	}
	r, size := utf8.DecodeRuneInString(rest)
	if unicode.IsLetter(r) {
		return l.fail(start, start+size, fmt.Sprintf("%q can't stand in a name", r), "put the name in backticks, as in customer.`prénom`")
	}
	return l.fail(start, start+size, fmt.Sprintf("%q means nothing here", r), "")
}

func (l *lexer) number() token {
	start := l.pos
	digits := func() {
		for isDigit(l.peek(0)) {
			l.pos++
		}
	}
	digits()
	if l.peek(0) == '.' && isDigit(l.peek(1)) {
		l.pos++
		digits()
	}
	if c := l.peek(0); c == 'e' || c == 'E' {
		sign := 1
		if l.peek(1) == '+' || l.peek(1) == '-' {
			sign = 2
		}
		if isDigit(l.peek(sign)) {
			l.pos += sign
			digits()
		}
	}
	n, err := strconv.ParseFloat(l.text[start:l.pos], 64)
	switch {
	case err != nil:
		return l.fail(start, l.pos, "this number is too large", "")
	case isLetter(l.peek(0)):
		return l.fail(start, l.pos+1, "a number and letters are run together", "put lengths of time in quotes, as in \"30d\"")
	}
	return token{kind: tokenNumber, start: start, end: l.pos, number: n}
}

func (l *lexer) backticked() token {
	start := l.pos
	length := strings.IndexAny(l.text[start+1:], "`\n")
	if length < 0 || l.text[start+1+length] != '`' {
		return l.fail(start, len(l.text), "the name in backticks has no end", "close it with a `")
	}
	name := l.text[start+1 : start+1+length]
	l.pos = start + length + 2
	if name == "" || !utf8.ValidString(name) {
		return l.fail(start, l.pos, "there is no name between the backticks", "")
	}
	return token{kind: tokenQuoted, start: start, end: l.pos, text: name}
}

// quoted reads a text in double or single quotes.
func (l *lexer) quoted(mark byte) token {
	start := l.pos
	var out strings.Builder
	for l.pos++; l.pos < len(l.text); l.pos++ {
		switch c := l.text[l.pos]; c {
		case mark:
			l.pos++
			if !utf8.ValidString(out.String()) {
				return l.fail(start, l.pos, "the text is not valid UTF-8", "")
			}
			return token{kind: tokenText, start: start, end: l.pos, text: out.String()}
		case '\n':
			return l.fail(start, l.pos, "the text has no closing quote on its line", "")
		case '\\':
			r, size := escape(l.text[l.pos:])
			if size == 0 {
				return l.fail(l.pos, min(l.pos+2, len(l.text)), "unknown escape in a text", `a backslash itself is written \\`)
			}
			out.WriteRune(r)
			l.pos += size - 1
		default:
			out.WriteByte(c)
		}
	}
	return l.fail(start, len(l.text), "the text has no closing quote", "")
}

// escape reads an escape at the start of s and says how long it is, 0 if it is none.
func escape(s string) (rune, int) {
	if len(s) < 2 {
		return 0, 0
	}
	switch s[1] {
	case '\\', '"', '\'', '`':
		return rune(s[1]), 2
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	case 'u':
		return hexEscape(s, 4)
	case 'U':
		return hexEscape(s, 8)
	}
	return 0, 0
}

func hexEscape(s string, digits int) (rune, int) {
	if len(s) < 2+digits {
		return 0, 0
	}
	n, err := strconv.ParseUint(s[2:2+digits], 16, 32)
	if err != nil || !utf8.ValidRune(rune(n)) || n > unicode.MaxRune {
		return 0, 0
	}
	return rune(n), 2 + digits
}
