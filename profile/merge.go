package profile

import (
	"cmp"
	"slices"

	"rapport"
	"rapport/rule"
)

const maxMerges = 60

// Join folds another customer's record into this one, as if all her events had
// been folded here. Both must be complete for the facts. Now trims, as in Fold.
//
// The sections of other stages are left alone: their owners join them. What is
// done on her devices without logging in may be hers otherwise than before: see
// [Identities.Recheck].
func (r *Record) Join(o *Record, facts *rule.FactSet, now rapport.Instant) {
	if r.Events == 0 {
		r.FactSet = o.FactSet
	}
	r.Events += o.Events
	r.FirstSeen, r.LastSeen = earliest(r.FirstSeen, o.FirstSeen), max(r.LastSeen, o.LastSeen)
	r.Admitted = max(r.Admitted, o.Admitted)
	r.Today = r.Today.join(o.Today)
	r.Crowded = r.Crowded || o.Crowded
	for _, id := range o.Identifiers {
		r.joinIdentity(id)
	}
	var touched Touched // whoever joins records takes all of the result for another
	for _, t := range o.Traits {
		r.setTrait(t, &touched)
	}
	for _, g := range o.Groups {
		r.joinGroup(g)
	}
	for _, act := range o.Consents {
		r.addConsent(act)
	}
	for _, s := range o.Suppressed {
		r.suppress(s)
	}
	r.joinFacts(o, facts, now)
	r.joinCarts(o)
	for _, order := range o.Orders {
		r.addOrder(order)
	}
	for _, ret := range o.Returns {
		r.addReturn(ret)
	}
	for _, m := range o.Merges {
		r.addMerge(m)
	}
}

func (r *Record) joinIdentity(id Identity) {
	mine := r.Identity(id.Identifier)
	if mine == nil {
		r.add(id)
		return
	}
	mine.FirstAnonymous = earliest(mine.FirstAnonymous, id.FirstAnonymous)
	mine.LastAnonymous = max(mine.LastAnonymous, id.LastAnonymous)
}

func (r *Record) joinFacts(o *Record, facts *rule.FactSet, now rapport.Instant) {
	for _, f := range o.Facts {
		fact := facts.Get(f.ID)
		if fact == nil {
			continue // no rule asks for it any more
		}
		i, found := findFact(r.Facts, f.ID)
		if !found {
			r.Facts = slices.Insert(r.Facts, i, Fact{ID: f.ID})
		}
		r.Facts[i].History = rule.Merge(r.Facts[i].History, f.History, fact.Keep, now)
	}
}

func (r *Record) joinCarts(o *Record) {
	r.CartsClosed = max(r.CartsClosed, o.CartsClosed)
	for i := range r.Carts {
		r.Carts[i].dropUntil(r.CartsClosed)
	}
	for _, c := range o.Carts {
		mine := r.cart(c.ID)
		mine.Closed = max(mine.Closed, c.Closed)
		mine.dropUntil(mine.Closed)
		for _, op := range c.Ops {
			mine.insert(op, r.CartsClosed)
		}
	}
	r.dropCarts(maxCarts)
}

// LogMerge notes that a profile was joined into this one.
func (r *Record) LogMerge(m Merge) { r.addMerge(m) }

func (r *Record) addMerge(m Merge) {
	compare := func(a, b Merge) int { return cmp.Or(cmp.Compare(a.At, b.At), compareCustomers(a.From, b.From)) }
	i, found := slices.BinarySearchFunc(r.Merges, m, compare)
	if found {
		return
	}
	r.Merges = slices.Insert(r.Merges, i, m)
	r.Merges = slices.Delete(r.Merges, 0, max(0, len(r.Merges)-maxMerges))
}

// Former returns the customers who were joined into this one since an instant.
func (r *Record) Former(since rapport.Instant) []rapport.CustomerID {
	var ids []rapport.CustomerID
	for _, m := range r.Merges {
		if m.At >= since && m.From != r.ID && !slices.Contains(ids, m.From) {
			ids = append(ids, m.From)
		}
	}
	return ids
}

// Rebuild makes a record anew from a customer's events, in any order. What is
// hers besides events comes from before, which may be nil: the log of joins, the
// day's tally, her seat and the sections of other stages.
func Rebuild(id rapport.CustomerID, x *Identities, events []*Event, before *Record, facts *rule.FactSet, now rapport.Instant) *Record {
	r := New(id)
	var touched Touched
	for _, e := range events {
		r.Note(x, e.Event)
		if e.Type != rapport.Noted {
			r.Fold(e, facts, now, &touched)
			touched.Reset()
		}
	}
	if before != nil {
		r.Homes, r.Walks, r.Today, r.Merges, r.Seat = before.Homes, before.Walks, before.Today, before.Merges, before.Seat
		r.Segments, r.Journeys, r.Contacts, r.unknown = before.Segments, before.Journeys, before.Contacts, before.unknown
		r.lastPage, r.kept = before.lastPage, before.kept
	}
	return r
}

// KeepMerges makes the log those joins of another that were joins into who is
// this customer by now. A device's join goes along with the device.
func (r *Record) KeepMerges(x *Identities, log []Merge) {
	r.Merges = nil
	for _, m := range log {
		into := x.Root(m.Into)
		if m.Via.Kind == rapport.AnonymousID {
			into, _ = x.owners(m.Via)
		}
		if into == r.ID {
			r.addMerge(m)
		}
	}
}

// Forget takes the newest joining of a profile out of the log and returns it.
func (r *Record) Forget(from rapport.CustomerID) (Merge, bool) {
	for i := len(r.Merges) - 1; i >= 0; i-- {
		if m := r.Merges[i]; m.From == from {
			r.Merges = slices.Delete(r.Merges, i, i+1)
			return m, true
		}
	}
	return Merge{}, false
}

// BuildFacts makes the facts anew from all of a customer's events, in any order.
func (r *Record) BuildFacts(events []*Event, facts *rule.FactSet, now rapport.Instant) {
	r.Facts = nil
	r.FactSet = facts.Hash()
	for _, e := range events {
		r.AddFacts(e, facts, now)
	}
}

// AddFacts takes an event into facts, and into nothing else of the record.
func (r *Record) AddFacts(e *Event, facts *rule.FactSet, now rapport.Instant) {
	if e.Type == rapport.Noted {
		return
	}
	var touched Touched
	r.foldFacts(e, facts, now, &touched)
	for _, told := range e.Told() {
		r.foldFacts(told, facts, now, &touched)
	}
}

// TakeFacts puts facts that were built in another record in the place of what was
// kept of them, drops those that no rule asks for, and notes that she is complete
// for all of a set. Now trims.
func (r *Record) TakeFacts(from *Record, built, all *rule.FactSet, now rapport.Instant) {
	kept := r.Facts[:0]
	for _, f := range r.Facts {
		if all.Get(f.ID) != nil && built.Get(f.ID) == nil {
			kept = append(kept, f)
		}
	}
	r.Facts = kept
	for _, f := range from.Facts {
		if built.Get(f.ID) == nil {
			continue
		}
		f.History.Trim(built.Get(f.ID).Keep, now)
		i, _ := findFact(r.Facts, f.ID)
		r.Facts = slices.Insert(r.Facts, i, f)
	}
	r.FactSet = all.Hash()
}
