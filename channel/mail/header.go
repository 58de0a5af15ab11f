package mail

import (
	"encoding/base64"
	"strings"
	"unicode/utf8"
)

// Lines of a header are kept to lineWidth, encoded words to wordWidth and lines
// that hold one to wordLine (RFC 5322 section 2.1.1, RFC 2047 section 2).
const (
	lineWidth = 78
	wordWidth = 75
	wordLine  = 76
)

// appendField appends a header field whose value needs no encoding and is short
// or has no place to break.
func appendField(b []byte, name, value string) []byte {
	b = append(b, name...)
	b = append(b, ": "...)
	b = append(b, value...)
	return append(b, "\r\n"...)
}

// appendText appends a header field of free text, encoded where it has to be.
func appendText(b []byte, name, value string) []byte {
	start := len(b)
	b = append(b, name...)
	b = append(b, ": "...)
	if isPlainText(value) {
		b = appendFolded(b, value, len(b)-start)
	} else {
		b, _ = appendWords(b, value, len(b)-start)
	}
	return append(b, "\r\n"...)
}

// isPlainText reports whether a mail reader sees s unchanged when it is written
// as it is and broken at its spaces: ASCII, no spaces that unfolding loses, no
// word that is too long or looks like an encoded one.
func isPlainText(s string) bool {
	word := 0
	for i := range len(s) {
		switch c := s[i]; {
		case c == ' ':
			if word == 0 {
				return false
			}
			word = 0
		case c < ' ' || c > '~':
			return false
		default:
			word++
		}
		if word > lineWidth-len("Subject: ") {
			return false
		}
	}
	return s == "" || word > 0 && !strings.Contains(s, "=?")
}

// appendFolded appends plain text, broken at spaces; column is where it starts.
func appendFolded(b []byte, s string, column int) []byte {
	for s != "" {
		word, rest, more := strings.Cut(s, " ")
		b = append(b, word...)
		column += len(word)
		if !more {
			break
		}
		next := strings.IndexByte(rest, ' ')
		if next < 0 {
			next = len(rest)
		}
		if column+1+next > lineWidth {
			b = append(b, "\r\n"...)
			column = 0
		}
		b = append(b, ' ')
		column++
		s = rest
	}
	return b
}

// appendWords appends s as encoded words (RFC 2047), each of whole characters,
// broken so that no line is too long. It returns the column it ended at.
func appendWords(b []byte, s string, column int) ([]byte, int) {
	s = strings.ToValidUTF8(s, "\uFFFD")
	encoding, cost := byte('q'), quotedCost
	if b64 := (len(s) + 2) / 3 * 4; b64 < quotedLen(s) {
		encoding, cost = 'b', nil
	}
	const frame = len("=?utf-8?q??=")
	for s != "" {
		room := min(wordWidth, wordLine-column) - frame
		n := wordPrefix(s, room, cost)
		if n == 0 {
			b = append(b, "\r\n "...)
			column = 1
			continue
		}
		start := len(b)
		b = append(b, "=?utf-8?"...)
		b = append(b, encoding, '?')
		if encoding == 'b' {
			b = base64.StdEncoding.AppendEncode(b, []byte(s[:n]))
		} else {
			b = appendQuotedWord(b, s[:n])
		}
		b = append(b, "?="...)
		column += len(b) - start
		s = s[n:]
	}
	return b, column
}

// wordPrefix returns how many bytes of s, in whole characters, fit into room
// encoded bytes: in base64 when cost is nil, else at that cost for each byte.
func wordPrefix(s string, room int, cost func(byte) int) int {
	used, n := 0, 0
	for n < len(s) {
		_, size := utf8.DecodeRuneInString(s[n:])
		if cost == nil {
			used = (n + size + 2) / 3 * 4
		} else {
			for i := range size {
				used += cost(s[n+i])
			}
		}
		if used > room {
			break
		}
		n += size
	}
	return n
}

// quotedCost returns how many bytes c takes in a Q-encoded word. The safe set is
// that for names, the narrowest (RFC 2047, section 5, rule 3).
func quotedCost(c byte) int {
	if c == ' ' || isAlnum(c) || strings.IndexByte("!*+-/", c) >= 0 && c != 0 {
		return 1
	}
	return 3
}

func quotedLen(s string) int {
	n := 0
	for i := range len(s) {
		n += quotedCost(s[i])
	}
	return n
}

func appendQuotedWord(b []byte, s string) []byte {
	for i := range len(s) {
		switch c := s[i]; {
		case c == ' ':
			b = append(b, '_')
		case quotedCost(c) == 1:
			b = append(b, c)
		default:
			b = append(b, '=', hexDigits[c>>4], hexDigits[c&15])
		}
	}
	return b
}

// appendMailbox appends a header field that holds one name and address.
func appendMailbox(b []byte, field, name string, address Address) []byte {
	start := len(b)
	b = append(b, field...)
	b = append(b, ": "...)
	column := len(b) - start
	if name = strings.TrimSpace(name); name != "" {
		b, column = appendPhrase(b, name, column)
		if column+len(" <>")+len(address.text) > lineWidth {
			b = append(b, "\r\n"...)
		}
		b = append(b, ' ')
	}
	b = append(b, '<')
	b = append(b, address.text...)
	return append(b, ">\r\n"...)
}

// maxQuotedName is the length from which a name is encoded, so that it can be broken.
const maxQuotedName = 60

// appendPhrase appends a name in the plainest form that is right for it.
func appendPhrase(b []byte, name string, column int) ([]byte, int) {
	if len(name) > maxQuotedName || !isPlainText(name) {
		return appendWords(b, name, column)
	}
	start := len(b)
	if isAtoms(name) {
		b = append(b, name...)
		return b, column + len(name)
	}
	b = append(b, '"')
	for i := range len(name) {
		if name[i] == '"' || name[i] == '\\' {
			b = append(b, '\\')
		}
		b = append(b, name[i])
	}
	b = append(b, '"')
	return b, column + len(b) - start
}

func isAtoms(s string) bool {
	for i := range len(s) {
		if s[i] != ' ' && !isAtom(s[i]) {
			return false
		}
	}
	return true
}
