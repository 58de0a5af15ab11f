package mapping

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/shopspring/decimal"

	"rapport"
	"rapport/internal/suggest"
)

// row is one row of a file: cells of a table, or a JSON object.
type row struct {
	line    int64
	mapping *Mapping
	index   map[string]int // of the columns of a table
	cells   []string
	object  rapport.Value // if index is nil
}

// text returns what a column says; ok is false if it says nothing.
func (r *row) text(column string) (text string, ok bool) {
	if r.index == nil {
		text = at(r.object, column).String()
	} else {
		i, ok := r.index[column]
		if !ok {
			return "", false
		}
		text = r.cells[i]
	}
	text = strings.TrimSpace(text)
	if r.mapping.Guarded {
		text = unguarded(text)
	}
	return text, text != "" && !slices.Contains(r.mapping.Empty, text)
}

// unguarded takes the apostrophe away that keeps a spreadsheet from taking a text for
// a number or a formula.
func unguarded(text string) string {
	if len(text) > 1 && text[0] == '\'' && strings.IndexByte("0123456789+-=@", text[1]) >= 0 {
		return text[1:]
	}
	return text
}

// json returns what a column says: the text of a cell, or the member as it stands.
func (r *row) json(column string) json.RawMessage {
	text, ok := r.text(column)
	switch {
	case r.index == nil && (ok || at(r.object, column).Len() > 0):
		return at(r.object, column).AppendJSON(nil)
	case !ok:
		return nil
	}
	return quoted(text)
}

// at returns the member of an object at the end of a way such as a.b.c. A member
// whose own name has points in it comes first.
func at(object rapport.Value, way string) rapport.Value {
	if v := object.Get(way); v.IsSet() {
		return v
	}
	for i := range len(way) {
		if way[i] != '.' {
			continue
		}
		if inner := object.Get(way[:i]); inner.Kind() == rapport.Object {
			return at(inner, way[i+1:])
		}
	}
	return rapport.Value{}
}

// number returns the number in a column; ok is false if it says nothing.
func (r *row) number(column string) (n decimal.Decimal, ok bool, err error) {
	text, ok := r.text(column)
	if !ok {
		return n, false, nil
	}
	if n, err = r.mapping.parseNumber(text); err != nil {
		return n, false, fmt.Errorf("column %q is not a number", column)
	}
	return n, true, nil
}

var errNumber = rapport.Errorf(rapport.Invalid, "not a number")

// parseNumber reads a number as the mapping says they are written. Its size is
// bounded, so that no few bytes become a number of a million digits.
func (m *Mapping) parseNumber(text string) (decimal.Decimal, error) {
	if m.Thousands != "" {
		text = strings.ReplaceAll(text, m.Thousands, "")
	}
	if m.Decimal == "comma" {
		if strings.Contains(text, ".") {
			return decimal.Decimal{}, errNumber
		}
		text = strings.Replace(text, ",", ".", 1)
	}
	if len(text) > 40 {
		return decimal.Decimal{}, errNumber
	}
	if mantissa, exponent, ok := strings.Cut(strings.ToLower(text), "e"); ok && (len(exponent) > 3 || mantissa == "") {
		return decimal.Decimal{}, errNumber
	}
	return decimal.NewFromString(text)
}

// columns returns the names of all columns that the mapping reads.
func (m *Mapping) columns() []string {
	seen := map[string]bool{}
	add := func(names ...string) {
		for _, name := range names {
			seen[name] = true
		}
	}
	for _, v := range [...]*Value{m.UserID, m.AnonymousID, m.MessageID, m.Group} {
		if v != nil {
			add(v.columns()...)
		}
	}
	for _, values := range [...]map[string]Value{m.Properties, m.Traits, m.Consents, m.Products} {
		for _, v := range values {
			add(v.columns()...)
		}
	}
	for _, c := range m.Skip {
		add(c.Column)
	}
	if m.Continues != nil {
		add(m.Continues.Column)
	}
	for _, e := range m.Event {
		if e.When != nil {
			add(e.When.Column)
		}
		add(e.Column)
	}
	if m.Timestamp != nil {
		add(m.Timestamp.Column)
	}
	delete(seen, "")
	return slices.Sorted(maps.Keys(seen))
}

// indexOf numbers the columns of a table, and sees to it that those are there
// which the mapping reads.
func (m *Mapping) indexOf(header []string) (map[string]int, error) {
	index, err := m.numbered(header)
	if err != nil && len(m.Columns) == 0 && slices.ContainsFunc(header, tells) {
		return nil, rapport.Errorf(rapport.Invalid, `the first line does not name the columns, it tells of somebody: name them with "columns" in the mapping`)
	}
	return index, err
}

// tells reports whether what should be the name of a column is an address or a number.
// What stands there is then told to nobody.
func tells(name string) bool {
	return strings.Contains(name, "@") || name != "" && strings.Trim(name, "+0123456789.,-: ") == ""
}

// numbered is indexOf of names of columns.
func (m *Mapping) numbered(header []string) (map[string]int, error) {
	index := make(map[string]int, len(header))
	for i, name := range header {
		name = strings.TrimSpace(name)
		if _, double := index[name]; double && name != "" {
			return nil, rapport.Errorf(rapport.Invalid, `two columns are called %q: give them names of their own with "columns" in the mapping`, name)
		}
		index[name] = i
	}
	delete(index, "")
	for _, name := range m.columns() {
		if _, ok := index[name]; ok || slices.Contains(m.Optional, name) {
			continue
		}
		names := slices.Sorted(maps.Keys(index))
		if guess, ok := suggest.Nearest(name, names); ok {
			return nil, rapport.Errorf(rapport.Invalid, "the file has no column %q, did you mean %q?", name, guess)
		}
		return nil, rapport.Errorf(rapport.Invalid, "the file has no column %q, only %s", name, strings.Join(names, ", "))
	}
	return index, nil
}
