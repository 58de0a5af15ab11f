package rule

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"rapport"
)

// Kind is the sort of a value that the data plan declares.
type Kind uint8

// The kinds of value. Any is accepted everywhere and judged when it is read.
const (
	Any    Kind = iota
	Bool        // yes or no
	Number      // one number type
	Text        // a text
	Time        // an instant
	Date        // a day of the calendar, such as a birthday
	List        // values of one type
	Object      // named values

	// What only expressions have.
	spanKind   // duration("2h")
	eventsKind // events("X")
)

var kindNames = [...]string{"any", "bool", "number", "text", "time", "date", "list", "object", "length of time", "events"}

// Type says what a trait, a property or an expression is. The zero Type is any.
type Type struct {
	Kind   Kind
	Money  bool  // of a Number: an amount in the currency that its event names
	Elem   *Type // of a List; nil is any
	Fields *Noun // of an Object; nil is any

	broken bool // something was wrong with the expression, and has been told
}

// ListOf returns the type of a list.
func ListOf(elem Type) Type { return Type{Kind: List, Elem: &elem} }

// ParseType reads a type as the data plan writes it: any, bool, number, money,
// text, time, date, object, list, or "list of" one of these.
func ParseType(s string) (Type, error) {
	if elem, ok := strings.CutPrefix(s, "list of "); ok {
		t, err := ParseType(elem)
		return ListOf(t), err
	}
	if s == "money" {
		return Type{Kind: Number, Money: true}, nil
	}
	if i := slices.Index(kindNames[:spanKind], s); i >= 0 {
		return Type{Kind: Kind(i)}, nil
	}
	return Type{}, rapport.Errorf(rapport.Invalid,
		"unknown type %q: write any, bool, number, money, text, time, date, object or list of one of them", s)
}

// String returns what ParseType reads.
func (t Type) String() string {
	if t.Kind == List && t.Elem != nil {
		return "list of " + t.Elem.String()
	}
	if t.Money {
		return "money"
	}
	return kindNames[t.Kind]
}

// MarshalJSON returns the type's name, or for an object with declared fields an
// object of their types.
func (t Type) MarshalJSON() ([]byte, error) {
	if t.Kind == Object && t.Fields != nil {
		return json.Marshal(t.Fields.Fields)
	}
	return json.Marshal(t.String())
}

// UnmarshalJSON reads what MarshalJSON writes.
func (t *Type) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '{' {
		noun := new(Noun)
		*t = Type{Kind: Object, Fields: noun}
		return json.Unmarshal(data, &noun.Fields)
	}
	var name string
	if err := json.Unmarshal(data, &name); err != nil {
		return rapport.Errorf(rapport.Invalid, "a type is a word such as number, or an object of field names and types")
	}
	parsed, err := ParseType(name)
	*t = parsed
	return err
}

func (t Type) elem() Type {
	if t.Kind == List && t.Elem != nil {
		return *t.Elem
	}
	return Type{}
}

// Noun declares the properties of the customer, of an event or of another root.
// A property that is not declared is of type any, or refused if Strict.
type Noun struct {
	Fields map[string]Type `json:"fields,omitempty"`
	Strict bool            `json:"strict,omitempty"`
}

// Plan is the data plan: what is known of the data that rules may read. A nil
// Plan knows nothing and accepts everything.
type Plan struct {
	Customer       Noun            `json:"customer"`
	Events         map[string]Noun `json:"events,omitempty"`
	StrictEvents   bool            `json:"strictEvents,omitempty"` // other events than those in Events are refused
	Segments       []string        `json:"segments,omitempty"`
	StrictSegments bool            `json:"strictSegments,omitempty"` // other segments than those in Segments are refused
	Roots          map[string]Noun `json:"roots,omitempty"`          // event, entry, order, ...
	Rates          *Rates          `json:"-"`                        // of exchange; nil if there are none
	Sensitive      []string        `json:"sensitive,omitempty"`      // traits that no journey sets or hands out
}

// WithRoot returns a copy of the plan in which a root has the properties of
// noun, such as those of the event that starts a journey.
func (p *Plan) WithRoot(root string, noun Noun) *Plan {
	q := Plan{}
	if p != nil {
		q = *p
	}
	q.Roots = maps.Clone(q.Roots)
	if q.Roots == nil {
		q.Roots = map[string]Noun{}
	}
	q.Roots[root] = noun
	return &q
}

// Event returns what is declared of an event's properties.
func (p *Plan) Event(name string) Noun {
	if p == nil {
		return Noun{}
	}
	return p.Events[name]
}

// Env is where a rule stands: the data plan, and which roots there are besides
// customer: "event" (the event at hand), "entry" (the event that started the
// journey's run), "order" (the cart or order at hand).
type Env struct {
	Plan  *Plan
	Roots []string
	Room  *Room // that the rule shares with others; nil: it has one of its own
}
