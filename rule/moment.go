package rule

import (
	"cmp"

	"rapport"
)

// Moment is a checked and compiled expression that yields an instant, such as
// customer.trial_ends - duration("2d"). It is immutable.
type Moment struct {
	text  string
	node  moment
	facts []Fact
	reads Reads
	room  *Room
	loops bool
}

// CompileMoment parses, checks and compiles an expression that yields an instant. One
// that runs with the clock is refused: nobody could wait for it. The error is [Errors].
func CompileMoment(text string, in Env) (*Moment, error) {
	e, problem := parse(text)
	if problem != nil {
		return nil, Errors{problem}
	}
	c := checker{in: in, text: text, types: map[*Expr]Type{}}
	c.moment(e)
	if err := c.finish(); err != nil {
		return nil, err
	}
	b := builder{types: c.types, room: cmp.Or(in.Room, new(Room)), roots: append([]string{"customer"}, in.Roots...), reads: map[string]bool{}, rates: c.rates()}
	return &Moment{text: e.String(), node: b.moment(e), facts: b.factList(), reads: b.readsList(), room: b.room, loops: b.loops}, nil
}

// moment checks an expression that must yield an instant.
func (c *checker) moment(e *Expr) {
	t := c.check(e)
	switch {
	case t.broken:
	case t.isTime() && c.moves(e):
		c.fail(e, "", "this runs with the clock, so it never comes")
	case t.isTime() || t.Kind == Any && e.Op == OpField:
	default:
		c.fail(e, "name a date that is told, such as customer.trial_ends, or write timestamp(\"2026-12-24\")", "here should be a time; this is %s", a(t))
	}
}

// Text returns the expression's canonical text.
func (m *Moment) Text() string { return m.text }

// Facts returns what must be kept of the customer's past to tell the moment.
func (m *Moment) Facts() []Fact { return m.facts }

// Reads returns what the moment looks at.
func (m *Moment) Reads() Reads { return m.reads }

// Answerable reports whether all is kept of a customer that the moment reads.
func (m *Moment) Answerable(s Subject) bool { return answerable(s, m.facts) }

// Next returns an instant after now until which the moment stays what it is unless the
// customer's record changes: what is counted in a window leaves it by itself.
func (m *Moment) Next(s Subject, now rapport.Instant) rapport.Instant {
	x := m.room.get()
	x.subject, x.now = s, now
	at := m.node.next(x)
	m.room.put(x, m.loops)
	return max(at, now+1)
}

// At returns the instant for a customer as she is now, and false if there is none, as
// where nobody told the date. A plain date is its first instant on her calendar.
func (m *Moment) At(s Subject, now rapport.Instant) (rapport.Instant, bool) {
	x := m.room.get()
	x.subject, x.now = s, now
	at, ok := m.node.eval(x)
	m.room.put(x, m.loops)
	return at, ok
}
