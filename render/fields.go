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

// Language returns the language of the template's own texts; empty if it does not say.
func (t *Template) Language() string { return t.main.language }
