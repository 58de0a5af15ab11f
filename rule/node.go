package rule

import (
	"sync"
	"time"

	"rapport"
)

// env is all that an evaluation reads. It is passed by value and fits the
// registers, so that evaluating allocates nothing.
type env struct {
	subject Subject
	now     rapport.Instant
	event   Event  // inside a fact's filter or measure
	frame   *frame // the variables of list loops; nil if the rule has none
}

func (x env) zone() *time.Location {
	if z := x.subject.Zone(); z != nil {
		return z
	}
	return time.UTC
}

// maxLoops is how deep list loops may stand in one another.
const maxLoops = 4

// frame holds the variables of list loops.
type frame [maxLoops]rapport.Value

// frames lends frames to evaluations that need one.
type frames struct {
	needed bool
	pool   *sync.Pool
}

func newFrames(needed bool) frames {
	return frames{needed: needed, pool: &sync.Pool{New: func() any { return new(frame) }}}
}

func (f *frames) get() *frame {
	if !f.needed {
		return nil
	}
	return f.pool.Get().(*frame)
}

func (f *frames) put(lent *frame) {
	if lent != nil {
		*lent = frame{}
		f.pool.Put(lent)
	}
}

// cond is a compiled condition.
type cond interface {
	eval(x env) Truth
	// flip returns the answer and the first instant at which it may be another;
	// that instant may lie in the past, which means "at once".
	flip(x env) (Truth, rapport.Instant)
	explain(x env) *Trace
}

// number is a compiled expression that yields a number.
type number interface {
	eval(x env) (float64, bool)
	next(x env) rapport.Instant // when its value may next be another
}

// value is a compiled expression that yields a value as it was stored. It never
// changes as time passes.
type value interface {
	eval(x env) rapport.Value
}
