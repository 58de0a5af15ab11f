package api

import (
	"context"
	"io"
	"runtime"
	"sync/atomic"

	"rapport"
)

// How much memory the calls being served may take. Each has room for a body of
// freeBody bytes; what larger ones hold beyond that, until they are answered,
// comes out of a store that all of them share. So a flood of large bodies, or of
// such as never end, keeps out large bodies and neither fills the memory nor keeps
// out what pages and apps send.
const (
	freeBody = 64 << 10
	allHeld  = 64 << 20
)

var errNoRoom = &rapport.Error{
	Kind: rapport.Exhausted, Code: "too_many_bodies",
	Message: "Too much is being sent at once. Send this again in a moment.",
}

// room is what bodies share. Parsing takes some ten times what a body has, for
// moments only, and keeps a processor busy: more at once than there are processors
// would be no faster.
type room struct {
	taken   atomic.Int64
	parsing chan struct{}
}

func newRoom() *room { return &room{parsing: make(chan struct{}, runtime.GOMAXPROCS(0))} }

// parse runs a parser once there is a processor for it.
func (r *room) parse(ctx context.Context, run func()) error {
	select {
	case r.parsing <- struct{}{}:
		defer func() { <-r.parsing }()
		run()
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// share is what one call holds of a room.
type share struct {
	room  *room
	limit int64 // of all shares
	free  int   // bytes that it may have besides
	taken int64
}

// take notes that the call holds n bytes more, and reports whether there is room. If
// there is none it takes none of what all share, so that who is refused takes nobody
// else's.
func (s *share) take(n int) bool {
	besides := min(n, s.free)
	s.free -= besides
	more := int64(n - besides)
	for more > 0 {
		taken := s.room.taken.Load()
		if taken+more > s.limit {
			return false
		}
		if s.room.taken.CompareAndSwap(taken, taken+more) {
			s.taken += more
			break
		}
	}
	return true
}

func (s *share) giveBack() { s.room.taken.Add(-s.taken) }

// weighed is a reader of a body that is kept in memory as far as it is read.
type weighed struct {
	io.Reader
	share *share
}

// Read reads on; errNoRoom if there is no room for it.
func (w weighed) Read(p []byte) (int, error) {
	n, err := w.Reader.Read(p)
	if !w.share.take(n) {
		return n, errNoRoom
	}
	return n, err
}
