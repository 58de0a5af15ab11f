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
	Links    []Link             // of a device: who logged in on it, by the instant she first did, then by key
	Detached bool               // of a device: it was told apart from its user by hand and stays so
}

// Link says when a user was first seen on a device.
type Link struct {
	User rapport.IdentifierKey
	At   rapport.Instant
}

// Directory keeps the rows of identifiers. It may load them as they are asked for.
type Directory interface {
	// Row returns what is known of an identifier, nil if it was never seen.
	// The row must not be changed.
	Row(rapport.IdentifierKey) *Row
	// SetRow puts another row in its place, which the directory may keep.
	SetRow(rapport.IdentifierKey, *Row)
}

// Identities decides whose an event is. It is a function of the links that were
// ever seen, with their timestamps, so the order in which they arrive does not
// matter:
//
//   - what carries a user id belongs to that user's customer;
//   - what carries only a device belongs to the user who was first seen on that
//     device, from the beginning until somebody else is first seen on it. From
//     then on the device is shared, and what is done on it without logging in
//     belongs to the device alone;
//   - what carries only a device that nobody ever logged in on is the device's;
//   - an alias makes two user ids one customer.
type Identities struct {
	Key       rapport.Key
	Directory Directory
}

// Attribution says whose an event is, and what it changes in who is who. The
// changes come before the event is folded, in this order.
type Attribution struct {
	Customer rapport.CustomerID
	Joins    []Join   // two customers are one from now on; nil for most events
	Relinks  []Relink // a device's anonymous events belong to somebody else; nil for most
}

// Join says that one customer is another from now on.
type Join struct {
	From, Into rapport.CustomerID
	Via        rapport.Identifier
}

// Relink says that the ownership of a device's anonymous events has changed
// among these customers. Their records must be looked at: see [Record.Note].
type Relink struct {
	Device   rapport.Identifier
	Affected []rapport.CustomerID // sorted, without repeats
}

// Attribute decides whose an event is and notes what it tells in the directory.
func (x *Identities) Attribute(e *rapport.Event) Attribution {
	if e.UserID == "" {
		return Attribution{Customer: x.ownerOf(e.AnonymousID, e.Timestamp)}
	}
	key, customer := x.user(e.UserID)
	a := Attribution{Customer: customer}
	if e.AnonymousID != "" {
		x.link(&a, e.AnonymousID, key, e.Timestamp)
	}
	if e.Type == rapport.Alias && e.PreviousID != "" && e.PreviousID != e.UserID {
		x.alias(&a, e.PreviousID, key, e.Timestamp)
	}
	a.Customer = x.Root(a.Customer)
	return a
}

// user returns the customer of a user id, and makes her if she is new.
func (x *Identities) user(id string) (rapport.IdentifierKey, rapport.CustomerID) {
	key := x.Key.Identifier(rapport.Identifier{Kind: rapport.UserID, Value: id})
	if x.Directory.Row(key) == nil {
		x.Directory.SetRow(key, &Row{Kind: rapport.UserID, Parent: key.CustomerID()})
	}
	return key, x.Root(key.CustomerID())
}

// Root follows the joins from a customer to the one she is by now.
func (x *Identities) Root(id rapport.CustomerID) rapport.CustomerID {
	for {
		row := x.Directory.Row(rapport.IdentifierKey(id))
		if row == nil || row.Kind != rapport.UserID || row.Parent == id {
			return id
		}
		id = row.Parent
	}
}

// ownerOf returns whose an anonymous event on a device is.
func (x *Identities) ownerOf(device string, at rapport.Instant) rapport.CustomerID {
	key := x.Key.Identifier(rapport.Identifier{Kind: rapport.AnonymousID, Value: device})
	row := x.Directory.Row(key)
	if row == nil {
		row = &Row{Kind: rapport.AnonymousID}
		x.Directory.SetRow(key, row)
	}
	if owner := x.ownership(key, row); at < owner.until {
		return owner.first
	}
	return key.CustomerID()
}

// ownership is whose a device's anonymous events are: first's before until, the
// device's own from then on.
type ownership struct {
	first rapport.CustomerID
	until rapport.Instant
}

func (x *Identities) ownership(key rapport.IdentifierKey, row *Row) ownership {
	if row == nil || row.Detached || len(row.Links) == 0 {
		return ownership{first: key.CustomerID(), until: rapport.Never}
	}
	first := x.Root(row.Links[0].User.CustomerID())
	for _, link := range row.Links[1:] {
		if x.Root(link.User.CustomerID()) != first {
			return ownership{first: first, until: link.At}
		}
	}
	return ownership{first: first, until: rapport.Never}
}

// link notes that a user was seen on a device.
func (x *Identities) link(a *Attribution, device string, user rapport.IdentifierKey, at rapport.Instant) {
	id := rapport.Identifier{Kind: rapport.AnonymousID, Value: device}
	key := x.Key.Identifier(id)
	row := x.Directory.Row(key)
	if row == nil {
		x.Directory.SetRow(key, &Row{Kind: rapport.AnonymousID, Links: []Link{{user, at}}})
		return
	}
	linked, changed := row.withLink(Link{user, at})
	if !changed {
		return
	}
	x.Directory.SetRow(key, linked)
	before, after := x.ownership(key, row), x.ownership(key, linked)
	switch {
	case before == after || row.Detached:
	case len(row.Links) == 0:
		a.Joins = append(a.Joins, Join{From: key.CustomerID(), Into: after.first, Via: id})
	default:
		affected := []rapport.CustomerID{before.first, after.first, key.CustomerID()}
		slices.SortFunc(affected, compareCustomers)
		a.Relinks = append(a.Relinks, Relink{Device: id, Affected: slices.Compact(affected)})
	}
}

func compareCustomers(a, b rapport.CustomerID) int { return slices.Compare(a[:], b[:]) }

// withLink returns the row with a link at its place: of one user the earliest
// instant counts.
func (r *Row) withLink(l Link) (*Row, bool) {
	links := slices.Clone(r.Links)
	if i := slices.IndexFunc(links, func(k Link) bool { return k.User == l.User }); i >= 0 {
		if links[i].At <= l.At {
			return r, false
		}
		links = slices.Delete(links, i, i+1)
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

// alias makes a previous id one with a user. An alias does not say whether that
// was a user's id or a device's, so it is taken as both: the user of that name is
// the same person, and the device of that name was hers at that time. Of two
// customers the lower id survives, whichever came first.
func (x *Identities) alias(a *Attribution, previous string, user rapport.IdentifierKey, at rapport.Instant) {
	_, other := x.user(previous)
	into, from := x.Root(user.CustomerID()), other
	if into != from {
		if compareCustomers(from, into) < 0 {
			into, from = from, into
		}
		x.Directory.SetRow(rapport.IdentifierKey(from), &Row{Kind: rapport.UserID, Parent: into})
		a.Joins = append(a.Joins, Join{From: from, Into: into, Via: rapport.Identifier{Kind: rapport.UserID, Value: previous}})
	}
	x.link(a, previous, user, at)
}

// Recheck returns what a join or its undoing has changed for the devices of a
// record: whose their anonymous events are may follow from who is who.
func (x *Identities) Recheck(r *Record) []Relink {
	var relinks []Relink
	for i := range r.Identifiers {
		id := &r.Identifiers[i]
		if id.Kind != rapport.AnonymousID {
			continue
		}
		if from, until := x.Interval(id.Identifier, r.ID); from == id.From && until == id.Until {
			continue
		}
		key := x.Key.Identifier(id.Identifier)
		affected := []rapport.CustomerID{r.ID, x.ownership(key, x.Directory.Row(key)).first, key.CustomerID()}
		slices.SortFunc(affected, compareCustomers)
		relinks = append(relinks, Relink{Device: id.Identifier, Affected: slices.Compact(affected)})
	}
	return relinks
}

// Interval returns since when and until when a device's anonymous events are a
// customer's, in the form of [Identity].
func (x *Identities) Interval(device rapport.Identifier, customer rapport.CustomerID) (from, until rapport.Instant) {
	key := x.Key.Identifier(device)
	owner := x.ownership(key, x.Directory.Row(key))
	switch {
	case customer == owner.first:
		return 0, owner.until
	case customer == key.CustomerID() && owner.until != rapport.Never:
		return owner.until, rapport.Never
	}
	return 0, 0
}

// Note makes sure that the record names the identifiers that an event of hers
// came with, and reports whether a device's interval was set anew.
func (r *Record) Note(x *Identities, e *rapport.Event) {
	if e.UserID != "" {
		r.add(Identity{Identifier: rapport.Identifier{Kind: rapport.UserID, Value: e.UserID}})
	}
	if e.Type == rapport.Alias && e.PreviousID != "" {
		r.add(Identity{Identifier: rapport.Identifier{Kind: rapport.UserID, Value: e.PreviousID}})
	}
	if e.AnonymousID == "" {
		return
	}
	device := rapport.Identifier{Kind: rapport.AnonymousID, Value: e.AnonymousID}
	if r.Identity(device) == nil {
		from, until := x.Interval(device, r.ID)
		r.add(Identity{Identifier: device, From: from, Until: until})
	}
}

// maxIdentifiers bounds the identifiers of one customer; further ones still lead
// to her and are not listed.
const maxIdentifiers = 400

func (r *Record) add(id Identity) {
	i, found := findIdentity(r.Identifiers, id.Identifier)
	if !found && len(r.Identifiers) < maxIdentifiers {
		r.Identifiers = slices.Insert(r.Identifiers, i, id)
	}
}

// Relink sets the interval of a device anew and reports whether events were
// folded that by now are somebody else's; then the record must be built again
// from its events.
func (r *Record) Relink(x *Identities, device rapport.Identifier) (strayed bool) {
	id := r.Identity(device)
	if id == nil {
		return false
	}
	id.From, id.Until = x.Interval(device, r.ID)
	return id.strayed()
}

// Undo takes a join back in the directory: the customer who was joined is one of
// her own again, and a device stays apart from its user for good. The records of
// both must then be built again from their events.
func (x *Identities) Undo(m Merge) {
	key := rapport.IdentifierKey(m.From)
	row := x.Directory.Row(key)
	if row == nil {
		return
	}
	undone := *row
	if row.Kind == rapport.UserID {
		undone.Parent = m.From
	} else {
		undone.Detached = true
	}
	x.Directory.SetRow(key, &undone)
}

// AppendBinary appends the row's encoding; fields may only be added at the end.
func (r *Row) AppendBinary(b []byte) []byte {
	b = append(b, byte(r.Kind))
	if r.Kind == rapport.UserID {
		return append(b, r.Parent[:]...)
	}
	detached := byte(0)
	if r.Detached {
		detached = 1
	}
	b = wire.AppendUint(append(b, detached), uint64(len(r.Links)))
	for _, l := range r.Links {
		b = appendInstant(append(b, l.User[:]...), l.At)
	}
	return b
}

// DecodeRow reads a row.
func DecodeRow(data []byte) (*Row, error) {
	in := wire.NewReader(data)
	r := &Row{Kind: rapport.IdentifierKind(in.Byte())}
	if r.Kind == rapport.UserID {
		copy(r.Parent[:], in.Take(len(r.Parent)))
	} else {
		r.Detached = in.Byte() == 1
		r.Links = make([]Link, in.Count(17))
		for i := range r.Links {
			copy(r.Links[i].User[:], in.Take(16))
			r.Links[i].At = readInstant(in)
		}
	}
	if in.Err() != nil {
		return nil, rapport.Errorf(rapport.Internal, "the row of an identifier is damaged")
	}
	return r, nil
}

// Owner returns whose an event is by what is known now, without noting anything.
func (x *Identities) Owner(e *rapport.Event) rapport.CustomerID {
	if e.UserID != "" {
		return x.Root(x.Key.Identifier(rapport.Identifier{Kind: rapport.UserID, Value: e.UserID}).CustomerID())
	}
	key := x.Key.Identifier(rapport.Identifier{Kind: rapport.AnonymousID, Value: e.AnonymousID})
	if owner := x.ownership(key, x.Directory.Row(key)); e.Timestamp < owner.until {
		return owner.first
	}
	return key.CustomerID()
}
