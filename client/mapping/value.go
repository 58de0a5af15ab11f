package mapping

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/shopspring/decimal"

	"rapport"
)

// Value says how a value is made of a row. Written as a text it is the name of a
// column whose cell is taken as text.
type Value struct {
	Column   string         `json:"column" doc:"The column that holds it"`
	First    []string       `json:"first" doc:"Columns of which the first that is not empty holds it"`
	Text     string         `json:"text" doc:"A text with the names of columns in braces, such as order-{invoice}; if one of them is empty, so is the text"`
	Const    any            `json:"value" doc:"The same value for every row"`
	Multiply []string       `json:"multiply" doc:"Columns whose numbers are multiplied, such as quantity and price"`
	Add      []string       `json:"add" doc:"Columns whose numbers are added; an empty cell adds nothing"`
	As       string         `json:"as" enum:"text,number,boolean,time" doc:"What the cell holds; text unless said, and in lines of JSON whatever stands there"`
	Lower    bool           `json:"lower" doc:"The cell's text in lower case, as e-mail addresses are compared"`
	Split    string         `json:"split" doc:"The cell holds a list with this between two entries, such as a comma"`
	Words    map[string]any `json:"words" doc:"What to take for a cell with this text; other cells are taken as they are"`
	Default  any            `json:"default" doc:"What to take if the cell is empty; otherwise it is left out"`
	Absolute bool           `json:"absolute" doc:"The number without its sign, as for refunds that a file counts as negative; of a sum, that of the whole"`
	Sum      bool           `json:"sum" doc:"The sum over all rows of a group, not the first row's"`
	Round    *int           `json:"round" doc:"To how many decimals a number is rounded"`
	Layout   string         `json:"layout" doc:"How a time is written, such as DD.MM.YYYY hh:mm"`
	Zone     string         `json:"zone" doc:"In which time zone a time is told, such as Europe/London"`

	time *Time
}

// UnmarshalText reads the name of a column.
func (v *Value) UnmarshalText(text []byte) error {
	v.Column = string(text)
	return nil
}

func (c *checker) value(v *Value, path string, grouped bool) {
	said := 0
	for _, is := range [...]bool{v.Column != "", v.First != nil, v.Text != "", v.Const != nil, v.Multiply != nil, v.Add != nil} {
		if is {
			said++
		}
	}
	if said != 1 {
		c.add(path, "write exactly one of column, first, text, value, multiply and add")
	}
	if v.Sum && !grouped {
		c.add(path, `"sum" is for the properties of a group of rows`)
	}
	if v.As == "time" {
		v.time = &Time{Column: v.Column, Layout: v.Layout, Zone: v.Zone}
		c.time(v.time, path)
	} else if v.Layout != "" || v.Zone != "" {
		c.add(path, `"layout" and "zone" go with "as: time"`)
	}
	if (v.Lower || v.Split != "") && (v.Column == "" && v.First == nil || v.As != "" && v.As != "text" || v.number()) {
		c.add(path, `"lower" and "split" are for a column's text`)
	}
	if v.As == "time" && v.Column == "" || v.As == "boolean" && (v.Multiply != nil || v.Add != nil) {
		c.add(path, `"as: %s" is for a column`, v.As)
	}
	if v.number() && v.As != "" && v.As != "number" {
		c.add(path, `a number can't be taken "as: %s"`, v.As)
	}
	if v.Round != nil && (*v.Round < 0 || *v.Round > 12) {
		c.add(path, "a number is rounded to 0 to 12 decimals")
	}
	if open := strings.Count(v.Text, "{"); open != len(places.FindAllString(v.Text, -1)) || open != strings.Count(v.Text, "}") {
		c.add(path, "a brace is left open: columns stand in the text as {name}")
	}
}

// number reports whether the value is a number whatever the cell.
func (v *Value) number() bool {
	return v.As == "number" || v.Multiply != nil || v.Add != nil || v.Sum || v.Absolute || v.Round != nil
}

var places = regexp.MustCompile(`\{([^{}]+)\}`)

// columns returns the names of the columns that are read.
func (v *Value) columns() []string {
	list := slices.Concat(v.First, v.Multiply, v.Add)
	if v.Column != "" {
		list = append(list, v.Column)
	}
	for _, place := range places.FindAllStringSubmatch(v.Text, -1) {
		list = append(list, place[1])
	}
	return list
}

// chosen returns the value with the column that counts for a row.
func (v *Value) chosen(r *row) *Value {
	if v.First == nil {
		return v
	}
	one := *v
	one.First = nil
	for _, one.Column = range v.First {
		if _, ok := r.text(one.Column); ok {
			break
		}
	}
	return &one
}

// of returns what the value is for a row as JSON; nil if there is none.
func (v *Value) of(r *row) (json.RawMessage, error) {
	v = v.chosen(r)
	switch {
	case v.Const != nil:
		return json.Marshal(v.Const)
	case v.Text != "":
		return v.text(r), nil
	}
	if text, ok := v.cell(r); ok {
		if other, ok := v.Words[text]; ok {
			return json.Marshal(other)
		}
	}
	out, err := v.plain(r)
	if out == nil && err == nil && v.Default != nil {
		return json.Marshal(v.Default)
	}
	return out, err
}

func (v *Value) cell(r *row) (string, bool) {
	if v.Column == "" {
		return "", false
	}
	return r.text(v.Column)
}

func (v *Value) plain(r *row) (json.RawMessage, error) {
	switch {
	case v.number():
		n, ok, err := v.decimal(r)
		if !ok || err != nil {
			return nil, err
		}
		return json.RawMessage(n.String()), nil
	case v.As == "time":
		at, ok, err := v.time.of(r)
		if !ok || err != nil {
			return nil, err
		}
		return quoted(at.String()), nil
	case v.As == "" && !v.Lower && v.Split == "":
		return r.json(v.Column), nil
	}
	text, ok := v.cell(r)
	if v.Lower {
		text = strings.ToLower(text)
	}
	switch {
	case !ok:
		return nil, nil
	case v.As == "boolean":
		return boolean(v.Column, text)
	case v.Split != "":
		return entries(text, v.Split)
	}
	return quoted(text), nil
}

// entries returns a list in one cell as JSON; nil if nothing stands in it.
func entries(text, between string) (json.RawMessage, error) {
	var list []string
	for _, entry := range strings.Split(text, between) {
		if entry = strings.TrimSpace(entry); entry != "" {
			list = append(list, entry)
		}
	}
	if list == nil {
		return nil, nil
	}
	return json.Marshal(list)
}

func (v *Value) text(r *row) json.RawMessage {
	whole := true
	out := places.ReplaceAllStringFunc(v.Text, func(place string) string {
		text, ok := r.text(place[1 : len(place)-1])
		whole = whole && ok
		return text
	})
	if !whole {
		return nil
	}
	return quoted(out)
}

// label is of for an id or a name: a text, empty if there is none.
func (v *Value) label(r *row) (string, error) {
	if v == nil {
		return "", nil
	}
	out, err := v.of(r)
	if err != nil || out == nil {
		return "", err
	}
	value, err := rapport.ParseJSON(out)
	return value.String(), err
}

// decimal returns the number that the value is for a row.
func (v *Value) decimal(r *row) (n decimal.Decimal, ok bool, err error) {
	v = v.chosen(r)
	switch {
	case v.Multiply != nil:
		n, ok, err = combine(r, v.Multiply, decimal.Decimal.Mul, true)
	case v.Add != nil:
		n, ok, err = combine(r, v.Add, decimal.Decimal.Add, false)
	default:
		n, ok, err = r.number(v.Column)
	}
	if !v.Sum { // a sum is finished once it is whole
		n = v.finished(n)
	}
	return n, ok, err
}

func (v *Value) finished(n decimal.Decimal) decimal.Decimal {
	if v.Absolute {
		n = n.Abs()
	}
	if v.Round != nil {
		n = n.Round(int32(*v.Round))
	}
	return n
}

// combine folds the numbers of columns. With all set, one that is missing leaves
// nothing of the whole.
func combine(r *row, columns []string, fold func(a, b decimal.Decimal) decimal.Decimal, all bool) (decimal.Decimal, bool, error) {
	var sum decimal.Decimal
	any := false
	for _, name := range columns {
		n, ok, err := r.number(name)
		switch {
		case err != nil || !ok && all:
			return n, false, err
		case !ok:
			continue
		case any:
			n = fold(sum, n)
		}
		sum, any = n, true
	}
	return sum, any, nil
}

func boolean(column, text string) (json.RawMessage, error) {
	switch strings.ToLower(text) {
	case "true", "yes", "y", "t", "1", "on":
		return json.RawMessage("true"), nil
	case "false", "no", "n", "f", "0", "off":
		return json.RawMessage("false"), nil
	}
	return nil, fmt.Errorf("column %q is neither yes nor no", column)
}

func quoted(text string) json.RawMessage { return rapport.AppendQuoted(nil, text) }
