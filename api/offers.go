package api

import (
	"context"
	"encoding/json"
	"net/http"

	"rapport"
	"rapport/flow"
	"rapport/promotion"
)

type triedOffers struct {
	Currency string         `json:"currency"`
	Amounts  orderAmounts   `json:"amounts"`
	Items    []triedLine    `json:"items" doc:"The order's lines in its order, then those that offers add"`
	Applied  []appliedOffer `json:"applied" doc:"The offers that the order gets, in the order in which they were applied"`
	Refused  []refusedOffer `json:"refused" doc:"All other offers, and the codes that were shown, with what keeps each away"`
	Exact    bool           `json:"exact" doc:"No other combination of offers comes to more. False only if there were so many that the search was cut short"`
}

// orderAmounts is what an order comes to.
type orderAmounts struct {
	Initial  promotion.Decimal `json:"initial" doc:"What the lines cost before any offer, without what offers add"`
	Shipping promotion.Decimal `json:"shipping" doc:"What the shipping costs before any offer"`
	Discount promotion.Decimal `json:"discount" doc:"What is taken off lines and shipping, the worth of what comes for nothing not among it"`
	Total    promotion.Decimal `json:"total" doc:"What is to be paid: initial and shipping less discount"`
}

type triedLine struct {
	ID       string            `json:"id,omitempty"`
	Product  string            `json:"product,omitempty"`
	Name     string            `json:"name,omitempty" doc:"Of what an offer adds"`
	Quantity int64             `json:"quantity"`
	Amount   promotion.Decimal `json:"amount" doc:"Before any offer"`
	Discount promotion.Decimal `json:"discount"`
	Total    promotion.Decimal `json:"total"`
	Added    bool              `json:"added,omitempty" doc:"An offer adds it"`
	Offers   []lineShare       `json:"offers,omitempty" doc:"What each offer takes off the line"`
}

type lineShare struct {
	Offer  string            `json:"offer"`
	Code   string            `json:"code,omitempty"`
	Amount promotion.Decimal `json:"amount"`
	Of     string            `json:"of" enum:"order,line" doc:"Whether it is the line's share of what is taken off the order, or taken off the line itself"`
}

type appliedOffer struct {
	Offer    string            `json:"offer"`
	Code     string            `json:"code,omitempty"`
	Title    string            `json:"title,omitempty"`
	Discount promotion.Decimal `json:"discount" doc:"What it comes to, the worth of what comes for nothing among it"`
	Shipping promotion.Decimal `json:"shipping" doc:"How much of it is taken off the shipping"`
	Before   promotion.Decimal `json:"before" doc:"What the lines came to before it"`
	After    promotion.Decimal `json:"after" doc:"What they come to after it"`
}

type refusedOffer struct {
	Offer  string          `json:"offer,omitempty"`
	Code   string          `json:"code,omitempty"`
	Reason string          `json:"reason" enum:"no_such_code,switched_off,not_now,expired,not_hers,no_amount,used_up,rule,nothing_to_take,once_per_order,better_offer,with_others"`
	Text   string          `json:"text" doc:"The reason in a sentence"`
	Change string          `json:"change,omitempty" doc:"The smallest change that would let it apply"`
	From   rapport.Instant `json:"from,omitzero" doc:"When it would apply by itself"`
	Trace  *traced         `json:"trace,omitempty" doc:"What each part of its rule saw"`
}

func (a *api) offerOperations() {
	register(a, operation{
		method: http.MethodPost, path: "/v1/offers/try", id: "try-offers", group: "Offers", summary: "Which offers would an order get, and why not the others?",
		detail: "The best combination under the rules of stacking, to the last minor unit, as of now. Nothing is used up or kept by asking.",
	}, a.tryOffers)
}

func (a *api) tryOffers(ctx context.Context, in *struct {
	Body struct {
		Customer string                     `json:"customer,omitempty" maxLength:"512" doc:"Any id of the customer; without one, somebody of whom nothing is known"`
		Codes    []string                   `json:"codes,omitempty" maxItems:"30" doc:"Codes that are shown"`
		Order    map[string]json.RawMessage `json:"order" doc:"currency (that of the customer's market unless said), shipping and items, each with price or amount, and perhaps id, product, quantity, least and cost; whatever else it holds, rules may read"`
	}
}) (*answer[triedOffers], error) {
	text, err := json.Marshal(in.Body.Order)
	if err != nil {
		return nil, err
	}
	order, err := rapport.ParseJSON(text)
	if err != nil {
		return nil, rapport.Errorf(rapport.Invalid, "The order can't be read: %w.", err)
	}
	var look *flow.Look
	if in.Body.Customer != "" {
		if look, err = a.look(ctx, in.Body.Customer); err != nil {
			return nil, err
		}
	}
	running := a.Workspaces.Current().Running
	r, err := running.Offers(look, flow.Cart{Order: order, Codes: in.Body.Codes, Explain: true}, a.Flow.Now())
	if err != nil {
		return nil, err
	}
	return &answer[triedOffers]{triedOf(r)}, nil
}

// triedOf puts a result into the words of the API.
func triedOf(r *promotion.Result) triedOffers {
	money := func(minor int64) promotion.Decimal { return promotion.MoneyOf(minor, r.Currency) }
	out := triedOffers{Currency: r.Currency, Items: []triedLine{}, Applied: []appliedOffer{}, Refused: []refusedOffer{}, Exact: r.Exact}
	var initial, discount int64
	for i := range r.Lines {
		l := &r.Lines[i]
		off := l.Discount()
		line := triedLine{
			ID: l.ID, Product: l.Product, Name: l.Name, Quantity: l.Units, Added: l.Added,
			Amount: money(l.Amount), Discount: money(off), Total: money(l.Amount - off),
		}
		for _, p := range l.Parts {
			of := "line"
			if p.Whole {
				of = "order"
			}
			line.Offers = append(line.Offers, lineShare{Offer: p.Offer, Code: p.Code, Amount: money(p.Amount), Of: of})
		}
		if !l.Added {
			initial, discount = initial+l.Amount, discount+off
		}
		out.Items = append(out.Items, line)
	}
	for _, o := range r.Applied {
		discount += o.Shipping
		out.Applied = append(out.Applied, appliedOffer{
			Offer: o.Offer, Code: o.Code, Title: o.Title, Discount: money(o.Discount), Shipping: money(o.Shipping), Before: money(o.Before), After: money(o.After),
		})
	}
	for _, o := range r.Refused {
		out.Refused = append(out.Refused, refusedOf(o))
	}
	out.Amounts = orderAmounts{Initial: money(initial), Shipping: money(r.Shipping), Discount: money(discount), Total: money(initial + r.Shipping - discount)}
	return out
}

func refusedOf(o promotion.Refused) refusedOffer {
	out := refusedOffer{Offer: o.Offer, Code: o.Code, Reason: string(o.Reason), Text: o.Text, Change: o.Change}
	if o.From != rapport.Never {
		out.From = o.From
	}
	if o.Trace != nil {
		t := tracedOf(o.Trace)
		out.Trace = &t
	}
	return out
}
