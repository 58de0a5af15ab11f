package profile

import (
	"cmp"
	"slices"

	"rapport"
	"rapport/internal/wire"
)

// maxLinks is how many people a device is remembered to have been used by; the
// earliest are, since they decide whose it was.
const maxLinks = 16

// Row is what the directory knows of one identifier.
//
// User ids form a forest: a user's Parent is the customer she belongs to, and a
// customer who was joined into another points on. The end of that way is the
// customer's id. Ways are never shortened, so a join can be taken back by cutting
// one link.
type Row struct {
	Kind     rapport.IdentifierKind
	Parent   rapport.CustomerID // of a user id
	Apart    []Apart            // of a user id: from whom she was told apart by hand
	Links    []Link             // of a device: who logged in on it, by the instant she first did, then by key
	Detached rapport.Instant    // of a device: when it was told apart from its user by hand; 0: it was not
}

// Apart says that two customers were told apart at an instant. What was said of
// them before does not join them again.
type Apart struct {
	From rapport.CustomerID
	At   rapport.Instant
}

// maxApart is how often a customer is remembered to have been told apart.
const maxApart = 32

// Link says when a user was first seen on a device.
type Link struct {
	User rapport.IdentifierKey
	At   rapport.Instant
}

// withLink returns the row with a link at its place: of one user the earliest
// instant counts.
func (r *Row) withLink(l Link) (*Row, bool) {
	known := slices.IndexFunc(r.Links, func(k Link) bool { return k.User == l.User })
	if known >= 0 && r.Links[known].At <= l.At {
		return r, false
	}
	links := slices.Clone(r.Links)
	if known >= 0 {
		links = slices.Delete(links, known, known+1)
	}
	i, _ := slices.BinarySearchFunc(links, l, func(a, b Link) int {
		return cmp.Or(cmp.Compare(a.At, b.At), slices.Compare(a.User[:], b.User[:]))
	})
	if i >= maxLinks {
		return r, false
	}
	links = slices.Insert(links, i, l)
	linked := *r
	linked.Links = links[:min(len(links), maxLinks)]
	return &linked, true
}

// withApart returns the row with more of whom she was told apart from.
func (r *Row) withApart(more ...Apart) *Row {
	parted := *r
	parted.Apart = slices.Concat(r.Apart, more)
	parted.Apart = parted.Apart[max(0, len(parted.Apart)-maxApart):]
	return &parted
}

// AppendBinary appends the row's encoding; fields may only be added at the end.
func (r *Row) AppendBinary(b []byte) []byte {
	b = append(b, byte(r.Kind))
	if r.Kind == rapport.UserID {
		b = wire.AppendUint(append(b, r.Parent[:]...), uint64(len(r.Apart)))
		for _, a := range r.Apart {
			b = appendInstant(append(b, a.From[:]...), a.At)
		}
		return b
	}
	b = wire.AppendUint(appendInstant(b, r.Detached), uint64(len(r.Links)))
	for _, l := range r.Links {
		b = appendInstant(append(b, l.User[:]...), l.At)
	}
	return b
}

func readHash(in *wire.Reader) (hash [16]byte) {
	copy(hash[:], in.Take(len(hash)))
	return hash
}

// DecodeRow reads a row.
func DecodeRow(data []byte) (*Row, error) {
	in := wire.NewReader(data)
	r := &Row{Kind: rapport.IdentifierKind(in.Byte())}
	if r.Kind == rapport.UserID {
		copy(r.Parent[:], in.Take(len(r.Parent)))
		for range in.Count(17) {
			r.Apart = append(r.Apart, Apart{rapport.CustomerID(readHash(in)), readInstant(in)})
		}
	} else {
		r.Detached = readInstant(in)
		for range in.Count(17) {
			r.Links = append(r.Links, Link{rapport.IdentifierKey(readHash(in)), readInstant(in)})
		}
	}
	if in.Err() != nil {
		return nil, rapport.Errorf(rapport.Internal, "the row of an identifier is damaged")
	}
	return r, nil
}
