package render_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"rapport"
	"rapport/internal/strictyaml"
	"rapport/render"
)

// person is a customer, as the test files write her, and the message for her.
type person struct {
	Traits      map[string]any `json:"traits"`
	Market      market         `json:"market"`
	Carts       []cart         `json:"carts"` // the first one is open
	Orders      []order        `json:"orders"`
	Event       map[string]any `json:"event"`
	Learned     map[string]any `json:"learned"` // by the journey's run
	Class       string         `json:"class"`
	Channel     string         `json:"channel"`
	Zone        string         `json:"zone"`
	Now         string         `json:"now"`
	Unsubscribe string         `json:"unsubscribe"`
}

type market struct {
	Name     string `json:"name"`
	Country  string `json:"country"`
	Currency string `json:"currency"`
	Language string `json:"language"`
}

type cart struct {
	ID    string           `json:"id"`
	Lines []map[string]any `json:"lines"`
}

type order struct {
	ID       string  `json:"id"`
	At       string  `json:"at"`
	Total    float64 `json:"total"`
	Currency string  `json:"currency"`
	Products int     `json:"products"`
}

// read decodes a document of a test file.
func read(t *testing.T, file string, text []byte, into any) {
	t.Helper()
	tree, problems := strictyaml.Parse(strictyaml.Source{File: file, Text: text})
	if tree != nil {
		problems = append(problems, tree.Decode(into, "kind", "name")...)
	}
	for _, p := range problems {
		t.Error(p)
	}
	if len(problems) > 0 {
		t.FailNow()
	}
}

func readBrand(t *testing.T, file string, text []byte) render.BrandDoc {
	t.Helper()
	var b struct {
		Title string `json:"title"`
		render.BrandDoc
	}
	read(t, file, text, &b)
	b.Name = b.Title
	return b.BrandDoc
}

// request is what a template is rendered from for p.
func (p *person) request(t *testing.T, template string) (render.Request, rapport.Instant) {
	t.Helper()
	class, _ := rapport.ParseClass(p.Class)
	if p.Class != "" && class == 0 {
		t.Fatalf("there is no class %q", p.Class)
	}
	zone, err := time.LoadLocation(p.Zone)
	if err != nil {
		t.Fatal(err)
	}
	m := &rapport.Message{
		ID: rapport.MessageID{1}, Customer: rapport.CustomerID{2}, Template: template, Class: class,
		Channel: rapport.Channel(p.Channel), To: "mei@example.com", Entry: valueOf(p.Event).AppendJSON(nil), Learned: valueOf(p.Learned).AppendJSON(nil),
	}
	return render.Request{
		Message: m, Customer: view{p}, Market: render.Market(p.Market), Zone: zone, Unsubscribe: p.Unsubscribe,
	}, instant(p.Now)
}

func instant(s string) rapport.Instant {
	at, err := rapport.ParseInstant(s)
	if err != nil {
		return rapport.Instant(1_795_339_800_000) // 2026-11-22T09:30Z
	}
	return at
}

func valueOf(v any) rapport.Value {
	encoded, err := json.Marshal(v)
	if err != nil {
		return rapport.Value{}
	}
	value, _ := rapport.ParseJSON(encoded)
	return value
}

// view is p as templates ask for her.
type view struct{ *person }

// Trait returns a trait.
func (v view) Trait(name string) rapport.Value { return valueOf(v.Traits[name]) }

// Cart returns the cart of an id, else the first one.
func (v view) Cart(id string) render.Cart {
	if len(v.Carts) == 0 {
		return render.Cart{}
	}
	of := v.Carts[max(0, slices.IndexFunc(v.Carts, func(c cart) bool { return c.ID == id }))]
	shown := render.Cart{ID: of.ID}
	for _, l := range of.Lines {
		item := valueOf(l)
		shown.Lines = append(shown.Lines, render.Line{
			Product: item.Get("product_id").String(), Quantity: item.Get("quantity").Number(), Item: item,
		})
	}
	return shown
}

// Orders returns her purchases.
func (v view) Orders() []render.Order {
	var orders []render.Order
	for _, o := range v.person.Orders {
		orders = append(orders, render.Order{ID: o.ID, At: instant(o.At), Total: o.Total, Currency: o.Currency, Products: o.Products})
	}
	return orders
}
