package journey

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"rapport"
)

// State is what is kept of one customer's journeys. The zero State is that of a
// customer who never was in one.
type State struct {
	runs  []Run
	ends  []ended // old to new
	heard []heard // sorted
}

// Run is one passage of a customer through a journey.
type Run struct {
	Journey uint64          // hash of the journey's name: NameHash
	Number  uint64          // a hash of what started it: unlike that of any other run of hers
	Key     string          // the value of the journey's key
	Version uint64          // of the workspace that made the journey what the run follows
	Place   uint32          // hash of the name of the step it stands on; see Journey.StepAt
	Entered rapport.Instant // when it began
	Since   rapport.Instant // when what started it happened
	Due     rapport.Instant // when the step it stands on is over by itself
	Entry   []byte          // the entry event's properties as JSON, at most MaxEntry bytes
	Learned []byte          // what it has learned on its way as JSON: answers by name, and its offer; may be nil

	check   rapport.Instant // when a rule that it watches may change by itself
	reached rapport.Instant // when what brought it to its step happened: only what happened since is waited for
	goal    rapport.Instant // until when the goal counts; 0 if it was reached or there is none
	watch   bool            // it has rules to be asked whenever something happens
	joined  bool            // it comes from a merge: exits that were heard are to be asked again
	unsure  bool            // it waits for a date that could not be told yet: facts are still to be built
	held    bool            // it stands still, since its journey is paused
	came    bool            // what it waits for came while it stood still
	ready   bool            // it stands before an update, or behind one that was told
	done    bool            // with ready: the update was told
	over    bool            // it has ended and will be swept away
}

// ended is what is kept of a run after its end: for re-entry, and for its goal.
type ended struct {
	journey uint64
	key     uint64 // hash of the key
	number  uint64
	version uint64
	at      rapport.Instant // when it ended
	entered rapport.Instant // when it began, where the calendar limits that; else 0
	keep    rapport.Instant // until when this is kept
	binding bool            // it may keep another run from beginning, so it is not dropped before keep
	since   rapport.Instant // of the run
	goal    rapport.Instant // of the run
	entry   []byte          // what the goal's rule reads of the run's entry, as JSON
}

// heard is an event that ends runs, remembered for an entry that is still on its way.
type heard struct {
	event  string
	at     rapport.Instant // when it happened
	until  rapport.Instant // when it is forgotten
	fields []byte          // what the exits' rules read of it, as JSON
}

// Limits of what is kept of one customer.
const (
	MaxRuns  = 200  // at once; further entries are refused
	MaxEntry = 4096 // bytes of the entry event's properties

	maxEnds  = 400 // ended runs; beyond it what only a goal needs is dropped, and no run begins that could not be remembered
	maxHeard = 16  // remembered exits of one event; the latest are kept
	maxKey   = 128 // bytes of a key; a longer one is replaced by its hash

	maxBytes      = 32 << 10 // of all runs and ends, about; beyond it no run begins or begins anew
	maxHeardBytes = 6 << 10  // of all remembered exits; the latest are kept
)

// Runs returns the runs under way. The slice must not be changed.
func (st *State) Runs() []Run { return st.runs }

// Next returns when something next falls due by itself; Never if nothing does.
func (st *State) Next() rapport.Instant {
	next := rapport.Never
	for i := range st.runs {
		next = min(next, st.runs[i].next())
	}
	return next
}

// IsEmpty reports whether there is nothing to keep.
func (st *State) IsEmpty() bool { return len(st.runs) == 0 && len(st.ends) == 0 && len(st.heard) == 0 }

// watched reports whether a run has rules to be asked whenever something happens.
func (st *State) watched() bool {
	for i := range st.runs {
		if st.runs[i].watch || st.runs[i].joined {
			return true
		}
	}
	return false
}

// sweep drops the runs that are over.
func (st *State) sweep() {
	for i := range st.runs {
		if st.runs[i].over {
			st.runs = slices.DeleteFunc(st.runs, func(r Run) bool { return r.over })
			return
		}
	}
}

// expire drops what was kept for a while that has passed.
func (st *State) expire(now rapport.Instant) {
	if len(st.ends) > 0 {
		st.ends = slices.DeleteFunc(st.ends, func(e ended) bool { return e.keep <= now })
	}
	if len(st.heard) > 0 {
		st.heard = slices.DeleteFunc(st.heard, func(h heard) bool { return h.until < now })
	}
}

// find returns the run of a journey and key, -1 if there is none.
func (st *State) find(journey uint64, key string) int {
	for i := range st.runs {
		if r := &st.runs[i]; r.Journey == journey && r.Key == key && !r.over {
			return i
		}
	}
	return -1
}

// lastEnd returns when the last run of a journey and key ended.
func (st *State) lastEnd(journey uint64, key string) (at rapport.Instant, ok bool) {
	if len(st.ends) == 0 {
		return 0, false
	}
	hash := NameHash(key)
	for i := range st.ends {
		if e := &st.ends[i]; e.journey == journey && e.key == hash {
			at, ok = max(at, e.at), true
		}
	}
	return at, ok
}

// full reports whether another run could not be kept, or its end not remembered.
func (st *State) full() bool {
	running, binding := 0, 0
	for i := range st.runs {
		if !st.runs[i].over {
			running++
		}
	}
	for i := range st.ends {
		if st.ends[i].binding {
			binding++
		}
	}
	return running >= MaxRuns || running+binding >= maxEnds
}

// heavy reports whether another entry would take too many bytes; under is the run
// whose place it takes, or -1.
func (st *State) heavy(entry []byte, under int) bool {
	bytes := st.bytes() + min(len(entry), MaxEntry)
	if under >= 0 {
		bytes -= st.runs[under].weight()
	}
	return bytes > maxBytes
}

// bytes is what all runs and ends take, about.
func (st *State) bytes() (n int) {
	for i := range st.runs {
		if r := &st.runs[i]; !r.over {
			n += r.weight()
		}
	}
	for i := range st.ends {
		n += len(st.ends[i].entry) + headBytes
	}
	return n
}

// headBytes is what a run or an end takes without its texts, about.
const headBytes = 60

func (r *Run) weight() int { return len(r.Entry) + len(r.Learned) + len(r.Key) + headBytes }

// remember keeps an ended run. Where there are too many, the oldest that only a
// goal needs makes room.
func (st *State) remember(e ended) {
	st.ends = append(st.ends, e)
	if len(st.ends) > maxEnds {
		if i := slices.IndexFunc(st.ends, func(e ended) bool { return !e.binding }); i >= 0 {
			st.ends = slices.Delete(st.ends, i, i+1)
		}
	}
}

// hear remembers an exit event. One like another is kept once, with the later time.
func (st *State) hear(h heard) {
	for i := range st.heard {
		if o := &st.heard[i]; o.event == h.event && bytes.Equal(o.fields, h.fields) {
			h.at, h.until = max(o.at, h.at), max(o.until, h.until)
			st.heard = slices.Delete(st.heard, i, i+1)
			break
		}
	}
	i, _ := slices.BinarySearchFunc(st.heard, h, compareHeard)
	st.heard = slices.Insert(st.heard, i, h)
	st.forget(h.event)
	st.lighten()
}

// lighten drops the earliest memories of all if they take too many bytes.
func (st *State) lighten() {
	size := 0
	for _, h := range st.heard {
		size += len(h.fields) + len(h.event)
	}
	for size > maxHeardBytes {
		first := 0
		for i := range st.heard {
			if st.heard[i].at < st.heard[first].at {
				first = i
			}
		}
		size -= len(st.heard[first].fields) + len(st.heard[first].event)
		st.heard = slices.Delete(st.heard, first, first+1)
	}
}

// forget drops the earliest of an event's memories if there are too many.
func (st *State) forget(event string) {
	of := func(h heard) bool { return h.event == event }
	first := slices.IndexFunc(st.heard, of)
	if last := len(st.heard) - 1; first >= 0 {
		for !of(st.heard[last]) {
			last--
		}
		if excess := last + 1 - first - maxHeard; excess > 0 {
			st.heard = slices.Delete(st.heard, first, first+excess)
		}
	}
}

func compareHeard(a, b heard) int {
	return cmp.Or(strings.Compare(a.event, b.event), cmp.Compare(a.at, b.at), bytes.Compare(a.fields, b.fields))
}

func compareEnds(a, b ended) int {
	return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.journey, b.journey), cmp.Compare(a.number, b.number))
}
