package story

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"

	"rapport/internal/durations"
)

// tokenKind says what a token is.
type tokenKind uint8

const (
	noToken tokenKind = iota
	word              // ana, @device-1, 1h
	quoted            // "Product Added"
	object            // {"cart_id":"c1"}
)

// token is one piece of a line.
type token struct {
	kind tokenKind
	text string // of a quoted one what is between the quotes
}

// split cuts a line into tokens, up to a comment.
func split(line string) ([]token, error) {
	var tokens []token
	for {
		line = strings.TrimLeft(line, " \t")
		if line == "" || line[0] == '#' {
			return tokens, nil
		}
		t, size, err := scan(line)
		if err != nil {
			return nil, err
		}
		tokens, line = append(tokens, t), line[size:]
	}
}

func scan(line string) (t token, size int, err error) {
	switch line[0] {
	case '"':
		return scanJSON(line, quoted)
	case '{', '[':
		return scanJSON(line, object)
	}
	size = strings.IndexAny(line, " \t")
	if size < 0 {
		size = len(line)
	}
	return token{word, line[:size]}, size, nil
}

// scanJSON reads the JSON value that the line begins with.
func scanJSON(line string, kind tokenKind) (token, int, error) {
	d := json.NewDecoder(strings.NewReader(line))
	var raw json.RawMessage
	if err := d.Decode(&raw); err != nil {
		if err == io.ErrUnexpectedEOF || err == io.EOF {
			return token{}, 0, fmt.Errorf("this has no end: %s", short(line))
		}
		return token{}, 0, fmt.Errorf("this is no JSON: %s", short(line))
	}
	size := int(d.InputOffset())
	if kind == object {
		return token{object, string(raw)}, size, nil
	}
	var text string
	_ = json.Unmarshal(raw, &text) // it was read as a value that begins with a quote
	return token{quoted, text}, size, nil
}

func short(s string) string {
	const most = 60
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

// line is a cursor over the tokens of one line. The first thing that is wrong
// stays in err.
type line struct {
	tokens []token
	err    error
}

func (l *line) fail(format string, args ...any) {
	if l.err == nil {
		l.err = fmt.Errorf(format, args...)
	}
}

func (l *line) peek() token {
	if len(l.tokens) == 0 {
		return token{}
	}
	return l.tokens[0]
}

func (l *line) take() token {
	t := l.peek()
	if t.kind != noToken {
		l.tokens = l.tokens[1:]
	}
	return t
}

// text takes a word or a quoted text, which must be there.
func (l *line) text(what string) string {
	t := l.take()
	switch {
	case t.kind == noToken:
		l.fail("%s is missing", what)
	case t.kind == object, t.text == "":
		l.fail("%s belongs where %s stands", what, short(strconv.Quote(t.text)))
	}
	return t.text
}

// may takes a word if it is the next one.
func (l *line) may(text string) bool {
	if t := l.peek(); t.kind == word && t.text == text {
		l.take()
		return true
	}
	return false
}

// object takes a JSON object if it comes next.
func (l *line) object() string {
	t := l.peek()
	if t.kind != object {
		return ""
	}
	if l.take(); t.text[0] != '{' {
		l.fail("a list stands where an object {…} belongs")
	}
	return t.text
}

func (l *line) number(what string) int {
	text := l.text(what)
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		l.fail("%s belongs where %q stands", what, text)
	}
	return n
}

func (l *line) span() durations.Span {
	text := l.text("a length of time, such as 59m, 24h or 2d,")
	if l.err != nil {
		return durations.Span{}
	}
	span, err := durations.Parse(text)
	if err != nil {
		l.fail("%w", err)
	}
	return span
}

// one takes a word that must be one of those listed.
func (l *line) one(what string, of ...string) string {
	text := l.text(what)
	for _, o := range of {
		if o == text {
			return text
		}
	}
	l.fail("%q is no %s: write %s", text, what, strings.Join(of, " or "))
	return ""
}

// rest takes all words that are left.
func (l *line) rest(what string) string {
	var texts []string
	for l.peek().kind == word {
		texts = append(texts, l.take().text)
	}
	if len(texts) == 0 {
		l.fail("%s is missing", what)
	}
	return strings.Join(texts, " ")
}

// end says that nothing may follow.
func (l *line) end() {
	if t := l.peek(); t.kind != noToken {
		l.fail("what is %s doing here?", short(strconv.Quote(t.text)))
	}
}
