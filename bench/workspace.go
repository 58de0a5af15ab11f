package bench

import (
	"fmt"
	"strings"
)

// places is what every shop of a run has: a market, a sender, a channel, a template.
const places = `kind: market
name: singapore
countries: [SG]
language: en
currency: SGD
zone: Asia/Singapore
default: true
---
kind: brand
name: shop
title: Bench
sender: {name: Bench, address: hello@shop.example}
address: 1 Example Road, Singapore
---
kind: channel
name: mail
channel: email
provider: capture
---
kind: template
name: cart
channel: email
subject: Your cart waits
html: |
  <p>Hello {{ customer.first_name | default: "there" }}, your cart waits for you.</p>
`

// Workspace returns the documents of a shop with so many segments and journeys,
// as one YAML stream: counts and sums in windows, traits, and what is left in a
// cart; each journey restarts its hour with each change of a cart and ends with
// the purchase.
func Workspace(segments, journeys int) string {
	var b strings.Builder
	b.WriteString(places)
	for i := range segments {
		fmt.Fprintf(&b, "---\nkind: segment\nname: segment-%d\nwhere: '%s'\n", i, ruleOf(i))
	}
	for i := range journeys {
		fmt.Fprintf(&b, `---
kind: journey
name: journey-%d
entry: {event: [Product Added], where: event.price > %d}
key: event.cart_id
reentry: {running: restart}
exit: [{event: [Order Completed], where: '!has(event.cart_id) || event.cart_id == entry.cart_id'}]
steps:
  - {name: quiet, wait: 1h}
  - {name: remind, send: {template: cart, channel: email, class: promotional, purpose: marketing}}
`, i, 20+8*i)
	}
	return b.String()
}

// ruleOf returns the rule of segment i: five kinds in turn, each with figures of its own.
func ruleOf(i int) string {
	names := [...]string{"Product Viewed", "Product Added", "Order Completed", "Page Viewed", "Checkout Started"}
	n := i/5 + 1
	switch i % 5 {
	case 0:
		return fmt.Sprintf(`events("%s").within("%dd").count() >= %d`, names[n%5], 7*n, n)
	case 1:
		return fmt.Sprintf(`events("Order Completed").within("%dd").where(e, e.total >= %d).count() >= 2`, 30*n, 20*n)
	case 2:
		return fmt.Sprintf(`customer.country in ["SG", "TH"] && events("Order Completed").within("365d").sum(e, e.total) > %d`, 100*n)
	case 3:
		return fmt.Sprintf(`events("Product Added").last() > ago("%dh") && !events("Order Completed").within("%dh").exists()`, n, n)
	}
	return fmt.Sprintf(`customer.tier == "t%d" || events("%s").count() > %d`, n, names[n%5], 5*n)
}
