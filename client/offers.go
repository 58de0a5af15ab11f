package client

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"rapport"
)

// Asked is what is asked of an order: for whom, and with which codes shown.
type Asked struct {
	Customer string          `json:"customer,omitempty"`
	Codes    []string        `json:"codes,omitempty"`
	Order    json.RawMessage `json:"order"`
}

// ReadCart reads what is asked of an order: an object with customer, codes and order, or
// an order alone.
func ReadCart(text []byte) (Asked, error) {
	var asked Asked
	var order struct{ Items json.RawMessage }
	if err := json.Unmarshal(text, &order); err != nil {
		return asked, &rapport.Error{Kind: rapport.Invalid, Message: "the cart is no JSON: " + err.Error(), Err: err}
	}
	if order.Items != nil {
		return Asked{Order: text}, nil
	}
	if err := json.Unmarshal(text, &asked); err != nil || asked.Order == nil {
		return asked, rapport.Errorf(rapport.Invalid, "the cart has neither items nor an order: write {\"currency\": \"SGD\", \"items\": [{\"price\": 10}]}")
	}
	return asked, nil
}

// tried is what the server tells of an order.
type tried struct {
	Currency string
	Amounts  struct{ Initial, Shipping, Discount, Total json.Number }
	Items    []struct {
		ID, Product, Name       string
		Quantity                int
		Amount, Discount, Total json.Number
		Added                   bool
		Offers                  []struct {
			Offer  string
			Amount json.Number
		}
	}
	Applied []struct {
		Offer, Code, Title string
		Discount           json.Number
	}
	Refused []struct{ Offer, Code, Text, Change string }
	Exact   bool
}

// TryOffers asks which offers an order would get, and writes what it comes to: as a
// table, or as the server's own JSON.
func (c *Client) TryOffers(ctx context.Context, asked Asked, asJSON bool, out io.Writer) error {
	var answer []byte
	if err := c.Call(ctx, "POST", "/v1/offers/try", asked, &answer); err != nil {
		return err
	}
	if asJSON {
		_, err := fmt.Fprintf(out, "%s\n", strings.TrimSpace(string(answer)))
		return err
	}
	var r tried
	if err := json.Unmarshal(answer, &r); err != nil {
		return err
	}
	return r.write(out)
}

// write writes a table of lines, then the offers that are applied, then why the others
// are not.
func (r *tried) write(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "line\tunits\tbefore\toff\tafter\tby")
	for _, l := range r.Items {
		name := l.ID
		for _, other := range []string{l.Product, l.Name} {
			if other != "" && other != name {
				name += " " + other
			}
		}
		if l.Added {
			name = "+" + strings.TrimSpace(name)
		}
		var by []string
		for _, o := range l.Offers {
			by = append(by, fmt.Sprintf("%s %s", o.Offer, o.Amount))
		}
		fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%s\t%s\n", name, l.Quantity, l.Amount, less(l.Discount), l.Total, strings.Join(by, ", "))
	}
	fmt.Fprintf(w, "shipping\t\t%s\t\t\t\n", r.Amounts.Shipping)
	fmt.Fprintf(w, "total %s\t\t\t%s\t%s\t\n", r.Currency, less(r.Amounts.Discount), r.Amounts.Total)
	if err := w.Flush(); err != nil {
		return err
	}
	for _, a := range r.Applied {
		fmt.Fprintf(out, "applies: %s%s, %s off%s\n", a.Offer, shown(a.Code), a.Discount, said(a.Title))
	}
	for _, o := range r.Refused {
		fmt.Fprintf(out, "not: %s: %s\n", strings.TrimSpace(o.Offer+shown(o.Code)), o.Text)
		if o.Change != "" {
			fmt.Fprintf(out, "  it would, if: %s\n", o.Change)
		}
	}
	if len(r.Applied)+len(r.Refused) == 0 {
		fmt.Fprintln(out, "there are no offers that apply by themselves: put one in force, or show a code with --code")
	}
	if !r.Exact {
		fmt.Fprintln(out, "there are so many offers that a better combination may exist: part them into lanes")
	}
	return nil
}

// less writes what is taken off, nothing if there is nothing.
func less(amount json.Number) string {
	if strings.Trim(amount.String(), "0.") == "" {
		return ""
	}
	return "-" + amount.String()
}

func shown(code string) string {
	if code == "" {
		return ""
	}
	return " (" + code + ")"
}

func said(title string) string {
	if title == "" {
		return ""
	}
	return ": " + title
}
