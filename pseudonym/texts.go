package pseudonym

import (
	"github.com/cespare/xxhash/v2"

	"rapport"
)

// Shared is how many people must have a text in common for it to be kept: "SG" says
// nothing of anybody, "the blue house behind the church" does.
const Shared = 5

// Texts counts how many people have a text. It is safe for concurrent use once everybody
// is counted.
type Texts struct {
	people map[uint64]uint8 // up to Shared
}

// NewTexts returns what has counted nobody.
func NewTexts() *Texts { return &Texts{people: map[uint64]uint8{}} }

// Count notes the texts that one person has: values, names of properties and of events, the
// servers of links, and numbers of what is numbered.
func (t *Texts) Count(events []rapport.Event) {
	hers := map[uint64]struct{}{}
	note := func(s string) { hers[xxhash.Sum64String(s)] = struct{}{} }
	for i := range events {
		note(events[i].Name)
		eachText("", parsed(events[i].Properties), note)
		eachText("", parsed(events[i].Context), note)
	}
	for text := range hers {
		t.people[text] = min(t.people[text]+1, Shared)
	}
}

// Settle forgets the texts of few. Nobody is counted after it.
func (t *Texts) Settle() {
	common := map[uint64]uint8{}
	for text, n := range t.people {
		if n >= Shared {
			common[text] = n
		}
	}
	t.people = common
}

func (t *Texts) shared(s string) bool { return t.people[xxhash.Sum64String(s)] >= Shared }

// eachText visits every text of a value that stands under a name.
func eachText(name string, v rapport.Value, visit func(string)) {
	switch v.Kind() {
	case rapport.Text:
		visit(v.Text())
		if host := hostOf(v.Text()); host != "" {
			visit(host)
		}
	case rapport.Number:
		if sortOf(name) == thing {
			visit(rapport.FormatNumber(v.Number()))
		}
	case rapport.List:
		for i := range v.Len() {
			eachText(name, v.Item(i), visit)
		}
	case rapport.Object:
		for i := range v.Len() {
			inner, item := v.Pair(i)
			visit(inner)
			eachText(inner, item, visit)
		}
	}
}
