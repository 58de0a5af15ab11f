package mapping

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

// A record of several lines has at most so many lines and bytes. What is longer
// is taken for a quote that was never closed.
const (
	maxRecordLines = 200
	maxRecord      = 256 << 10
)

// spaces stands for any number of blanks between cells: such files have no quotes.
const spaces = " "

// record is what stands in a file for one row.
type record struct {
	line  int64
	cells []string
	fault string // why it is none; empty if it is one
}

// cells reads the records of a CSV file (RFC 4180; any delimiter, quotes inside a
// cell that does not begin with one are taken as they are). After a bad record it
// goes on with the line behind that record's first one, so that a quote that is
// never closed costs one line.
type cells struct {
	lines     *lines
	delimiter byte
	width     int // how many cells a record has; 0 if that is not known yet
}

// next returns the next record, or io.EOF. Empty lines are passed over.
func (c *cells) next() (record, error) {
	first, err := c.lines.next()
	for err == nil && first.text == "" && first.fault == "" {
		first, err = c.lines.next()
	}
	if err != nil {
		return record{}, err
	}
	if first.fault != "" {
		return record{line: first.n, fault: first.fault}, nil
	}
	list, more, fault, err := c.whole(first.text)
	if err != nil {
		return record{}, err
	}
	if fault == "" && c.width > 0 && len(list) != c.width {
		fault = fmt.Sprintf("there are %d cells where %d are expected", len(list), c.width)
	}
	if fault != "" {
		c.lines.giveBack(more)
		return record{line: first.n, fault: fault}, nil
	}
	return record{line: first.n, cells: list}, nil
}

// whole cuts a record that begins with text, and reads the further lines that
// belong to it.
func (c *cells) whole(text string) (list []string, more []line, fault string, err error) {
	list, open, fault := split(text, c.delimiter)
	for open {
		next, err := c.lines.next()
		if errors.Is(err, io.EOF) || err == nil && (len(more) == maxRecordLines || len(text)+len(next.text) > maxRecord || next.fault != "") {
			if err == nil {
				more = append(more, next)
			}
			return nil, more, "a quote is never closed", nil
		}
		if err != nil {
			return nil, nil, "", err
		}
		more = append(more, next)
		text += "\n" + next.text
		if strings.Contains(next.text, `"`) {
			list, open, fault = split(text, c.delimiter)
		}
	}
	return list, more, fault, nil
}

// split cuts the text of a record into its cells. It is open if it ends within
// quotes.
func split(text string, delimiter byte) (list []string, open bool, fault string) {
	if delimiter == spaces[0] {
		return strings.Fields(text), false, ""
	}
	for {
		if !strings.HasPrefix(text, `"`) {
			cell, rest, more := strings.Cut(text, string(delimiter))
			if list = append(list, cell); !more {
				return list, false, ""
			}
			text = rest
			continue
		}
		cell, rest, closed := unquote(text[1:])
		if !closed {
			return nil, true, ""
		}
		list = append(list, cell)
		if rest == "" {
			return list, false, ""
		}
		if rest[0] != delimiter {
			return nil, false, "a cell goes on behind its closing quote"
		}
		text = rest[1:]
	}
}

// unquote reads a cell up to its closing quote; two quotes stand for one.
func unquote(text string) (cell, rest string, closed bool) {
	for from := 0; ; {
		i := strings.IndexByte(text[from:], '"')
		if i < 0 {
			return "", "", false
		}
		end := from + i
		if !strings.HasPrefix(text[end+1:], `"`) {
			return strings.ReplaceAll(text[:end], `""`, `"`), text[end+1:], true
		}
		from = end + 2
	}
}

// delimiterOf finds out what stands between the cells of a first line.
func delimiterOf(first string) byte {
	best, most := byte(','), 1
	for _, d := range []byte(",;\t|") {
		if list, _, fault := split(first, d); fault == "" && len(list) > most {
			best, most = d, len(list)
		}
	}
	return best
}
