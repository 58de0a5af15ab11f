package profile

import (
	"slices"

	"rapport"
)

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
//   - an alias makes two user ids one customer, and counts as logging in on the
//     device of the previous id's name.
//
// Of two who were first seen at one instant the one with the lower key was first.
// Of several customers who are one the lowest id is hers. A join that was undone
// stays so whatever of the time before arrives, an alias of later says it anew.
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
		x.link(&a, e.AnonymousID, Link{key, max(e.Timestamp, 1)}, false)
	}
	if e.Type == rapport.Alias && e.PreviousID != "" && e.PreviousID != e.UserID {
		x.alias(&a, e.PreviousID, Link{key, max(e.Timestamp, 1)})
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
	if row == nil || row.Detached != 0 || len(row.Links) == 0 {
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

// link notes that a user was seen on a device. Told says that somebody said so,
// which counts also of a device that was told apart before.
func (x *Identities) link(a *Attribution, device string, l Link, told bool) {
	id := rapport.Identifier{Kind: rapport.AnonymousID, Value: device}
	key := x.Key.Identifier(id)
	row := x.Directory.Row(key)
	if row == nil {
		x.Directory.SetRow(key, &Row{Kind: rapport.AnonymousID, Links: []Link{l}})
		return
	}
	linked, changed := row.withLink(l)
	if told && row.Detached != 0 && l.At > row.Detached {
		attached := *linked
		attached.Detached, linked, changed = 0, &attached, true
	}
	if !changed {
		return
	}
	x.Directory.SetRow(key, linked)
	before, after := x.ownership(key, row), x.ownership(key, linked)
	switch whole := (ownership{key.CustomerID(), rapport.Never}); {
	case before == after:
	case before == whole && after.until == rapport.Never:
		a.Joins = append(a.Joins, Join{From: key.CustomerID(), Into: after.first, Via: id})
	default:
		a.Relinks = append(a.Relinks, Relink{Device: id, Affected: distinct(before.first, after.first, key.CustomerID())})
	}
}

func distinct(ids ...rapport.CustomerID) []rapport.CustomerID {
	slices.SortFunc(ids, compareCustomers)
	return slices.Compact(ids)
}

func compareCustomers(a, b rapport.CustomerID) int { return slices.Compare(a[:], b[:]) }

// alias makes a previous id one with a user. An alias does not say whether that
// was a user's id or a device's, so it is taken as both: the user of that name is
// the same person, and the device of that name was hers at that time. Of two
// customers the lower id survives, whichever came first.
func (x *Identities) alias(a *Attribution, previous string, l Link) {
	_, other := x.user(previous)
	into, from := x.Root(l.User.CustomerID()), other
	if into != from && !x.apart(into, from, l.At) && !x.apart(from, into, l.At) {
		if compareCustomers(from, into) < 0 {
			into, from = from, into
		}
		x.unite(from, into)
		a.Joins = append(a.Joins, Join{From: from, Into: into, Via: rapport.Identifier{Kind: rapport.UserID, Value: previous}})
	}
	x.link(a, previous, l, true)
}

// unite makes a customer part of another, who from now on is apart from whomever
// either was apart from.
func (x *Identities) unite(from, into rapport.CustomerID) {
	gone, stays := x.row(from), x.row(into)
	x.Directory.SetRow(rapport.IdentifierKey(from), &Row{Kind: rapport.UserID, Parent: into, Apart: gone.Apart})
	if len(gone.Apart) > 0 {
		x.Directory.SetRow(rapport.IdentifierKey(into), stays.withApart(gone.Apart...))
	}
}

// apart reports whether a customer was told apart from another after an instant.
func (x *Identities) apart(id, from rapport.CustomerID, at rapport.Instant) bool {
	return slices.ContainsFunc(x.row(id).Apart, func(a Apart) bool { return at <= a.At && x.Root(a.From) == from })
}

// row returns the row of a user's customer; an empty one if it can't be read.
func (x *Identities) row(id rapport.CustomerID) *Row {
	if row := x.Directory.Row(rapport.IdentifierKey(id)); row != nil {
		return row
	}
	return &Row{Kind: rapport.UserID, Parent: id}
}

// Recheck returns what a join or its undoing has changed for the devices of a
// record: whose their anonymous events are may follow from who is who. An alias may
// have named a device by what stands in the record as a user id only.
func (x *Identities) Recheck(r *Record) []Relink {
	var relinks []Relink
	recheck := func(device rapport.Identifier) {
		first, alone := x.owners(device)
		relinks = append(relinks, Relink{Device: device, Affected: distinct(r.ID, first, alone)})
	}
	for i := range r.Identifiers {
		id := &r.Identifiers[i]
		if id.Kind == rapport.AnonymousID {
			if from, until := x.Interval(id.Identifier, r.ID); from != id.From || until != id.Until {
				recheck(id.Identifier)
			}
			continue
		}
		named := rapport.Identifier{Kind: rapport.AnonymousID, Value: id.Value}
		if r.Identity(named) == nil && x.Directory.Row(x.Key.Identifier(named)) != nil {
			recheck(named)
		}
	}
	return relinks
}

// owners returns whose a device was first, and the customer of the device alone.
func (x *Identities) owners(device rapport.Identifier) (first, alone rapport.CustomerID) {
	key := x.Key.Identifier(device)
	return x.ownership(key, x.Directory.Row(key)).first, key.CustomerID()
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
// came with. A previous id is hers unless the two were told apart.
func (r *Record) Note(x *Identities, e *rapport.Event) {
	if e.UserID != "" {
		r.add(Identity{Identifier: rapport.Identifier{Kind: rapport.UserID, Value: e.UserID}})
	}
	if e.Type == rapport.Alias && e.UserID != "" && e.PreviousID != "" {
		previous := rapport.Identifier{Kind: rapport.UserID, Value: e.PreviousID}
		if x.Root(x.Key.Identifier(previous).CustomerID()) == r.ID {
			r.add(Identity{Identifier: previous})
		}
	}
	device := rapport.Identifier{Kind: rapport.AnonymousID, Value: e.AnonymousID}
	if e.AnonymousID != "" && r.Identity(device) == nil {
		from, until := x.Interval(device, r.ID)
		r.add(Identity{Identifier: device, From: from, Until: until})
	}
}

// maxIdentifiers bounds the identifiers of one customer; further ones still lead
// to her and are not listed.
const maxIdentifiers = 400

func (r *Record) add(id Identity) {
	i, found := findIdentity(r.Identifiers, id.Identifier)
	if found {
		return
	}
	if r.Crowded = r.Crowded || len(r.Identifiers) >= maxIdentifiers; !r.Crowded {
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

// RelinkAll is Relink for all devices of the record. It returns whose the events
// are that strayed.
func (r *Record) RelinkAll(x *Identities) (owners []rapport.CustomerID) {
	for i := range r.Identifiers {
		if id := r.Identifiers[i].Identifier; id.Kind == rapport.AnonymousID && r.Relink(x, id) {
			first, alone := x.owners(id)
			owners = append(owners, first, alone)
		}
	}
	return owners
}

// Undo takes a join back in the directory as of an instant: the customer who was
// joined is one of her own again, and a device is apart from its user, whoever
// logs in on it. Only an alias of later joins them again. The records of both
// must then be built again from their events.
func (x *Identities) Undo(m Merge, at rapport.Instant) {
	key := rapport.IdentifierKey(m.From)
	row := x.Directory.Row(key)
	if row == nil {
		return
	}
	var undone *Row
	if row.Kind == rapport.UserID {
		undone = row.withApart(Apart{From: m.Into, At: at})
		undone.Parent = m.From
	} else {
		detached := *row
		detached.Detached, undone = at, &detached
	}
	x.Directory.SetRow(key, undone)
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
