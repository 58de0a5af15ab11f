package flow

import (
	"slices"
	"time"

	"rapport"
	"rapport/decide"
	"rapport/journey"
	"rapport/profile"
	"rapport/rule"
	"rapport/segment"
	"rapport/store"
)

// customer is one record in memory, with the sections of all stages decoded.
type customer struct {
	record   *profile.Record
	segments *segment.State
	runs     *journey.State
	contacts *decide.State

	zone   *time.Location // as of her traits
	kept   rule.Kept      // which facts are kept of her; nil: all that rules ask for
	email  string         // as they stand in the store's addresses
	phone  string
	stored bool   // there is a record in the store
	back   bool   // she came back within the batch in which she left
	batch  uint64 // number of the last batch that touched her
	busy   bool   // what her journeys set off is being done

	unjudged map[string]bool // segments that can't be judged yet by what is kept of her; nil: none
}

// decode reads a record with all its sections and pages.
func decode(row store.Record) (*customer, error) {
	record, err := decodeRecord(row)
	if err != nil {
		return nil, err
	}
	c := &customer{record: record, stored: true}
	if c.segments, err = segment.Decode(record.Segments); err != nil {
		return nil, err
	}
	if c.runs, err = journey.Decode(record.Journeys); err != nil {
		return nil, err
	}
	if c.contacts, err = decide.Decode(record.Contacts); err != nil {
		return nil, err
	}
	record.Segments, record.Journeys, record.Contacts = nil, nil, nil
	c.email, c.phone = record.Email(), record.Phone()
	return c, nil
}

// decodeRecord reads a record with its pages, and leaves the sections of other
// stages as they are.
func decodeRecord(row store.Record) (*profile.Record, error) {
	record, err := profile.Decode(row.Customer, row.Data)
	if err != nil {
		return nil, err
	}
	pages := make([]profile.Page, len(row.Pages))
	for i, p := range row.Pages {
		pages[i] = profile.Page(p)
	}
	return record, record.Restore(pages)
}

func newCustomer(id rapport.CustomerID) *customer {
	return &customer{
		record: profile.New(id), segments: new(segment.State), runs: new(journey.State), contacts: new(decide.State),
	}
}

// encoder writes records one after another. Those it has written stay as they are
// as long as it lives; it saves each of them an allocation of its own.
type encoder struct {
	records  []byte
	sections []byte
}

// encode writes a customer's record with all its sections. Of a large one, points
// of facts are moved to pages; one that is too large all the same is made smaller.
func (x *encoder) encode(c *customer) (row store.Record, shrunk bool) {
	r := c.record
	shrunk = r.ForgetPoints()
	row.Pages = turned(row.Pages, r.WritePages())
	b := c.segments.AppendBinary(x.sections[:0])
	n := len(b)
	b = c.runs.AppendBinary(b)
	m := len(b)
	b = c.contacts.AppendBinary(b)
	x.sections = b
	r.Segments, r.Journeys, r.Contacts = b[:n:n], b[n:m:m], b[m:]
	start := len(x.records)
	var facts int
	x.records, facts = r.AppendMeasured(x.records)
	if len(x.records)-start > profile.SpillOver && r.Spill(facts) {
		row.Pages = turned(row.Pages, r.WritePages())
		x.records = r.AppendBinary(x.records[:start])
	}
	if len(x.records)-start > profile.MaxRecord && r.Fit() {
		row.Pages = turned(row.Pages, r.WritePages())
		x.records, shrunk = r.AppendBinary(x.records[:start]), true
	}
	r.Segments, r.Journeys, r.Contacts = nil, nil, nil
	row.Customer, row.Data, row.Paged = r.ID, x.records[start:len(x.records):len(x.records)], r.Paged()
	return row, shrunk
}

// turned adds pages to those that a batch changes.
func turned(pages []store.Page, more []profile.Page) []store.Page {
	for _, p := range more {
		pages = append(pages, store.Page(p))
	}
	return pages
}

// next returns when something falls due for her by itself.
func (c *customer) next() rapport.Instant { return min(c.segments.Next(), c.runs.Next()) }

// subject is the customer as rules see her, with the event at hand if there is one.
type subject struct {
	*customer
	event rule.Event
}

// ID returns the customer's id.
func (s *subject) ID() rapport.CustomerID { return s.record.ID }

// Trait returns what she told under a name.
func (s *subject) Trait(name string) rapport.Value { return s.record.Trait(name) }

// History returns what is kept of a fact.
func (s *subject) History(id rule.FactID) *rule.History { return s.record.History(id) }

// Lacks reports whether facts are still to be built for her.
func (s *subject) Lacks(facts []rule.Fact) bool { return s.kept != nil && !s.kept.Covers(facts) }

// Segment says whether she is in a segment. While facts that it reads are still to be
// built for her nobody knows, unless she was in it before.
func (s *subject) Segment(name string) rule.Truth {
	if !s.segments.Member(name) && s.unjudged[name] {
		return rule.Unknown
	}
	return rule.TruthOf(s.segments.Member(name))
}

// Zone returns where her calendar is kept.
func (s *subject) Zone() *time.Location { return s.zone }

// Field returns a property of the event at hand.
func (s *subject) Field(root, name string) rapport.Value {
	if root == "event" && s.event != nil {
		return s.event.Property(name)
	}
	return rapport.Value{}
}

// Cart returns what is in one of her carts. It is not set if nobody ever told what
// was in it.
func (s *subject) Cart(id string) rapport.Value {
	told := slices.ContainsFunc(s.record.Carts, func(c profile.Cart) bool { return c.ID == id })
	if !told && s.record.OpenCart() == nil {
		return rapport.Value{}
	}
	return reader{s.record}.Cart(id).Value("")
}

// person is the customer as the decision asks about her.
type person struct{ *customer }

// ID returns the customer's id.
func (p person) ID() rapport.CustomerID { return p.record.ID }

// Address returns where a channel reaches her.
func (p person) Address(channel rapport.Channel) (string, bool) { return p.record.Address(channel) }

// Consent returns what she last said about a purpose.
func (p person) Consent(purpose string, channel rapport.Channel, address string) rapport.ConsentState {
	return p.record.Consent(purpose, channel, address)
}

// Suppressed says that an address must not be written to.
func (p person) Suppressed(channel rapport.Channel, address string) (string, bool) {
	return p.record.SuppressionOf(channel, address)
}
