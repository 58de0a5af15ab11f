package promotion

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// What codes look like.
const (
	maxCode         = 64
	codeHint        = "a code has up to 64 letters, digits and marks, and no spaces"
	plainCharacters = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ" // none that are taken for another
)

// validCode reports whether a text can be a code.
func validCode(s string) bool {
	return s != "" && len(s) <= maxCode && utf8.ValidString(s) && strings.IndexFunc(s, func(r rune) bool { return !unicode.IsGraphic(r) || unicode.IsSpace(r) }) < 0
}

// Canonical returns the form under which a code is kept and looked up: without the
// spaces around it and, unless the workspace tells small letters from capital ones,
// in capitals.
func (s *Set) Canonical(code string) string {
	code = strings.TrimSpace(code)
	if !s.exact {
		code = strings.ToUpper(code)
	}
	return code
}

// pattern makes codes.
type pattern struct {
	text       string
	characters []rune
}

// patternOf compiles how codes of an offer look.
func patternOf(doc *Codes) (*pattern, error) {
	p := &pattern{text: doc.Pattern, characters: []rune(doc.Characters)}
	if p.text == "" {
		p.text = "##########"
	}
	if doc.Characters == "" {
		p.characters = []rune(plainCharacters)
	}
	seen := map[rune]bool{}
	for _, r := range p.characters {
		if seen[r] || !validCode(string(r)) {
			return nil, fmt.Errorf("codes can't be made of %q: the characters must be different letters and digits", doc.Characters)
		}
		seen[r] = true
	}
	if n := strings.Count(p.text, "#"); n == 0 || !validCode(p.text) || utf8.RuneCountInString(p.text) > maxCode {
		return nil, fmt.Errorf("%q makes no codes: it needs a # for each letter that differs, and at most 64 letters", doc.Pattern)
	}
	return p, nil
}
