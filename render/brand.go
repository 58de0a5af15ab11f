package render

import (
	"cmp"
	"maps"
	"slices"

	"rapport"
	"rapport/internal/strictyaml"
)

// Check says what is wrong with the document.
func (d BrandDoc) Check() []Problem {
	var problems []Problem
	if blank(d.Name) {
		problems = append(problems, Problem{Path: "title", Message: "the brand has no title", Suggestion: "write what customers call it"})
	}
	problems = append(problems, checkSender("sender", d.Sender)...)
	for _, market := range slices.Sorted(maps.Keys(d.Senders)) {
		problems = append(problems, checkSender(strictyaml.Key("senders", market), d.Senders[market])...)
	}
	problems = append(problems, checkAddress("reply_to", d.ReplyTo)...)
	for _, tag := range slices.Sorted(maps.Keys(d.Unsubscribe)) {
		if languageTag(tag) == "" {
			problems = append(problems, Problem{
				Path: strictyaml.Key("unsubscribe", tag), Message: quote(tag) + " is no language", Suggestion: "write one such as en, th or zh-Hant",
			})
		}
	}
	return problems
}

// brand is a brand as templates read it.
type brand struct {
	doc         BrandDoc
	value       rapport.Value
	unsubscribe map[string]string // by language tag
}

func newBrand(doc BrandDoc) *brand {
	b := &brand{doc: doc, unsubscribe: map[string]string{}}
	var pairs []rapport.Value
	for _, f := range b.texts() {
		if f.text != "" {
			pairs = append(pairs, rapport.TextOf(f.name), rapport.TextOf(f.text))
		}
	}
	for _, f := range b.tables() {
		pairs = append(pairs, rapport.TextOf(f.name), tableValue(f.table))
	}
	b.value = rapport.ObjectOf(pairs)
	for tag, words := range doc.Unsubscribe {
		b.unsubscribe[languageTag(tag)] = words
	}
	return b
}

// texts are the fields that templates print.
func (b *brand) texts() []struct{ name, text string } {
	d := b.doc
	return []struct{ name, text string }{
		{"name", d.Name}, {"url", d.URL}, {"logo", d.Logo}, {"address", d.Address}, {"reply_to", d.ReplyTo},
	}
}

// tables are the fields in which templates look names up.
func (b *brand) tables() []struct {
	name  string
	table map[string]string
} {
	d := b.doc
	return []struct {
		name  string
		table map[string]string
	}{{"colours", d.Colours}, {"fonts", d.Fonts}, {"values", d.Values}}
}

func tableValue(table map[string]string) rapport.Value {
	var pairs []rapport.Value
	for _, name := range slices.Sorted(maps.Keys(table)) {
		pairs = append(pairs, rapport.TextOf(name), rapport.TextOf(table[name]))
	}
	return rapport.ObjectOf(pairs)
}

// sender returns whom the brand's messages come from, nil if it does not say.
func (b *brand) sender(channel rapport.Channel, market string) *Sender {
	if channel != rapport.SMS {
		return cmp.Or(b.doc.Senders[market], b.doc.Sender)
	}
	if b.doc.SMSSender == "" {
		return nil
	}
	return &Sender{Address: b.doc.SMSSender}
}
