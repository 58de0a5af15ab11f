package profile

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"rapport"
	"rapport/rule"
)

// rows is a directory in a map.
type rows map[rapport.IdentifierKey]*Row

func (d rows) Row(key rapport.IdentifierKey) *Row         { return d[key] }
func (d rows) SetRow(key rapport.IdentifierKey, row *Row) { d[key] = row }

const testNow = rapport.Instant(1_793_520_000_000)

// testFacts are facts of every sort.
func testFacts() *rule.FactSet {
	var facts []rule.Fact
	for _, text := range []string{
		`events("Order Completed").count() >= 2`,
		`events("Order Completed").within("48h").sum(e, e.total) > 5`,
		`events("Product Added").within("1h").count() >= 2`,
		`events("Product Added").last() > ago("2h")`,
		`events("Identified").exists()`,
	} {
		r, err := rule.Compile(text, rule.Env{})
		if err != nil {
			panic(err)
		}
		facts = append(facts, r.Facts()...)
	}
	return rule.NewFactSet(facts...)
}

// drawHistory draws what one customer did, with ties, repeats and late events.
func drawHistory(t *rapid.T) []rapport.Event {
	events := make([]rapport.Event, rapid.IntRange(0, 25).Draw(t, "events"))
	for i := range events {
		events[i] = rapport.Event{
			Type: rapport.Track, MessageID: fmt.Sprint("m", i), UserID: "ana", AnonymousID: rapid.SampledFrom([]string{"", "web"}).Draw(t, "device"),
			Timestamp: testNow - 1000*rapport.Instant(rapid.IntRange(0, 6).Draw(t, "ago")),
		}
		drawDeed(t, &events[i])
	}
	return events
}

func drawDeed(t *rapid.T, e *rapport.Event) {
	pick := func(label string, of ...string) string { return rapid.SampledFrom(of).Draw(t, label) }
	n := rapid.IntRange(0, 3).Draw(t, "n")
	cart := pick("cart", "", `"cart_id":"c1",`, `"cart_id":"c2",`)
	switch rapid.IntRange(0, 8).Draw(t, "kind") {
	case 0:
		e.Type = rapport.Identify
		e.Properties = fmt.Appendf(nil, `{"a":%d,"b":%s,"c":{"n":%d}}`, n, pick("b", `"x"`, `null`, `[1,2]`), n)
	case 1:
		e.Name, e.Properties = "Product Added", fmt.Appendf(nil, `{%s"product_id":"p%d","quantity":%d}`, cart, n, n)
	case 2:
		e.Name, e.Properties = "Product Removed", fmt.Appendf(nil, `{%s"product_id":"p%d","quantity":%d}`, cart, n, n)
	case 3:
		e.Name, e.Properties = "Cart Viewed", fmt.Appendf(nil, `{%s"products":[{"product_id":"p%d"},{"product_id":"q"}]}`, cart, n)
	case 4:
		e.Name = pick("order", "Order Completed", "Order Completed", "Order Cancelled")
		e.Properties = fmt.Appendf(nil, `{%s"order_id":"o%d","total":%d.5,"currency":"SGD"}`, cart, n, rapid.IntRange(0, 9).Draw(t, "total"))
	case 5:
		e.Name, e.Properties = "Order Refunded", fmt.Appendf(nil, `{"order_id":"o%d","reason":"too small","products":[{"id":"p%d"}]}`, n, n)
	case 6:
		e.Type, e.Name = rapport.Derived, ConsentChanged
		e.Properties = ConsentProperties(rapport.Consent{
			Purpose: pick("purpose", "marketing", "location"), State: rapport.ConsentState(rapid.IntRange(1, 2).Draw(t, "state")),
			Channel: rapport.Channel(pick("channel", "", "email")), Source: "form",
		})
	case 7:
		e.Type, e.GroupID = rapport.Group, fmt.Sprint("g", n)
	default:
		e.Type, e.Name = rapport.Page, "Home"
		e.Context = fmt.Appendf(nil, `{"consent":{"categoryPreferences":{"marketing":%s}}}`, pick("answer", "true", "false", `{"email":true,"sms":false}`))
	}
}

func foldAll(events []rapport.Event) *Record {
	x := &Identities{Key: rapport.Key{1}, Directory: rows{}}
	r := New(x.Key.Identifier(rapport.Identifier{Kind: rapport.UserID, Value: "ana"}).CustomerID())
	facts := testFacts()
	var touched Touched
	for i := range events {
		x.Attribute(&events[i])
		r.Note(x, &events[i])
		r.Fold(Read(&events[i]), facts, testNow, &touched)
	}
	return r
}

func TestOrderOfEventsDoesNotMatter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		events := drawHistory(t)
		want := foldAll(events)
		got := foldAll(rapid.Permutation(events).Draw(t, "order"))
		if !bytes.Equal(want.AppendBinary(nil), got.AppendBinary(nil)) {
			t.Fatalf("(-one order +another):\n%s", cmp.Diff(want, got, same()))
		}
	})
}

func TestFoldingInTwoAndJoiningIsTheSame(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		events := drawHistory(t)
		want := foldAll(events)
		mixed := rapid.Permutation(events).Draw(t, "order")
		cut := rapid.IntRange(0, len(mixed)).Draw(t, "cut")
		a, b := foldAll(mixed[:cut]), foldAll(mixed[cut:])
		if rapid.Bool().Draw(t, "swap") {
			a, b = b, a
		}
		a.Join(b, testFacts(), testNow)
		a.FactSet = want.FactSet
		if !bytes.Equal(want.AppendBinary(nil), a.AppendBinary(nil)) {
			t.Fatalf("(-folded at once +joined):\n%s", cmp.Diff(want, a, same()))
		}
	})
}

// TestLaterNowOnlyForgets folds the same events over some days in two orders, and
// compares after both have forgotten what is too old by the last.
func TestLaterNowOnlyForgets(t *testing.T) {
	t.Parallel()
	facts := testFacts()
	rapid.Check(t, func(t *rapid.T) {
		events := drawHistory(t)
		fold := func(events []rapport.Event) []byte {
			r, now := foldAll(nil), testNow
			var touched Touched
			for i := range events {
				r.Fold(Read(&events[i]), facts, now, &touched)
				now = now.Add(6 * time.Hour)
			}
			last := testNow.Add(time.Duration(len(events)) * 6 * time.Hour)
			for _, f := range r.Facts {
				f.History.Trim(facts.Get(f.ID).Keep, last)
			}
			r.Admitted = 0
			return r.AppendBinary(nil)
		}
		if !bytes.Equal(fold(events), fold(rapid.Permutation(events).Draw(t, "order"))) {
			t.Fatal("the order matters")
		}
	})
}

func TestCartIsReplacedClosedAndOpened(t *testing.T) {
	t.Parallel()
	at := testNow
	do := func(name, properties string) rapport.Event {
		at += 1000
		return rapport.Event{Type: rapport.Track, Name: name, UserID: "ana", MessageID: at.String(), Timestamp: at, Properties: []byte(properties)}
	}
	for _, test := range []struct {
		name   string
		events []rapport.Event
		want   string
	}{
		{"added twice", []rapport.Event{do("Product Added", `{"product_id":"p","quantity":2}`), do("Product Added", `{"sku":"p"}`)}, "p:3"},
		{"taken out", []rapport.Event{do("Product Added", `{"product_id":"p","quantity":3}`), do("Product Removed", `{"product_id":"p","quantity":1}`)}, "p:2"},
		{"taken out wholly", []rapport.Event{do("Product Added", `{"product_id":"p","quantity":3}`), do("Product Removed", `{"product_id":"p"}`)}, ""},
		{"seen anew", []rapport.Event{do("Product Added", `{"product_id":"p"}`), do("Cart Viewed", `{"products":[{"product_id":"q"}]}`)}, "q:1"},
		{"seen empty", []rapport.Event{do("Product Added", `{"product_id":"p"}`), do("Cart Viewed", `{"products":[]}`)}, ""},
		{"bought, and begun anew", []rapport.Event{do("Product Added", `{"product_id":"p"}`), do("Order Completed", `{}`), do("Product Added", `{"product_id":"q"}`)}, "q:1"},
		{"another was bought", []rapport.Event{do("Product Added", `{"cart_id":"1","product_id":"p"}`), do("Order Completed", `{"cart_id":"2"}`)}, "p:1"},
		{"bought without naming a cart", []rapport.Event{do("Product Added", `{"cart_id":"1","product_id":"p"}`), do("Order Completed", `{}`)}, ""},
	} {
		var lines []string
		if cart := foldAll(test.events).OpenCart(); cart != nil {
			for _, l := range cart.Lines() {
				lines = append(lines, fmt.Sprintf("%s:%v", l.Product, l.Quantity))
			}
		}
		if got := strings.Join(lines, " "); got != test.want {
			t.Errorf("%s: the open cart holds %q, wanted %q", test.name, got, test.want)
		}
	}
}

func TestOrderIsWhatItsPurchaseSaid(t *testing.T) {
	t.Parallel()
	tell := func(name string, at rapport.Instant, total int) rapport.Event {
		return rapport.Event{
			Type: rapport.Track, Name: name, UserID: "ana", MessageID: fmt.Sprint(name, at), Timestamp: testNow + at,
			Properties: fmt.Appendf(nil, `{"order_id":"o","total":%d,"currency":"SGD"}`, total),
		}
	}
	first, second, cancelled := tell("Order Completed", 10, 5), tell("Order Completed", 20, 6), tell("Order Cancelled", 5, 0)
	want := Order{ID: "o", At: testNow + 10, Tie: Read(&first).Tie, Total: 5_000_000, Currency: "SGD", Cancelled: true, Bought: true}
	for _, order := range [][]rapport.Event{
		{first, second, cancelled}, {first, cancelled, second}, {second, first, cancelled},
		{second, cancelled, first}, {cancelled, first, second}, {cancelled, second, first},
	} {
		if diff := cmp.Diff([]Order{want}, foldAll(order).Orders); diff != "" {
			t.Errorf("%s, %s, %s (-want +got):\n%s", order[0].MessageID, order[1].MessageID, order[2].MessageID, diff)
		}
	}
}
