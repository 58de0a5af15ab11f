package profile

import (
	"cmp"
	"slices"
	"strings"

	"rapport"
	"rapport/rule"
)

// Record is all that the hot path knows of one customer.
//
// Lists are kept sorted as their comments say, so that equal customers have
// equal records and equal bytes.
type Record struct {
	ID          rapport.CustomerID
	FirstSeen   rapport.Instant // the earliest and the latest timestamp of her events
	LastSeen    rapport.Instant
	Events      int64             // how many of hers were folded, those that we tell of her aside
	Admitted    rapport.Instant   // when the last that came from outside was folded
	Head        uint64            // number of the chunk with her newest entry; 0 for none
	FactSet     uint64            // hash of the facts that Facts are complete for
	Homes       uint64            // hash of the markets that she was last brought up to
	Walks       uint64            // hash of the journeys that her runs were last brought up to
	Today       Tally             // of her latest day
	Crowded     bool              // more identifiers lead to her than are listed
	Seat        uint32            // her number among all customers, from 1; 0 while she has none
	Identifiers []Identity        // by kind, then value
	Traits      []Trait           // by name
	Groups      []string          // ids of the groups she belongs to, sorted
	Consents    []rapport.Consent // all acts, old to new
	Suppressed  []Suppression     // addresses that bounced or complained, by channel and address
	Facts       []Fact            // by id
	Carts       []Cart            // by cart id
	CartsClosed rapport.Instant   // when she last bought without naming a cart
	Orders      []Order           // old to new
	Returns     []Return          // old to new
	Merges      []Merge           // the log of profiles joined into this one, old to new

	// Sections of other stages, as they encode them.
	Segments []byte
	Journeys []byte
	Contacts []byte

	unknown []section // written by a newer program; kept as they are

	lastPage uint64   // the highest number that a page of hers ever had
	kept     []uint64 // numbers of the pages that are kept of her, ascending
}

// Identity is an identifier of hers. Of a device it also says since when and
// until when what is done on it without logging in is hers.
type Identity struct {
	rapport.Identifier
	From           rapport.Instant // 0: since ever
	Until          rapport.Instant // Never for most; 0: nothing done on it without logging in is hers
	FirstAnonymous rapport.Instant // the earliest and the latest such event that was folded; 0 for none
	LastAnonymous  rapport.Instant
}

// Owns reports whether an anonymous event at an instant is hers.
func (i *Identity) Owns(at rapport.Instant) bool {
	return i.Until != 0 && at < i.Until && (i.From == 0 || at >= i.From)
}

// strayed reports whether anonymous events were folded that are not hers by now.
func (i *Identity) strayed() bool {
	return i.FirstAnonymous != 0 && (!i.Owns(i.FirstAnonymous) || !i.Owns(i.LastAnonymous))
}

// Trait is one thing that was told of her, with the event that said it last.
type Trait struct {
	Name  string
	Value rapport.Value // Unset: it was taken back
	At    rapport.Instant
	Tie   uint64
}

// Fact is what is kept of one fact of the workspace.
type Fact struct {
	ID      rule.FactID
	History *rule.History
}

// Suppression says that an address must not be written to any more.
type Suppression struct {
	Channel rapport.Channel
	Address string
	Reason  string // "bounced" or "complained"
	At      rapport.Instant
}

// Merge is one profile that was joined into this one.
type Merge struct {
	From rapport.CustomerID // the profile that ended
	Into rapport.CustomerID // the profile it went into
	By   string             // messageId of the event that said so
	Via  rapport.Identifier // the identifier that joined them
	At   rapport.Instant    // when it was admitted
}

// New returns the empty record of a customer.
func New(id rapport.CustomerID) *Record { return &Record{ID: id} }

// Trait returns the value of a trait, Unset if she has none.
func (r *Record) Trait(name string) rapport.Value {
	if i, ok := findTrait(r.Traits, name); ok {
		return r.Traits[i].Value
	}
	return rapport.Value{}
}

func findTrait(traits []Trait, name string) (int, bool) {
	return slices.BinarySearchFunc(traits, name, func(t Trait, name string) int { return strings.Compare(t.Name, name) })
}

// History returns what is kept of a fact, nil if nothing ever matched it.
func (r *Record) History(id rule.FactID) *rule.History {
	if i, ok := findFact(r.Facts, id); ok {
		return r.Facts[i].History
	}
	return nil
}

// findFact is a binary search, written out since rules ask dozens of times an event.
func findFact(facts []Fact, id rule.FactID) (int, bool) {
	low, high := 0, len(facts)
	for low < high {
		if middle := (low + high) / 2; facts[middle].ID < id {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low, low < len(facts) && facts[low].ID == id
}

// Identity returns what is known of one of her identifiers, nil if it is not hers.
func (r *Record) Identity(id rapport.Identifier) *Identity {
	if i, ok := findIdentity(r.Identifiers, id); ok {
		return &r.Identifiers[i]
	}
	return nil
}

func findIdentity(ids []Identity, id rapport.Identifier) (int, bool) {
	return slices.BinarySearchFunc(ids, id, func(i Identity, id rapport.Identifier) int { return compareIdentifiers(i.Identifier, id) })
}

func compareIdentifiers(a, b rapport.Identifier) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), strings.Compare(a.Value, b.Value))
}

// Known reports whether she has a user id, so is more than a device.
func (r *Record) Known() bool {
	return len(r.Identifiers) > 0 && r.Identifiers[0].Kind == rapport.UserID
}

// Primary returns the identifier to name her by: her first user id, else her
// first device.
func (r *Record) Primary() rapport.Identifier {
	if len(r.Identifiers) == 0 {
		return rapport.Identifier{}
	}
	return r.Identifiers[0].Identifier
}

// Owns reports whether an event is hers, by its identifiers: by its user id if
// it has one, else by its device at its time. Old entries are read through it,
// since a profile that was split leaves its events where they were. Of a customer
// with more identifiers than are listed, all that is not known to be others' is hers.
func (r *Record) Owns(e *rapport.Event) bool {
	if e.UserID != "" {
		return r.Crowded || r.Identity(rapport.Identifier{Kind: rapport.UserID, Value: e.UserID}) != nil
	}
	if e.AnonymousID == "" {
		return true
	}
	if id := r.Identity(rapport.Identifier{Kind: rapport.AnonymousID, Value: e.AnonymousID}); id != nil {
		return id.Owns(e.Timestamp)
	}
	return r.Crowded
}
