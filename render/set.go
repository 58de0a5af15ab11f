package render

import (
	"time"

	"rapport"
)

// View is the customer whom a message is for. It is asked only for what the
// template reads.
type View interface {
	// Trait returns a trait, Unset if she has none of this name.
	Trait(name string) rapport.Value
	// Cart returns the cart of an id, her open cart if she has none of this id,
	// and a cart without lines if she has no cart at all.
	Cart(id string) Cart
	// Orders returns her purchases that are known and were not cancelled, old to new.
	Orders() []Order
}

// Cart is what a customer has put aside.
type Cart struct {
	ID       string
	Lines    []Line
	BoughtAt rapport.Instant // when it was last bought by its id; 0 if it never was
}

// Line is one product in a cart.
type Line struct {
	Product  string
	Quantity float64
	Item     rapport.Value // the product as the shop told of it
}

// Order is one purchase.
type Order struct {
	ID       string
	At       rapport.Instant
	Total    float64 // in the currency's unit
	Currency string
	Products int
}

// Market is where a customer is at home, as templates see it.
type Market struct {
	Name     string
	Country  string // ISO 3166, such as SG
	Currency string // ISO 4217, such as SGD
	Language string // BCP 47, such as en-SG
}

// Request is what one message is rendered from.
type Request struct {
	Message     *rapport.Message // its template, customer, entry event, class and so on
	Customer    View
	Market      Market
	Zone        *time.Location // in which dates are printed; UTC if nil
	Unsubscribe string         // URL of the page where she can leave; empty if there is none
}

// Letter is a rendered message.
type Letter struct {
	Content  rapport.Content
	From     rapport.Sender // empty if neither template nor brand name one
	ReplyTo  string
	Language string // of the variant that was chosen; empty if it is not known
}

// Set is the templates of a workspace by name. It is immutable and safe for
// concurrent use.
type Set struct{ byName map[string]*Template }

// NewSet gathers templates. Of two with the same name the later one counts.
func NewSet(templates []*Template) *Set {
	s := &Set{byName: make(map[string]*Template, len(templates))}
	for _, t := range templates {
		s.byName[t.name] = t
	}
	return s
}

// Get returns a template, nil if there is none of this name.
func (s *Set) Get(name string) *Template { return s.byName[name] }

// TemplateUnknown is the code of the error that says that there is no such template.
const TemplateUnknown = "template_unknown"

// Render renders the template that a message names. Its error is a
// [rapport.Error] of kind Invalid: this message can't be rendered for this
// customer, now or later.
func (s *Set) Render(r Request, now rapport.Instant) (Letter, error) {
	t := s.byName[r.Message.Template]
	if t == nil {
		return Letter{}, &rapport.Error{
			Kind: rapport.Invalid, Code: TemplateUnknown,
			Message: "there is no template " + quote(r.Message.Template),
		}
	}
	return t.Render(r, now)
}
