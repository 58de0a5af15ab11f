package liquid

import "strings"

type tokenKind uint8

const (
	textToken   tokenKind = iota
	outputToken           // {{ … }}
	tagToken              // {% … %}
)

// token is a piece of a template: source[start:end] is its text or markup.
type token struct {
	kind       tokenKind
	name       string // of a tag
	start, end int
	at         int // where it begins, for messages
}

// lexer cuts a template into tokens. Comments, docs and raw text end here: the
// parser never sees them but as text.
type lexer struct {
	unit   *unit
	src    string
	pos    int
	trim   bool // white space up to the next token is to go
	tokens []token
}

func lex(u *unit) ([]token, error) {
	l := lexer{unit: u, src: u.src}
	for l.pos < len(l.src) {
		open := l.opening(l.pos)
		l.text(l.pos, open)
		if open == len(l.src) {
			break
		}
		l.pos = open
		scan := l.tag
		if l.src[open+1] == '{' {
			scan = l.output
		}
		if err := scan(open); err != nil {
			return nil, err
		}
	}
	return l.tokens, nil
}

// opening returns where the next {{ or {% stands, or the source's length.
func (l *lexer) opening(from int) int {
	for {
		i := strings.IndexByte(l.src[from:], '{')
		if i < 0 || from+i+1 >= len(l.src) {
			return len(l.src)
		}
		from += i
		if c := l.src[from+1]; c == '{' || c == '%' {
			return from
		}
		from++
	}
}

// text emits source[start:end] without the white space that its neighbours'
// dashes take away.
func (l *lexer) text(start, end int) {
	if l.trim {
		for start < end && isSpace(l.src[start]) {
			start++
		}
		l.trim = false
	}
	if end+2 < len(l.src) && l.src[end+2] == '-' {
		for end > start && isSpace(l.src[end-1]) {
			end--
		}
	}
	l.emit(token{kind: textToken, start: start, end: end, at: start})
}

func (l *lexer) emit(t token) {
	if t.kind != textToken || t.start < t.end {
		l.tokens = append(l.tokens, t)
	}
}

func (l *lexer) output(open int) error {
	start, end, err := l.markup(open, "}}", "{{")
	if err != nil {
		return err
	}
	l.emit(token{kind: outputToken, start: start, end: end, at: open})
	return nil
}

// markup finds the end of the {{ or {% at open, steps over it, and returns what
// stands between, without dashes and white space around.
func (l *lexer) markup(open int, closing, opening string) (start, end int, err error) {
	length := strings.Index(l.src[open+2:], closing)
	if length < 0 {
		return 0, 0, l.unit.malformed(open, "this %s is never closed: %s is missing", opening, closing)
	}
	start, end = open+2, open+2+length
	l.pos = end + 2
	if end > start && l.src[end-1] == '-' {
		l.trim = true
		end--
	}
	if start < end && l.src[start] == '-' {
		start++
	}
	start, end = trimSpace(l.src, start, end)
	return start, end, nil
}

func (l *lexer) tag(open int) error {
	start, end, err := l.markup(open, "%}", "{%")
	if err != nil {
		return err
	}
	name, rest := tagName(l.src, start, end)
	switch name {
	case "":
		return l.unit.malformed(open, "this tag has no name: write one after {%%, as in {%% if … %%}")
	case "#":
		return l.inlineComment(start, end)
	case "comment":
		return l.comment(open)
	case "raw":
		return l.verbatim(open, "raw", true)
	case "doc":
		if rest != end {
			return l.unit.malformed(rest, "{%% doc %%} takes nothing after its name")
		}
		return l.verbatim(open, "doc", false)
	}
	l.emit(token{kind: tagToken, name: name, start: rest, end: end, at: open})
	return nil
}

// tagName splits a tag's markup into its name and where the rest begins.
func tagName(src string, start, end int) (name string, rest int) {
	i := start
	if i < end && src[i] == '#' {
		return "#", i + 1
	}
	for i < end && isWord(src[i]) {
		i++
	}
	return src[start:i], skipSpace(src, i, end)
}

// inlineComment checks that every line begins with #, so that a line left
// without one by mistake does not vanish.
func (l *lexer) inlineComment(start, end int) error {
	for start < end {
		next := end
		if i := strings.IndexByte(l.src[start:end], '\n'); i >= 0 {
			next = start + i + 1
		}
		first, last := trimSpace(l.src, start, next)
		if first < last && l.src[first] != '#' {
			return l.unit.malformed(first, "every line of a {%% # comment %%} begins with #")
		}
		start = next
	}
	return nil
}

// comment steps over everything up to the matching endcomment. Comments nest,
// and an endcomment in raw text is none.
func (l *lexer) comment(open int) error {
	for depth := 1; ; {
		at := strings.Index(l.src[l.pos:], "{%")
		if at < 0 {
			break
		}
		start, end, err := l.markup(l.pos+at, "%}", "{%")
		if err != nil {
			break
		}
		switch name, _ := tagName(l.src, start, end); name {
		case "comment":
			depth++
		case "endcomment":
			if depth--; depth == 0 {
				return nil
			}
		case "raw":
			if _, err := l.skipTo("endraw"); err != nil {
				return l.unit.malformed(open, "{%% comment %%} is never closed: {%% endcomment %%} is missing")
			}
		}
	}
	return l.unit.malformed(open, "{%% comment %%} is never closed: {%% endcomment %%} is missing")
}

// verbatim steps over the body of raw or doc, which is not looked into; raw
// text is kept.
func (l *lexer) verbatim(open int, name string, keep bool) error {
	start := l.pos
	end, err := l.skipTo("end" + name)
	if err != nil {
		return l.unit.malformed(open, "{%% %s %%} is never closed: {%% end%s %%} is missing", name, name)
	}
	if keep {
		l.emit(token{kind: textToken, start: start, end: end, at: start})
		return nil
	}
	inner := lexer{unit: l.unit, src: l.src[:end], pos: start}
	if at, err := inner.skipTo(name); err == nil {
		return l.unit.malformed(at, "{%% %s %%} cannot stand inside another one", name)
	}
	return nil
}

// skipTo steps over the next tag of a name and returns where that tag begins.
func (l *lexer) skipTo(name string) (int, error) {
	for from := l.pos; ; {
		i := strings.Index(l.src[from:], "{%")
		if i < 0 {
			return 0, errNoSuchTag
		}
		at := from + i
		from = at + 2
		start := from
		if start < len(l.src) && l.src[start] == '-' {
			start++
		}
		start = skipSpace(l.src, start, len(l.src))
		found, rest := tagName(l.src, start, len(l.src))
		if found != name {
			continue
		}
		tail := l.src[rest:]
		if dashed, ok := strings.CutPrefix(tail, "-"); ok && strings.HasPrefix(dashed, "%}") {
			l.pos, l.trim = rest+3, true
			return at, nil
		}
		if strings.HasPrefix(tail, "%}") {
			l.pos, l.trim = rest+2, false
			return at, nil
		}
	}
}

func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' || c == 0 }

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isWord(c byte) bool {
	return c == '_' || isDigit(c) || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// skipSpace returns where the first character that is no white space stands.
func skipSpace(src string, start, end int) int {
	for start < end && isSpace(src[start]) {
		start++
	}
	return start
}

func trimSpace(src string, start, end int) (int, int) {
	start = skipSpace(src, start, end)
	for end > start && isSpace(src[end-1]) {
		end--
	}
	return start, end
}
