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
	entry   properties
	learned properties // by the run on its way
}

// of lets rules read what is kept of a run.
func (v *view) of(run *Run) {
	v.entry, v.learned = properties{json: run.Entry}, properties{json: run.Learned}
}

// Carts is what the Subject given to [Set.Step] may know besides: what is in the
// customer's carts. Without it nothing of cart is set in rules.
type Carts interface {
	// Cart returns the cart of an id, the open one if there is none of it: an
	// object with id, count, total, currency, lines and, of one that was bought by its id,
	// bought_at, as templates print it;
	// Unset if it is not known what is in it.
	Cart(id string) rapport.Value
}

// cartNoun is what rules may read of a cart.
func cartNoun() rule.Noun {
	return rule.Noun{Strict: true, Fields: map[string]rule.Type{
		"id": {Kind: rule.Text}, "count": {Kind: rule.Number}, "total": {Kind: rule.Number}, "currency": {Kind: rule.Text},
		"lines": {Kind: rule.List}, "bought_at": {Kind: rule.Time},
	}}
}

// Field returns a property of the event or the entry, or of the cart that the
// entry names.
func (v *view) Field(root, name string) rapport.Value {
	switch root {
	case "event":
		if v.event == nil {
			return rapport.Value{}
		}
		return v.event.Property(name)
	case "entry":
		return v.entry.Property(name)
	case "answers", "offer":
		return v.learned.Property(root).Get(name)
	case "cart":
		if s, ok := v.Subject.(Carts); ok {
			return s.Cart(v.entry.Property("cart_id").String()).Get(name)
		}
		return rapport.Value{}
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
