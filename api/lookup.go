package api

import (
	"context"

	"rapport"
	"rapport/flow"
	"rapport/profile"
	"rapport/store"
)

// lookup answers for one request which customer is meant. It only reads, and so
// keeps what it has read.
type lookup struct {
	ctx   context.Context
	store Customers
	now   rapport.Instant
	rows  map[rapport.IdentifierKey]*profile.Row
	err   error // the first that Row could not return
	who   profile.Identities
}

func (a *api) lookup(ctx context.Context) *lookup {
	l := &lookup{ctx: ctx, store: a.Customers, now: a.Flow.Now(), rows: map[rapport.IdentifierKey]*profile.Row{}}
	l.who = profile.Identities{Key: a.Key, Directory: l}
	return l
}

// Row returns what is known of an identifier.
func (l *lookup) Row(key rapport.IdentifierKey) *profile.Row {
	if row, ok := l.rows[key]; ok {
		return row
	}
	found, err := l.store.Identifiers(l.ctx, []rapport.IdentifierKey{key})
	var row *profile.Row
	if err == nil && found[0] != nil {
		row, err = profile.DecodeRow(found[0])
	}
	if err != nil && l.err == nil {
		l.err = err
	}
	l.rows[key] = row
	return row
}

// SetRow keeps nothing: nobody becomes somebody else by being looked at.
func (l *lookup) SetRow(rapport.IdentifierKey, *profile.Row) {}

var errNoCustomer = &rapport.Error{
	Kind: rapport.NotFound, Code: "customer_unknown",
	Message: "There is no customer with this id. It may be a customer id (cus_ and 26 letters and digits), a userId or an anonymousId.",
}

// find returns the customer whom an id names, with her stored record: first as a
// customer's id, then as a user's, then as a device's. Who became part of another
// is that other.
func (l *lookup) find(id string) (rapport.CustomerID, store.Record, error) {
	for _, customer := range l.candidates(id) {
		row, err := l.load(customer)
		if err != nil || row.Data != nil {
			return customer, row, err
		}
	}
	if l.err != nil {
		return rapport.CustomerID{}, store.Record{}, l.err
	}
	return rapport.CustomerID{}, store.Record{}, errNoCustomer
}

// candidates returns who may be meant by an id, the likeliest first.
func (l *lookup) candidates(id string) []rapport.CustomerID {
	var who []rapport.CustomerID
	if customer, ok := rapport.ParseCustomerID(id); ok {
		who = append(who, l.root(customer)...)
	}
	user := l.who.Key.Identifier(rapport.Identifier{Kind: rapport.UserID, Value: id})
	if l.Row(user) != nil {
		who = append(who, l.who.Root(user.CustomerID()))
	}
	device := rapport.Event{AnonymousID: id, Timestamp: l.now}
	who = append(who, l.who.Owner(&device))
	device.Timestamp = 0 // of a device that is shared by now: whose it was first
	return append(who, l.who.Owner(&device))
}

// root returns whom a customer has become: by an alias, or as a device that is
// somebody's by now.
func (l *lookup) root(id rapport.CustomerID) []rapport.CustomerID {
	root := l.who.Root(id)
	if row := l.Row(rapport.IdentifierKey(root)); row != nil && len(row.Links) > 0 {
		return []rapport.CustomerID{root, l.who.Root(row.Links[0].User.CustomerID())}
	}
	return []rapport.CustomerID{root}
}

func (l *lookup) load(id rapport.CustomerID) (store.Record, error) {
	if l.err != nil {
		return store.Record{}, l.err
	}
	found, err := l.store.Load(l.ctx, []rapport.CustomerID{id})
	if err != nil {
		return store.Record{}, err
	}
	return found[0], nil
}

// look returns the customer whom an id names as she is now.
func (a *api) look(ctx context.Context, id string) (*flow.Look, error) {
	l := a.lookup(ctx)
	_, row, err := l.find(id)
	if err != nil {
		return nil, err
	}
	return flow.LookAt(ctx, a.Customers, a.Workspaces.Current().Running, row, l.now)
}

// record returns the stored record of the customer whom an id names, for what time
// does not change.
func (a *api) record(ctx context.Context, id string) (*profile.Record, error) {
	customer, row, err := a.lookup(ctx).find(id)
	if err != nil {
		return nil, err
	}
	return profile.Decode(customer, row.Data)
}

// ids returns the ids under which a customer's messages and decisions are kept:
// her own, and those of profiles that became part of her.
func ids(r *profile.Record) []rapport.CustomerID {
	return append(r.Former(0), r.ID)
}
