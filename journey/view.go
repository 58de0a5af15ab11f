package journey

import (
	"rapport"
	"rapport/rule"
)

// view is the customer with the roots that a journey's rules have besides her:
// the event at hand and the entry of a run.
type view struct {
	rule.Subject
	event interface {
		Property(name string) rapport.Value
	} // nil: none at hand
	entry properties
}

// Field returns a property of the event or the entry.
func (v *view) Field(root, name string) rapport.Value {
	switch root {
	case "event":
		if v.event == nil {
			return rapport.Value{}
		}
		return v.event.Property(name)
	case "entry":
		return v.entry.Property(name)
	}
	return v.Subject.Field(root, name)
}

// properties are an event's properties as they are kept: JSON, parsed when a
// rule first asks.
type properties struct {
	json   []byte
	parsed rapport.Value
}

// Property returns one property; what can't be read has none.
func (p *properties) Property(name string) rapport.Value {
	if len(p.json) > 0 && !p.parsed.IsSet() {
		p.parsed, _ = rapport.ParseJSON(p.json)
		p.json = nil
	}
	return p.parsed.Get(name)
}
