package mapping

import (
	"slices"
	"strings"
)

// Condition is a test of one cell. All that it says must hold.
type Condition struct {
	Column   string   `json:"column" required:"true" doc:"The column that is looked at"`
	Is       []string `json:"is" doc:"The cell is one of these texts"`
	Begins   string   `json:"begins" doc:"The cell begins with this text"`
	Ends     string   `json:"ends" doc:"The cell ends with this text"`
	Contains string   `json:"contains" doc:"The cell holds this text"`
	Empty    *bool    `json:"empty" doc:"The cell says nothing; false for the reverse"`
	Below    *float64 `json:"below" doc:"The cell's number is smaller than this"`
	Above    *float64 `json:"above" doc:"The cell's number is greater than this"`
	Not      bool     `json:"not" doc:"Turn the whole round"`
}

func (c *checker) condition(d *Condition, path string) {
	if d.Is == nil && d.Begins == "" && d.Ends == "" && d.Contains == "" && d.Empty == nil && d.Below == nil && d.Above == nil {
		c.add(path, "what to look for is not said: add is, begins, ends, contains, empty, below or above")
	}
}

// holds reports whether a row is as the condition says. A number that can't be
// read is neither below nor above anything.
func (d *Condition) holds(r *row) bool {
	text, said := r.text(d.Column)
	ok := (d.Empty == nil || *d.Empty != said) &&
		(d.Is == nil || slices.Contains(d.Is, text)) &&
		(d.Begins == "" || strings.HasPrefix(text, d.Begins)) &&
		(d.Ends == "" || strings.HasSuffix(text, d.Ends)) &&
		(d.Contains == "" || strings.Contains(text, d.Contains)) &&
		d.between(r)
	return ok != d.Not
}

func (d *Condition) between(r *row) bool {
	if d.Below == nil && d.Above == nil {
		return true
	}
	n, ok, err := r.number(d.Column)
	f := n.InexactFloat64()
	return ok && err == nil && (d.Below == nil || f < *d.Below) && (d.Above == nil || f > *d.Above)
}
