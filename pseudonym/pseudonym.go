package pseudonym

import (
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // the same zones on every machine

	"rapport"
)

// Pseudonyms makes pseudonyms. It is safe for concurrent use.
type Pseudonyms struct {
	key       rapport.Key
	sensitive []string // traits
	texts     *Texts
}

// New returns pseudonyms that only key leads back from. Sensitive traits are left out, and so
// is whatever else is called like one; texts that many have in common stay.
func New(key rapport.Key, sensitive []string, common *Texts) *Pseudonyms {
	return &Pseudonyms{key: key, sensitive: sensitive, texts: common}
}

// parsed reads JSON; what is none says nothing.
func parsed(data []byte) rapport.Value {
	v, err := rapport.ParseJSON(data)
	if err != nil {
		return rapport.Value{}
	}
	return v
}

// Customer returns the pseudonym of a customer's id, which names her history.
func (p *Pseudonyms) Customer(id rapport.CustomerID) string { return p.name("customer", id.String()) }

// Event returns an event under pseudonyms, and false for one that is not passed on: what
// the product itself told, other than what was agreed to.
func (p *Pseudonyms) Event(e *rapport.Event) (rapport.Event, bool) {
	out := rapport.Event{
		Type: e.Type, Name: p.eventName(e), MessageID: p.name("message", e.MessageID), Timestamp: e.Timestamp, ReceivedAt: e.ReceivedAt,
		UserID: p.name("id", e.UserID), AnonymousID: p.name("id", e.AnonymousID), PreviousID: p.name("id", e.PreviousID), GroupID: p.name("group", e.GroupID),
	}
	c := parsed(e.Context)
	switch {
	case e.Type == rapport.Derived && e.Name == consentChanged:
		return p.consent(out, parsed(e.Properties))
	case e.Type >= rapport.Derived:
		return out, false
	case e.Type == rapport.Identify || e.Type == rapport.Group:
		out.Properties = p.traits(parsed(e.Properties)).AppendJSON(nil)
	default:
		out.Properties = p.object(parsed(e.Properties)).AppendJSON(nil)
	}
	out.Context = p.context(c).AppendJSON(nil)
	return out, true
}

// eventName returns an event's name. That of a page is a text as any other, and so is one
// that looks as if it was made for somebody.
func (p *Pseudonyms) eventName(e *rapport.Event) string {
	if e.Type == rapport.Track && !strings.Contains(e.Name, "@") && len(digits(e.Name)) < manyDigits {
		return e.Name
	}
	return p.text(plain, e.Name)
}

// consentChanged is the name under which a customer's timeline is told of an act of consent.
const consentChanged = "Consent Changed"

// consent makes of an act of consent the call that tells it. What was withdrawn on one
// channel is withdrawn on all: nobody agrees to more than she did.
func (p *Pseudonyms) consent(e rapport.Event, act rapport.Value) (rapport.Event, bool) {
	state, ok := rapport.ParseConsentState(act.Get("state").Text())
	if !ok || e.UserID == "" && e.AnonymousID == "" {
		return e, false
	}
	preferences := object("categoryPreferences", object(act.Get("purpose").Text(), rapport.BoolOf(state == rapport.ConsentGranted)))
	e.Type, e.Name, e.Properties = rapport.Identify, "", []byte("{}")
	e.Context = object(mark, rapport.BoolOf(true), "consent", preferences).AppendJSON(nil)
	return e, true
}

// object makes a value of names and values in turn.
func object(pairs ...any) rapport.Value {
	values := make([]rapport.Value, len(pairs))
	for i, v := range pairs {
		switch v := v.(type) {
		case string:
			values[i] = rapport.TextOf(v)
		case rapport.Value:
			values[i] = v
		}
	}
	return rapport.ObjectOf(values)
}

// mark stands in the context of every event under pseudonyms.
const mark = "pseudonymised"

// kept are the parts of a context that are passed on. Addresses of machines, devices and
// places are not among them.
var kept = []string{"consent", "locale", "timezone", "page", "campaign", "channel", "synthetic"}

func (p *Pseudonyms) context(c rapport.Value) rapport.Value {
	pairs := []rapport.Value{rapport.TextOf(mark), rapport.BoolOf(true)}
	for _, name := range kept {
		switch v := c.Get(name); {
		case !v.IsSet():
		case name == "locale" && isLocale(v.Text()) || name == "timezone" && isZone(v.Text()):
			pairs = append(pairs, rapport.TextOf(name), v)
		default:
			pairs = append(pairs, rapport.TextOf(name), p.value(name, v))
		}
	}
	if v := c.Get("traits"); v.Kind() == rapport.Object {
		pairs = append(pairs, rapport.TextOf("traits"), p.traits(v))
	}
	return rapport.ObjectOf(pairs)
}

func (p *Pseudonyms) traits(v rapport.Value) rapport.Value {
	var pairs []rapport.Value
	for i := range v.Len() {
		name, item := v.Pair(i)
		switch {
		case slices.Contains(p.sensitive, name):
		case own[sortName(name)] != plain && item.Kind() == rapport.Text:
			pairs = append(pairs, rapport.TextOf(name), rapport.TextOf(p.text(own[sortName(name)], item.Text())))
		default:
			pairs = append(pairs, rapport.TextOf(p.named(name)), p.value(name, item))
		}
	}
	return rapport.ObjectOf(pairs)
}

func isZone(text string) bool {
	_, err := time.LoadLocation(text)
	return err == nil
}

// own are traits that say who she is, and under which events tell of something else.
var own = map[string]sort{"name": person, "id": id, "title": person, "description": person, "website": person, "company": person}

// named returns a property's name, which may be somebody's id or address.
func (p *Pseudonyms) named(name string) string {
	if isName(name) {
		return name
	}
	return p.text(plain, name)
}

func (p *Pseudonyms) object(v rapport.Value) rapport.Value {
	if v.Kind() != rapport.Object {
		return rapport.ObjectOf(nil)
	}
	pairs := make([]rapport.Value, 0, 2*v.Len())
	for i := range v.Len() {
		if name, item := v.Pair(i); !slices.Contains(p.sensitive, name) {
			pairs = append(pairs, rapport.TextOf(p.named(name)), p.value(name, item))
		}
	}
	return rapport.ObjectOf(pairs)
}

// value replaces what is under a name.
func (p *Pseudonyms) value(name string, v rapport.Value) rapport.Value {
	sort := sortOf(name)
	switch v.Kind() {
	case rapport.Object:
		if sort == person {
			return p.only(v, "country")
		}
		return p.object(v)
	case rapport.List:
		items := make([]rapport.Value, v.Len())
		for i := range items {
			items[i] = p.value(name, v.Item(i))
		}
		return rapport.ListOf(items)
	case rapport.Number:
		return p.number(sort, v.Number())
	case rapport.Text:
		return rapport.TextOf(p.text(sort, v.Text()))
	}
	return v
}

// only returns one part of an object.
func (p *Pseudonyms) only(v rapport.Value, name string) rapport.Value {
	if part := v.Get(name); part.IsSet() {
		return object(name, p.value(name, part))
	}
	return rapport.ObjectOf(nil)
}

func (p *Pseudonyms) number(s sort, n float64) rapport.Value {
	switch s {
	case place:
		return rapport.NumberOf(math.Trunc(n))
	case thing:
		if p.texts.shared(rapport.FormatNumber(n)) {
			return rapport.NumberOf(n)
		}
	case birth:
		if n <= lastYear { // an age or a year
			return rapport.NumberOf(n)
		}
	case plain, mail:
		return rapport.NumberOf(n)
	}
	return rapport.NumberOf(float64(p.hash("number", rapport.FormatNumber(n)) % 1_000_000_000))
}

// lastYear is up to where a number may be a year, and tells no instant.
const lastYear = 2999

func (p *Pseudonyms) text(s sort, text string) string {
	switch {
	case text == "":
		return text
	case s == mail || strings.Contains(text, "@"):
		return p.name("mail", strings.ToLower(strings.TrimSpace(text))) + "@customer.example"
	case s == phone || looksLikePhone(text):
		return p.phone(text)
	case s == id:
		return p.name("id", text)
	case s == person:
		return p.name("text", text)
	case p.texts.shared(text) || isCode(text):
		return text
	}
	if host := hostOf(text); host != "" {
		return "https://" + p.host(host) + "/" + p.name("text", text)
	}
	if day, ok := plainDate(text); ok {
		return p.date(day)
	}
	if at, ok := rapport.TextOf(text).Instant(); ok {
		if s == birth {
			return p.date(at.Time().UTC())
		}
		return text
	}
	return p.name("text", text)
}

// host returns the name of a server, which may be somebody's own.
func (p *Pseudonyms) host(name string) string {
	if p.texts.shared(name) {
		return name
	}
	return p.name("host", name) + ".example"
}

// name returns the pseudonym of a text; that of nothing is nothing.
func (p *Pseudonyms) name(sort, text string) string {
	if text == "" {
		return ""
	}
	sum := p.key.Sum("pseudonym "+sort, text)
	return "p-" + strings.ToLower(base32.StdEncoding.EncodeToString(sum[:10]))
}

func (p *Pseudonyms) hash(sort, text string) uint64 {
	sum := p.key.Sum("pseudonym "+sort, text)
	return binary.LittleEndian.Uint64(sum[:])
}

// phone returns a number of a country that there is not: +999 is assigned to none.
func (p *Pseudonyms) phone(text string) string {
	return fmt.Sprintf("+999%010d", p.hash("phone", digits(text))%10_000_000_000)
}
