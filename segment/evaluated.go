package segment

// Evaluated reports whether a state was evaluated under this Set.
func (set *Set) Evaluated(st *State) bool { return st.set == set.hash }
