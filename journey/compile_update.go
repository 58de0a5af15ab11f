package journey

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"rapport"
	"rapport/internal/strictyaml"
	"rapport/internal/suggest"
	"rapport/rule"
)

// update is a step that changes what is kept of the customer.
type update struct {
	traits     value // an object
	event      string
	properties value // an object
}

const (
	maxTraitName  = 128
	maxTraitBytes = 2 << 10 // of one value as JSON; a larger one counts as unknown
)

// update compiles an update into node n.
func (c *compiler) update(u Update, path string, n int) {
	c.j.nodes[n].kind = updateNode
	switch {
	case len(u.Traits) == 0 && u.Event == "":
		c.problem(path, "the update changes nothing", "write traits: { visits: customer.visits + 1 }, or event: Loyalty Reached")
	case len(u.Properties) > 0 && u.Event == "":
		c.problem(path+".properties", "properties go with event", "write event: Loyalty Reached, or leave them out")
	}
	out := &update{event: u.Event, traits: c.object(u.Traits, path+".traits"), properties: c.object(u.Properties, path+".properties")}
	c.harmless(&out.traits, "under another name it would be handed out", path+".traits")
	c.harmless(&out.properties, "under another name it would be handed out", path+".properties")
	for i, name := range out.traits.names {
		c.trait(name, out.traits.parts[i], strictyaml.Key(path+".traits", name))
	}
	if u.Event != "" {
		c.ownEvent(out, path)
	}
	c.j.nodes[n].update = out
}

// trait checks that a journey may set a trait, and to this value.
func (c *compiler) trait(name string, v value, path string) {
	if strings.TrimSpace(name) == "" || len(name) > maxTraitName {
		c.problem(path, "the trait has no name, or too long a one", fmt.Sprintf("use at most %d characters", maxTraitName))
	}
	switch name {
	case "id":
		c.problem(path, "who she is can't be set", "name another trait")
		return
	case "email", "phone":
		c.problem(path, fmt.Sprintf("%s is where she is reached, and what she agreed to hangs on it: no journey sets it", name), "name another trait")
		return
	}
	plan := c.in.Plan
	if plan == nil {
		return
	}
	if slices.Contains(plan.Sensitive, name) {
		c.problem(path, fmt.Sprintf("the data plan says that %q is sensitive: no journey sets it", name), "name another trait")
	}
	declared, known := plan.Customer.Fields[name]
	if !known && plan.Customer.Strict {
		c.problem(path, fmt.Sprintf("the data plan knows no trait %q of the customer", name), nearest(name, plan.Customer.Fields))
		return
	}
	c.fits(v, declared, fmt.Sprintf("the trait %q", name), path)
}

// ownEvent checks the event that an update tells.
func (c *compiler) ownEvent(u *update, path string) {
	switch {
	case strings.TrimSpace(u.event) == "" || len(u.event) > maxNameLength:
		c.problem(path+".event", "the event has no name, or too long a one", fmt.Sprintf("use at most %d characters", maxNameLength))
	case rapport.OwnEvent(u.event):
		c.problem(path+".event", fmt.Sprintf("%q is told by the product itself", u.event), "give the event a name of your own")
	}
	c.refer(ToEvent, u.event, path+".event")
	noun := c.in.Plan.Event(u.event)
	for i, name := range u.properties.names {
		at := strictyaml.Key(path+".properties", name)
		declared, known := noun.Fields[name]
		switch {
		case name == "journey" || name == "step":
			c.problem(at, name+" says by which journey and step the event was told", "give the property another name")
		case !known && noun.Strict:
			c.problem(at, fmt.Sprintf("the event %q has no property %q in the data plan", u.event, name), nearest(name, noun.Fields))
		default:
			c.fits(u.properties.parts[i], declared, fmt.Sprintf("the property %q", name), at)
		}
	}
}

// nearest suggests the declared name that was probably meant.
func nearest(name string, declared map[string]rule.Type) string {
	if near, ok := suggest.Nearest(name, slices.Sorted(maps.Keys(declared))); ok {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return "add it to the data plan"
}
