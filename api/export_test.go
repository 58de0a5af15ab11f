package api

// Shares returns what takes bytes for one of some calls from a room with a limit, of
// which none is free, and reports whether there was room.
func Shares(limit int64, calls int) (take func(call, n int) bool) {
	r, shares := newRoom(), make([]*share, calls)
	for i := range shares {
		shares[i] = &share{room: r, limit: limit}
	}
	return func(call, n int) bool { return shares[call].take(n) }
}
