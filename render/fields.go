package render

import "slices"

// Fields returns the properties of a root, such as event, that the template may read,
// sorted.
func (t *Template) Fields(root string) []string {
	var names []string
	for _, path := range t.reads {
		if steps := split(path); steps[0] == root && len(steps) > 1 && steps[1] != "[]" {
			names = append(names, steps[1])
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Languages returns the languages that the template is also written in, sorted.
func (t *Template) Languages() []string {
	languages := make([]string, len(t.texts.locales))
	for i := range t.texts.locales {
		languages[i] = t.texts.locales[i].language
	}
	slices.Sort(languages)
	return languages
}

// Speaks reports whether the template is written for a market, or else in a language
// or a wider one.
func (t *Template) Speaks(market, language string) bool {
	tag := languageTag(language)
	m := t.markets[market]
	return m != nil && (m.own != nil || m.in(tag) != nil) || t.texts.in(tag) != nil
}
