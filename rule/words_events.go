package rule

import (
	"cmp"
	"slices"
	"strings"

	"rapport"
)

// selectionWords names a selection: Order Completed with e.total >= 100 within 30 days.
func selectionWords(e *Expr) string {
	in := takeApart(e)
	words := eventWords(e)
	for _, step := range slices.Backward(in.steps) {
		words += ", " + strings.ReplaceAll(step.Text, "_", " ") + " " + eventWords(step.Args[1]) + soonWords(step)
	}
	return words
}

// eventWords names a selection without what must follow.
func eventWords(e *Expr) string {
	in := takeApart(e)
	words := cmp.Or(in.event, "events")
	for i, f := range slices.Backward(in.filters) {
		joint := " and "
		if i == len(in.filters)-1 {
			joint = " with "
		}
		words += joint + f.Args[2].String()
	}
	for _, w := range slices.Backward(in.windows) {
		words += " " + windowWords(w)
	}
	return words
}

// soonWords says how soon something must follow, and what both share.
func soonWords(step *Expr) string {
	s, _ := parseSpan(step.Args[2].Text)
	words := " within " + s.String()
	if len(step.Args) > 3 {
		words += " with the same " + step.Args[3].Text
	}
	return words
}

func windowWords(w *Expr) string {
	text := w.Args[1].Text
	switch {
	case w.Text == "this" && text == "day":
		return "today"
	case w.Text == "previous" && text == "day":
		return "yesterday"
	case w.Text == "this":
		return "this " + text
	case w.Text == "previous":
		return "last " + text
	case isDated(w):
		return w.Text + " " + text
	}
	s, _ := parseSpan(text)
	if w.Text == "within" {
		return "within " + s.String()
	}
	near, _ := parseSpan(w.Args[2].Text)
	return "between " + s.String() + " and " + near.String() + " ago"
}

// matchedWords says how something would come into a selection, or go out of it.
func (p *part) matchedWords(n *matched, x *env, want Truth) string {
	e := p.expr.Args[0]
	steps := takeApart(e).steps
	switch {
	case len(steps) != 1 && want == Yes:
		return "one " + selectionWords(e)
	case len(steps) != 1:
		return "no " + selectionWords(e)
	}
	first, then, soon := eventWords(e), eventWords(steps[0].Args[1]), soonWords(steps[0])
	switch absent := n.steps[0].absent; {
	case absent && want == Yes:
		return "one " + first + " and no " + then + soon + " after it"
	case absent:
		return "one " + then + soon + " after each " + first
	case want == No:
		return "no " + then + soon + " after a " + first
	}
	if until := n.stillOpen(x); until > x.now {
		return "one " + then + " before " + until.In(x.zone()).Format(timeLayout)
	}
	return "one " + first + " and one " + then + soon + " after it"
}

// stillOpen returns until when what must follow on the newest event may come; 0
// if there is none that it may follow on.
func (n *matched) stillOpen(x *env) rapport.Instant {
	if n.steps[0].shared {
		return 0
	}
	all := selection{fact: n.fact, window: n.window}
	points := all.points(x)
	if len(points) == 0 {
		return 0
	}
	at := points[len(points)-1].At
	return min(n.steps[0].within.ahead(at, x.zone()), n.leaves(x, at))
}

// without names what must not happen while one waits.
func (n *matched) without(e *Expr) string {
	words := ""
	for i, step := range slices.Backward(takeApart(e).steps) {
		if n.steps[i].absent {
			words = " without " + eventWords(step.Args[1])
		}
	}
	return words
}

// saw shows the part of the calendar, and what it was compared with.
func (n compareCalendar) saw(x *env) string {
	if n.r == nil {
		return showNumber(n.calendarPart, x)
	}
	return both(n.calendarPart, n.r, x)
}
