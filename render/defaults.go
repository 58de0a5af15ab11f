package render

import (
	"encoding/json"
	"maps"
	"slices"

	"rapport"
	"rapport/internal/strictyaml"
)

// fallback is what stands for a value that is missing, and for what is missing
// inside it. A nil fallback stands for nothing.
type fallback struct {
	value  rapport.Value
	names  []string
	fields []*fallback // by names
	items  *fallback   // of each item of a list
}

// defaults reads the document's values for missing names.
func (c *compiler) defaults() {
	c.t.fallbacks = map[string]*fallback{}
	for _, name := range slices.Sorted(maps.Keys(c.doc.Defaults)) {
		if message, suggestion := c.addDefault(name, c.doc.Defaults[name]); message != "" {
			c.problem(strictyaml.Key("defaults", name), message, suggestion)
		}
	}
}

func (c *compiler) addDefault(name string, value any) (message, suggestion string) {
	steps := split(name)
	if len(steps) == 0 {
		return "a default has no name", "write it as customer.first_name: friend"
	}
	sure, unknown, known := c.walk(steps)
	encoded, err := json.Marshal(value)
	v, _ := rapport.ParseJSON(encoded)
	switch {
	case unknown == 0:
		return "there is no " + quote(steps[0]) + " here", nearestOf(steps[0], known)
	case unknown > 0:
		return unknownStep(steps, unknown), nearestOf(steps[unknown], known)
	case sure:
		return name + " is never missing", "leave it out"
	case steps[len(steps)-1] == "[]":
		return "items of a list are never missing", "name what is read of them, such as " + name + ".title"
	case err != nil || !v.IsSet():
		return "there is no value for " + name, "write one, such as " + name + ": friend"
	}
	root := c.t.fallbacks[steps[0]]
	if root == nil {
		root = &fallback{}
		c.t.fallbacks[steps[0]] = root
	}
	root.add(steps[1:], v)
	return "", ""
}

func (f *fallback) add(steps []string, v rapport.Value) {
	if len(steps) == 0 {
		f.value = v
		return
	}
	if steps[0] == "[]" {
		if f.items == nil {
			f.items = &fallback{}
		}
		f.items.add(steps[1:], v)
		return
	}
	i := slices.Index(f.names, steps[0])
	if i < 0 {
		i = len(f.names)
		f.names, f.fields = append(f.names, steps[0]), append(f.fields, &fallback{})
	}
	f.fields[i].add(steps[1:], v)
}

// covers reports whether a path below f has a value even where the data has none.
func (f *fallback) covers(steps []string) bool {
	if f == nil {
		return false
	}
	if len(steps) == 0 {
		return f.value.IsSet()
	}
	if steps[0] == "[]" {
		return f.items.covers(steps[1:])
	}
	if i := slices.Index(f.names, steps[0]); i >= 0 && f.fields[i].covers(steps[1:]) {
		return true
	}
	v := f.value
	for _, step := range steps {
		v = v.Get(step)
	}
	return v.IsSet()
}

// fill returns v with what is missing in it. An empty text is missing.
func (f *fallback) fill(v rapport.Value) rapport.Value {
	if f == nil {
		return v
	}
	if missing(v) && f.value.IsSet() {
		v = f.value
	}
	switch {
	case v.Kind() == rapport.List && f.items != nil:
		items := make([]rapport.Value, v.Len())
		for i := range items {
			items[i] = f.items.fill(v.Item(i))
		}
		return rapport.ListOf(items)
	case v.Kind() == rapport.Object || missing(v):
		return f.fillFields(v)
	}
	return v
}

func (f *fallback) fillFields(v rapport.Value) rapport.Value {
	var pairs []rapport.Value
	for i, name := range f.names {
		if filled := f.fields[i].fill(v.Get(name)); filled.IsSet() {
			pairs = append(pairs, rapport.TextOf(name), filled)
		}
	}
	if pairs == nil {
		return v
	}
	return extended(v, pairs...)
}

// extended returns an object with further pairs, which count before its own. What
// is no object has nothing of its own.
func extended(v rapport.Value, pairs ...rapport.Value) rapport.Value {
	if v.Kind() != rapport.Object {
		return rapport.ObjectOf(pairs)
	}
	all := make([]rapport.Value, 0, 2*v.Len()+len(pairs))
	for i := range v.Len() {
		name, value := v.Pair(i)
		if !overrides(pairs, name) {
			all = append(all, rapport.TextOf(name), value)
		}
	}
	return rapport.ObjectOf(append(all, pairs...))
}

func overrides(pairs []rapport.Value, name string) bool {
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i].Text() == name {
			return true
		}
	}
	return false
}

// missing reports whether a template would print a hole where v stands.
func missing(v rapport.Value) bool {
	return !v.IsSet() || v.Kind() == rapport.Text && v.Text() == ""
}

// present returns a value without the empty texts in its objects, which are as good
// as missing.
func present(v rapport.Value) rapport.Value {
	if !hasEmpty(v) {
		return v
	}
	if v.Kind() == rapport.List {
		items := make([]rapport.Value, v.Len())
		for i := range items {
			items[i] = present(v.Item(i))
		}
		return rapport.ListOf(items)
	}
	var pairs []rapport.Value
	for i := range v.Len() {
		if name, field := v.Pair(i); !missing(field) {
			pairs = append(pairs, rapport.TextOf(name), present(field))
		}
	}
	return rapport.ObjectOf(pairs)
}

// hasEmpty reports whether an object in v has an empty text.
func hasEmpty(v rapport.Value) bool {
	for i := range v.Len() {
		switch v.Kind() {
		case rapport.List:
			if hasEmpty(v.Item(i)) {
				return true
			}
		case rapport.Object:
			if _, field := v.Pair(i); field.Kind() == rapport.Text && field.Text() == "" || hasEmpty(field) {
				return true
			}
		}
	}
	return false
}
