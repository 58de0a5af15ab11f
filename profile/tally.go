package profile

import (
	"time"

	"rapport"
)

// Tally is how many events there were on one day, a day of UTC.
type Tally struct {
	Day         int64 // since 1970
	Events      int64 // that came from outside
	Quarantined rapport.Instant
}

const day = rapport.Instant(24 * time.Hour / time.Millisecond)

// Count counts an event for the day on which it happened and reports whether that
// day has had more than limit: then the customer is no person but a machine, and
// what she does until the day is over is not to be folded. Only her latest day is
// counted, so what is imported from the past is not taken for an onslaught.
//
// Of all that a record says, this alone depends on the order of events.
func (r *Record) Count(at rapport.Instant, limit int64) (quarantined bool) {
	n := int64(at / day)
	if n > r.Today.Day || r.Today.Events == 0 {
		r.Today = Tally{Day: n}
	}
	if n < r.Today.Day {
		return false
	}
	r.Today.Events++
	if r.Today.Events > limit {
		r.Today.Quarantined = rapport.Instant(n+1) * day
	}
	return r.Today.Events > limit
}

// join adds the tally of a customer who was kept as another until now.
func (t Tally) join(o Tally) Tally {
	switch {
	case o.Events == 0 || t.Events != 0 && t.Day > o.Day:
		return t
	case t.Events == 0 || o.Day > t.Day:
		return o
	}
	return Tally{Day: t.Day, Events: t.Events + o.Events, Quarantined: max(t.Quarantined, o.Quarantined)}
}

// QuarantinedUntil returns until when her events are not folded, because there
// were too many in a day; 0 if they are folded.
func (r *Record) QuarantinedUntil(now rapport.Instant) rapport.Instant {
	if r.Today.Quarantined > now {
		return r.Today.Quarantined
	}
	return 0
}

// ExpiresAt returns when the record of somebody who is only a device is let go: at
// the end of the day on which she has not been met for so long. It is
// [rapport.Never] for whom a user id is known. By whole days, so that not every
// event of hers moves it.
func (r *Record) ExpiresAt(after time.Duration) rapport.Instant {
	if after < 0 || r.Known() || r.Admitted == 0 {
		return rapport.Never
	}
	return (r.Admitted.Add(after)/day + 1) * day
}
