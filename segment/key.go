package segment

// Key is the short form of a segment's name under which a customer's state keeps
// her membership. It says nothing of the segment's rule.
type Key uint64

// KeyOf returns the key of a name.
func KeyOf(name string) Key { return Key(keyOf(name)) }

// Name returns which segment of the Set has a key, and false if none has.
func (set *Set) Name(key Key) (string, bool) {
	i, ok := set.byKey[uint64(key)]
	if !ok {
		return "", false
	}
	return set.segments[i].name, true
}

// Keys calls visit with the key of each segment she is in, in ascending order:
// also of those that the Set in force doesn't know any more.
func (st *State) Keys(visit func(Key)) {
	for i := range st.entries {
		if st.entries[i].member {
			visit(Key(st.entries[i].key))
		}
	}
}

// MemberOf reports whether she is in the segment of a key.
func (st *State) MemberOf(key Key) bool {
	i, found := st.find(uint64(key))
	return found && st.entries[i].member
}
