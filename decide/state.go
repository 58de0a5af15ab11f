package decide

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"rapport"
	"rapport/internal/wire"
)

// State is the customer's recent contacts. The zero State is that of a customer
// who was never written to.
type State struct {
	contacts []Contact // by At, then message
}

// Contact is one message that was decided to go out.
type Contact struct {
	Message rapport.MessageID
	At      rapport.Instant
	Channel rapport.Channel
	Class   rapport.Class
}

// maxContacts is how many contacts are kept of one customer. Whoever was written
// to more often is over every cap anyway.
const maxContacts = 500

// Contacts returns the contacts that are kept, oldest first. The slice must not be changed.
func (st *State) Contacts() []Contact { return st.contacts }

// add remembers a contact, once, and forgets those before an instant.
func (st *State) add(c Contact, since rapport.Instant) {
	if st.find(c.Message) < 0 {
		i, _ := slices.BinarySearchFunc(st.contacts, c, compareContacts)
		st.contacts = slices.Insert(st.contacts, i, c)
	}
	old, _ := slices.BinarySearchFunc(st.contacts, since, func(c Contact, at rapport.Instant) int { return cmp.Compare(c.At, at) })
	st.contacts = slices.Delete(st.contacts, 0, max(old, len(st.contacts)-maxContacts))
}

// Release takes a contact back: its message was not handed over after all.
func (st *State) Release(id rapport.MessageID) {
	if i := st.find(id); i >= 0 {
		st.contacts = slices.Delete(st.contacts, i, i+1)
	}
}

func (st *State) find(id rapport.MessageID) int {
	return slices.IndexFunc(st.contacts, func(c Contact) bool { return c.Message == id })
}

func compareContacts(a, b Contact) int {
	return cmp.Or(cmp.Compare(a.At, b.At), bytes.Compare(a.Message[:], b.Message[:]),
		strings.Compare(string(a.Channel), string(b.Channel)), cmp.Compare(a.Class, b.Class))
}

// IsEmpty reports whether there is nothing to keep.
func (st *State) IsEmpty() bool { return len(st.contacts) == 0 }

// Merge returns the contacts of a customer who was kept as two: all of them,
// each once, the newest if there are too many. It does not depend on which half
// is called a. Neither is changed.
func Merge(a, b *State) *State {
	m := &State{}
	all := slices.Concat(a.contacts, b.contacts)
	slices.SortFunc(all, compareContacts)
	for _, c := range all {
		if m.find(c.Message) < 0 {
			m.contacts = append(m.contacts, c)
		}
	}
	m.contacts = m.contacts[max(0, len(m.contacts)-maxContacts):]
	return m
}

// The encoding: a version byte, the number of contacts, and each contact with
// its length in front, so that a later version may append fields to it.
const encoding = 1

// AppendBinary appends the state in its own encoding, the same bytes for the
// same state.
func (st *State) AppendBinary(b []byte) []byte {
	if st.IsEmpty() {
		return b
	}
	b = wire.AppendUint(append(b, encoding), uint64(len(st.contacts)))
	var room [64]byte
	before := rapport.Instant(0)
	for _, c := range st.contacts {
		item := append(room[:0], c.Message[:]...)
		item = wire.AppendInt(item, int64(c.At-before))
		item = append(item, byte(c.Class))
		item = wire.AppendText(item, c.Channel)
		b = wire.AppendText(b, item)
		before = c.At
	}
	return b
}

// Decode reads what AppendBinary wrote, also what an older version wrote. No
// data is an empty state.
func Decode(data []byte) (*State, error) {
	st := &State{}
	if len(data) == 0 {
		return st, nil
	}
	r := wire.NewReader(data)
	if r.Byte() != encoding {
		r.Fail()
	}
	n := r.Count(20)
	before := rapport.Instant(0)
	for range n {
		item := wire.NewReader(r.Bytes())
		var c Contact
		copy(c.Message[:], item.Take(len(c.Message)))
		c.At = before + rapport.Instant(item.Int())
		c.Class = rapport.Class(item.Byte())
		c.Channel = rapport.Channel(item.Text())
		if item.Err() != nil {
			r.Fail()
			break
		}
		st.contacts = append(st.contacts, c)
		before = c.At
	}
	if r.Err() != nil || r.Len() > 0 || !slices.IsSortedFunc(st.contacts, compareContacts) {
		return nil, &rapport.Error{Kind: rapport.Internal, Message: "the customer's contacts can't be read", Err: wire.ErrMalformed}
	}
	return st, nil
}
