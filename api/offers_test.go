package api_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

const someOffers = `kind: offer
name: shoes-20
title: 20 % off shoes
where: order.initial_amount >= 100
gives: [{ percent: 20, items: 'item.category == "shoes"' }]
---
kind: offer
name: come-back
where: events("Order Completed").exists() && !events("Order Completed").within("90d").exists()
gives: [{ percent: 30 }]
---
kind: offer
name: winter
codes: { code: WINTER10 }
gives: [{ amount: { SGD: 5 } }, { percent: 100, on: shipping }]
`

type tried struct {
	Currency string
	Amounts  struct{ Initial, Shipping, Discount, Total json.Number }
	Applied  []struct {
		Offer, Code string
		Discount    json.Number
	}
	Refused []struct{ Offer, Code, Reason, Change string }
	Exact   bool
}

func (w *world) try(body string) (r tried) {
	w.t.Helper()
	if err := json.Unmarshal([]byte(w.must(http.MethodPost, "/v1/offers/try", body)), &r); err != nil {
		w.t.Fatal(err)
	}
	return r
}

// An order gets the best of the offers in force, and is told what keeps the others away.
func TestTryOffers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.must(http.MethodPost, "/v1/apply", someOffers, "Content-Type", "application/yaml")
	cart := `{"currency": "SGD", "shipping": 4.5, "items": [{"price": 89.90, "category": "shoes"}, {"id": "h", "product": "hat", "price": "10.05", "quantity": 2}]}`
	r := w.try(`{"order": ` + cart + `}`)
	if len(r.Applied) != 1 || r.Applied[0].Offer != "shoes-20" || r.Amounts.Initial != "110.00" || r.Amounts.Discount != "17.98" || r.Amounts.Total != "96.52" || !r.Exact {
		t.Fatalf("%+v", r)
	}
	if len(r.Refused) != 1 || r.Refused[0].Offer != "come-back" || r.Refused[0].Reason != "rule" || !strings.Contains(r.Refused[0].Change, "Order Completed") {
		t.Fatalf("%+v", r.Refused)
	}
	r = w.try(`{"codes": [" winter10", "WINTER10", "nope"], "order": {"currency": "sgd", "shipping": 4.5, "items": [{"price": 20}]}}`)
	if len(r.Applied) != 1 || r.Applied[0].Code != "WINTER10" || r.Amounts.Total != "15.00" || r.Refused[len(r.Refused)-1].Reason != "no_such_code" {
		t.Fatalf("%+v", r)
	}
}

// What an offer asks of a customer's past is answered of her.
func TestTryOffersOfACustomer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.must(http.MethodPost, "/v1/apply", someOffers, "Content-Type", "application/yaml")
	w.must(http.MethodPost, "/v1/track", `{"userId": "ying", "event": "Order Completed", "timestamp": "2026-01-05T10:00:00Z", "properties": {"total": 20}}`, "Authorization", basic(writeKey))
	body := `{"customer": "ying", "order": {"currency": "JPY", "items": [{"price": 1001}]}}`
	if r := w.try(body); len(r.Applied) != 1 || r.Applied[0].Offer != "come-back" || r.Amounts.Total != "701" {
		t.Fatalf("%+v", r)
	}
	if a := w.call(http.MethodPost, "/v1/offers/try", strings.Replace(body, "ying", "nobody", 1)); a.Code != http.StatusNotFound {
		t.Fatalf("somebody who is not there: %d", a.Code)
	}
}

// What is no order is refused with the place.
func TestTryOffersRefusesWhatIsNoOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	for order, want := range map[string]string{
		`{"currency": "SGD", "items": [{"quantity": 2}]}`:                               "order.items[0] has no price",
		`{"currency": "SGD", "items": [{"price": -1}]}`:                                 "order.items[0].price must be an amount",
		`{"currency": "SGD", "items": [{"price": 1.005}]}`:                              "at most 2 digits",
		`{"currency": "JPY", "items": [{"price": 1.5}]}`:                                "at most 0 digits",
		`{"currency": "SGD", "items": [{"price": 1, "quantity": 1.5}]}`:                 "quantity must be a whole number",
		`{"currency": "SGD", "items": [{"price": 1e15, "quantity": 100000}]}`:           "amount",
		`{"currency": "dollars", "items": []}`:                                          "order.currency",
		`{"currency": "SGD", "items": {"a": 1}}`:                                        "must be a list",
		`{"currency": "SGD", "items": [{"price": 5, "amount": 11, "quantity": 2}]}`:     "the price times the quantity",
		`{"currency": "SGD", "items": [{"id": "a", "price": 5}, {"id":"a","price":5}]}`: "Two lines",
		`{"currency": "SGD", "items": [7]}`:                                             "must be an object",
		`{"currency": "SGD", "shipping": "free", "items": []}`:                          "order.shipping",
	} {
		a := w.call(http.MethodPost, "/v1/offers/try", `{"order": `+order+`}`)
		if a.Code != http.StatusBadRequest || !strings.Contains(a.Body.String(), want) {
			t.Errorf("%s: %d %s", order, a.Code, a.Body)
		}
	}
}
