package bench

import (
	"fmt"
	"time"
)

// deed is something that a customer did, before it is written as an event.
type deed struct {
	name     string        // by which rules know it
	who      int           // of the customers
	age      time.Duration // how long ago; 0 is now, whenever it arrives
	category string
	brand    string
	query    string
	path     string
	tier     string
	coupon   string
	product  int
	price    int
	total    int
}

// Names of deeds, as rules know them.
const (
	viewed    = "Product Viewed"
	added     = "Product Added"
	ordered   = "Order Completed"
	searched  = "Products Searched"
	listed    = "Product List Viewed"
	checkout  = "Checkout Started"
	paged     = "Page Viewed"
	told      = "Identified"
	welcome   = "WELCOME" // a coupon
	dearPrice = 100       // from which on a product is dear
)

var countries = [...]string{"SG", "TH", "DE", "KR", "IN"}

// How many of each the shop has.
const (
	categories = 40
	brands     = 25
	queries    = 30
	tiers      = 10
	products   = 2000
)

func category(n int) string { return fmt.Sprintf("category-%d", n%categories) }
func brand(n int) string    { return fmt.Sprintf("brand-%d", n%brands) }
func query(n int) string    { return fmt.Sprintf("linen shirt %d", n%queries) }
func path(n int) string     { return "/c/" + category(n) }
func tier(n int) string     { return fmt.Sprintf("t%d", n%tiers) }

// What is true of a customer for good.
func country(who int) string   { return countries[who%len(countries)] }
func ageOf(who int) int        { return 18 + who/7%60 }
func favourite(who int) string { return category(who / 3) }
func birthday(who int) string {
	return fmt.Sprintf("%d-%02d-%02d", 2026-ageOf(who), 1+who/5%12, 1+who/11%28)
}

// appendJSON writes a deed as an event of Segment's batch call.
func (d *deed) appendJSON(b []byte, messageID string, now time.Time) []byte {
	b = fmt.Appendf(b, `{"messageId":"%s","anonymousId":"device-%d","userId":"user-%d",%s,`, messageID, d.who, d.who, library)
	if d.age > 0 {
		b = fmt.Appendf(b, `"timestamp":"%s",`, now.Add(-d.age).UTC().Format("2006-01-02T15:04:05.000Z"))
	}
	switch d.name {
	case told:
		return fmt.Appendf(b, `"type":"identify","traits":{"email":"user%d@example.com","first_name":"User %d","country":"%s","tier":"%s","age":%d,"birthday":"%s","favourite":"%s"}}`,
			d.who, d.who, country(d.who), d.tier, ageOf(d.who), birthday(d.who), favourite(d.who))
	case paged:
		return fmt.Appendf(b, `"type":"page","name":"Category","properties":{"url":"https://shop.example%s","path":"%s","title":"Shop","referrer":"https://search.example/"}}`, d.path, d.path)
	}
	b = fmt.Appendf(b, `"type":"track","event":"%s","properties":{`, d.name)
	switch d.name {
	case ordered:
		b = fmt.Appendf(b, `"order_id":"order-%s","cart_id":"cart-%d","total":%d.50,"currency":"SGD",`, messageID, d.who, d.total)
		if d.coupon != "" {
			b = fmt.Appendf(b, `"coupon":"%s",`, d.coupon)
		}
		b = append(d.appendProduct(append(b, `"products":[{`...)), `}]`...)
	case added:
		b = d.appendProduct(fmt.Appendf(b, `"cart_id":"cart-%d","quantity":1,`, d.who))
	case viewed:
		b = d.appendProduct(b)
	case searched:
		b = fmt.Appendf(b, `"query":"%s"`, d.query)
	case listed:
		b = fmt.Appendf(b, `"list_id":"%s","category":"%s"`, d.category, d.category)
	default:
		b = fmt.Appendf(b, `"cart_id":"cart-%d","currency":"SGD"`, d.who)
	}
	return append(b, `}}`...)
}

func (d *deed) appendProduct(b []byte) []byte {
	return fmt.Appendf(b, `"product_id":"p%d","sku":"SKU-%05d","name":"Linen shirt %d","category":"%s","brand":"%s","price":%d.90,"currency":"SGD","url":"https://shop.example/p/%d"`,
		d.product, d.product, d.product, d.category, d.brand, d.price, d.product)
}
