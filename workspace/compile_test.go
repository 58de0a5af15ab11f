package workspace_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rapport"
	"rapport/render"
	"rapport/rule"
	"rapport/workspace"
)

const shop = `
kind: plan
name: shop
traits: {country: text, first_name: text}
events:
  Order Completed: {properties: {total: number}}
---
kind: plan
name: app
traits: {push: bool}
events:
  Order Completed: {properties: {coupon: text}, strict: true}
---
kind: market
name: sg
countries: [SG, MY]
language: en-SG
currency: SGD
zone: Asia/Singapore
---
kind: market
name: de
countries: DE
language: de
currency: EUR
zone: Europe/Berlin
default: true
---
kind: brand
name: northwind
title: Northwind Apparel
senders: {sg: {address: hello@northwind.example}}
---
kind: channel
name: mail
provider: smtp
smtp: {host: smtp.example.com, username: me, password: {secret: SMTP_PASSWORD}}
---
kind: segment
name: loyal
where: events("Order Completed").within("30d").count() >= 3
---
kind: segment
name: loyal-sg
where: segment("loyal") && customer.country == "SG"
---
kind: block
name: greeting
text: Hello
---
kind: template
name: thanks
subject: Thank you
text: '{% render "greeting" %} {{ customer.first_name | default: "friend" }}'
---
kind: journey
name: thanks
entry: {event: Order Completed, where: 'events("Order Completed").within("90d").count() >= 2'}
steps:
  - wait: 1h
  - send: {template: thanks, channel: email, class: transactional}
`

func compile(t testing.TB, docs []workspace.Document) *workspace.Compiled {
	t.Helper()
	w, problems := workspace.Compile(docs, 7)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return w
}

func TestCompiledHasEverything(t *testing.T) {
	t.Parallel()
	w := compile(t, parse(t, shop))
	got := map[string]any{
		"version":  w.Version,
		"segments": w.Segments.Names(),
		"journeys": len(w.Journeys.Journeys()),
		"template": w.Templates.Get("thanks") != nil,
		"facts":    len(w.Facts.All()), // segment and journey count the same, over different times
		"brand":    w.Brands["northwind"].Name,
		"channel":  w.Channels["mail"].Name,
		"purposes": len(w.Purposes),
		"missing":  w.Missing(func(name string) bool { return name == "OTHER" }),
		"set":      len(w.Missing(func(name string) bool { return name == "SMTP_PASSWORD" })),
		"traits":   len(w.Plan.Customer.Fields),
		"coupon":   w.Plan.Event("Order Completed").Fields["coupon"].String(),
		"strict":   w.Plan.Event("Order Completed").Strict,
	}
	want := map[string]any{
		"version": uint64(7), "segments": []string{"loyal", "loyal-sg"}, "journeys": 1, "template": true, "facts": 1,
		"brand": "Northwind Apparel", "channel": "mail", "purposes": 4, "missing": []string{"SMTP_PASSWORD"}, "set": 0,
		"traits": 3, "coupon": "text", "strict": true,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	widest := w.Facts.All()[0].Keep
	for _, f := range slices.Concat(w.Segments.Facts(), w.Journeys.Get("thanks").Facts()) {
		if !widest.Covers(f.Keep) {
			t.Errorf("what %s must keep is not kept", f.Key)
		}
	}
}

func TestNothingCompilesToNothing(t *testing.T) {
	t.Parallel()
	w := compile(t, nil)
	if w.Segments == nil || w.Journeys == nil || w.Facts == nil || w.Templates == nil || w.Markets.Of(traits{}).Zone.String() != "UTC" {
		t.Errorf("%+v", w)
	}
}

func TestTheOrderOfDocumentsDoesNotMatter(t *testing.T) {
	t.Parallel()
	docs := parse(t, shop)
	want := compile(t, docs)
	random := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		random.Shuffle(len(docs), func(i, j int) { docs[i], docs[j] = docs[j], docs[i] })
		got := compile(t, docs)
		if got.Facts.Hash() != want.Facts.Hash() || got.Segments.Hash() != want.Segments.Hash() {
			t.Fatal("another order compiles to something else")
		}
	}
}

type traits map[string]rapport.Value

func (t traits) Trait(name string) rapport.Value { return t[name] }

func TestMarketOfACustomer(t *testing.T) {
	t.Parallel()
	text := rapport.TextOf
	markets := compile(t, parse(t, shop)).Markets
	for _, c := range []struct {
		traits traits
		want   render.Market
	}{
		{traits{}, render.Market{Name: "de", Country: "DE", Currency: "EUR", Language: "de"}},
		{traits{"country": text("my ")}, render.Market{Name: "sg", Country: "MY", Currency: "SGD", Language: "en-SG"}},
		{traits{"country": text("FR")}, render.Market{Name: "de", Country: "DE", Currency: "EUR", Language: "de"}},
		{traits{"country": text("DE"), "market": text("sg")}, render.Market{Name: "sg", Country: "SG", Currency: "SGD", Language: "en-SG"}},
		{traits{"address": rapport.ObjectOf([]rapport.Value{text("country"), text("SG")})}, render.Market{Name: "sg", Country: "SG", Currency: "SGD", Language: "en-SG"}},
		{traits{"country": rapport.NumberOf(3)}, render.Market{Name: "de", Country: "DE", Currency: "EUR", Language: "de"}},
	} {
		if diff := cmp.Diff(c.want, markets.ForTemplates(c.traits)); diff != "" {
			t.Errorf("%v: %s", c.traits, diff)
		}
	}
	if zone := markets.Of(traits{"country": text("SG")}).Zone.String(); zone != "Asia/Singapore" {
		t.Errorf("zone %s", zone)
	}
}

// Properties of nested objects are typed in rules.
func TestFieldsOfObjectsAreTyped(t *testing.T) {
	t.Parallel()
	w := compile(t, parse(t, "kind: plan\nname: p\ntraits: {home: {type: object, fields: {city: text}}, pets: {type: list of object, fields: {legs: number}}}\n"))
	pets := w.Plan.Customer.Fields["pets"]
	if pets.Kind != rule.List || pets.Elem.Fields.Fields["legs"].Kind != rule.Number || w.Plan.Customer.Fields["home"].Fields.Fields["city"].Kind != rule.Text {
		t.Errorf("%+v", w.Plan.Customer)
	}
}
