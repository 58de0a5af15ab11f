package mapping

import (
	"bufio"
	"compress/gzip"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"rapport"
)

// maxLine is how long a line may be: far longer than an event may be.
const maxLine = 1 << 20

// line is a line of a file without its end.
type line struct {
	n     int64 // from 1
	text  string
	fault string // why it can't be read; empty if it can
}

// lines yields the lines of a file; some may be given back.
type lines struct {
	in   *bufio.Reader
	n    int64
	back []line // to be read again, the next one last
}

// Unpack returns a file's text: unpacked if it is gzip, in UTF-8, without the mark
// that some programs put before it. Encoding is a mapping's.
func Unpack(in io.Reader, encoding string) (io.Reader, error) {
	buffered := bufio.NewReaderSize(in, 64<<10)
	if magic, _ := buffered.Peek(2); string(magic) == "\x1f\x8b" {
		packed, err := gzip.NewReader(buffered)
		if err != nil {
			return nil, unreadable(err)
		}
		buffered = bufio.NewReaderSize(packed, 64<<10)
	}
	switch encoding {
	case "windows-1252":
		return charmap.Windows1252.NewDecoder().Reader(buffered), nil
	case "iso-8859-1":
		return charmap.ISO8859_1.NewDecoder().Reader(buffered), nil
	}
	return transform.NewReader(buffered, unicode.BOMOverride(transform.Nop)), nil
}

func unreadable(err error) error {
	return rapport.Errorf(rapport.Invalid, "the file can't be read to its end: %w", err)
}

func newLines(text io.Reader) *lines { return &lines{in: bufio.NewReaderSize(text, 64<<10)} }

// next returns the next line, or io.EOF.
func (l *lines) next() (line, error) {
	if n := len(l.back); n > 0 {
		again := l.back[n-1]
		l.back = l.back[:n-1]
		return again, nil
	}
	raw, long, err := l.read()
	if err != nil {
		return line{}, err
	}
	l.n++
	out := line{n: l.n, text: strings.TrimSuffix(raw, "\r")}
	switch {
	case long:
		out.fault = "the line is longer than 1 MB"
	case !utf8.ValidString(out.text):
		out.fault = `the line is not text in UTF-8: a mapping can say another "encoding", such as windows-1252`
	}
	return out, nil
}

// giveBack has lines come again, in their order.
func (l *lines) giveBack(list []line) {
	for i := len(list) - 1; i >= 0; i-- {
		l.back = append(l.back, list[i])
	}
}

// read returns a line without its end; of one that is too long only the beginning.
func (l *lines) read() (text string, long bool, err error) {
	var b []byte
	for {
		piece, err := l.in.ReadSlice('\n')
		if long = long || len(b)+len(piece) > maxLine; !long {
			b = append(b, piece...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err != nil && !errors.Is(err, io.EOF):
			return "", false, unreadable(err)
		case err != nil && len(b) == 0 && !long:
			return "", false, io.EOF
		}
		return strings.TrimSuffix(string(b), "\n"), long, nil
	}
}
