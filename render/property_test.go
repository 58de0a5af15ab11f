package render_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"unicode"

	"pgregory.net/rapid"

	"rapport"
	"rapport/render"
)

// hostile draws texts of which some try to break out of where they stand.
func hostile() *rapid.Generator[string] {
	piece := rapid.SampledFrom([]string{
		"<", ">", `"`, "'", "&", "&lt;", "<script>", "</body>", "-->", "{{", "}}", "{%", "\r\n", "\x00", "\u2028", "ก", "\U0001F600", "a", " ",
	})
	return rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(piece, 0, 8).Draw(t, "pieces"), "")
	})
}

func anything(depth int) *rapid.Generator[rapport.Value] {
	scalars := []*rapid.Generator[rapport.Value]{
		rapid.Map(hostile(), rapport.TextOf),
		rapid.Map(rapid.Float64(), rapport.NumberOf),
		rapid.Map(rapid.Bool(), rapport.BoolOf),
		rapid.Just(rapport.Value{}),
	}
	if depth == 0 {
		return rapid.OneOf(scalars...)
	}
	list := rapid.Map(rapid.SliceOfN(anything(depth-1), 0, 3), rapport.ListOf)
	object := rapid.Map(rapid.MapOfN(rapid.OneOf(hostile(), rapid.SampledFrom([]string{"name", "price", "a", "cart_id"})), anything(depth-1), 0, 3),
		func(m map[string]rapport.Value) rapport.Value {
			var pairs []rapport.Value
			for name, v := range m {
				pairs = append(pairs, rapport.TextOf(name), v)
			}
			return rapport.ObjectOf(pairs)
		})
	return rapid.OneOf(append(scalars, list, object)...)
}

func someRequest(t *rapid.T) render.Request {
	cart := render.Cart{ID: hostile().Draw(t, "cart id")}
	for range rapid.IntRange(0, 3).Draw(t, "lines") {
		cart.Lines = append(cart.Lines, render.Line{
			Product: hostile().Draw(t, "product"), Quantity: rapid.Float64Range(0, 10).Draw(t, "quantity"), Item: anything(2).Draw(t, "item"),
		})
	}
	return render.Request{
		Message: &rapport.Message{
			Template: "it", To: hostile().Draw(t, "to"), Entry: anything(3).Draw(t, "event").AppendJSON(nil),
			Class: rapid.SampledFrom([]rapport.Class{0, rapport.Transactional, rapport.Promotional}).Draw(t, "class"),
		},
		Customer:    shopper{traits: map[string]rapport.Value{"a": anything(2).Draw(t, "trait"), "locale": anything(0).Draw(t, "locale")}, cart: cart},
		Market:      render.Market{Name: hostile().Draw(t, "market"), Currency: rapid.SampledFrom([]string{"", "THB", "<<<"}).Draw(t, "currency"), Language: hostile().Draw(t, "language")},
		Unsubscribe: rapid.SampledFrom([]string{"", "https://x.example/?a=1&b=<2>"}).Draw(t, "unsubscribe"),
	}
}

// Whatever customers and shops write, HTML that is made of it holds no tag of
// theirs, and a subject is one line.
func TestDataStaysData(t *testing.T) {
	t.Parallel()
	filters := []string{"", "| upcase", "| downcase", "| capitalize", "| append: event.a", "| replace: 'a', event.a", "| strip_html", "| json", "| escape_once",
		"| truncate: 5", "| split: 'a' | join: event.a", "| url_encode", "| strip_newlines", "| first", "| reverse", "| slice: 0, 3", "| date: event.a", "| lstrip"}
	paths := []string{"customer.a", "event.a", "event.name", "cart.id", "cart.lines", "line.name", "line.price", "market.name", "message.to", "message.language"}
	rapid.Check(t, func(t *rapid.T) {
		var b strings.Builder
		b.WriteString("x{% for line in cart.lines %}{{ line.name }}{% endfor %}")
		for _, path := range rapid.SliceOfN(rapid.SampledFrom(paths), 1, 4).Draw(t, "paths") {
			print := fmt.Sprintf("{{ %s | default: 'd' %s }}", path, rapid.SampledFrom(filters).Draw(t, "filter"))
			fmt.Fprintf(&b, "{%% for line in cart.lines %%}%s{%% endfor %%}", print)
			if !strings.HasPrefix(path, "line.") {
				b.WriteString(print)
			}
		}
		doc := render.Doc{
			Subject: "s {{ event.a }} {{ customer.a }}", HTML: b.String(), Preheader: b.String(),
			Defaults: map[string]any{"event.a": "d", "customer.a": "d"},
		}
		template, problems := render.Compile("it", doc, render.Env{Brands: map[string]render.BrandDoc{"b": {Name: "B", Address: "<x>"}}})
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		letter, err := template.Render(someRequest(t), 0)
		if err != nil {
			if rapport.KindOf(err) != rapport.Invalid {
				t.Fatalf("the error is of kind %v: %v", rapport.KindOf(err), err)
			}
			return
		}
		body := letter.Content.HTML
		for _, own := range []string{`<div style="display:none;max-height:0;overflow:hidden">`, "</div>\n", "</div>", "<br>", "</a>"} {
			body = strings.ReplaceAll(body, own, "")
		}
		if i := strings.LastIndex(body, `<div style="margin`); i >= 0 {
			body = body[:i] // the footer, of which this much is fixed
		}
		if strings.ContainsAny(body, "<>") {
			t.Errorf("%q was printed as %q", b.String(), letter.Content.HTML)
		}
		if strings.ContainsFunc(letter.Content.Subject, unicode.IsControl) {
			t.Errorf("the subject is %q", letter.Content.Subject)
		}
	})
}

// FuzzTemplate compiles what may be a template and renders it with what may be an
// event: nothing makes it panic, and what it refuses is refused in words.
func FuzzTemplate(f *testing.F) {
	f.Add("Hello {{ customer.first_name | default: 'x' }}", "<p>{{ cart.total | money }}</p>", "event.a", `{"a":1}`)
	f.Add("{{ event.a }}", "{% for p in event.products %}{{ p['x y'].z[0] }}{% endfor %}", "event.products[].title", `{"products":[{"x y":{"z":[1]}}]}`)
	f.Add("{{ orders.last.total | money: 'JPY', digits: 9 }}", "<html><body {% if customer %}</body>{% endif %}", "orders.last", `[`)
	f.Add("{{ ['a'].b }}", "{% render 'b' %}{% include 'c' %}", `customer["x`, `{"cart_id":{}}`)
	f.Add("ก\n{{ brand.values.x }}", "\xff", "[]", `null`)
	f.Fuzz(func(t *testing.T, subject, body, name, event string) {
		doc := render.Doc{
			Subject: subject, HTML: body, Text: body, Defaults: map[string]any{name: "x"},
			Locales: map[string]render.Variant{name: {Text: body}, "th": {Preheader: subject}},
			Markets: map[string]render.MarketVariant{"thailand": {Variant: render.Variant{HTML: subject}, Locales: map[string]render.Variant{"th": {Text: body}}}},
		}
		env := render.Env{
			Brands: map[string]render.BrandDoc{"b": {Name: subject, Address: body}}, Markets: []string{"thailand"},
			Blocks: map[string]render.BlockDoc{
				"b": {BlockVariant: render.BlockVariant{HTML: body, Text: subject}, Locales: map[string]render.BlockVariant{name: {HTML: subject}, "th": {Text: body}}},
				"c": {
					BlockVariant: render.BlockVariant{HTML: "{{ event.a }}", Text: "c"},
					Markets:      map[string]render.BlockMarket{"thailand": {BlockVariant: render.BlockVariant{HTML: body}}},
				},
			},
		}
		template, problems := render.Compile("it", doc, env)
		for _, p := range problems {
			if p.Path == "" || p.Message == "" || p.Offset > len(subject)+len(body) {
				t.Errorf("a problem says too little: %+v", p)
			}
		}
		if template == nil {
			// Its texts may still be fine by themselves.
			doc.Defaults, doc.Locales, doc.Markets = nil, nil, nil
			if template, _ = render.Compile("it", doc, env); template == nil {
				return
			}
		}
		request := orderRequest()
		request.Message.Template, request.Message.Entry = "it", []byte(event)
		if _, err := template.Render(request, 0); err != nil && rapport.KindOf(err) != rapport.Invalid {
			t.Errorf("the error is of kind %v: %v", rapport.KindOf(err), err)
		}
	})
}

// A set serves many at once: the texts of one message never get into another.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	set, request, now := orderMail(t)
	var group sync.WaitGroup
	for worker := range 4 {
		group.Go(func() {
			name := strings.Repeat(string(rune('a'+worker)), 1+worker*50)
			mine := request
			mine.Customer = shopper{traits: map[string]rapport.Value{"first_name": rapport.TextOf(name)}}
			want, err := set.Render(mine, now)
			for range 50 {
				got, again := set.Render(mine, now)
				if err != nil || again != nil || got != want || !strings.Contains(strings.ToLower(got.Content.HTML), "still thinking, "+name+"?") {
					t.Errorf("%s was sent something else (%v, %v)", name, err, again)
					return
				}
			}
		})
	}
	group.Wait()
}
