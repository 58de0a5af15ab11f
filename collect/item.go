package collect

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"

	"rapport"
)

// field is a member of an item that means something here.
type field int

const (
	noField field = iota
	typeField
	eventField
	nameField
	categoryField
	messageIDField
	userIDField
	anonymousIDField
	previousIDField
	groupIDField
	propertiesField
	traitsField
	contextField
	timestampField
	originalTimestampField
	sentAtField
	writeKeyField
	fields
)

func fieldOf(key []byte) field {
	switch string(key) {
	case "type":
		return typeField
	case "event":
		return eventField
	case "name":
		return nameField
	case "category":
		return categoryField
	case "messageId":
		return messageIDField
	case "userId":
		return userIDField
	case "anonymousId":
		return anonymousIDField
	case "previousId":
		return previousIDField
	case "groupId":
		return groupIDField
	case "properties":
		return propertiesField
	case "traits":
		return traitsField
	case "context":
		return contextField
	case "timestamp":
		return timestampField
	case "originalTimestamp":
		return originalTimestampField
	case "sentAt":
		return sentAtField
	case "writeKey":
		return writeKeyField
	}
	return noField
}

// item is where the members of one item stand. A member that stands twice is
// where it stands last.
type item struct {
	call  rapport.EventType // by which it came
	index int
	whole span
	at    [fields]span
	deep  bool
	// tidied is set with the event's name, if that is not quite what was sent.
	tidied bool
}

// item walks over the item that begins here.
func (p *parser) item(it *item) bool {
	p.deep = false
	it.whole.from = p.pos
	ok := p.object(func(key []byte) bool {
		at, ok := p.span()
		it.at[fieldOf(plain(key))] = at
		return ok
	})
	it.whole.to, it.deep = p.pos, p.deep
	return ok
}

// plain returns the text that stands, scanned before, between two quotes.
func plain(quoted []byte) []byte {
	if bytes.IndexByte(quoted, '\\') < 0 {
		return quoted
	}
	v, err := rapport.ParseJSON(append(append([]byte{'"'}, quoted...), '"'))
	if err != nil {
		return quoted
	}
	return []byte(v.Text())
}

// event makes an event of an item, all but its timestamp and its share of the
// batch's context. With a fault it has at most a message id.
func (p *parser) event(it *item) (rapport.Event, *fault) {
	id, f := p.realID(it.at[messageIDField])
	e := rapport.Event{MessageID: id, ReceivedAt: p.meta.ReceivedAt}
	switch {
	case f != nil:
	case it.whole.len() > MaxEvent:
		f = tooLarge
	case it.deep:
		f = tooDeep
	default:
		f = p.fill(&e, it)
	}
	if f != nil {
		return rapport.Event{MessageID: id}, f
	}
	if id == "" {
		e.MessageID = p.madeID(it.index)
	}
	return e, nil
}

func (p *parser) fill(e *rapport.Event, it *item) *fault {
	if f := p.typed(e, it); f != nil {
		return f
	}
	if f := p.identified(e, it); f != nil {
		return f
	}
	if f := p.named(e, it); f != nil {
		return f
	}
	return p.described(e, it)
}

// madeID names an event whose sender gave it no name.
func (p *parser) madeID(index int) string {
	b := append([]byte("rapport-"), p.meta.RequestID...)
	b = strconv.AppendInt(append(b, '-'), int64(p.meta.ReceivedAt), 36)
	return string(strconv.AppendInt(append(b, '-'), int64(index), 10))
}

// typed sets the type: the call's, which the item may repeat, or in a batch the
// item's own.
func (p *parser) typed(e *rapport.Event, it *item) *fault {
	e.Type = it.call
	said := p.words(it.at[typeField])
	if said == "" && it.call != Batch {
		return nil
	}
	t, ok := rapport.ParseEventType(said)
	switch {
	case !ok:
		return typeUnknown
	case it.call != Batch && it.call != t:
		return typeMismatch
	}
	e.Type = t
	return nil
}

// identified sets the ids and sees that those are there that the type needs.
func (p *parser) identified(e *rapport.Event, it *item) *fault {
	var f [4]*fault
	e.UserID, f[0] = p.realID(it.at[userIDField])
	e.AnonymousID, f[1] = p.realID(it.at[anonymousIDField])
	if e.Type == rapport.Alias {
		e.PreviousID, f[2] = p.realID(it.at[previousIDField])
	}
	if e.Type == rapport.Group {
		e.GroupID, f[3] = p.id(it.at[groupIDField])
	}
	for _, fault := range f {
		if fault != nil {
			return fault
		}
	}
	switch {
	case e.Type == rapport.Alias && (e.PreviousID == "" || e.UserID == ""):
		return aliasIncomplete
	case e.UserID == "" && e.AnonymousID == "":
		return userMissing
	case e.Type == rapport.Group && e.GroupID == "":
		return groupMissing
	}
	return nil
}

// named sets the name of a track call, which must have a sound one, and of a
// page or screen call, which may have any: titles are cut and cleaned.
func (p *parser) named(e *rapport.Event, it *item) *fault {
	switch e.Type {
	case rapport.Track:
		e.Name = p.words(it.at[eventField])
		switch {
		case strings.TrimSpace(e.Name) == "":
			return nameMissing
		case len(e.Name) > maxName || hasControl(e.Name):
			return nameInvalid
		}
	case rapport.Page, rapport.Screen:
		title := p.words(it.at[nameField])
		e.Name = tidy(title)
		it.tidied = e.Name != title
	}
	return nil
}

// described sets what the event says: properties, or the traits of identify and
// group. A page's category, which has no place of its own, goes among its
// properties.
func (p *parser) described(e *rapport.Event, it *item) *fault {
	at := it.at[propertiesField]
	if e.Type == rapport.Identify || e.Type == rapport.Group {
		at = it.at[traitsField]
	}
	var ok bool
	if e.Properties, ok = p.raw(at); !ok {
		return propertiesInvalid
	}
	if e.Context, ok = p.raw(it.at[contextField]); !ok {
		return contextInvalid
	}
	if e.Type == rapport.Page || e.Type == rapport.Screen {
		e.Properties = withCategory(e.Properties, p.words(it.at[categoryField]))
	}
	return nil
}

// words returns a text, or a number as it is written; empty if it is neither.
func (p *parser) words(at span) string {
	if at.len() == 0 {
		return ""
	}
	switch c := p.data[at.from]; {
	case c == '"':
		quoted := p.text[at.from+1 : at.to-1]
		if strings.IndexByte(quoted, '\\') >= 0 {
			return string(plain(p.data[at.from+1 : at.to-1]))
		}
		return quoted
	case c == '-' || c >= '0' && c <= '9':
		return p.text[at.from:at.to]
	}
	return ""
}

// id returns an id. None, null and blank are no id.
func (p *parser) id(at span) (string, *fault) {
	id := p.words(at)
	if id == "" && at.len() > 0 && p.data[at.from] != '"' && p.data[at.from] != 'n' {
		return "", idInvalid
	}
	return soundID(id)
}

func soundID(id string) (string, *fault) {
	switch {
	case len(id) > maxID || hasControl(id):
		return "", idInvalid
	case strings.TrimSpace(id) == "":
		return "", nil
	}
	return id, nil
}

// realID is id for what tells one customer or event from all others.
func (p *parser) realID(at span) (string, *fault) {
	id, f := p.id(at)
	if f == nil && isPlaceholder(id) {
		return "", idPlaceholder
	}
	return id, f
}

// ID returns a userId, anonymousId or messageId that came otherwise than in the body of
// a call, empty if it is blank. The error says what is the matter with one that a call
// would be refused for.
func ID(id string) (string, error) {
	id, f := soundID(id)
	if f == nil && isPlaceholder(id) {
		f = idPlaceholder
	}
	if f != nil {
		return "", &rapport.Error{Kind: rapport.Invalid, Code: f.code, Message: f.detail}
	}
	return id, nil
}

// raw returns an object as it stands. None, null, the empty object and the empty
// list, which is how PHP writes an empty object, are nothing.
func (p *parser) raw(at span) (raw []byte, ok bool) {
	if at.len() == 0 {
		return nil, true
	}
	raw = p.data[at.from:at.to:at.to]
	empty := at.len() > 1 && len(bytes.TrimLeft(raw[1:len(raw)-1], " \t\r\n")) == 0
	switch c := raw[0]; {
	case c == 'n', empty && (c == '[' || c == '{'):
		return nil, true
	case c == '{':
		return raw, true
	}
	return nil, false
}

// hasControl reports whether s holds a control character of ASCII.
func hasControl(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] == 0x7f {
			return true
		}
	}
	return false
}

// tidy makes a title into a name: a space for each control character, cut to
// the longest name.
func tidy(title string) string {
	if len(title) <= maxName && !hasControl(title) {
		return title
	}
	title = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, title)
	if len(title) > maxName {
		end := maxName
		for !utf8.RuneStart(title[end]) {
			end--
		}
		title = title[:end]
	}
	return title
}
