package journey

import (
	"fmt"

	"rapport"
	"rapport/internal/strictyaml"
	"rapport/rule"
)

// changes returns the events that an update brings about while the run still stands
// there. Whether a trait becomes another than it was nobody knows before.
func (n *node) changes(says map[string]rapport.Value) (all []cause) {
	for i, name := range n.update.traits.names {
		told := map[string]rapport.Value{"trait": rapport.TextOf(name)}
		if is := n.update.traits.parts[i].written(); is.IsSet() {
			told["to"] = is
		}
		all = append(all, cause{event: rapport.TraitChanged, says: told, during: true})
	}
	if len(n.update.traits.names) > 0 {
		all = append(all, cause{event: rapport.TraitsUpdated, says: says, sure: true, during: true})
	}
	if n.update.event != "" {
		told := map[string]rapport.Value{"journey": says["journey"], "step": says["step"]}
		for i, name := range n.update.properties.names {
			if is := n.update.properties.parts[i].written(); is.IsSet() {
				told[name] = is
			}
		}
		all = append(all, cause{event: n.update.event, says: told, sure: true, during: true})
	}
	return all
}

// written returns what a value says in so many words; Unset if it must be worked out.
func (v *value) written() rapport.Value {
	if v.expr != nil {
		return v.expr.Said()
	}
	return v.said
}

// callWays are the ways on from a webhook.
func (n *node) callWays() []way {
	if n.call.forgets {
		return []way{{to: n.next}}
	}
	return []way{{to: n.then, loose: true}, {to: n.missed, loose: true}}
}

// unanswered warns of a webhook that leads nowhere for those whose call is not answered.
func (c *checker) unanswered(n *node) {
	if n.missed == end && n.then != end {
		c.warn(n.path+".webhook", "nothing is said of those whose call is refused, or not answered in time: "+c.goesOn(end),
			"add otherwise with steps, such as - stop: true if that is meant")
	}
}

// actionReads returns what the expressions of an update or a webhook read of the entry.
func (n *node) actionReads() (all []entryReading) {
	add := func(path string, v *value) {
		for i, name := range v.names {
			v.parts[i].each(func(e *rule.Value) {
				if tree, err := rule.Parse(e.Text()); err == nil {
					all = append(all, entryReading{path: strictyaml.Key(fmt.Sprint(n.path, path), name), fields: unasked(tree, "entry"), value: true})
				}
			})
		}
	}
	switch n.kind {
	case updateNode:
		add(".update.traits", &n.update.traits)
		add(".update.properties", &n.update.properties)
	case callNode:
		add(".webhook.body", &n.call.body)
	}
	return all
}
