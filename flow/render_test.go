package flow_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rapport"
	"rapport/flow"
	"rapport/profile"
	"rapport/render"
	"rapport/rule"
)

// shopperRecord is a customer with two carts, an order and one that was cancelled.
func shopperRecord(t *testing.T) *profile.Record {
	t.Helper()
	facts := rule.NewFactSet()
	r := profile.New(rapport.CustomerID{7})
	for i, e := range []rapport.Event{
		{Type: rapport.Identify, Properties: []byte(`{"first_name":"Mei","country":"SG"}`)},
		{Type: rapport.Track, Name: "Product Added", Properties: []byte(`{"cart_id":"a","product_id":"p1","name":"Dress","price":100,"quantity":2}`)},
		{Type: rapport.Track, Name: "Product Added", Properties: []byte(`{"cart_id":"b","product_id":"p2","price":30}`)},
		{Type: rapport.Track, Name: "Order Completed", Properties: []byte(`{"cart_id":"c","order_id":"o1","total":99.5,"currency":"SGD","products":[{"product_id":"x"}]}`)},
		{Type: rapport.Track, Name: "Order Cancelled", Properties: []byte(`{"order_id":"o2","total":1}`)},
	} {
		e.UserID, e.MessageID = "mei", string(rune('a'+i))
		e.Timestamp = start.Add(time.Duration(i) * time.Minute)
		e.ReceivedAt = e.Timestamp
		var touched profile.Touched
		r.Fold(profile.Read(&e), facts, e.Timestamp, &touched)
	}
	return r
}

func compiled(t *testing.T, text string) flow.Templates {
	t.Helper()
	template, problems := render.Compile("it", render.Doc{Subject: "For {{ customer.first_name | default: 'you' }}", Text: text}, render.Env{})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return flow.Templates{
		Set: render.NewSet([]*render.Template{template}),
		Market: func(c flow.Traits) render.Market {
			return render.Market{Name: "home", Country: c.Trait("country").Text(), Currency: "SGD", Language: "en"}
		},
		Unsubscribe: func(id rapport.MessageID) string { return "https://shop.example/u/" + id.String() },
	}
}

func TestTemplatesReadTheRecord(t *testing.T) {
	t.Parallel()
	templates := compiled(t, `{{ cart.id }}: {% for l in cart.lines %}{{ l.quantity }} {{ l.name }} {% endfor %}{{ cart.total | money }}; `+
		`{{ orders.size }} {{ orders.last.id | default: "none" }} {{ orders.last.total | default: 0 | money }}; {{ market.country }} {{ market.zone }}`)
	zone := time.FixedZone("Here", 3600)
	record := shopperRecord(t)
	for entry, want := range map[string]string{
		`{"cart_id":"a"}`:     "a: 2 Dress S$200.00; 1 o1 S$99.50; SG Here",
		`{"cart_id":"other"}`: "b: 1 p2 S$30.00; 1 o1 S$99.50; SG Here",
		`{"cart_id":"c"}`:     "c: S$0.00; 1 o1 S$99.50; SG Here",
		``:                    "b: 1 p2 S$30.00; 1 o1 S$99.50; SG Here",
	} {
		m := &rapport.Message{
			ID: rapport.MessageID{1}, Template: "it", Channel: rapport.Email, Class: rapport.Transactional, To: "mei@example.com", Entry: []byte(entry),
		}
		got, err := templates.Render(m, record, zone, start)
		if err != nil {
			t.Fatal(err)
		}
		wanted := rapport.Delivery{
			Message: m.ID, Channel: rapport.Email, Class: rapport.Transactional, To: m.To, At: start,
			Content: rapport.Content{Subject: "For Mei", Text: want + "\n"},
		}
		if diff := cmp.Diff(wanted, got); diff != "" {
			t.Errorf("with the entry %s (-want +got):\n%s", entry, diff)
		}
	}
}

func TestTemplatesShowTheWayOut(t *testing.T) {
	t.Parallel()
	templates := compiled(t, "Hello")
	m := &rapport.Message{ID: rapport.MessageID{1}, Template: "it", Channel: rapport.Email, Class: rapport.Promotional}
	got, err := templates.Render(m, profile.New(rapport.CustomerID{8}), nil, start)
	if err != nil {
		t.Fatal(err)
	}
	if got.Unsubscribe == "" || !strings.Contains(got.Content.Text, got.Unsubscribe) {
		t.Errorf("the link %q is not in %q", got.Unsubscribe, got.Content.Text)
	}
	m.Template = "another"
	if _, err = templates.Render(m, profile.New(rapport.CustomerID{8}), nil, start); rapport.KindOf(err) != rapport.Invalid {
		t.Errorf("a template that is not there: %v", err)
	}
}
