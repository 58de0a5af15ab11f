package journey

import (
	"encoding/binary"
	"maps"
	"slices"

	"github.com/cespare/xxhash/v2"

	"rapport"
)

// Standing says whether a journey is in force.
type Standing uint8

// The standings.
const (
	Active   Standing = iota
	Paused            // nobody enters, and runs stand still
	Archived          // nobody enters, and runs end
)

// String returns the word that the API uses.
func (s Standing) String() string { return [...]string{"active", "paused", "archived"}[s] }

// MarshalText returns what String returns.
func (s Standing) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what String returns.
func (s *Standing) UnmarshalText(text []byte) error {
	for k := Active; k <= Archived; k++ {
		if k.String() == string(text) {
			*s = k
			return nil
		}
	}
	return rapport.Errorf(rapport.Invalid, "%q is no standing of a journey: write active, paused or archived", text)
}

// With returns the set with some journeys, by name, in another standing, whether they
// are in it or not. The others are active.
func (x *Set) With(standings map[string]Standing) *Set {
	y := *x
	y.standings, y.inactive, y.digest = map[uint64]Standing{}, nil, x.content
	for _, name := range slices.Sorted(maps.Keys(standings)) {
		s := standings[name]
		if s == Active {
			continue
		}
		y.standings[NameHash(name)] = s
		y.digest = xxhash.Sum64(append(binary.LittleEndian.AppendUint64(nil, y.digest), name+s.String()...))
		y.inactive = append(y.inactive, name)
	}
	return &y
}

// Standing returns the standing of a journey, which is Active unless said otherwise.
func (x *Set) Standing(name string) Standing { return x.standings[NameHash(name)] }

// Inactive returns the names of the journeys that are not active, in order. The slice must
// not be changed.
func (x *Set) Inactive() []string { return x.inactive }

// closed returns why nobody may enter a journey; "" if that is not so.
func (x *Set) closed(j *Journey) Reason {
	switch x.standings[j.hash] {
	case Paused:
		return WhilePaused
	case Archived:
		return WhenArchived
	}
	return ""
}

// settle brings the runs up to the journeys that are in force: to their versions and
// their standings.
func (w *walk) settle() {
	for i := range w.st.runs {
		run := &w.st.runs[i]
		standing := w.set.standings[run.Journey]
		switch {
		case run.over:
		case standing == Archived:
			w.end(run, WhenArchived, "")
		default:
			w.carry(run)
			w.hold(run, standing == Paused)
		}
	}
}

// hold lets a run stand still, or lets it go on.
func (w *walk) hold(run *Run, held bool) {
	if run.held == held {
		return
	}
	run.held = held
	j := w.set.of(run)
	if j == nil {
		return
	}
	at, ok := j.at(run.Place)
	if !ok {
		return
	}
	n := &j.nodes[at]
	if !held {
		w.catchUp(run, n)
	}
	w.watch(j, run, n)
}

// catchUp lets what fell due for a run while it stood still fall due now: what comes
// next is judged as of now. A wait for a time of day ends when it is that time again.
func (w *walk) catchUp(run *Run, n *node) {
	if run.Due >= w.now && !run.came {
		return
	}
	run.Due = w.now
	run.unsure = run.unsure || n.date != nil // a date that came meanwhile was not missed
	if n.kind == waitNode && n.date == nil {
		run.Due = n.clock.next(w.now, w.view.Zone())
	}
}

// stand is what an event comes to for a run that stands still: what it waited for has
// come, and is not forgotten.
func (w *walk) stand(j *Journey, run *Run, n *node) {
	if n.kind == untilNode && w.event != nil && w.awaited(n, run) {
		run.came = true
	}
	w.watch(j, run, n)
}

// next returns when something falls due for a run by itself. While it stands still that
// is only what may end it.
func (r *Run) next() rapport.Instant {
	if r.held {
		return r.check
	}
	return min(r.Due, r.check)
}
