package journey

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"rapport"
	"rapport/rule"
)

// beginning is one of the things that start a journey's runs, and what it tells.
type beginning struct {
	name   string          // in words: the segment "loyal"
	tells  map[string]bool // properties that are declared
	closed bool            // it has no others
	silent bool            // nobody has declared what it tells, so any property may be there
}

// lacks reports whether what began a run does not tell a property.
func (b *beginning) lacks(property string) bool { return !b.silent && !b.tells[property] }

// beginningsOf returns what starts a journey's runs.
func (c *checker) beginningsOf(j *Journey) []beginning {
	switch e := j.entry; {
	case e.calendar != nil:
		return []beginning{{name: "the schedule", tells: map[string]bool{"day": true}, closed: true}}
	case e.segment != "":
		return []beginning{{name: fmt.Sprintf("the segment %q", e.segment), closed: true}}
	case e.api:
		return []beginning{{name: "a request", tells: c.declared(rapport.JourneyRequested)}}
	case len(e.traits) > 0:
		return []beginning{{name: "a change of " + strings.Join(e.traits, " or "), tells: map[string]bool{"trait": true, "from": true, "to": true}, closed: true}}
	}
	var all []beginning
	for _, name := range j.entry.events {
		noun := c.in.Plan.Event(name)
		all = append(all, beginning{
			name: fmt.Sprintf("%q", name), tells: c.declared(name), closed: noun.Strict, silent: len(noun.Fields) == 0 && !noun.Strict,
		})
	}
	return all
}

// declared returns the properties that the data plan names of an event.
func (c *checker) declared(event string) map[string]bool {
	fields := map[string]bool{}
	for name := range c.in.Plan.Event(event).Fields {
		fields[name] = true
	}
	return fields
}

// missing warns of properties of the entry that a step reads and that some run does not
// have when it comes there.
func (c *checker) missing() {
	begins := c.beginningsOf(c.j)
	sure := c.sure()
	for i := range c.j.nodes {
		n := &c.j.nodes[i]
		if sure[i] == nil {
			continue // no run comes there
		}
		for _, r := range c.reads(n) {
			c.unset(begins, sure[i], r, fmt.Sprintf("at step %q ", n.name))
		}
		if n.kind == sendNode && c.in.Prints != nil {
			c.unprinted(begins, sure[i], n)
		}
	}
	for _, r := range c.j.readsAnywhere() {
		c.unset(begins, c.always(), r, "")
	}
}

// unset warns of properties that are read and that may not be there.
func (c *checker) unset(begins []beginning, sure map[string]bool, r entryReading, where string) {
	so := "a rule about what nobody told does not hold"
	switch {
	case r.date:
		so = "a date that nobody told is missed"
	case r.value:
		so = "what is worked out from it is unknown"
	}
	for _, field := range r.fields {
		if without := lacking(begins, sure, field); len(without) > 0 {
			c.warn(r.path, fmt.Sprintf("%sentry.%s is not told by %s, and %s", where, field, orAll(without), so), remedyFor(begins, without, field))
		}
	}
}

// unprinted warns of properties that a template prints and that are never there for some
// of those to whom it is sent. What may be missing has a default or stands in a
// condition, or the template would not compile: for them that is all it ever says.
func (c *checker) unprinted(begins []beginning, sure map[string]bool, n *node) {
	for _, field := range c.in.Prints(n.send.template) {
		certain := slices.DeleteFunc(slices.Clone(begins), func(b beginning) bool { return !b.closed })
		if without := lacking(certain, sure, field); len(without) > 0 {
			c.warn(n.path+".send.template", fmt.Sprintf("at step %q the template %q reads event.%s, which is not told by %s: those customers get what it says without it",
				n.name, n.send.template, field, orAll(without)), "let the template read customer or cart instead, or send another one to them")
		}
	}
}

// lacking returns the names of the beginnings that do not tell a property.
func lacking(begins []beginning, sure map[string]bool, field string) (names []string) {
	if sure[field] {
		return nil
	}
	for i := range begins {
		if begins[i].lacks(field) {
			names = append(names, begins[i].name)
		}
	}
	return names
}

func orAll(names []string) string { return strings.Join(names, " and not by ") }

// remedyFor says what to do about a property that is not told.
func remedyFor(begins []beginning, without []string, field string) string {
	if len(without) == len(begins) && begins[0].closed {
		return "ask for something of customer instead"
	}
	return fmt.Sprintf("ask has(entry.%s) along with it, or has(event.%s) in entry.where, or declare the property in the data plan", field, field)
}

// entryReading is what a rule or a date reads of the entry without asking whether it is
// there.
type entryReading struct {
	path   string
	fields []string
	date   bool
	value  bool
}

// reads returns what the rules of a step read of the entry.
func (c *checker) reads(n *node) []entryReading {
	var all []entryReading
	add := func(path string, r *rule.Rule) {
		if r != nil {
			all = append(all, entryReading{path: path, fields: unasked(c.tree(r), "entry")})
		}
	}
	if n.kind == branchNode {
		for i, x := range n.cases {
			add(fmt.Sprintf("%s.branch[%d].when", n.path, i), x.rule)
		}
	}
	add(n.path+".wait_until.where", n.until.where)
	add(n.path+".wait_until.when", n.when)
	if n.date != nil {
		if e, err := rule.Parse(n.date.Text()); err == nil {
			all = append(all, entryReading{path: n.path + ".wait.until", fields: unasked(e, "entry"), date: true})
		}
	}
	return append(all, n.actionReads()...)
}

// readsAnywhere returns what exits and the goal read of the entry.
func (j *Journey) readsAnywhere() []entryReading {
	var all []entryReading
	add := func(path, text string) {
		if e, err := rule.Parse(text); text != "" && err == nil {
			all = append(all, entryReading{path: path, fields: unasked(e, "entry")})
		}
	}
	for i, x := range j.doc.Exit {
		add(fmt.Sprintf("exit[%d].where", i), x.Where)
		add(fmt.Sprintf("exit[%d].when", i), x.When)
	}
	if g := j.doc.Goal; g != nil {
		add("goal.where", g.Where)
	}
	return all
}

// always returns the properties of the entry that the rule of the entry asks for.
func (c *checker) always() map[string]bool { return told(c.tree(c.j.entry.where), "event") }

// sure returns for each step the properties of the entry that every run has that comes
// there; nil for a step that none comes to. Every way leads onwards, so one pass will do.
func (c *checker) sure() []map[string]bool {
	sure := make([]map[string]bool, len(c.j.nodes))
	sure[0] = c.always()
	for _, x := range c.j.ends {
		maps.Copy(sure[0], untold(c.tree(x), "entry"))
	}
	for i := range c.j.nodes {
		if sure[i] == nil {
			continue
		}
		for _, w := range c.j.nodes[i].ways() {
			if w.to == end {
				continue
			}
			has := c.adds(&w, sure[i])
			if sure[w.to] != nil {
				has = both(has, sure[w.to])
			}
			sure[w.to] = has
		}
	}
	return sure
}

// adds returns a set of properties with those that whoever goes a way has as well.
func (c *checker) adds(w *way, to map[string]bool) map[string]bool {
	all := maps.Clone(to)
	if w.holds != nil {
		maps.Copy(all, told(c.tree(w.holds), "entry"))
	}
	for _, r := range w.fails {
		maps.Copy(all, untold(c.tree(r), "entry"))
	}
	return all
}
