package mail

import (
	"bytes"
	"encoding/base64"
	"io"
	"mime"
	"mime/quotedprintable"
	"strings"
	"testing"
)

// crlf gives every line end of s its canonical form.
func crlf(s string) string {
	s = strings.ReplaceAll(s, "\r\n", "\n")
	s = strings.ReplaceAll(s, "\r", "\n")
	return strings.ReplaceAll(s, "\n", "\r\n")
}

// The standard library reads back what was encoded, in every encoding, and no
// line is longer than allowed or ends in white space.
func FuzzBody(f *testing.F) {
	for _, s := range []string{
		"", "a", "=", "a \r\nb\t\n", strings.Repeat("a", 75), strings.Repeat("a", 76), strings.Repeat("a", 74) + " \n",
		strings.Repeat("a", 75) + " ", strings.Repeat("=", 40), "ราคา ๑๐๐ บาท", "\r\r\n\n", "\x00\x7f\xff", "From me\n.\n", "=_x",
		strings.Repeat("abcdefg~\x7f", 30), strings.Repeat("abc\tdefgh\xff~", 30),
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		checkLines(t, appendQuoted(nil, s), 76)
		read, err := io.ReadAll(quotedprintable.NewReader(bytes.NewReader(appendQuoted(nil, s))))
		if err != nil || string(read) != crlf(s) {
			t.Errorf("quoted-printable of %q is %q, read as %q, %v", s, appendQuoted(nil, s), read, err)
		}
		checkLines(t, appendBase64(nil, s), 76)
		read, err = io.ReadAll(base64.NewDecoder(base64.StdEncoding, bytes.NewReader(appendBase64(nil, s))))
		if err != nil || string(read) != crlf(s) {
			t.Errorf("base64 of %q read as %q, %v", s, read, err)
		}
		if isSevenBit(s) {
			checkLines(t, appendLines(nil, s), lineWidth)
			if !isASCII(s) || strings.Contains(s, boundaryMark) {
				t.Errorf("%q is not plain", s)
			}
		}
		if n := highBytes(s); n != countHigh(s) {
			t.Errorf("%q has %d bytes outside ASCII, not %d", s, countHigh(s), n)
		}
	})
}

func countHigh(s string) (n int) {
	for i := range len(s) {
		if s[i] > 127 {
			n++
		}
	}
	return n
}

func checkLines(t *testing.T, b []byte, limit int) {
	t.Helper()
	for line := range bytes.SplitSeq(b, []byte("\r\n")) {
		if len(line) > limit {
			t.Errorf("a line of %d bytes: %q", len(line), line)
		}
		if bytes.ContainsAny(line, "\r\n") {
			t.Errorf("a bare line end in %q", line)
		}
		if n := len(line); n > 0 && (line[n-1] == ' ' || line[n-1] == '\t') {
			t.Errorf("white space ends %q", line)
		}
	}
}

// A subject or a name is read back by the standard library as it was.
func FuzzHeaderText(f *testing.F) {
	for _, s := range []string{
		"", " ", "a", "a  b", " a", "a ", "=?utf-8?q?a?=", strings.Repeat("word ", 40) + "end", strings.Repeat("x", 200),
		"สวัสดี ลดราคา 50% วันนี้เท่านั้น สำหรับสมาชิก", strings.Repeat("é", 100), "50 % de réduction", "a\tb", "\xff", "🛒" + strings.Repeat("🎉", 40),
		`Jane "JD" O'Neill \ Co.`, "Rapport, Inc.",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if breaksOut(s) {
			t.Skip("refused before it is written")
		}
		field := appendText(nil, "Subject", s)
		checkHeaderLines(t, field)
		value, _ := strings.CutPrefix(strings.ReplaceAll(strings.TrimSuffix(string(field), "\r\n"), "\r\n", ""), "Subject: ")
		read, err := new(mime.WordDecoder).DecodeHeader(value)
		if want := strings.ToValidUTF8(s, "\uFFFD"); err != nil || read != want {
			t.Errorf("%q was written as %q and read as %q, %v", s, field, read, err)
		}
	})
}

func checkHeaderLines(t *testing.T, field []byte) {
	t.Helper()
	if !isASCII(string(field)) || !bytes.HasSuffix(field, []byte("\r\n")) {
		t.Errorf("not a header field: %q", field)
	}
	lines := strings.Split(strings.TrimSuffix(string(field), "\r\n"), "\r\n")
	for i, line := range lines {
		if len(line) > lineWidth {
			t.Errorf("a line of %d bytes: %q", len(line), line)
		}
		if i > 0 && (!strings.HasPrefix(line, " ") || strings.TrimSpace(line) == "") {
			t.Errorf("line %d of %q does not continue the field", i, field)
		}
		for word := range strings.FieldsSeq(line) {
			if strings.HasPrefix(word, "=?") && len(word) > wordWidth {
				t.Errorf("an encoded word of %d bytes: %q", len(word), word)
			}
		}
	}
}
