package mail

import (
	"encoding/binary"
	"math/bits"
)

const hexDigits = "0123456789ABCDEF"

// quotedWidth is the longest line of quoted-printable without its soft break
// (RFC 2045, section 6.7: 76 with it).
const quotedWidth = 75

// appendQuoted appends s in quoted-printable. Line ends of any kind become
// CR LF. It looks at eight bytes at a time for the next one that needs care,
// since in mail most need none.
func appendQuoted(b []byte, s string) []byte {
	column := 0
	for {
		n := literalPrefix(s[:min(len(s), quotedWidth-column)])
		b = append(b, s[:n]...)
		s, column = s[n:], column+n
		if s == "" {
			return keepTrailingSpace(b, column)
		}
		switch c := s[0]; {
		case c == '\r' || c == '\n':
			b = keepTrailingSpace(b, column)
			b = append(b, "\r\n"...)
			s, column = s[lineEnd(s):], 0
		case column == quotedWidth:
			b = append(b, "=\r\n"...)
			column = 0
		default:
			b, s, column = appendEscapes(b, s, column)
		}
	}
}

// appendEscapes appends the bytes at the start of s that have to be escaped.
func appendEscapes(b []byte, s string, column int) ([]byte, string, int) {
	for s != "" && !isLiteral(s[0]) && s[0] != '\r' && s[0] != '\n' {
		if column+3 > quotedWidth {
			b = append(b, "=\r\n"...)
			column = 0
		}
		b = append(b, '=', hexDigits[s[0]>>4], hexDigits[s[0]&15])
		s, column = s[1:], column+3
	}
	return b, s, column
}

// keepTrailingSpace escapes a space or tab that ends a line, since relays may drop it.
func keepTrailingSpace(b []byte, column int) []byte {
	if column == 0 {
		return b
	}
	last := len(b) - 1
	c := b[last]
	if c != ' ' && c != '\t' {
		return b
	}
	b = b[:last]
	if column-1+3 > quotedWidth+1 {
		b = append(b, "=\r\n"...)
	}
	return append(b, '=', hexDigits[c>>4], hexDigits[c&15])
}

// lineEnd returns the length of the line end that s starts with.
func lineEnd(s string) int {
	if len(s) > 1 && s[0] == '\r' && s[1] == '\n' {
		return 2
	}
	return 1
}

// isLiteral reports whether quoted-printable writes c as it is.
func isLiteral(c byte) bool { return ' ' <= c && c <= '~' && c != '=' || c == '\t' }

const (
	everyByte = 0x0101010101010101
	highBits  = 0x8080808080808080
)

// literalPrefix returns how many bytes at the start of s are literal.
func literalPrefix(s string) int {
	n := 0
	for len(s)-n >= 8 {
		if special := specials(load8(s[n:])); special != 0 {
			n += bits.TrailingZeros64(special) / 8
			if s[n] != '\t' {
				return n
			}
			n++
			continue
		}
		n += 8
	}
	for n < len(s) && isLiteral(s[n]) {
		n++
	}
	return n
}

// specials marks the bytes of w below space, above tilde, or "=". A borrow or a
// carry may mark a byte wrongly, but only above one that is marked rightly, so
// the lowest mark is exact.
func specials(w uint64) uint64 {
	control := (w - ' '*everyByte) &^ w
	equals := w ^ '='*everyByte
	equals = (equals - everyByte) &^ equals
	above := (w + everyByte) | w
	return (control | equals | above) & highBits
}

// load8 returns the first eight bytes of s, the first one lowest.
func load8(s string) uint64 {
	return binary.LittleEndian.Uint64([]byte(s[:8]))
}
