package rule

import (
	"sync"
	"time"

	"rapport"
)

// env is all that an evaluation reads.
type env struct {
	subject Subject // nil inside a fact's filter or measure
	now     rapport.Instant
	event   Event                   // inside a fact's filter or measure
	items   [maxLoops]rapport.Value // the variables of list loops

	// Room for selections that are not what is kept as it is: used by one at a time,
	// and written over before it is read.
	room    []Point
	matched History
	nearest map[int64]rapport.Instant
}

// maxLoops is how deep list loops may stand in one another.
const maxLoops = 4

// maxRoom is how many points an env may have room for when it is put back.
const maxRoom = 1 << 14

// Room lends each evaluation what it works with, so that evaluating allocates
// nothing. Rules that are evaluated one after the other had better share one: what
// another has just used is near at hand. The zero Room is ready; it is safe for
// concurrent use.
type Room struct{ pool sync.Pool }

func (r *Room) get() *env {
	if x, ok := r.pool.Get().(*env); ok {
		return x
	}
	return new(env)
}

// put takes an env back, with all that it held of the customer wiped out.
func (r *Room) put(x *env, loops bool) {
	x.subject, x.event = nil, nil
	if cap(x.room) > maxRoom {
		x.room, x.matched, x.nearest = nil, History{}, nil
	}
	if loops {
		x.items = [maxLoops]rapport.Value{}
	}
	r.pool.Put(x)
}

// zone is where the calendar is kept. A fact is kept for all zones alike: its
// filter reads dates in UTC.
func (x *env) zone() *time.Location {
	if x.subject != nil {
		if z := x.subject.Zone(); z != nil {
			return z
		}
	}
	return time.UTC
}

// cond is a compiled condition.
type cond interface {
	eval(x *env) Truth
	// flip returns the answer and the first instant at which it may be another;
	// that instant may lie in the past, which means "at once".
	flip(x *env) (Truth, rapport.Instant)
}

// number is a compiled expression that yields a number, or none.
type number interface {
	eval(x *env) (float64, bool)
	next(x *env) rapport.Instant // when its value may next be another
}

// moment is a compiled expression that yields an instant, or none.
type moment interface {
	eval(x *env) (rapport.Instant, bool)
	next(x *env) rapport.Instant // when its value may next be another, the clock's own running aside
}

// moving is a moment that runs with the clock.
type moving interface {
	moment
	// reaches returns the first now at which the moment is at or after an instant.
	reaches(x *env, at rapport.Instant) rapport.Instant
}

// value is a compiled expression that yields a value as it was stored. It never
// changes as time passes.
type value interface {
	eval(x *env) rapport.Value
}

// Values.

type constant struct{ v rapport.Value }
type trait struct{ name string }
type rootField struct{ root, name string }
type property struct{ name string }
type loopVariable struct{ slot int }
type member struct {
	of   value
	name string
}
type lowered struct{ of value }

func (n constant) eval(*env) rapport.Value       { return n.v }
func (n trait) eval(x *env) rapport.Value        { return x.subject.Trait(n.name) }
func (n rootField) eval(x *env) rapport.Value    { return x.subject.Field(n.root, n.name) }
func (n property) eval(x *env) rapport.Value     { return x.event.Property(n.name) }
func (n loopVariable) eval(x *env) rapport.Value { return x.items[n.slot] }
func (n member) eval(x *env) rapport.Value       { return n.of.eval(x).Get(n.name) }

func (n lowered) eval(x *env) rapport.Value {
	v := n.of.eval(x)
	if v.Kind() != rapport.Text {
		return rapport.Value{}
	}
	return rapport.TextOf(lower(v.Text()))
}
