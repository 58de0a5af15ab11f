package profile

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"rapport"
)

const (
	maxConsents    = 300
	maxConsentText = 320 // bytes of an address, or of a word about an act
	maxSuppression = 20
)

// Consent returns what she last said about a purpose on a channel. Acts for all
// channels count as well as acts for this one, acts for the customer as well as
// acts for this address. At one instant the withdrawal counts.
func (r *Record) Consent(purpose string, channel rapport.Channel, address string) rapport.ConsentState {
	act := r.ConsentAct(purpose, channel, address)
	if act == nil {
		return rapport.ConsentUnknown
	}
	return act.State
}

// ConsentAct returns the act that Consent's answer rests on, nil if there is none.
func (r *Record) ConsentAct(purpose string, channel rapport.Channel, address string) *rapport.Consent {
	for i := len(r.Consents) - 1; i >= 0; i-- {
		act := &r.Consents[i]
		if act.Purpose == purpose && (act.Channel == "" || act.Channel == channel) &&
			(act.Address == "" || sameAddress(channel, act.Address, address)) {
			return act
		}
	}
	return nil
}

// sameAddress compares two addresses in the form in which they are looked up.
func sameAddress(channel rapport.Channel, a, b string) bool {
	switch channel {
	case rapport.Email:
		return EmailOf(a) == EmailOf(b) && EmailOf(a) != ""
	case rapport.SMS:
		return PhoneOf(a) == PhoneOf(b) && PhoneOf(a) != ""
	}
	return a == b
}

// addConsent puts an act in its place in the ledger; the same act twice is one.
// Beyond maxConsents the oldest that a later act overrules leaves the record; the
// timeline keeps it.
func (r *Record) addConsent(act rapport.Consent) {
	i, found := slices.BinarySearchFunc(r.Consents, act, compareConsents)
	if found {
		return
	}
	r.Consents = slices.Insert(r.Consents, i, act)
	if len(r.Consents) > maxConsents {
		r.dropConsent()
	}
}

// dropConsent takes the act out that is missed least.
func (r *Record) dropConsent() {
	i := r.overruled()
	r.Consents = slices.Delete(r.Consents, i, i+1)
}

// compareConsents orders acts by time; at one instant the withdrawal comes last.
func compareConsents(a, b rapport.Consent) int {
	return cmp.Or(
		cmp.Compare(a.At, b.At), cmp.Compare(a.State, b.State),
		strings.Compare(a.Purpose, b.Purpose), strings.Compare(string(a.Channel), string(b.Channel)),
		strings.Compare(a.Address, b.Address), strings.Compare(a.Source, b.Source), strings.Compare(a.TextVersion, b.TextVersion))
}

// overruled returns the place of the oldest act that a later one of the same
// purpose, channel and address overrules; if there is none, of the oldest yes,
// since without it nothing is sent, which is what a no asks for too.
func (r *Record) overruled() int {
	for i, act := range r.Consents {
		for _, next := range r.Consents[i+1:] {
			if next.Purpose == act.Purpose && next.Channel == act.Channel && next.Address == act.Address {
				return i
			}
		}
	}
	return max(slices.IndexFunc(r.Consents, func(act rapport.Consent) bool { return act.State == rapport.ConsentGranted }), 0)
}

// preferences reads Segment's context.consent.categoryPreferences, a yes or no for
// each purpose or, where channels were asked for apart, for each of its channels, as
// the events that telling each by itself would be. They stand in no timeline: the
// event that carries them does.
func preferences(e *Event) []*Event {
	if !carriesConsent(e.Context) {
		return nil
	}
	context, _ := rapport.ParseJSON(e.Context)
	consent := context.Get("consent")
	source := cmp.Or(cut(consent.Get("source").Text(), maxConsentText), "context.consent")
	told := consent.Get("categoryPreferences")
	var events []*Event
	add := func(purpose string, channel rapport.Channel, answer rapport.Value) {
		if answer.Kind() == rapport.Bool {
			events = append(events, preference(e, rapport.Consent{Purpose: purpose, Channel: channel, Source: source}, answer.Bool()))
		}
	}
	for i := range told.Len() {
		purpose, answer := told.Pair(i)
		if purpose == "" || len(purpose) > maxTraitName {
			continue
		}
		add(purpose, "", answer)
		for _, channel := range rapport.Channels() {
			if answer.Kind() == rapport.Object {
				add(purpose, channel, answer.Get(string(channel)))
			}
		}
	}
	return events
}

// preference is the event that telling one act by itself would be.
func preference(e *Event, act rapport.Consent, agreed bool) *Event {
	act.State = rapport.ConsentWithdrawn
	if agreed {
		act.State = rapport.ConsentGranted
	}
	one := *e.Event
	one.Type, one.Name, one.MessageID, one.Context = rapport.Derived, ConsentChanged, e.MessageID+"/consent/"+act.Purpose, nil
	if act.Channel != "" {
		one.MessageID += "/" + string(act.Channel)
	}
	one.Properties = ConsentProperties(act)
	return Read(&one)
}

func carriesConsent(context []byte) bool {
	return bytes.Contains(context, []byte(`"categoryPreferences"`))
}

// WithConsentSource returns an event's context in which the consents say that they come
// from source; with "" none is said, and what a sender has claimed is taken out. A
// context that carries no consents is returned as it is. The context given is not
// written to.
func WithConsentSource(context []byte, source string) []byte {
	if !carriesConsent(context) {
		return context
	}
	var members, consent map[string]json.RawMessage
	if json.Unmarshal(context, &members) != nil || json.Unmarshal(members["consent"], &consent) != nil || consent == nil {
		return context
	}
	if _, claimed := consent["source"]; !claimed && source == "" {
		return context
	}
	delete(consent, "source")
	if source != "" {
		consent["source"] = rapport.AppendQuoted(nil, source)
	}
	var err error
	if members["consent"], err = json.Marshal(consent); err != nil {
		return context
	}
	out, err := json.Marshal(members)
	if err != nil {
		return context
	}
	return out
}

// ConsentChanged is the name of the derived event that an act of consent is kept as.
const ConsentChanged = "Consent Changed"

// ConsentProperties writes an act as the properties of its event.
func ConsentProperties(act rapport.Consent) []byte {
	return rapport.ObjectOf([]rapport.Value{
		rapport.TextOf("purpose"), rapport.TextOf(act.Purpose),
		rapport.TextOf("channel"), rapport.TextOf(string(act.Channel)),
		rapport.TextOf("address"), rapport.TextOf(act.Address),
		rapport.TextOf("state"), rapport.TextOf(act.State.String()),
		rapport.TextOf("source"), rapport.TextOf(act.Source),
		rapport.TextOf("textVersion"), rapport.TextOf(act.TextVersion),
	}).AppendJSON(nil)
}

func (r *Record) foldConsent(p rapport.Value, at rapport.Instant) {
	state, ok := rapport.ParseConsentState(p.Get("state").Text())
	if !ok {
		return
	}
	text := func(name string) string { return cut(p.Get(name).Text(), maxConsentText) }
	r.addConsent(rapport.Consent{
		Purpose: text("purpose"), Channel: rapport.Channel(text("channel")), Address: text("address"),
		State: state, Source: text("source"), TextVersion: text("textVersion"), At: at,
	})
}

// AddressSuppressed is the name of the derived event that says that an address
// must not be written to: it does not exist, or its owner complained.
const AddressSuppressed = "Address Suppressed"

// SuppressionProperties writes a suppression as the properties of its event.
func SuppressionProperties(s Suppression) []byte {
	return rapport.ObjectOf([]rapport.Value{
		rapport.TextOf("channel"), rapport.TextOf(string(s.Channel)),
		rapport.TextOf("address"), rapport.TextOf(s.Address),
		rapport.TextOf("reason"), rapport.TextOf(s.Reason),
	}).AppendJSON(nil)
}

func (r *Record) foldSuppression(p rapport.Value, at rapport.Instant) {
	text := func(name string) string { return cut(p.Get(name).Text(), maxConsentText) }
	r.suppress(Suppression{Channel: rapport.Channel(text("channel")), Address: text("address"), Reason: text("reason"), At: at})
}

func (r *Record) suppress(s Suppression) {
	i, found := slices.BinarySearchFunc(r.Suppressed, s, func(a, b Suppression) int {
		return cmp.Or(strings.Compare(string(a.Channel), string(b.Channel)), strings.Compare(a.Address, b.Address))
	})
	if found {
		if old := &r.Suppressed[i]; cmp.Or(cmp.Compare(s.At, old.At), strings.Compare(s.Reason, old.Reason)) > 0 {
			*old = s
		}
		return
	}
	if len(r.Suppressed) < maxSuppression {
		r.Suppressed = slices.Insert(r.Suppressed, i, s)
	}
}

// SuppressionOf returns why an address must not be written to.
func (r *Record) SuppressionOf(channel rapport.Channel, address string) (reason string, suppressed bool) {
	for _, s := range r.Suppressed {
		if s.Channel == channel && sameAddress(channel, s.Address, address) {
			return s.Reason, true
		}
	}
	return "", false
}
