package render

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"rapport/internal/suggest"
	"rapport/render/liquid"
)

// noun says what may stand after a name in a template.
type noun struct {
	fields map[string]*noun
	item   *noun // of a list
	open   bool  // other names may follow as well, each of which may be missing
	maybe  bool  // it may be missing itself
}

// nouns are the names that templates begin with.
func nouns(b *brand) map[string]*noun {
	line := &noun{fields: always("product_id", "quantity", "name"), open: true}
	cart := &noun{fields: always("id", "count", "total", "currency")}
	cart.fields["lines"] = &noun{item: line}
	cart.fields["bought_at"] = &noun{maybe: true}
	offer := &noun{fields: map[string]*noun{"code": {maybe: true}, "text": {maybe: true}, "expires": {maybe: true}}}
	order := &noun{fields: always("id", "at", "total", "currency", "products"), maybe: true}
	return map[string]*noun{
		"customer": {fields: always("id"), open: true},
		"event":    {open: true},
		"answers":  {open: true},
		"offer":    offer,
		"cart":     cart,
		"orders":   {item: order},
		"market":   {fields: always("name", "country", "currency", "language", "zone")},
		"brand":    b.noun(),
		"message":  {fields: always("id", "to", "language", "unsubscribe_url")},
		"now":      {},
	}
}

func always(names ...string) map[string]*noun {
	fields := make(map[string]*noun, len(names))
	for _, name := range names {
		fields[name] = &noun{}
	}
	return fields
}

// noun is what this very brand has.
func (b *brand) noun() *noun {
	n := &noun{fields: map[string]*noun{}}
	for _, f := range b.texts() {
		n.fields[f.name] = &noun{maybe: f.text == ""}
	}
	for _, f := range b.tables() {
		n.fields[f.name] = &noun{fields: always(slices.Collect(maps.Keys(f.table))...)}
	}
	return n
}

// split takes a path of liquid's apart: a name each, and [] for an index.
func split(path string) []string {
	var steps []string
	for path != "" {
		switch {
		case strings.HasPrefix(path, "[]"):
			steps, path = append(steps, "[]"), path[2:]
		case path[0] == '[':
			quoted, err := strconv.QuotedPrefix(path[1:])
			name, _ := strconv.Unquote(quoted)
			if err != nil {
				return append(steps, path)
			}
			steps, path = append(steps, name), strings.TrimPrefix(path[1+len(quoted):], "]")
		default:
			path = strings.TrimPrefix(path, ".")
			end := strings.IndexAny(path, ".[")
			if end < 0 {
				end = len(path)
			}
			if end == 0 {
				return append(steps, path)
			}
			steps, path = append(steps, path[:end]), path[end:]
		}
	}
	return steps
}

// check looks at everything that a text reads.
func (c *compiler) check(path, source string, reads []liquid.Path) {
	told := map[string]bool{}
	for _, p := range reads {
		message, suggestion := c.judge(p)
		if message == "" || told[p.Name] {
			continue
		}
		told[p.Name] = true
		c.problems = append(c.problems, placed(path, source, p.Position, message, suggestion))
	}
}

// judge says what is wrong with reading a path, and what to do.
func (c *compiler) judge(p liquid.Path) (message, suggestion string) {
	if strings.HasPrefix(p.Name, "[") {
		return "a name in brackets can't be checked", "write it out, such as customer.first_name"
	}
	steps := split(p.Name)
	if steps[0] == "customer" {
		if message, suggestion = c.judgeTrait(p, steps); message != "" {
			return message, suggestion
		}
	}
	sure, unknown, known := c.walk(steps)
	switch {
	case unknown == 0:
		return "there is no " + quote(steps[0]) + " here", nearestOf(steps[0], known)
	case unknown > 0:
		return unknownStep(steps, unknown), nearestOf(steps[unknown], known)
	case sure, p.Default, p.Guarded, p.Use == liquid.Tested, c.t.fallbacks[steps[0]].covers(steps[1:]):
		return "", ""
	}
	return written(p.Name) + " may be missing", remedy(p)
}

// unknownStep says that a path leads nowhere at a step.
func unknownStep(steps []string, at int) string {
	before := strings.ReplaceAll(strings.Join(steps[:at], "."), ".[]", "[]")
	if steps[at] == "[]" {
		return before + " is no list"
	}
	return before + " has no " + quote(steps[at])
}

// written is how a path most likely stands in the template.
func written(path string) string { return strings.Replace(path, "orders[]", "orders.last", 1) }

// remedy says what can be done about a value that may be missing.
func remedy(p liquid.Path) string {
	if p.Use == liquid.Looped {
		return fmt.Sprintf("put {%% if %s %%} around the loop, or give it a value under defaults", p.Name)
	}
	name := written(p.Name)
	if strings.Contains(name, "[]") {
		name = "…"
	}
	return fmt.Sprintf(`add | default: "…", put {%% if %s %%} around it, or give it a value under defaults`, name)
}

// judgeTrait looks at what is read of the customer, of whom only what is named
// is asked.
func (c *compiler) judgeTrait(p liquid.Path, steps []string) (message, suggestion string) {
	switch {
	case len(steps) == 1 && (p.Use == liquid.Printed || p.Use == liquid.Looped):
		return "customer stands for everything that is known of her", "name what is meant, such as customer.first_name"
	case len(steps) > 1 && steps[1] == "[]":
		return "which trait this reads is known only when it is rendered", "write the trait's name, such as customer.first_name"
	case len(steps) == 1 || steps[1] == "id" || c.env.Plan == nil || !c.env.Plan.Customer.Strict:
		return "", ""
	}
	fields := c.env.Plan.Customer.Fields
	if _, known := fields[steps[1]]; known {
		return "", ""
	}
	return "the data plan has no trait " + quote(steps[1]), nearestOf(steps[1], slices.Sorted(maps.Keys(fields)))
}

// walk follows a path from a root. Sure is whether it always has a value; unknown
// is the step that leads nowhere, -1 if there is none, and known what could stand
// there.
func (c *compiler) walk(steps []string) (sure bool, unknown int, known []string) {
	at := &noun{fields: c.nouns}
	sure = true
	for i, step := range steps {
		next := at.fields[step]
		if step == "[]" {
			next = at.item
		}
		if next == nil {
			if at.open {
				return false, -1, nil
			}
			return false, i, slices.Sorted(maps.Keys(at.fields))
		}
		at, sure = next, sure && !next.maybe
	}
	return sure, -1, nil
}

// nearest suggests the known name that was probably meant, if there is one.
func nearest(word string, known []string) string {
	if best, ok := suggest.Nearest(word, known); ok {
		return "did you mean " + quote(best) + "?"
	}
	return ""
}

// nearestOf suggests the known name that was probably meant, or tells them all.
func nearestOf(word string, known []string) string {
	if hint := nearest(word, known); hint != "" || len(known) == 0 {
		return hint
	}
	return "write one of " + strings.Join(known, ", ")
}
