package journey

import (
	"rapport"
	"rapport/internal/wire"
)

// The encoding: a version byte, then runs, ended runs and remembered events, each
// list with its count in front. An item is a head of small fields with its length
// in front, so a later version may append fields to it, and then its JSON.
const encoding = 1

// Which fields of a head are there.
const (
	flagWatch = 1 << iota
	flagJoined
	flagCheck
	flagGoal
	flagBinding
	flagForever
	flagDue
	flagUnsure
	flagEntered
	flagHeld
	flagCame
	flagReady
	flagDone
	flagLearned
)

// AppendBinary appends the state in its own encoding, the same bytes for the
// same state.
func (st *State) AppendBinary(b []byte) []byte {
	if st.IsEmpty() {
		return b
	}
	var room [256]byte
	b = append(b, encoding)
	b = wire.AppendUint(b, uint64(len(st.runs)))
	for i := range st.runs {
		b = wire.AppendText(b, st.runs[i].appendHead(room[:0]))
		b = wire.AppendText(b, st.runs[i].Entry)
	}
	b = wire.AppendUint(b, uint64(len(st.ends)))
	for i := range st.ends {
		b = wire.AppendText(b, st.ends[i].appendHead(room[:0]))
		b = wire.AppendText(b, st.ends[i].entry)
	}
	b = wire.AppendUint(b, uint64(len(st.heard)))
	for i := range st.heard {
		b = wire.AppendText(b, st.heard[i].appendHead(room[:0]))
		b = wire.AppendText(b, st.heard[i].fields)
	}
	return b
}

// Decode reads what AppendBinary wrote, also what an older version wrote. The
// state shares memory with data, which must not be changed afterwards. No data
// is an empty state.
func Decode(data []byte) (*State, error) {
	st := &State{}
	if len(data) == 0 {
		return st, nil
	}
	r := wire.NewReader(data)
	if r.Byte() != encoding {
		r.Fail()
	}
	if n := r.Count(2); n > 0 {
		st.runs = make([]Run, n)
	}
	for i := range st.runs {
		st.runs[i].readHead(wire.NewReader(r.Bytes()), r)
		st.runs[i].Entry = r.Bytes()
	}
	if n := r.Count(2); n > 0 {
		st.ends = make([]ended, n)
	}
	for i := range st.ends {
		st.ends[i].readHead(wire.NewReader(r.Bytes()), r)
		st.ends[i].entry = r.Bytes()
	}
	if n := r.Count(2); n > 0 {
		st.heard = make([]heard, n)
	}
	for i := range st.heard {
		st.heard[i].readHead(wire.NewReader(r.Bytes()), r)
		st.heard[i].fields = r.Bytes()
	}
	if r.Err() != nil || r.Len() > 0 {
		return nil, &rapport.Error{Kind: rapport.Internal, Message: "the customer's journeys can't be read", Err: wire.ErrMalformed}
	}
	return st, nil
}

func (r *Run) appendHead(b []byte) []byte {
	flags := bitIf(r.watch, flagWatch) | bitIf(r.joined, flagJoined) | bitIf(r.unsure, flagUnsure) | bitIf(r.ready, flagReady) | bitIf(r.done, flagDone) |
		bitIf(len(r.Learned) > 0, flagLearned) | bitIf(r.check != rapport.Never, flagCheck) |
		bitIf(r.goal != 0, flagGoal) | bitIf(r.Due != rapport.Never, flagDue) | bitIf(r.held, flagHeld) | bitIf(r.came, flagCame)
	b = wire.AppendUint(b, flags)
	b = wire.AppendFixed64(b, r.Journey)
	b = wire.AppendFixed64(b, r.Number)
	b = wire.AppendUint(b, uint64(r.Place))
	b = wire.AppendUint(b, r.Version)
	b = wire.AppendText(b, r.Key)
	b = wire.AppendInt(b, int64(r.Entered))
	b = appendFrom(b, r.Since, r.Entered)
	b = appendFrom(b, r.reached, r.Entered)
	if flags&flagDue != 0 {
		b = appendFrom(b, r.Due, r.Entered)
	}
	if flags&flagCheck != 0 {
		b = appendFrom(b, r.check, r.Entered)
	}
	if flags&flagGoal != 0 {
		b = appendFrom(b, r.goal, r.Entered)
	}
	if flags&flagLearned != 0 {
		b = wire.AppendText(b, r.Learned)
	}
	return b
}

func (r *Run) readHead(h, outer *wire.Reader) {
	flags := h.Uint()
	*r = Run{Journey: h.Fixed64(), Number: h.Fixed64(), Place: uint32(h.Uint()), Version: h.Uint(), Key: h.Text()}
	r.Entered = rapport.Instant(h.Int())
	r.Since = readFrom(h, r.Entered)
	r.reached = readFrom(h, r.Entered)
	r.Due, r.check = rapport.Never, rapport.Never
	if flags&flagDue != 0 {
		r.Due = readFrom(h, r.Entered)
	}
	if flags&flagCheck != 0 {
		r.check = readFrom(h, r.Entered)
	}
	if flags&flagGoal != 0 {
		r.goal = readFrom(h, r.Entered)
	}
	if flags&flagLearned != 0 {
		r.Learned = h.Bytes()
	}
	r.watch, r.joined, r.unsure = flags&flagWatch != 0, flags&flagJoined != 0, flags&flagUnsure != 0
	r.held, r.came = flags&flagHeld != 0, flags&flagCame != 0
	r.ready, r.done = flags&flagReady != 0, flags&flagDone != 0
	if h.Err() != nil {
		outer.Fail()
	}
}

func (e *ended) appendHead(b []byte) []byte {
	flags := bitIf(e.binding, flagBinding) | bitIf(e.keep == rapport.Never, flagForever) | bitIf(e.goal != 0, flagGoal) | bitIf(e.entered != 0, flagEntered)
	b = wire.AppendUint(b, flags)
	b = wire.AppendFixed64(b, e.journey)
	b = wire.AppendFixed64(b, e.key)
	b = wire.AppendFixed64(b, e.number)
	b = wire.AppendUint(b, e.version)
	b = wire.AppendInt(b, int64(e.at))
	b = appendFrom(b, e.since, e.at)
	if flags&flagForever == 0 {
		b = appendFrom(b, e.keep, e.at)
	}
	if flags&flagGoal != 0 {
		b = appendFrom(b, e.goal, e.at)
	}
	if flags&flagEntered != 0 {
		b = appendFrom(b, e.entered, e.at)
	}
	return b
}

func (e *ended) readHead(h, outer *wire.Reader) {
	flags := h.Uint()
	*e = ended{journey: h.Fixed64(), key: h.Fixed64(), number: h.Fixed64(), version: h.Uint()}
	e.at = rapport.Instant(h.Int())
	e.since = readFrom(h, e.at)
	e.binding, e.keep = flags&flagBinding != 0, rapport.Never
	if flags&flagForever == 0 {
		e.keep = readFrom(h, e.at)
	}
	if flags&flagGoal != 0 {
		e.goal = readFrom(h, e.at)
	}
	if flags&flagEntered != 0 {
		e.entered = readFrom(h, e.at)
	}
	if h.Err() != nil {
		outer.Fail()
	}
}

func (h *heard) appendHead(b []byte) []byte {
	b = wire.AppendText(b, h.event)
	b = wire.AppendInt(b, int64(h.at))
	return appendFrom(b, h.until, h.at)
}

func (h *heard) readHead(r, outer *wire.Reader) {
	h.event = r.Text()
	h.at = rapport.Instant(r.Int())
	h.until = readFrom(r, h.at)
	if r.Err() != nil {
		outer.Fail()
	}
}

func bitIf(set bool, bit uint64) uint64 {
	if set {
		return bit
	}
	return 0
}

// appendFrom appends an instant by its distance from another, which is short.
func appendFrom(b []byte, at, from rapport.Instant) []byte { return wire.AppendInt(b, int64(at-from)) }

func readFrom(r *wire.Reader, from rapport.Instant) rapport.Instant {
	return from + rapport.Instant(r.Int())
}
