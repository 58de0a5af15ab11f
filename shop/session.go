package shop

import (
	"fmt"
	"time"
)

// session is one visit while it is written down.
type session struct {
	shop   *Shop
	v      *visitor
	device string
	at     time.Time
}

// visit writes one session of a visitor down and plans the next.
func (s *Shop) visit(v *visitor) {
	r := v.random
	x := &session{shop: s, v: v, device: v.devices[r.IntN(len(v.devices))], at: v.next}
	x.arrive()
	if !v.known && r.Float64() < signUpSession {
		x.signUp()
	}
	views := 1 + int(r.ExpFloat64()*(viewsPerSession-1))
	for range min(views, 30) {
		x.browse()
	}
	if len(v.cart) > 0 {
		x.checkout()
	}
	v.next = v.after(x.at.Add(time.Duration(r.ExpFloat64() * float64(v.gap()))))
	v.gone = r.Float64() < v.leaves()
}

func (x *session) wait(least, most int) {
	x.at = x.at.Add(time.Duration(least+x.v.random.IntN(most-least))*time.Second + time.Duration(x.v.random.IntN(1000))*time.Millisecond)
}

func (x *session) arrive() {
	if x.v.app && x.device == x.v.devices[0] {
		if !x.shop.installed[x.device] {
			x.shop.installed[x.device] = true
			x.track("Application Installed", object{"version": "4.2.0"})
			x.wait(1, 5)
		}
		x.track("Application Opened", object{"from_background": false})
		return
	}
	x.shop.add(x.at, x.event(object{"type": "page", "name": "Home", "properties": object{
		"url": "https://shop.example/" + x.v.market.Language + "/", "path": "/", "title": "Home",
	}}))
}

func (x *session) signUp() {
	x.v.known = true
	x.wait(20, 90)
	answer := x.v.random.Float64()
	x.shop.add(x.at, x.event(object{"type": "identify", "traits": object{
		"email": x.v.email(), "first_name": x.v.name, "country": x.v.market.Country, "locale": x.v.market.Language, "market": x.v.market.Name,
	}}).with("consent", object{"categoryPreferences": object{"marketing": answer < agreeToMail, "personalisation": answer < agreeToHelp}}))
	x.wait(1, 3)
	x.track("Signed Up", object{"method": "form"})
}

func (x *session) browse() {
	x.wait(8, 120)
	p := x.v.pick(x.shop.catalogue)
	x.track("Product Viewed", x.product(p, 0))
	if x.v.random.Float64() >= addAfterView {
		return
	}
	x.wait(3, 40)
	n := 1 + x.v.random.IntN(2)
	x.v.cart = append(x.v.cart, line{p, n})
	properties := x.product(p, n)
	properties["cart_id"] = x.cartID()
	x.track("Product Added", properties)
}

func (x *session) cartID() string { return fmt.Sprintf("cart-%d-%d", x.v.n, x.v.cartID) }

func (x *session) checkout() {
	if x.v.random.Float64() < buyCart {
		x.buy()
	}
}

// buy takes the cart through the checkout; some of it comes back weeks later.
func (x *session) buy() {
	r := x.v.random
	x.wait(20, 120)
	order := x.order()
	x.track("Checkout Started", order)
	x.wait(40, 240)
	x.track("Order Completed", order)
	x.v.cart, x.v.cartID, x.v.orders = nil, x.v.cartID+1, x.v.orders+1
	if r.Float64() < sendBack {
		back := *x
		back.at = x.at.Add(time.Duration(4+r.IntN(17))*24*time.Hour + time.Duration(r.IntN(36000))*time.Second)
		back.track("Order Refunded", object{
			"order_id": order["order_id"], "total": order["total"], "currency": order["currency"], "products": order["products"],
			"reason": reasons[r.IntN(len(reasons))],
		})
	}
}

func (x *session) order() object {
	total := 0.0
	var products []any
	for _, l := range x.v.cart {
		products = append(products, x.product(l.product, l.quantity))
		total += x.v.price(l.product) * float64(l.quantity)
	}
	return object{
		"order_id": fmt.Sprintf("order-%d-%d", x.v.n, x.v.orders), "cart_id": x.cartID(), "currency": x.v.market.Currency,
		"total": rounded(total, x.v.market.Digits), "products": products,
	}
}

func (x *session) product(p Product, quantity int) object {
	o := object{
		"product_id": p.ID, "name": p.Name, "category": p.Category, "price": x.v.price(p), "currency": x.v.market.Currency,
		"url": "https://shop.example/p/" + p.ID, "image_url": "https://shop.example/i/" + p.ID + ".jpg",
	}
	if quantity > 0 {
		o["quantity"] = quantity
	}
	return o
}

func (x *session) track(name string, properties object) {
	x.shop.add(x.at, x.event(object{"type": "track", "event": name, "properties": properties}))
}

// event completes an event with who and where.
func (x *session) event(o object) object {
	o["anonymousId"] = x.device
	if x.v.known {
		o["userId"] = x.v.userID()
	}
	return o.with("locale", x.v.market.Language).with("timezone", x.v.market.Zone)
}
