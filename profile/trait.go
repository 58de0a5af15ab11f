package profile

import (
	"math"
	"slices"
	"strings"

	"rapport"
)

// Limits of what is kept of one customer. Beyond them the newest stays.
const (
	maxTraits     = 400
	maxTraitName  = 128
	maxTraitBytes = 2 << 10  // of one value as JSON
	maxAllTraits  = 20 << 10 // of all of them
	maxGroups     = 50
)

// setTrait gives a trait its value unless a later event already did, and notes what of
// what she is known by has changed. Of more than maxTraits names the first in the
// alphabet stay, so that the order of arrival does not matter.
func (r *Record) setTrait(t Trait, touched *Touched) {
	if t.Name == "" || len(t.Name) > maxTraitName {
		return
	}
	i, found := findTrait(r.Traits, t.Name)
	switch {
	case found && !later(t.At, t.Tie, r.Traits[i].At, r.Traits[i].Tie):
		return
	case found:
		was := r.Traits[i].Value
		r.Traits[i] = t
		if was.Equal(t.Value) {
			return
		}
		touched.trait(t.Name, was)
	case i >= maxTraits:
		return
	default:
		r.Traits = slices.Insert(r.Traits, i, t)
		if t.Value.IsSet() {
			touched.trait(t.Name, rapport.Value{})
		}
	}
	r.trimTraits(touched)
}

// trait notes that a trait is another than it was.
func (t *Touched) trait(name string, was rapport.Value) {
	t.Traits, t.Were = append(t.Traits, name), append(t.Were, was)
}

// trimTraits leaves out the last of the alphabet where there are too many.
func (r *Record) trimTraits(touched *Touched) {
	bytes := 0
	for i, t := range r.Traits {
		if bytes += sizeOf(t.Value) + len(t.Name); i < maxTraits && bytes <= maxAllTraits {
			continue
		}
		for _, gone := range r.Traits[i:] {
			if gone.Value.IsSet() {
				touched.trait(gone.Name, gone.Value)
			}
		}
		r.Traits = slices.Delete(r.Traits, i, len(r.Traits))
		return
	}
}

// sizeOf returns how many bytes a value takes, about.
func sizeOf(v rapport.Value) int {
	switch v.Kind() {
	case rapport.Text:
		return len(v.Text())
	case rapport.List, rapport.Object:
		return len(v.AppendJSON(nil))
	}
	return 8
}

// later orders two events by timestamp, then by the hash of their messageId.
func later(at rapport.Instant, tie uint64, than rapport.Instant, thanTie uint64) bool {
	return at > than || at == than && tie > thanTie
}

// foldTraits takes every name of a traits object.
func (r *Record) foldTraits(traits rapport.Value, at rapport.Instant, tie uint64, touched *Touched) {
	for i := range traits.Len() {
		name, value := traits.Pair(i)
		if sizeOf(value) > maxTraitBytes {
			touched.Ignored++
			continue
		}
		r.setTrait(Trait{Name: name, Value: value, At: at, Tie: tie}, touched)
	}
}

// foldUpdate takes every name of the traits that a journey sets. They were worked out
// from what was known, so they come after all that is.
func (r *Record) foldUpdate(traits rapport.Value, at rapport.Instant, tie uint64, touched *Touched) {
	for i := range traits.Len() {
		name, value := traits.Pair(i)
		t := Trait{Name: name, Value: value, At: at, Tie: tie}
		if k, found := findTrait(r.Traits, name); found && !later(t.At, t.Tie, r.Traits[k].At, r.Traits[k].Tie) {
			t.At, t.Tie = r.Traits[k].At, min(r.Traits[k].Tie, math.MaxUint64-1)+1
		}
		r.setTrait(t, touched)
	}
}

// TraitChanged returns the event that tells what became of a trait by another event.
func TraitChanged(by *Event, trait string, from, to rapport.Value) *Event {
	pairs := []rapport.Value{rapport.TextOf("trait"), rapport.TextOf(trait)}
	if from.IsSet() {
		pairs = append(pairs, rapport.TextOf("from"), from)
	}
	if to.IsSet() {
		pairs = append(pairs, rapport.TextOf("to"), to)
	}
	one := *by.Event
	one.Type, one.Name, one.MessageID = rapport.Derived, rapport.TraitChanged, by.MessageID+"/trait/"+trait
	if by.Type != rapport.Derived {
		one.Context = nil
	}
	one.Properties = rapport.ObjectOf(pairs).AppendJSON(nil)
	return Read(&one)
}

// joinGroup adds a group that she belongs to.
func (r *Record) joinGroup(id string) {
	id = cut(id, maxTraitName)
	if i, found := slices.BinarySearch(r.Groups, id); !found && id != "" {
		r.Groups = slices.Insert(r.Groups, i, id)
		r.Groups = r.Groups[:min(len(r.Groups), maxGroups)]
	}
}

// EmailOf returns an e-mail address in the form in which it is looked up: no
// spaces around it, lower case. It is "" if the text can't be an address.
func EmailOf(s string) string {
	s = strings.ToLower(strings.TrimSpace(s))
	at := strings.LastIndexByte(s, '@')
	if at < 1 || at == len(s)-1 || len(s) > 254 || strings.ContainsFunc(s, unfitForAddress) {
		return ""
	}
	return s
}

// PhoneOf returns a phone number in the form in which it is looked up, + and
// digits. It is "" if the text has no country code or can't be a number.
func PhoneOf(s string) string {
	s = strings.TrimSpace(s)
	if rest, ok := strings.CutPrefix(s, "00"); ok {
		s = "+" + rest
	}
	if !strings.HasPrefix(s, "+") {
		return ""
	}
	number := []byte{'+'}
	for _, c := range []byte(s[1:]) {
		switch {
		case c >= '0' && c <= '9':
			number = append(number, c)
		case c == ' ' || c == '-' || c == '(' || c == ')' || c == '.' || c == '/':
		default:
			return ""
		}
	}
	if len(number) < 8 || len(number) > 16 || number[1] == '0' {
		return ""
	}
	return string(number)
}

func unfitForAddress(c rune) bool {
	return c <= ' ' || c == 0x7f || c == '<' || c == '>' || c == ',' || c == ';' || c == '"' || c == '\u00a0'
}

// Email returns her e-mail address in the form in which it is looked up, "" if
// she has told none that can be one.
func (r *Record) Email() string { return EmailOf(r.Trait("email").Text()) }

// Phone returns her phone number with its country code, "" if she has told none.
func (r *Record) Phone() string { return PhoneOf(r.Trait("phone").Text()) }

// Address returns where she is reached on a channel.
func (r *Record) Address(channel rapport.Channel) (string, bool) {
	switch channel {
	case rapport.Email:
		// The local part may tell upper from lower case: it is written to as it was told.
		if r.Email() != "" {
			return strings.TrimSpace(r.Trait("email").Text()), true
		}
	case rapport.SMS:
		phone := r.Phone()
		return phone, phone != ""
	}
	return "", false
}
