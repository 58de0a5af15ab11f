package workspace

import (
	"fmt"
	"maps"
	"slices"

	"rapport/internal/strictyaml"
	"rapport/rule"
)

// DataPlan is what a marketer says of the data: which traits customers have, and
// which properties events have. There may be several; they are read together.
// What no plan names may still come in and is of any type, unless a plan is strict.
type DataPlan struct {
	Description string               `json:"description" doc:"What the plan covers"`
	Traits      map[string]Property  `json:"traits" doc:"The customers' traits and their types, such as country: text"`
	Events      map[string]EventPlan `json:"events" doc:"The events and their properties"`
	Strict      bool                 `json:"strict" doc:"Rules may read only the traits, events and properties that stand in a plan"`
}

// EventPlan is what a plan says of one event.
type EventPlan struct {
	Description string              `json:"description" doc:"When the event is sent"`
	Properties  map[string]Property `json:"properties" doc:"The event's properties and their types, such as total: number"`
	Strict      bool                `json:"strict" doc:"Rules may read only these properties of the event"`
}

// Property is a trait or a property: its type alone, or with more about it.
type Property struct {
	Type        TypeName            `json:"type" doc:"any, bool, number, money, text, time, date, object, or list of one of them; money is an amount in the currency that its event names"`
	Description string              `json:"description" doc:"What it says"`
	Fields      map[string]Property `json:"fields" doc:"The fields of an object, or of each object in a list"`
	Sensitive   bool                `json:"sensitive" doc:"Of a trait: it is nobody else's business, so no journey sets it, and no webhook hands it out"`
}

// UnmarshalText reads a type.
func (p *Property) UnmarshalText(text []byte) error { return p.Type.UnmarshalText(text) }

// TypeName is a type as [rule.ParseType] reads it.
type TypeName string

// UnmarshalText reads a type.
func (n *TypeName) UnmarshalText(text []byte) error {
	_, err := rule.ParseType(string(text))
	*n = TypeName(text)
	return err
}

// Pattern is what a type looks like.
func (TypeName) Pattern() string {
	return `^(list of )*(any|bool|number|money|text|time|date|list|object)$`
}

// Pattern is what a type by itself looks like.
func (Property) Pattern() string { return TypeName("").Pattern() }

// ruleType returns the type as rules know it.
func (p Property) ruleType() rule.Type {
	t, _ := rule.ParseType(string(p.Type)) // it was parsed when it was read
	if len(p.Fields) == 0 {
		return t
	}
	object := rule.Type{Kind: rule.Object, Fields: &rule.Noun{Fields: ruleTypes(p.Fields)}}
	if t.Kind == rule.List {
		return rule.ListOf(object)
	}
	return object
}

func ruleTypes(properties map[string]Property) map[string]rule.Type {
	types := make(map[string]rule.Type, len(properties))
	for name, p := range properties {
		types[name] = p.ruleType()
	}
	return types
}

// plan reads all data plans together.
func (c *compiler) plan() *rule.Plan {
	plans := decode[DataPlan](c, "plan")
	if len(plans) == 0 {
		return nil
	}
	whole := &rule.Plan{Customer: rule.Noun{Fields: map[string]rule.Type{}}, Events: map[string]rule.Noun{}}
	said := map[string]string{} // which plan gave a path its type
	for _, name := range slices.Sorted(maps.Keys(plans)) {
		doc := plans[name]
		m := merger{c: c, plan: name, said: said}
		m.fields(whole.Customer.Fields, doc.Traits, "traits")
		whole.Sensitive = append(whole.Sensitive, sensitive(doc.Traits)...)
		for event, says := range doc.Events {
			noun, path := whole.Events[event], strictyaml.Key("events", event)
			if noun.Fields == nil {
				noun.Fields = map[string]rule.Type{}
			}
			m.fields(noun.Fields, says.Properties, strictyaml.Key(path, "properties"))
			m.insensitive(says.Properties, strictyaml.Key(path, "properties"))
			noun.Strict = noun.Strict || says.Strict
			whole.Events[event] = noun
		}
		if doc.Strict {
			whole.Customer.Strict, whole.StrictEvents = true, true
		}
	}
	return strictWhole(whole)
}

// sensitive returns the names of the traits that are, in order.
func sensitive(traits map[string]Property) (names []string) {
	for _, name := range slices.Sorted(maps.Keys(traits)) {
		if traits[name].Sensitive {
			names = append(names, name)
		}
	}
	return names
}

// strictWhole makes the events of a strict plan strict as well.
func strictWhole(plan *rule.Plan) *rule.Plan {
	for name, noun := range plan.Events {
		noun.Strict = noun.Strict || plan.StrictEvents
		plan.Events[name] = noun
	}
	return plan
}

// merger adds one plan to those before it.
type merger struct {
	c    *compiler
	plan string
	said map[string]string
}

func (m merger) fields(into map[string]rule.Type, properties map[string]Property, path string) {
	for name, p := range properties {
		at := strictyaml.Key(path, name)
		m.check(p, at)
		t := p.ruleType()
		if before, known := into[name]; known && before.String() != t.String() {
			m.c.add("plan", m.plan, at, fmt.Sprintf("%q is %s here and %s in plan %q: write the same type in both", name, t, before, m.said[at]))
			continue
		}
		into[name], m.said[at] = t, m.plan
	}
}

// check says what no type alone shows to be wrong.
func (m merger) check(p Property, path string) {
	t, _ := rule.ParseType(string(p.Type))
	isObject := t.Kind == rule.Object || t.Kind == rule.List && (t.Elem == nil || t.Elem.Kind == rule.Object)
	switch {
	case p.Type == "" && len(p.Fields) == 0:
		m.c.add("plan", m.plan, path, "\"type\" is missing: write number, money, text, bool, time, date, object or list of one of them")
	case p.Type != "" && len(p.Fields) > 0 && !isObject:
		m.c.add("plan", m.plan, strictyaml.Key(path, "type"), fmt.Sprintf("%s has no fields: write object or list of object, or leave the fields out", p.Type))
	}
	for name, field := range p.Fields {
		m.check(field, strictyaml.Key(strictyaml.Key(path, "fields"), name))
	}
	m.insensitive(p.Fields, strictyaml.Key(path, "fields"))
}

// insensitive refuses to call sensitive what is kept from nobody by it.
func (m merger) insensitive(properties map[string]Property, path string) {
	for name, p := range properties {
		if p.Sensitive {
			m.c.refuse("plan", m.plan, strictyaml.Key(strictyaml.Key(path, name), "sensitive"),
				"only a whole trait can be sensitive: write it at the trait, or leave it out; of an event's property it keeps nothing from anybody")
		}
	}
}
