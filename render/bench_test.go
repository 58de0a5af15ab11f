package render_test

import (
	"os"
	"strings"
	"testing"

	"rapport"
	"rapport/render"
)

// orderMail is a personalised mail of about 5 KB with some 20 variables, and
// what it is rendered from.
func orderMail(tb testing.TB) (*render.Set, render.Request, rapport.Instant) {
	tb.Helper()
	html, err := os.ReadFile("testdata/order.html")
	if err != nil {
		tb.Fatal(err)
	}
	doc := render.Doc{
		Subject: "{{ customer.first_name | default: 'friend' | capitalize }}, {{ cart.count }} things are waiting",
		HTML:    string(html), Preheader: "They are still yours",
		Locales: map[string]render.Variant{"th": {Subject: "ยังรออยู่นะคะ"}},
	}
	brand := render.BrandDoc{
		Name: "Maison Lila", URL: "https://shop.example", Address: "1 Orchard Road, Singapore",
		Sender: &render.Sender{Name: "Maison Lila", Address: "hello@shop.example"}, Colours: map[string]string{"accent": "#7a3e9d"},
	}
	template, problems := render.Compile("order", doc, render.Env{Brands: map[string]render.BrandDoc{"lila": brand}})
	for _, p := range problems {
		tb.Error(p)
	}
	if tb.Failed() {
		tb.FailNow()
	}
	return render.NewSet([]*render.Template{template}), orderRequest(), 1_795_339_800_000
}

func orderRequest() render.Request {
	event, _ := rapport.ParseJSON([]byte(`{"cart_id":"c1","source":"web","order_id":"A-1001","total":243.8,"coupon":"MAY10","address":{"city":"Singapore","line1":"1 Orchard Road"},"eta":"2026-11-24T09:00:00Z"}`))
	lines := make([]render.Line, 3)
	for i, item := range []string{
		`{"product_id":"p1","name":"Trail shoe & sock set","price":129.9,"quantity":1,"image_url":"https://cdn.example/p1.jpg?w=80&h=80","url":"https://shop.example/p/p1"}`,
		`{"product_id":"p2","name":"Linen dress","price":89,"quantity":1,"image_url":"https://cdn.example/p2.jpg","url":"https://shop.example/p/p2"}`,
		`{"product_id":"p3","name":"Scarf","price":24.9,"quantity":2,"url":"https://shop.example/p/p3"}`,
	} {
		v, _ := rapport.ParseJSON([]byte(item))
		lines[i] = render.Line{Product: v.Get("product_id").Text(), Quantity: v.Get("quantity").Number(), Item: v}
	}
	return render.Request{
		Message: &rapport.Message{
			ID: rapport.MessageID{1}, Customer: rapport.CustomerID{2}, Template: "order", Class: rapport.Promotional,
			Channel: rapport.Email, To: "mei@example.com", Entry: event.AppendJSON(nil),
		},
		Customer: shopper{
			traits: map[string]rapport.Value{
				"first_name": rapport.TextOf("mei"), "points": rapport.NumberOf(1240),
				"tier": rapport.TextOf("gold"), "locale": rapport.TextOf("en-SG"),
			},
			cart: render.Cart{ID: "c1", Lines: lines},
		},
		Market:      render.Market{Name: "singapore", Country: "SG", Currency: "SGD", Language: "en-SG"},
		Unsubscribe: "https://mail.example/u/0123456789abcdef",
	}
}

// shopper is a customer whose values are at hand.
type shopper struct {
	traits map[string]rapport.Value
	cart   render.Cart
}

// Trait returns a trait.
func (s shopper) Trait(name string) rapport.Value { return s.traits[name] }

// Cart returns the only cart.
func (s shopper) Cart(string) render.Cart { return s.cart }

// Orders returns nothing.
func (s shopper) Orders() []render.Order { return nil }

func TestOrderMail(t *testing.T) {
	t.Parallel()
	set, request, now := orderMail(t)
	letter, err := set.Render(request, now)
	if err != nil {
		t.Fatal(err)
	}
	if got := letter.Content.Subject; got != "Mei, 4 things are waiting" {
		t.Errorf("the subject is %q", got)
	}
	for _, want := range []string{
		"Still thinking, Mei?", "Trail shoe &amp; sock set", "S$268.70", "Tuesday, 24 November", "MAY10",
		`p1.jpg?w=80&amp;h=80`, "1240 points", "They are still yours", `href="https://mail.example/u/0123456789abcdef"`,
	} {
		if !strings.Contains(letter.Content.HTML, want) {
			t.Errorf("the mail does not hold %q:\n%s", want, letter.Content.HTML)
		}
	}
}

func BenchmarkRender(b *testing.B) {
	set, request, now := orderMail(b)
	letter, err := set.Render(request, now)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(letter.Content.HTML)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := set.Render(request, now); err != nil {
			b.Fatal(err)
		}
	}
}
