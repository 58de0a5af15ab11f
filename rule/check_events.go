package rule

import (
	"maps"
	"slices"

	"rapport"
)

// narrowing checks what narrows a selection together with what did before it.
func (c *checker) narrowing(e *Expr, f function) {
	switch e.Text {
	case "where":
	case "followed_by", "not_followed_by":
		c.sequence(e)
	default:
		c.oneWindow(e)
		c.windowArgs(e, f)
	}
}

// method is the place of the last function of a chain, without what it is asked of.
func method(e *Expr) *Expr {
	return &Expr{Start: min(e.Args[0].End+1, e.End), End: e.End}
}

// oneWindow refuses a second window, but from(...) and until(...) are one.
func (c *checker) oneWindow(e *Expr) {
	before := takeApart(e).windows[1:]
	for _, w := range before {
		switch {
		case w.Text == e.Text && e.Text == "within":
			c.fail(method(e), "keep the shorter one", "there are two within(...)")
			return
		case w.Text == e.Text:
			c.fail(method(e), "keep one of them", "there are two %s(...)", e.Text)
			return
		case !isDated(w) || !isDated(e):
			c.fail(method(e), "keep one of them", "%s(...) and %s(...) are two windows over the same events", w.Text, e.Text)
			return
		}
	}
	if len(before) == 1 {
		c.datesInOrder(e, before[0], e)
	}
}

func isDated(e *Expr) bool { return e.Text == "from" || e.Text == "until" }

// datesInOrder checks that something can lie from one date until another. A plain
// date and an instant are compared for each customer.
func (c *checker) datesInOrder(e, from, until *Expr) {
	if from.Text == "until" {
		from, until = until, from
	}
	start, end := from.Args[1].Text, until.Args[1].Text
	begins, ok := rapport.TextOf(start).Instant()
	ends, fine := rapport.TextOf(end).Instant()
	const plain = len("2026-11-22")
	if ok && fine && begins >= ends && (len(start) == plain) == (len(end) == plain) {
		c.fail(method(e), "the day or instant of until(...) is the first that counts no more", "nothing lies from %s until %s", start, end)
	}
}

func (c *checker) windowArgs(e *Expr, f function) {
	switch e.Text {
	case "this", "previous":
		arg := e.Args[1]
		if arg.Op == OpText && arg.Text != "" && unitNamed(arg.Text) == noUnit {
			c.fail(arg, `write "day", "week", "month" or "year"`, "%s(...) needs a unit of the calendar", e.Text)
		}
	case "between":
		far, err := parseSpan(e.Args[1].Text)
		near, bad := parseSpan(e.Args[2].Text)
		if err == nil && bad == nil && !far.longer(near) {
			c.fail(method(e), "write "+f.usage, "the first length of between(...) must be longer than the second")
		}
	}
}

// longer compares two lengths, a day being 24 hours.
func (s span) longer(than span) bool {
	return s.exact+rapport.Instant(s.days)*day > than.exact+rapport.Instant(than.days)*day
}

// sequence checks followed_by(...): what follows, and what both must share.
func (c *checker) sequence(e *Expr) {
	property := ""
	for _, step := range takeApart(e).steps {
		if len(step.Args) < 4 || step.Args[3].Text == property {
			continue
		}
		if property != "" {
			c.fail(method(e), "name one property in both", "%q and %q can't both be shared with what follows", step.Args[3].Text, property)
		}
		property = step.Args[3].Text
	}
	if len(e.Args) > 3 {
		c.shared(e.Args[3], c.types[e.Args[0]], takeApart(e.Args[0]).event)
		if c.types[e.Args[1]].Kind == eventsKind {
			c.shared(e.Args[3], c.types[e.Args[1]], takeApart(e.Args[1]).event)
		}
	}
}

// shared checks that an event may have the property that both must share.
func (c *checker) shared(property *Expr, of Type, event string) {
	if of.Fields == nil || !of.Fields.Strict {
		return
	}
	if _, ok := of.Fields.Fields[property.Text]; !ok {
		c.fail(property, didYouMean(property.Text, slices.Sorted(maps.Keys(of.Fields.Fields)), true),
			"unknown property of %s %q", event, property.Text)
	}
}

// follower checks what must follow: events("B"), filtered perhaps.
func (c *checker) follower(arg *Expr, f function) {
	if t := c.check(arg); t.Kind != eventsKind {
		suggestion := "write " + f.usage
		if arg.Op == OpText && arg.Text != "" {
			suggestion = "write events(" + quote(arg.Text) + ")"
		}
		if !t.broken {
			c.fail(arg, suggestion, "%s(...) needs a selection of events; this is %s", f.name, a(t))
		}
		return
	}
	switch in := takeApart(arg); {
	case in.windows != nil:
		c.fail(arg, "leave out ."+in.windows[0].Text+"(...)", "the length of time behind it says when it must follow")
	case in.steps != nil:
		c.fail(arg, "ask the two sequences one by one and join them with &&", "what follows can't be a sequence itself")
	}
}

// measured refuses to measure events of which something else is kept.
func (c *checker) measured(e *Expr, f function) {
	if takeApart(e.Args[0]).shared() != "" {
		c.fail(method(e), "ask .exists(), .count(), .first() or .last()", "%s(...) can't be asked of events that share a property with what follows", f.name)
	}
}
