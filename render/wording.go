package render

import (
	"cmp"
	"slices"
)

// wording is what a template says, or what it says in one market: its own texts, and
// those in other languages.
type wording struct {
	own     *variant // nil if a market has none of its own
	locales []variant
}

// in returns the texts in a language, or in a wider one: those in zh-hant, or else
// in zh, for zh-hant-tw. It is nil if there are none.
func (t *wording) in(tag string) *variant {
	for ; tag != ""; tag = wider(tag) {
		if t.own != nil && tag == t.own.language {
			return t.own
		}
		if i := slices.IndexFunc(t.locales, func(v variant) bool { return v.language == tag }); i >= 0 {
			return &t.locales[i]
		}
	}
	return nil
}

// has reports whether there are texts in this very language.
func (t *wording) has(tag string) bool {
	return slices.ContainsFunc(t.locales, func(v variant) bool { return v.language == tag })
}

// inherit takes what v does not have from others, the first one first: subject and
// preheader each, html and text together.
func (v *variant) inherit(others ...*variant) {
	for _, o := range others {
		if o == nil {
			continue
		}
		v.subject = cmp.Or(v.subject, o.subject)
		v.preheader = cmp.Or(v.preheader, o.preheader)
		if v.html == nil && v.text == nil {
			v.html, v.text = o.html, o.text
		}
	}
}

// choose returns the texts for a customer: those for her market in her language,
// else those for her market, else those in her language, else the template's own.
// Her language is the one that she told of (traits locale, language), or else that
// of her market.
func (t *Template) choose(r Request) *variant {
	if len(t.texts.locales) == 0 && len(t.markets) == 0 {
		return t.texts.own
	}
	tag := t.told(r)
	if m := t.markets[r.Market.Name]; m != nil {
		if v := cmp.Or(m.in(tag), m.own); v != nil {
			return v
		}
	}
	return cmp.Or(t.texts.in(tag), t.texts.own)
}

func (t *Template) told(r Request) string {
	for _, trait := range [...]string{"locale", "language"} {
		if tag := languageTag(r.Customer.Trait(trait).Text()); tag != "" {
			return tag
		}
	}
	return languageTag(r.Market.Language)
}
