package rule

import "slices"

// Compared is a text that a rule compares with a property of an event.
type Compared struct {
	Event    string // its name
	Property string
	Text     *Expr
}

// Comparisons returns the texts that a rule compares with properties of events, by ==, !=
// or in. The root event, where a rule has one, is called root.
func Comparisons(e *Expr, root string) []Compared {
	return (&comparing{names: map[string]string{"event": root}}).of(e)
}

// comparing knows which names stand for which event.
type comparing struct{ names map[string]string }

func (c *comparing) of(e *Expr) (all []Compared) {
	if e.Op == OpMethod && len(e.Args) == 3 && e.Args[1].Op == OpName && selects(e.Args[0]) {
		inner := &comparing{names: map[string]string{"event": c.names["event"], e.Args[1].Text: takeApart(e.Args[0]).event}}
		return append(c.of(e.Args[0]), inner.of(e.Args[2])...)
	}
	if len(e.Args) == 2 && (e.Op == OpEq || e.Op == OpNe || e.Op == OpIn) {
		all = append(c.compared(e.Args[0], e.Args[1]), c.compared(e.Args[1], e.Args[0])...)
	}
	for _, arg := range e.Args {
		all = append(all, c.of(arg)...)
	}
	return all
}

// compared returns the texts of one side if the other is a property of an event.
func (c *comparing) compared(property, with *Expr) (all []Compared) {
	if property.Op != OpField || property.Args[0].Op != OpName || c.names[property.Args[0].Text] == "" {
		return nil
	}
	for _, text := range append(slices.Clone(with.Args), with) {
		if text.Op == OpText {
			all = append(all, Compared{c.names[property.Args[0].Text], property.Text, text})
		}
	}
	return all
}

// selects reports whether an expression is a selection of events.
func selects(e *Expr) bool {
	for e.Op == OpMethod {
		e = e.Args[0]
	}
	return e.Op == OpCall && e.Text == "events" && len(e.Args) > 0
}
