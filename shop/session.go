package shop

import (
	"fmt"
	"time"
)

// session is one visit while it is written down.
type session struct {
	shop   *Shop
	v      *visitor
	device *device
	at     time.Time
	from   *Letter // what led here, if a letter did
}

// visit writes one session of a visitor down and plans the next.
func (s *Shop) visit(v *visitor, at time.Time) {
	x := s.enter(v, at, nil)
	x.look(1 + int(v.random.ExpFloat64()*(viewsPerSession-1)))
	if len(v.cart) > 0 && v.random.Float64() < buyCart*v.place.buyingAt(x.at) {
		x.buy()
	}
	x.leave()
	if v.gone = v.random.Float64() < v.leaves(); !v.gone {
		s.planVisit(v, x.at)
	}
}

// planVisit plans her next visit by herself.
func (s *Shop) planVisit(v *visitor, from time.Time) {
	s.plan(v.place.after(from, v.gap()), func(at time.Time) { s.visit(v, at) })
}

// enter begins a visit: who she is, and whether the shop knows that.
func (s *Shop) enter(v *visitor, at time.Time, from *Letter) *session {
	r := v.random
	x := &session{shop: s, v: v, device: v.devices[r.IntN(len(v.devices))], at: at, from: from}
	for _, until := range [...]time.Time{v.busy, x.device.busy} {
		if x.at.Before(until) {
			x.at = until.Add(time.Minute)
		}
	}
	if other := x.device.user; other != nil && other != v {
		before := &session{shop: s, v: other, device: x.device, at: x.at}
		before.track("Signed Out", object{})
		x.device.user = nil
		x.wait(10, 60)
	}
	x.arrive()
	if v.known && x.device.user == nil && r.Float64() < signInFirst {
		x.signIn()
	}
	if !v.known && r.Float64() < signUpSession {
		x.signUp()
	}
	if v.known && x.device.user == v {
		x.tellMore()
	}
	if len(v.cart) > 0 && x.at.Sub(v.touched) > 7*day && r.Float64() < oldCartForgets {
		v.cart = nil
		v.cartID++
	}
	return x
}

func (x *session) look(views int) {
	for range min(views, 30) {
		x.browse()
	}
}

func (x *session) leave() { x.v.busy, x.device.busy = x.at, x.at }

func (x *session) wait(least, most int) {
	x.at = x.at.Add(time.Duration(least+x.v.random.IntN(most-least))*time.Second + time.Duration(x.v.random.IntN(1000))*time.Millisecond)
}

func (x *session) arrive() {
	if x.device.app {
		if !x.device.installed {
			x.device.installed = true
			x.track("Application Installed", object{"version": "4.2.0"})
			x.wait(1, 5)
		}
		x.track("Application Opened", object{"from_background": false})
		return
	}
	url := "https://shop.example/" + x.v.place.Language + "/"
	if x.from != nil {
		url += "?utm_source=rapport&utm_medium=" + x.from.Channel
	}
	x.shop.add(x.at, x.event(object{"type": "page", "name": "Home", "properties": object{"url": url, "path": "/" + x.v.place.Language + "/", "title": "Home"}}))
}

func (x *session) signIn() {
	x.wait(5, 40)
	x.device.user = x.v
	x.shop.add(x.at, x.event(object{"type": "identify", "traits": object{"email": x.v.email()}}))
	x.track("Signed In", object{"method": "password"})
}

func (x *session) signUp() {
	v, r := x.v, x.v.random
	v.known, x.device.user = true, v
	v.did = x.at
	x.wait(20, 90)
	traits := object{
		"email": v.email(), "first_name": v.name, "country": v.place.Country, "locale": v.place.Language, "market": v.place.Name,
	}
	if r.Float64() < tellsBirthday {
		traits["birthday"] = time.Date(1965+r.IntN(41), 1, 1+r.IntN(365), 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
	}
	if r.Float64() < phoneAtSignUp {
		v.phone = v.number(x.shop.seed)
		traits["phone"] = v.phone
	}
	answer := r.Float64()
	x.shop.known(v)
	x.shop.add(x.at, x.event(object{"type": "identify", "traits": traits}).
		with("consent", object{"categoryPreferences": object{"marketing": answer < agreeToMail, "personalisation": answer < agreeToHelp}}))
	x.wait(1, 3)
	x.track("Signed Up", object{"method": "form"})
}

// tellMore is what a customer tells of herself in a later visit, now and then.
func (x *session) tellMore() {
	v, r := x.v, x.v.random
	traits := object{}
	switch at := r.Float64(); {
	case v.phone == "" && at < phoneLater:
		v.phone = v.number(x.shop.seed)
		traits["phone"] = v.phone
		x.shop.known(v)
	case at > 1-changesDetail/2:
		traits["address"] = object{"city": v.place.Cities[r.IntN(len(v.place.Cities))], "street": fmt.Sprintf("%d Garden Road", 1+r.IntN(200))}
	case at > 1-changesDetail:
		traits["password_changed_at"] = x.at.UTC().Format(time.RFC3339)
	default:
		return
	}
	x.wait(20, 90)
	x.shop.add(x.at, x.event(object{"type": "identify", "traits": traits}))
}

func (x *session) browse() {
	x.wait(8, 120)
	p := x.v.pick(x.shop.catalogue)
	x.v.saw(p)
	x.v.did = x.at
	x.track("Product Viewed", x.product(p, 0, ""))
	if x.v.random.Float64() >= addAfterView {
		return
	}
	x.wait(3, 40)
	l := line{p, 1 + x.v.random.IntN(2), x.v.size(p.Category)}
	x.v.cart, x.v.touched = append(x.v.cart, l), x.at
	properties := x.product(p, l.quantity, l.size)
	properties["cart_id"] = x.cartID()
	x.track("Product Added", properties)
}

func (x *session) cartID() string {
	return fmt.Sprintf("cart-%s-%d-%d", x.shop.opened, x.v.n, x.v.cartID)
}

// buy takes the cart through the checkout; some of it comes back weeks later.
func (x *session) buy() {
	v := x.v
	x.wait(20, 120)
	order := x.order()
	x.track("Checkout Started", order)
	if v.known && x.device.user == nil {
		x.signIn() // nobody buys unknown here
	}
	if !v.known {
		x.signUp()
	}
	x.wait(40, 240)
	bought := order.and("payment_method", v.place.pay(v.random))
	x.track("Order Completed", bought)
	v.cart, v.cartID, v.orders, v.did = nil, v.cartID+1, v.orders+1, x.at
	x.useCredit()
	x.earnCredit(order)
	if v.random.Float64() < v.place.Returns {
		x.planReturn(order)
	}
}

// planReturn lets an order come back within three weeks.
func (x *session) planReturn(order object) {
	v, r := x.v, x.v.random
	at := x.at.Add(time.Duration(4+r.IntN(17))*day + time.Duration(r.IntN(36000))*time.Second)
	why := ""
	if r.Float64() >= returnNoReason {
		why = pickReason(r.Float64())
	}
	again := r.Float64() < exchangeSize
	x.shop.plan(at, func(at time.Time) {
		back := &session{shop: x.shop, v: v, device: x.device, at: at}
		refund := object{"order_id": order["order_id"], "total": order["total"], "currency": order["currency"], "products": order["products"]}
		if why != "" {
			refund["reason"] = why
		}
		back.tell(v.userID(), "Order Refunded", refund)
		v.did = at
		back.loseCredit(order)
		if again && isSize(why) {
			back.exchange(order)
		}
	})
}

// exchange buys the same in another size, an hour or some later.
func (x *session) exchange(order object) {
	v := x.v
	products := order["products"].([]any)
	id := products[0].(object)["product_id"]
	x.shop.plan(x.at.Add(time.Duration(1+v.random.IntN(30))*time.Hour), func(at time.Time) {
		s := x.shop.enter(v, at, nil)
		for _, p := range s.shop.catalogue {
			if p.ID == id {
				v.cart = append(v.cart, line{p, 1, v.size(p.Category)})
			}
		}
		s.buy()
		s.leave()
	})
}

func isSize(why string) bool { return why == "size too small" || why == "size too large" }

func pickReason(at float64) string {
	all := reasons()
	for _, r := range all {
		if at -= r.share; at < 0 {
			return r.text
		}
	}
	return all[0].text
}

// earnCredit gives a part of a purchase on 11.11 back, to be used around Christmas.
func (x *session) earnCredit(order object) {
	local := x.at.In(x.v.place.zone)
	if local.Month() != time.November || local.Day() != 11 {
		return
	}
	c := credit{fmt.Sprintf("credit-%s-%d-%d", x.shop.opened, x.v.n, x.v.orders), order["order_id"].(string), rounded(order["total"].(float64)*creditShare, x.v.place.Digits)}
	x.v.credit = append(x.v.credit, c)
	from := time.Date(local.Year(), time.December, 20, 0, 0, 0, 0, x.v.place.zone)
	x.wait(2, 10)
	x.track("Credit Granted", object{
		"credit_id": c.id, "reason": "festival", "amount": c.amount, "currency": x.v.place.Currency, "order_id": c.order,
		"usable_from": from.Format(time.DateOnly), "expires": from.AddDate(0, 0, 6).Format(time.DateOnly),
	})
	x.shop.plan(from.AddDate(0, 0, 7), func(at time.Time) {
		if x.v.dropCredit(func(other credit) bool { return other.id == c.id }) != nil {
			end := &session{shop: x.shop, v: x.v, device: x.device, at: at}
			end.tell(x.v.userID(), "Credit Expired", object{"credit_id": c.id})
		}
	})
}

// useCredit takes what she has off a purchase between 20 and 26 December.
func (x *session) useCredit() {
	local := x.at.In(x.v.place.zone)
	if local.Month() != time.December || local.Day() < 20 || local.Day() > 26 {
		return
	}
	if c := x.v.dropCredit(func(credit) bool { return true }); c != nil {
		x.wait(1, 3)
		x.track("Credit Used", object{"credit_id": c.id, "amount": c.amount, "currency": x.v.place.Currency})
	}
}

// loseCredit takes back what an order has earned that came back.
func (x *session) loseCredit(order object) {
	if c := x.v.dropCredit(func(c credit) bool { return c.order == order["order_id"] }); c != nil {
		x.tell(x.v.userID(), "Credit Revoked", object{"credit_id": c.id, "amount": c.amount, "currency": x.v.place.Currency})
	}
}

func (v *visitor) dropCredit(is func(credit) bool) *credit {
	for i, c := range v.credit {
		if is(c) {
			v.credit = append(v.credit[:i:i], v.credit[i+1:]...)
			return &c
		}
	}
	return nil
}

func (x *session) order() object {
	total := 0.0
	var products []any
	for _, l := range x.v.cart {
		products = append(products, x.product(l.product, l.quantity, l.size))
		total += x.v.price(l.product) * float64(l.quantity)
	}
	return object{
		"order_id": fmt.Sprintf("order-%s-%d-%d", x.shop.opened, x.v.n, x.v.orders), "cart_id": x.cartID(), "currency": x.v.place.Currency,
		"total": rounded(total, x.v.place.Digits), "products": products,
	}
}

func (x *session) product(p Product, quantity int, size string) object {
	o := object{
		"product_id": p.ID, "name": p.Name, "category": p.Category, "price": x.v.price(p), "currency": x.v.place.Currency,
		"url": "https://shop.example/p/" + p.ID, "image_url": "https://shop.example/i/" + p.ID + ".jpg",
	}
	if quantity > 0 {
		o["quantity"], o["size"] = quantity, size
	}
	return o
}

func (x *session) track(name string, properties object) {
	x.shop.add(x.at, x.event(object{"type": "track", "event": name, "properties": properties}))
}

// tell writes down what the shop itself does for a customer, on no device of hers.
func (x *session) tell(user, name string, properties object) {
	o := object{"type": "track", "event": name, "properties": properties, "userId": user}
	x.shop.add(x.at, o.with("channel", "server"))
}

// event completes an event with who and where.
func (x *session) event(o object) object {
	o["anonymousId"] = x.device.id
	if x.device.user == x.v {
		o["userId"] = x.v.userID()
	}
	return o.with("locale", x.v.place.Language).with("timezone", x.v.place.Zone)
}
