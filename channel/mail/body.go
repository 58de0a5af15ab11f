package mail

import (
	"encoding/base64"
	"encoding/binary"
	"math/bits"
	"strings"
)

// encoding is a content transfer encoding.
type encoding string

const (
	sevenBit encoding = "7bit"
	quoted   encoding = "quoted-printable"
	base64ed encoding = "base64"
)

// encodingFor chooses the encoding for a body: none if it is plain and its lines
// are short, else the shorter of the two. Eight-bit bodies are never sent, even
// to servers that take them: a later relay may not, and would break a signature.
func encodingFor(s string) encoding {
	if isSevenBit(s) {
		return sevenBit
	}
	// Quoted-printable takes two bytes more for each escaped one, base64 a third
	// of everything.
	if 2*highBytes(s) > len(s)/3 {
		return base64ed
	}
	return quoted
}

// isSevenBit reports whether s can go as it is: ASCII with no controls, lines
// of at most 78, none that a mailbox file would mark, no space at the end of
// one, and nothing that could look like a boundary.
func isSevenBit(s string) bool {
	for s != "" {
		line := s
		if n := strings.IndexByte(s, '\n'); n >= 0 {
			line, s = s[:n], s[n+1:]
		} else {
			s = ""
		}
		line = strings.TrimSuffix(line, "\r")
		if len(line) > lineWidth || !isPlainLine(line) {
			return false
		}
	}
	return true
}

func isPlainLine(line string) bool {
	if line == "" {
		return true
	}
	if last := line[len(line)-1]; last == ' ' || last == '\t' {
		return false
	}
	for rest := line; ; {
		rest = rest[literalPrefix(rest):]
		if rest == "" {
			break
		}
		if rest[0] != '=' || strings.HasPrefix(rest, boundaryMark) {
			return false
		}
		rest = rest[1:]
	}
	return !strings.HasPrefix(line, "From ")
}

// highBytes counts the bytes of s outside ASCII.
func highBytes(s string) int {
	n := 0
	for len(s) >= 8 {
		n += bits.OnesCount64(binary.LittleEndian.Uint64([]byte(s[:8])) & highBits)
		s = s[8:]
	}
	for i := range len(s) {
		n += int(s[i] >> 7)
	}
	return n
}

// appendBody appends the header fields of one part, an empty line and the part.
func appendBody(b []byte, contentType, body string) []byte {
	how := encodingFor(body)
	b = appendField(b, "Content-Type", contentType)
	b = appendField(b, "Content-Transfer-Encoding", string(how))
	b = append(b, "\r\n"...)
	switch how {
	case sevenBit:
		b = appendLines(b, body)
	case quoted:
		b = appendQuoted(b, body)
	default:
		b = appendBase64(b, body)
	}
	return append(b, "\r\n"...)
}

// appendLines appends s with CR LF as its line ends.
func appendLines(b []byte, s string) []byte {
	for {
		n := strings.IndexAny(s, "\r\n")
		if n < 0 {
			return append(b, s...)
		}
		b = append(b, s[:n]...)
		b = append(b, "\r\n"...)
		s = s[n+lineEnd(s[n:]):]
	}
}

// base64Line is how many bytes make one line of base64.
const base64Line = 57

// appendBase64 appends s, with CR LF as its line ends, in lines of base64.
func appendBase64(b []byte, s string) []byte {
	text := appendLines(make([]byte, 0, len(s)+len(s)/16), s)
	for len(text) > base64Line {
		b = base64.StdEncoding.AppendEncode(b, text[:base64Line])
		b = append(b, "\r\n"...)
		text = text[base64Line:]
	}
	return base64.StdEncoding.AppendEncode(b, text)
}
