package collect

import (
	"cmp"
	"strconv"

	"rapport"
)

// moment is a time that an item or its batch states. The zero moment is none.
type moment struct {
	at    rapport.Instant
	known bool
	bad   bool // something was stated, but no time
}

// moment reads a time: a text (see [rapport.ParseInstant]) or milliseconds since 1970.
func (p *parser) moment(at span) moment {
	if at.len() == 0 || p.data[at.from] == 'n' {
		return moment{}
	}
	said := p.words(at)
	if p.data[at.from] == '"' {
		if said == "" {
			return moment{}
		}
		instant, err := rapport.ParseInstant(said)
		return moment{instant, err == nil, err != nil}
	}
	millis, err := strconv.ParseFloat(cmp.Or(said, "none"), 64)
	instant, ok := rapport.NumberOf(millis).Instant()
	ok = ok && err == nil
	return moment{instant, ok, !ok}
}

// or returns m if it states anything, else other.
func (m moment) or(other moment) moment {
	if m.known || m.bad {
		return m
	}
	return other
}

// date sets when an event happened and reports whether that is what its sender
// said.
func (p *parser) date(e *rapport.Event, d *draft) bool {
	sent := d.sentAt.or(p.sentAt)
	when := d.timestamp.or(d.original)
	if sent.known && d.original.known {
		when = d.original
	}
	var ok bool
	e.Timestamp, ok = happened(when.or(p.timestamp), sent, e.ReceivedAt)
	return ok
}

// year1990 is before all that shops kept in computers and bring along, and after
// the zero of every clock that was never set (1970, 1980).
const year1990 rapport.Instant = 631152000000

// happened tells the receiver's time of an event from the sender's.
func happened(when, sent moment, received rapport.Instant) (rapport.Instant, bool) {
	if !when.known {
		return received, !when.bad
	}
	at := when.at
	if sent.known {
		at = received - (sent.at - when.at)
	}
	if at < year1990 {
		return received, false
	}
	return min(at, received), true
}
