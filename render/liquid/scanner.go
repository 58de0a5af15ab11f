package liquid

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

type symbolKind uint8

const (
	endSymbol symbolKind = iota
	nameSymbol
	textSymbol
	intSymbol
	floatSymbol
	punctSymbol // text is what stands there: | : , . .. [ ] ( ) = == != <> < > <= >=
)

// scanner reads the markup of one tag or output, source[at:end], one symbol at a
// time. The symbol it stands on is kind, text and at.
type scanner struct {
	unit *unit
	end  int
	next int // where the next symbol is looked for

	kind symbolKind
	text string // of a text without its quotes
	at   int
	err  error // the first one; the symbols end there
}

func newScanner(u *unit, start, end int) *scanner {
	s := &scanner{unit: u, end: end, next: start}
	s.advance()
	return s
}

// advance steps on to the next symbol.
func (s *scanner) advance() {
	src := s.unit.src
	s.next = skipSpace(src, s.next, s.end)
	s.at = s.next
	if s.next >= s.end {
		s.kind, s.text = endSymbol, ""
		return
	}
	switch c := src[s.next]; {
	case c == '"' || c == '\'':
		s.scanText(c)
	case isDigit(c) || c == '-' && s.next+1 < s.end && isDigit(src[s.next+1]):
		s.scanNumber()
	case isNameStart(src[s.next:s.end]):
		s.scanName()
	default:
		s.scanPunct()
	}
}

func (s *scanner) fail(at int, format string, args ...any) {
	if s.err == nil {
		s.err = s.unit.malformed(at, format, args...)
	}
	s.kind, s.text, s.next = endSymbol, "", s.end
}

func (s *scanner) scanText(quote byte) {
	from := s.next + 1
	length := strings.IndexByte(s.unit.src[from:s.end], quote)
	if length < 0 {
		s.fail(s.next, "this text has no closing %c", quote)
		return
	}
	s.kind, s.text, s.next = textSymbol, s.unit.src[from:from+length], from+length+1
}

func (s *scanner) scanNumber() {
	whole, decimal := numberLength(s.unit.src[s.next:s.end])
	s.kind = intSymbol
	if decimal > whole {
		s.kind = floatSymbol
	}
	s.text = s.unit.src[s.next : s.next+decimal]
	s.next += decimal
}

func (s *scanner) scanName() {
	from := s.next
	for s.next < s.end {
		if c := s.unit.src[s.next]; isWord(c) || c == '-' {
			s.next++
			continue
		}
		size := letter(s.unit.src[s.next:s.end])
		if size == 0 {
			break
		}
		s.next += size
	}
	if s.next < s.end && s.unit.src[s.next] == '?' {
		s.next++
	}
	s.kind, s.text = nameSymbol, s.unit.src[from:s.next]
}

func (s *scanner) scanPunct() {
	rest := s.unit.src[s.next:s.end]
	for _, p := range [...]string{"..", "==", "!=", "<>", "<=", ">=", "|", ":", ",", ".", "[", "]", "(", ")", "=", "<", ">"} {
		if strings.HasPrefix(rest, p) {
			s.kind, s.text = punctSymbol, p
			s.next += len(p)
			return
		}
	}
	r, _ := utf8.DecodeRuneInString(rest)
	if r == '‘' || r == '’' || r == '“' || r == '”' {
		s.fail(s.next, "%c is a curly quote: write texts between straight ones, \" or '", r)
		return
	}
	s.fail(s.next, "%q has no meaning here%s", r, arithmetic(r))
}

// arithmetic tells whoever tries to calculate with signs how it is done.
func arithmetic(r rune) string {
	filter := map[rune]string{'+': "plus", '-': "minus", '*': "times", '/': "divided_by", '%': "modulo"}[r]
	if filter == "" {
		return ""
	}
	return ": to calculate use a filter, as in {{ price | " + filter + ": 2 }}"
}

func isNameStart(s string) bool {
	return isWord(s[0]) && !isDigit(s[0]) || letter(s) > 0
}

// letter returns the length of the letter or mark beyond ASCII that s begins
// with, so that names may be in any script.
func letter(s string) int {
	if s[0] < utf8.RuneSelf {
		return 0
	}
	r, size := utf8.DecodeRuneInString(s)
	if unicode.IsLetter(r) || unicode.IsMark(r) {
		return size
	}
	return 0
}

// is reports whether the scanner stands on a punctuation mark.
func (s *scanner) is(punct string) bool { return s.kind == punctSymbol && s.text == punct }

// isName reports whether the scanner stands on a word.
func (s *scanner) isName(word string) bool { return s.kind == nameSymbol && s.text == word }

// take steps over a punctuation mark if the scanner stands on it.
func (s *scanner) take(punct string) bool {
	if !s.is(punct) {
		return false
	}
	s.advance()
	return true
}

// takeName steps over a word if the scanner stands on it.
func (s *scanner) takeName(word string) bool {
	if !s.isName(word) {
		return false
	}
	s.advance()
	return true
}

// follows reports whether c stands behind the present symbol.
func (s *scanner) follows(c byte) bool {
	i := skipSpace(s.unit.src, s.next, s.end)
	return i < s.end && s.unit.src[i] == c
}

// unexpected is the error for the symbol the scanner stands on.
func (s *scanner) unexpected(wanted string) error {
	switch {
	case s.err != nil:
		return s.err
	case s.kind == endSymbol:
		return s.unit.malformed(s.at, "something is missing here: %s", wanted)
	}
	return s.unit.malformed(s.at, "%q is not expected here: %s", s.unit.src[s.at:s.next], wanted)
}

// finish makes sure that nothing is left.
func (s *scanner) finish(wanted string) error {
	if s.err != nil || s.kind != endSymbol {
		return s.unexpected(wanted)
	}
	return nil
}
