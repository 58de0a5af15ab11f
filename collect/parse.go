package collect

import (
	"bytes"
	"cmp"
	"slices"
	"unicode/utf8"

	"rapport"
)

// What a sender may send.
const (
	MaxBody    = 4 << 20  // bytes of a request's body; for whoever reads it to keep
	MaxEvent   = 32 << 10 // bytes of an event's JSON, the batch's context that it gets included
	maxID      = 256      // bytes of an id
	maxName    = 200      // bytes of an event's name
	maxDepth   = 64       // nested lists and objects, the event itself included
	maxRemarks = 10_000   // that are listed; each is longer than the smallest item
	usualEvent = 400      // bytes of an event's JSON, to guess how many a body holds
	maxShared  = 16 << 20 // bytes that a batch's context may come to over all of its events
)

// Meta is what Parse must be told besides the body.
type Meta struct {
	ReceivedAt rapport.Instant
	// RequestID makes message ids for events that come without one. It must
	// differ from request to request.
	RequestID string
}

// Result is what a body held. Events, Refused and Unlisted together are all of
// its items.
type Result struct {
	WriteKey string          // that the body names: the request's, else the first that an item names
	Events   []rapport.Event // in the order of the body
	Refused  []Remark        // items that are no events, in the order of the body
	Noted    []Remark        // events that were kept, but not quite as they were sent
	Unlisted int             // refused items beyond the 10,000 that are listed
}

// Remark says what is the matter with one item. It holds nothing of what the
// item says but its message id.
type Remark struct {
	Index     int    // of the item in its batch
	MessageID string // of the item, if it has a sound one
	Code      string // stable word for programs
	Detail    string // for the person who sent it
}

// Parse reads the body of a call. It returns an error only if there are no items
// to speak of: if the body is not JSON, is not an object, or is a batch without
// a batch. The body may be used again as soon as Parse returns.
func Parse(call rapport.EventType, body []byte, meta Meta) (Result, error) {
	p := newParser(body, meta)
	ok := p.open(call) && p.end()
	if ok && call == Batch && !p.batched {
		return Result{}, &rapport.Error{
			Kind: rapport.Invalid, Code: "batch_missing",
			Message: `There is no list of events named "batch" in the body.`,
		}
	}
	if !ok {
		return Result{}, p.err
	}
	p.finish()
	return p.result, nil
}

type parser struct {
	scanner
	text   string // the body's texts; data, the same bytes, is what raw JSON is cut from
	meta   Meta
	result Result

	batched   bool
	drafts    []draft // one for each of result.Events
	sentAt    moment  // the request's
	timestamp moment  // the batch's
	context   shared
}

// draft is what an event still needs to know when its item has been read, but
// perhaps not yet the whole request.
type draft struct {
	index, size                 int
	tidied                      bool
	timestamp, original, sentAt moment
}

// newParser copies body, once for texts and once for raw JSON. What is no UTF-8
// becomes U+FFFD.
func newParser(body []byte, meta Meta) *parser {
	body = bytes.TrimPrefix(body, []byte("\ufeff"))
	p := &parser{meta: meta}
	if p.data = bytes.Clone(body); !utf8.Valid(body) {
		p.data = bytes.ToValidUTF8(body, []byte("\ufffd"))
	}
	p.text = string(p.data)
	return p
}

// open walks over the request's object.
func (p *parser) open(call rapport.EventType) bool {
	if p.peek() != '{' {
		if !p.value() || !p.end() {
			return false
		}
		p.err = &rapport.Error{Kind: rapport.Invalid, Code: "not_an_object", Message: "The body is JSON, but not an object."}
		return false
	}
	if call == Batch {
		return p.object(p.batchMember)
	}
	it := item{call: call}
	if !p.item(&it) {
		return false
	}
	p.add(&it)
	return true
}

// batchMember walks over what stands under one name of a batch's request.
func (p *parser) batchMember(name []byte) bool {
	member := string(plain(name))
	if member == "batch" {
		if p.batched = p.peek() == '['; p.batched {
			return p.batch()
		}
	}
	p.deep = false
	at, ok := p.span()
	if !ok {
		return false
	}
	switch member {
	case "context":
		p.context = p.newShared(at)
	case "sentAt":
		p.sentAt = p.moment(at)
	case "timestamp":
		p.timestamp = p.moment(at)
	case "writeKey":
		if key, _ := p.id(at); key != "" {
			p.result.WriteKey = key
		}
	}
	return true
}

// batch walks over the list of items. If it is the second one of that name, it
// stands for the first.
func (p *parser) batch() bool {
	guess := len(p.data) / usualEvent
	p.result = Result{WriteKey: p.result.WriteKey, Events: slices.Grow(p.result.Events[:0], guess)}
	p.drafts = slices.Grow(p.drafts[:0], guess)
	index := 0
	return p.array(func() bool {
		ok := p.batchItem(index)
		index++
		return ok
	})
}

// batchItem walks over one item of a batch, whatever it is, and takes it in.
func (p *parser) batchItem(index int) bool {
	if p.peek() != '{' {
		if !p.value() {
			return false
		}
		p.refuse(index, "", notObject)
		return true
	}
	it := item{call: Batch, index: index}
	if !p.item(&it) {
		return false
	}
	p.add(&it)
	return true
}

func (p *parser) refuse(index int, messageID string, f *fault) {
	if len(p.result.Refused) < maxRemarks {
		p.result.Refused = append(p.result.Refused, Remark{index, messageID, f.code, f.detail})
	} else {
		p.result.Unlisted++
	}
}

func (p *parser) note(index int, e *rapport.Event, f *fault) {
	if len(p.result.Noted) < maxRemarks {
		p.result.Noted = append(p.result.Noted, Remark{index, e.MessageID, f.code, f.detail})
	}
}

// add makes an event of an item, or refuses it.
func (p *parser) add(it *item) {
	if p.result.WriteKey == "" {
		p.result.WriteKey, _ = p.id(it.at[writeKeyField])
	}
	e, fault := p.event(it)
	if fault != nil {
		p.refuse(it.index, e.MessageID, fault)
		return
	}
	p.result.Events = append(p.result.Events, e)
	p.drafts = append(p.drafts, draft{
		index: it.index, size: it.whole.len(), tidied: it.tidied,
		timestamp: p.moment(it.at[timestampField]), original: p.moment(it.at[originalTimestampField]), sentAt: p.moment(it.at[sentAtField]),
	})
}

// finish does what can only be done when the whole request has been read.
func (p *parser) finish() {
	kept := 0
	before := len(p.result.Refused)
	for i := range p.drafts {
		d, e := &p.drafts[i], &p.result.Events[i]
		if f := p.context.into(e, d.size); f != nil {
			p.refuse(d.index, e.MessageID, f)
			continue
		}
		if d.tidied {
			p.note(d.index, e, nameTidied)
		}
		if !p.date(e, d) {
			p.note(d.index, e, timeReplaced)
		}
		if kept < i {
			p.result.Events[kept] = *e
		}
		kept++
	}
	p.result.Events = p.result.Events[:kept]
	if len(p.result.Refused) > before {
		slices.SortStableFunc(p.result.Refused, func(a, b Remark) int { return cmp.Compare(a.Index, b.Index) })
	}
}
