package rule

import "slices"

// isCalendarPart reports whether an expression is weekday(), hour() or the like.
func isCalendarPart(e *Expr) bool {
	return e.Op == OpMethod && partNamed(e.Text) != noPart
}

func (b *builder) calendarPart(e *Expr) calendarPart {
	b.calendar = true
	n := calendarPart{part: partNamed(e.Text), at: b.moment(e.Args[0])}
	if m, ok := n.at.(moving); ok {
		n.clock, n.of = m, momentDate{m}
		return n
	}
	n.of = b.date(e.Args[0])
	return n
}

// calendarIn compiles now.weekday() in [6, 7].
func (b *builder) calendarIn(item, list *Expr) cond {
	n := compareCalendar{calendarPart: b.calendarPart(item)}
	for _, option := range list.Args {
		n.list = append(n.list, option.Number)
	}
	slices.Sort(n.list)
	return n
}
