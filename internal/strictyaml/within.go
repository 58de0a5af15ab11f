package strictyaml

import (
	"bytes"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// Within makes a problem at a place inside the text at a path: offset is in bytes
// of the text as it was read. However the text was quoted, folded or indented, the
// line and column are those of the file.
func (t *Tree) Within(path string, offset int, message string) Problem {
	p := t.Problem(path, message)
	n, whole := t.find(path)
	if n = resolve(n); !whole || n.Kind != yaml.ScalarNode {
		return p
	}
	visible := countVisible(n.Value[:max(0, min(offset, len(n.Value)))])
	line, column := t.walk(n, visible)
	p.Line, p.Column = line+t.source.Line, column
	return p
}

// countVisible counts the characters that folding and indenting leave alone.
func countVisible(s string) (count int) {
	for _, r := range s {
		if !unicode.IsSpace(r) {
			count++
		}
	}
	return count
}

// walk returns where the visible character of a number (from 0) stands in the
// source of a scalar.
func (t *Tree) walk(n *yaml.Node, visible int) (line, column int) {
	c := cursor{text: t.source.Text, line: 1, column: 1}
	for c.line < n.Line || c.line == n.Line && c.column < n.Column {
		if !c.next() {
			return n.Line, n.Column
		}
	}
	c.skipOpening(n)
	for {
		c.skipHidden(n.Style)
		if visible == 0 || len(c.text) == 0 {
			return c.line, c.column
		}
		c.next()
		visible--
	}
}

// cursor is a place in a text.
type cursor struct {
	text         []byte // what is still to come
	line, column int
}

func (c *cursor) next() bool {
	r, size := utf8.DecodeRune(c.text)
	if size == 0 {
		return false
	}
	c.text = c.text[size:]
	if c.column++; r == '\n' {
		c.line, c.column = c.line+1, 1
	}
	return true
}

// skipOpening passes over the quote, or the rest of the line of | or >.
func (c *cursor) skipOpening(n *yaml.Node) {
	for len(c.text) > 0 && (c.text[0] == '&' || c.text[0] == '!') { // an anchor or a tag stands before
		for len(c.text) > 0 && !bytes.ContainsRune([]byte(" \t\r\n"), rune(c.text[0])) {
			c.next()
		}
		for len(c.text) > 0 && bytes.ContainsRune([]byte(" \t\r\n"), rune(c.text[0])) {
			c.next()
		}
	}
	switch {
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		for line := c.line; c.line == line && c.next(); {
		}
	case n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0:
		c.next()
	}
}

// skipHidden passes over what stands in the source and not in the text: spaces,
// the backslash before a character, the first of two single quotes.
func (c *cursor) skipHidden(style yaml.Style) {
	for len(c.text) > 0 {
		r, _ := utf8.DecodeRune(c.text)
		switch {
		case unicode.IsSpace(r):
			c.next()
		case style&yaml.DoubleQuotedStyle != 0 && r == '\\' && len(c.text) > 1:
			c.next()
			if !bytes.ContainsRune([]byte("ntr\n \t"), rune(c.text[0])) {
				return
			}
			c.next()
		case style&yaml.SingleQuotedStyle != 0 && bytes.HasPrefix(c.text, []byte("''")):
			c.next()
			return
		default:
			return
		}
	}
}
