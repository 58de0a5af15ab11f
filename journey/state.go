package journey

import "rapport"

// State is what is kept of one customer's journeys. The zero State is that of a
// customer who never was in one.
type State struct {
	runs []Run
}

// Run is one passage of a customer through a journey.
type Run struct {
	Journey uint64          // hash of the journey's name: NameHash
	Number  uint64          // a hash of what started it: unlike that of any other run of hers
	Key     string          // the value of the journey's key
	Version uint64          // of the workspace in which it began
	Place   uint32          // hash of the name of the step it stands on
	Entered rapport.Instant // when it began
	Since   rapport.Instant // when what started it happened
	Due     rapport.Instant // when the step it stands on is over by itself
	Entry   []byte          // the entry event's properties as JSON, at most MaxEntry bytes
}

// Limits of what is kept of one customer.
const (
	MaxRuns  = 200  // at once; further entries are refused
	MaxEntry = 4096 // bytes of the entry event's properties
)

// Runs returns the runs under way, oldest first. The slice must not be changed.
func (st *State) Runs() []Run { return st.runs }

// Next returns when something next falls due by itself; Never if nothing does.
func (st *State) Next() rapport.Instant { return rapport.Never }

// IsEmpty reports whether there is nothing to keep.
func (st *State) IsEmpty() bool { return len(st.runs) == 0 }

// AppendBinary appends the state in its own encoding, the same bytes for the
// same state.
func (st *State) AppendBinary(b []byte) []byte { return b }

// Decode reads what AppendBinary wrote, also what an older version wrote. The
// state shares memory with data, which must not be changed afterwards. No data
// is an empty state.
func Decode(data []byte) (*State, error) { return &State{}, nil }

// Merge returns the state of a customer who was kept as two, and the end of each
// run that does not live on: of two runs of the same journey and key the older
// survives. The result does not depend on which half is called a. Neither is
// changed, but the result shares memory with both.
func Merge(a, b *State, now rapport.Instant) (*State, []Effect) { return &State{}, nil }

// NameHash returns the hash under which runs keep the name of their journey.
func NameHash(journey string) uint64 { return 0 }
