package liquid

import (
	"bytes"
	"strconv"
	"strings"
	"time"
)

// directive is one %-sign of a date format: its flags, its width and its letter.
type directive struct {
	pad    byte // '0', ' ' or '-' for none; 0 for the letter's own
	upper  bool
	swap   bool
	colons int
	width  int
	letter byte
}

// appendTime appends t in a format of strftime, as Ruby knows it.
func appendTime(b []byte, t time.Time, format string) []byte {
	for format != "" {
		i := strings.IndexByte(format, '%')
		if i < 0 || i == len(format)-1 {
			break
		}
		b = append(b, format[:i]...)
		d, length := readDirective(format[i:])
		from := len(b)
		var ok bool
		if b, ok = d.append(b, t); !ok {
			b = append(b, format[i:i+length]...)
		} else {
			b = d.finish(b, from)
		}
		format = format[i+length:]
	}
	return append(b, format...)
}

// maxWidth bounds how wide a directive may ask its result to be.
const maxWidth = 64

func readDirective(s string) (d directive, length int) {
	i := 1
	for ; i < len(s)-1; i++ {
		switch c := s[i]; c {
		case '-', '0':
			if c == '0' && d.width > 0 {
				d.width = min(d.width*10, maxWidth)
				continue
			}
			d.pad = c
		case '_':
			d.pad = ' '
		case '^':
			d.upper = true
		case '#':
			d.swap = true
		case ':':
			d.colons++
		case '1', '2', '3', '4', '5', '6', '7', '8', '9':
			d.width = min(d.width*10+int(c-'0'), maxWidth)
		default:
			d.letter = c
			return d, i + 1
		}
	}
	d.letter = s[i]
	return d, i + 1
}

// number appends n, filled up to the directive's width or else the usual one.
func (d directive) number(b []byte, n, width int, pad byte) []byte {
	if d.pad != 0 {
		pad = d.pad
	}
	if d.width > 0 {
		width = d.width
	}
	if n < 0 {
		b, n = append(b, '-'), -n
	}
	var scratch [20]byte
	digits := strconv.AppendInt(scratch[:0], int64(n), 10)
	if pad != '-' {
		for i := len(digits); i < width; i++ {
			b = append(b, pad)
		}
	}
	return append(b, digits...)
}

// finish applies case and width to what a text directive appended.
func (d directive) finish(b []byte, from int) []byte {
	if d.upper {
		copy(b[from:], bytes.ToUpper(b[from:]))
	}
	if d.swap && d.letter == 'p' {
		copy(b[from:], bytes.ToLower(b[from:]))
	} else if d.swap {
		copy(b[from:], bytes.ToUpper(b[from:]))
	}
	if missing := d.width - (len(b) - from); missing > 0 && d.pad != '-' {
		pad := byte(' ')
		if d.pad != 0 {
			pad = d.pad
		}
		text := string(b[from:])
		b = append(b[:from], bytes.Repeat([]byte{pad}, missing)...)
		b = append(b, text...)
	}
	return b
}

// append appends what the letter stands for; ok is false for an unknown one.
func (d directive) append(b []byte, t time.Time) (out []byte, ok bool) {
	if layout := layoutOf(d.letter); layout != "" {
		return t.AppendFormat(b, layout), true
	}
	if format := shorthand(d.letter); format != "" {
		return appendTime(b, t, format), true
	}
	if out, ok := d.appendDate(b, t); ok {
		return out, true
	}
	return d.appendClock(b, t)
}

// layoutOf returns the form of package time for letters that are texts.
func layoutOf(letter byte) string {
	switch letter {
	case 'A':
		return "Monday"
	case 'a':
		return "Mon"
	case 'B':
		return "January"
	case 'b', 'h':
		return "Jan"
	case 'p':
		return "PM"
	case 'P':
		return "pm"
	case 'Z':
		return "MST"
	}
	return ""
}

// shorthand returns the format that a letter stands for.
func shorthand(letter byte) string {
	switch letter {
	case 'c':
		return "%a %b %e %H:%M:%S %Y"
	case 'D', 'x':
		return "%m/%d/%y"
	case 'F':
		return "%Y-%m-%d"
	case 'R':
		return "%H:%M"
	case 'r':
		return "%I:%M:%S %p"
	case 'T', 'X':
		return "%H:%M:%S"
	case 'v':
		return "%e-%^b-%Y"
	case '+':
		return "%a %b %e %H:%M:%S %Z %Y"
	}
	return ""
}

func (d directive) appendDate(b []byte, t time.Time) ([]byte, bool) {
	year, month, day := t.Date()
	isoYear, isoWeek := t.ISOWeek()
	weekday, yearDay := int(t.Weekday()), t.YearDay()
	switch d.letter {
	case 'Y':
		return d.number(b, year, 1, '0'), true
	case 'C':
		return d.number(b, year/100, 2, '0'), true
	case 'y':
		return d.number(b, year%100, 2, '0'), true
	case 'm':
		return d.number(b, int(month), 2, '0'), true
	case 'd':
		return d.number(b, day, 2, '0'), true
	case 'e':
		return d.number(b, day, 2, ' '), true
	case 'j':
		return d.number(b, yearDay, 3, '0'), true
	case 'G':
		return d.number(b, isoYear, 4, '0'), true
	case 'g':
		return d.number(b, isoYear%100, 2, '0'), true
	case 'V':
		return d.number(b, isoWeek, 2, '0'), true
	case 'U':
		return d.number(b, (yearDay+6-weekday)/7, 2, '0'), true
	case 'W':
		return d.number(b, (yearDay+6-(weekday+6)%7)/7, 2, '0'), true
	case 'u':
		return d.number(b, (weekday+6)%7+1, 1, '0'), true
	case 'w':
		return d.number(b, weekday, 1, '0'), true
	}
	return b, false
}

func (d directive) appendClock(b []byte, t time.Time) ([]byte, bool) {
	hour, minute, second := t.Clock()
	switch d.letter {
	case 'H':
		return d.number(b, hour, 2, '0'), true
	case 'k':
		return d.number(b, hour, 2, ' '), true
	case 'I':
		return d.number(b, (hour+11)%12+1, 2, '0'), true
	case 'l':
		return d.number(b, (hour+11)%12+1, 2, ' '), true
	case 'M':
		return d.number(b, minute, 2, '0'), true
	case 'S':
		return d.number(b, second, 2, '0'), true
	case 'L', 'N':
		return d.fraction(b, t.Nanosecond()), true
	case 's':
		return strconv.AppendInt(b, t.Unix(), 10), true
	case 'z':
		return t.AppendFormat(b, [...]string{"-0700", "-07:00", "-07:00:00"}[min(d.colons, 2)]), true
	case 'n':
		return append(b, '\n'), true
	case 't':
		return append(b, '\t'), true
	case '%':
		return append(b, '%'), true
	}
	return b, false
}

// fraction appends digits of the second: 3 of %L, 9 of %N, or as many as the
// width says.
func (d directive) fraction(b []byte, nanoseconds int) []byte {
	digits := d.width
	if digits == 0 {
		digits = map[byte]int{'L': 3, 'N': 9}[d.letter]
	}
	all := strconv.Itoa(1_000_000_000 + nanoseconds)[1:]
	if digits > len(all) {
		all += strings.Repeat("0", digits-len(all))
	}
	return append(b, all[:digits]...)
}
