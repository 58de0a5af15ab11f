package profile

import (
	"rapport"
	"rapport/internal/wire"
	"rapport/rule"
)

// The encoding: one byte of format, then sections, each a number, a length and
// its bytes. Within a section fields may only be added at the end; a section may
// only be added with a new number. So a newer program reads an older record, and
// an older program keeps a newer record's sections as they are.
const formatVersion = 1

// Numbers of sections. Never reuse one.
const (
	sectionCore uint64 = iota + 1
	sectionIdentifiers
	sectionTraits
	sectionGroups
	sectionConsents
	sectionSuppressed
	sectionFacts
	sectionCarts
	sectionOrders
	sectionReturns
	sectionMerges
	sectionSegments
	sectionJourneys
	sectionContacts
	sectionsKnown
)

type section struct {
	number uint64
	data   []byte
}

// AppendBinary appends the record's encoding. Equal records have equal bytes, save
// that those of very busy customers may be cut into pages in different places.
func (r *Record) AppendBinary(b []byte) []byte {
	b, _ = r.AppendMeasured(b)
	return b
}

// AppendMeasured is AppendBinary, and says how many of the bytes are facts.
func (r *Record) AppendMeasured(b []byte) (all []byte, facts int) {
	b = append(b, formatVersion)
	b = appendSection(b, sectionCore, r.appendCore)
	b = appendSection(b, sectionIdentifiers, listOf(r.Identifiers, appendIdentity))
	b = appendSection(b, sectionTraits, listOf(r.Traits, appendTrait))
	b = appendSection(b, sectionGroups, listOf(r.Groups, wire.AppendText[string]))
	b = appendSection(b, sectionConsents, listOf(r.Consents, appendConsent))
	b = appendSection(b, sectionSuppressed, listOf(r.Suppressed, appendSuppression))
	before := len(b)
	b = appendSection(b, sectionFacts, listOf(r.Facts, appendFact))
	facts = len(b) - before
	b = appendSection(b, sectionCarts, listOf(r.Carts, appendCart))
	b = appendSection(b, sectionOrders, listOf(r.Orders, appendOrder))
	b = appendSection(b, sectionReturns, listOf(r.Returns, appendReturn))
	b = appendSection(b, sectionMerges, listOf(r.Merges, appendMerge))
	b = appendSection(b, sectionSegments, bytesOf(r.Segments))
	b = appendSection(b, sectionJourneys, bytesOf(r.Journeys))
	b = appendSection(b, sectionContacts, bytesOf(r.Contacts))
	for _, s := range r.unknown {
		b = appendSection(b, s.number, bytesOf(s.data))
	}
	return b, facts
}

// appendSection appends a section; one that takes no bytes is left out.
func appendSection(b []byte, number uint64, write func([]byte) []byte) []byte {
	start := len(b)
	b = wire.AppendUint(b, number)
	head := len(b)
	if b = wire.AppendFramed(b, write); len(b) == head+1 {
		return b[:start]
	}
	return b
}

func bytesOf(data []byte) func([]byte) []byte {
	return func(b []byte) []byte { return append(b, data...) }
}

func listOf[T any](items []T, item func([]byte, T) []byte) func([]byte) []byte {
	return func(b []byte) []byte { return appendList(b, items, item) }
}

// Decode reads a record. What it returns does not share data's memory. One that is
// kept partly in pages is whole after [Record.Restore] only: until then its facts
// lack points.
func Decode(id rapport.CustomerID, data []byte) (*Record, error) {
	in := wire.NewReader(data)
	if in.Byte() != formatVersion {
		return nil, errFormat(id)
	}
	r := New(id)
	for in.Len() > 0 {
		number, body := in.Uint(), in.Bytes()
		if in.Err() != nil || !r.readSection(number, wire.NewReader(body), body) {
			return nil, errDamaged(id)
		}
	}
	if in.Err() != nil {
		return nil, errDamaged(id)
	}
	r.notePages()
	return r, nil
}

func (r *Record) readSection(number uint64, in *wire.Reader, body []byte) bool {
	switch number {
	case sectionCore:
		r.readCore(in)
	case sectionIdentifiers:
		r.Identifiers = readList(in, readIdentity)
	case sectionTraits:
		r.Traits = readList(in, readTrait)
	case sectionGroups:
		r.Groups = readList(in, (*wire.Reader).Text)
	case sectionConsents:
		r.Consents = readList(in, readConsent)
	case sectionSuppressed:
		r.Suppressed = readList(in, readSuppression)
	case sectionFacts:
		r.Facts = readList(in, readFact)
	case sectionCarts:
		r.Carts = readList(in, readCart)
	case sectionOrders:
		r.Orders = readList(in, readOrder)
	case sectionReturns:
		r.Returns = readList(in, readReturn)
	case sectionMerges:
		r.Merges = readList(in, readMerge)
	case sectionSegments:
		r.Segments = append([]byte(nil), body...)
	case sectionJourneys:
		r.Journeys = append([]byte(nil), body...)
	case sectionContacts:
		r.Contacts = append([]byte(nil), body...)
	default:
		r.unknown = append(r.unknown, section{number, append([]byte(nil), body...)})
	}
	return in.Err() == nil
}

// appendList appends each item with its length in front, so that items can grow.
func appendList[T any](b []byte, items []T, item func([]byte, T) []byte) []byte {
	if len(items) == 0 {
		return b
	}
	b = wire.AppendUint(b, uint64(len(items)))
	for i := range items {
		b = wire.AppendFramed(b, func(b []byte) []byte { return item(b, items[i]) })
	}
	return b
}

func readList[T any](in *wire.Reader, item func(*wire.Reader) T) []T {
	n := in.Count(1)
	if n == 0 {
		return nil
	}
	items := make([]T, 0, min(n, 256)) // a forged number makes room for so many at most
	for range n {
		one := wire.NewReader(in.Bytes())
		items = append(items, item(one))
		if one.Err() != nil || in.Err() != nil {
			in.Fail()
			return nil
		}
	}
	return items
}

func appendInstant(b []byte, at rapport.Instant) []byte { return wire.AppendInt(b, int64(at)) }

func readInstant(in *wire.Reader) rapport.Instant { return rapport.Instant(in.Int()) }

func (r *Record) appendCore(b []byte) []byte {
	b = appendInstant(appendInstant(b, r.FirstSeen), r.LastSeen)
	b = wire.AppendUint(wire.AppendInt(b, r.Events), r.Head)
	b = wire.AppendFixed64(b, r.FactSet)
	b = appendInstant(appendInstant(b, r.CartsClosed), r.Admitted)
	b = wire.AppendInt(wire.AppendUint(b, r.Homes), r.Today.Day)
	b = wire.AppendInt(b, r.Today.Events)
	b = append(appendInstant(b, r.Today.Quarantined), flag(r.Crowded))
	return wire.AppendUint(wire.AppendUint(wire.AppendUint(b, r.lastPage), uint64(r.Seat)), r.Walks)
}

func (r *Record) readCore(in *wire.Reader) {
	r.FirstSeen, r.LastSeen = readInstant(in), readInstant(in)
	r.Events, r.Head = in.Int(), in.Uint()
	r.FactSet = in.Fixed64()
	r.CartsClosed, r.Admitted = readInstant(in), readInstant(in)
	r.Homes = in.Uint()
	r.Today = Tally{Day: in.Int(), Events: in.Int(), Quarantined: readInstant(in)}
	r.Crowded = in.Byte() == 1
	if in.Len() > 0 { // these were not there at first
		r.lastPage = in.Uint()
	}
	if in.Len() > 0 {
		r.Seat = uint32(in.Uint())
	}
	if in.Len() > 0 {
		r.Walks = in.Uint()
	}
}

func flag(set bool) byte {
	if set {
		return 1
	}
	return 0
}

func appendIdentifier(b []byte, id rapport.Identifier) []byte {
	return wire.AppendText(append(b, byte(id.Kind)), id.Value)
}

func readIdentifier(in *wire.Reader) rapport.Identifier {
	return rapport.Identifier{Kind: rapport.IdentifierKind(in.Byte()), Value: in.Text()}
}

func appendIdentity(b []byte, i Identity) []byte {
	b = appendIdentifier(b, i.Identifier)
	if i.Kind != rapport.AnonymousID {
		return b
	}
	b = appendInstant(appendInstant(b, i.From), i.Until)
	return appendInstant(appendInstant(b, i.FirstAnonymous), i.LastAnonymous)
}

func readIdentity(in *wire.Reader) Identity {
	i := Identity{Identifier: readIdentifier(in)}
	if i.Kind == rapport.AnonymousID {
		i.From, i.Until = readInstant(in), readInstant(in)
		i.FirstAnonymous, i.LastAnonymous = readInstant(in), readInstant(in)
	}
	return i
}

func appendTrait(b []byte, t Trait) []byte {
	b = wire.AppendFixed64(appendInstant(wire.AppendText(b, t.Name), t.At), t.Tie)
	return appendValue(b, t.Value)
}

func readTrait(in *wire.Reader) Trait {
	return Trait{Name: in.Text(), At: readInstant(in), Tie: in.Fixed64(), Value: readValue(in)}
}

// appendValue appends a value: its kind, then a number, a text, or JSON for the
// few that are nested.
func appendValue(b []byte, v rapport.Value) []byte {
	b = append(b, byte(v.Kind()))
	switch v.Kind() {
	case rapport.Bool:
		return append(b, flag(v.Bool()))
	case rapport.Number:
		return wire.AppendFloat(b, v.Number())
	case rapport.Text:
		return wire.AppendText(b, v.Text())
	case rapport.List, rapport.Object:
		return wire.AppendText(b, v.AppendJSON(nil))
	}
	return b
}

func readValue(in *wire.Reader) rapport.Value {
	switch rapport.ValueKind(in.Byte()) {
	case rapport.Unset:
		return rapport.Value{}
	case rapport.Bool:
		return rapport.BoolOf(in.Byte() == 1)
	case rapport.Number:
		return rapport.NumberOf(in.Float())
	case rapport.Text:
		return rapport.TextOf(in.Text())
	case rapport.List, rapport.Object:
		v, err := rapport.ParseJSON(in.Bytes())
		if err != nil {
			in.Fail()
		}
		return v
	}
	in.Fail()
	return rapport.Value{}
}

func appendConsent(b []byte, c rapport.Consent) []byte {
	b = appendInstant(append(b, byte(c.State)), c.At)
	b = wire.AppendText(wire.AppendText(b, c.Purpose), c.Channel)
	b = wire.AppendText(wire.AppendText(b, c.Address), c.Source)
	return wire.AppendText(b, c.TextVersion)
}

func readConsent(in *wire.Reader) rapport.Consent {
	return rapport.Consent{
		State: rapport.ConsentState(in.Byte()), At: readInstant(in),
		Purpose: in.Text(), Channel: rapport.Channel(in.Text()), Address: in.Text(), Source: in.Text(), TextVersion: in.Text(),
	}
}

func appendSuppression(b []byte, s Suppression) []byte {
	b = wire.AppendText(wire.AppendText(b, s.Channel), s.Address)
	return appendInstant(wire.AppendText(b, s.Reason), s.At)
}

func readSuppression(in *wire.Reader) Suppression {
	return Suppression{Channel: rapport.Channel(in.Text()), Address: in.Text(), Reason: in.Text(), At: readInstant(in)}
}

func appendFact(b []byte, f Fact) []byte {
	return f.History.AppendBinary(wire.AppendFixed64(b, uint64(f.ID)))
}

func readFact(in *wire.Reader) Fact {
	f := Fact{ID: rule.FactID(in.Fixed64())}
	h, _, err := rule.DecodeHistory(in.Take(in.Len()))
	if err != nil {
		in.Fail()
	}
	f.History = h
	return f
}

func appendCart(b []byte, c Cart) []byte {
	b = appendInstant(wire.AppendText(b, c.ID), c.Closed)
	return appendList2(b, c.Ops, func(b []byte, op CartOp) []byte {
		b = wire.AppendFixed64(appendInstant(append(b, byte(op.Kind)), op.At), op.Tie)
		b = wire.AppendText(wire.AppendUint(b, uint64(op.Ordinal)), op.Product)
		return wire.AppendText(wire.AppendFloat(b, op.Quantity), op.Item)
	})
}

// appendList2 is appendList for a list inside an item: an empty one still says so.
func appendList2[T any](b []byte, items []T, item func([]byte, T) []byte) []byte {
	if len(items) == 0 {
		return wire.AppendUint(b, 0)
	}
	return appendList(b, items, item)
}

func readCart(in *wire.Reader) Cart {
	return Cart{ID: in.Text(), Closed: readInstant(in), Ops: readList(in, func(in *wire.Reader) CartOp {
		op := CartOp{Kind: CartOpKind(in.Byte()), At: readInstant(in), Tie: in.Fixed64(), Ordinal: uint16(in.Uint()), Product: in.Text(), Quantity: in.Float()}
		if item := in.Bytes(); item != nil {
			op.Item = append([]byte(nil), item...)
		}
		return op
	})}
}

func appendOrder(b []byte, o Order) []byte {
	b = wire.AppendFixed64(appendInstant(wire.AppendText(b, o.ID), o.At), o.Tie)
	b = wire.AppendText(wire.AppendInt(b, o.Total), o.Currency)
	b = wire.AppendUint(b, uint64(o.Products))
	return append(b, flag(o.Cancelled)|flag(o.Bought)<<1)
}

func readOrder(in *wire.Reader) Order {
	o := Order{
		ID: in.Text(), At: readInstant(in), Tie: in.Fixed64(), Total: in.Int(), Currency: in.Text(),
		Products: int(in.Uint() & 0xffffff),
	}
	flags := in.Byte()
	o.Cancelled, o.Bought = flags&1 != 0, flags&2 != 0
	return o
}

func appendReturn(b []byte, ret Return) []byte {
	b = wire.AppendFixed64(appendInstant(wire.AppendText(b, ret.Order), ret.At), ret.Tie)
	b = wire.AppendText(wire.AppendInt(b, ret.Amount), ret.Currency)
	return appendList2(wire.AppendText(b, ret.Reason), ret.Products, wire.AppendText[string])
}

func readReturn(in *wire.Reader) Return {
	return Return{
		Order: in.Text(), At: readInstant(in), Tie: in.Fixed64(), Amount: in.Int(), Currency: in.Text(),
		Reason: in.Text(), Products: readList(in, (*wire.Reader).Text),
	}
}

func appendMerge(b []byte, m Merge) []byte {
	b = append(append(b, m.From[:]...), m.Into[:]...)
	return appendInstant(appendIdentifier(wire.AppendText(b, m.By), m.Via), m.At)
}

func readMerge(in *wire.Reader) Merge {
	var m Merge
	copy(m.From[:], in.Take(len(m.From)))
	copy(m.Into[:], in.Take(len(m.Into)))
	m.By = in.Text()
	m.Via, m.At = readIdentifier(in), readInstant(in)
	return m
}
