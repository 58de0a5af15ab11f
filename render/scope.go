package render

import (
	"cmp"
	"math"
	"strconv"

	"rapport"
)

// scope is what the names of one rendering stand for. Each root is made when it
// is first read, once for all texts of the message.
type scope struct {
	template *Template
	request  Request
	now      rapport.Instant
	language string
	known    []root
}

type root struct {
	name  string
	value rapport.Value
}

// Lookup returns what a root stands for.
func (s *scope) Lookup(name string) (rapport.Value, bool) {
	for i := range s.known {
		if s.known[i].name == name {
			return s.known[i].value, true
		}
	}
	v, ok := s.make(name)
	if ok {
		v = s.template.fallbacks[name].fill(v)
		s.known = append(s.known, root{name, v})
	}
	return v, ok
}

func (s *scope) make(name string) (v rapport.Value, ok bool) {
	switch name {
	case "customer":
		return s.customer(), true
	case "event":
		return s.event(), true
	case "answers", "offer":
		return s.learned(name), true
	case "cart":
		return s.cart(), true
	case "orders":
		return s.orders(), true
	case "market":
		return s.market(), true
	case "brand":
		return s.template.brand.value, true
	case "message":
		return s.message(), true
	case "now":
		return rapport.TextOf(s.now.String()), true
	}
	return v, false
}

// customer holds the traits that the template reads, and no others.
func (s *scope) customer() rapport.Value {
	pairs := make([]rapport.Value, 0, 2*len(s.template.traits))
	for _, name := range s.template.traits {
		v := rapport.TextOf(s.request.Message.Customer.String())
		if name != "id" {
			v = present(s.request.Customer.Trait(name))
		}
		if !missing(v) {
			pairs = append(pairs, rapport.TextOf(name), v)
		}
	}
	return rapport.ObjectOf(pairs)
}

// event holds the properties of the event that led to the message. What is no
// JSON object has none.
func (s *scope) event() rapport.Value {
	if v, err := rapport.ParseJSON(s.request.Message.Entry); err == nil && v.Kind() == rapport.Object {
		return present(v)
	}
	return rapport.ObjectOf(nil)
}

// learned holds what the journey's run had learned on its way: the answers to its calls
// by name, or its offer.
func (s *scope) learned(name string) rapport.Value {
	v, _ := rapport.ParseJSON(s.request.Message.Learned)
	if is := v.Get(name); is.Kind() == rapport.Object {
		return is
	}
	return rapport.ObjectOf(nil)
}

func (s *scope) market() rapport.Value {
	m, zone := s.request.Market, "UTC"
	if s.request.Zone != nil {
		zone = s.request.Zone.String()
	}
	return texts("name", m.Name, "country", m.Country, "currency", m.Currency, "language", m.Language, "zone", zone)
}

func (s *scope) message() rapport.Value {
	m := s.request.Message
	return texts("id", m.ID.String(), "to", m.To, "language", s.language, "unsubscribe_url", s.request.Unsubscribe)
}

// texts makes an object of name, text, name, text, ...
func texts(pairs ...string) rapport.Value {
	values := make([]rapport.Value, len(pairs))
	for i, text := range pairs {
		values[i] = rapport.TextOf(text)
	}
	return rapport.ObjectOf(values)
}

// orders is a list, so that orders.last is the latest.
func (s *scope) orders() rapport.Value {
	orders := s.request.Customer.Orders()
	values := make([]rapport.Value, len(orders))
	for i, o := range orders {
		values[i] = rapport.ObjectOf([]rapport.Value{
			rapport.TextOf("id"), rapport.TextOf(o.ID),
			rapport.TextOf("at"), rapport.TextOf(o.At.String()),
			rapport.TextOf("total"), rapport.NumberOf(o.Total),
			rapport.TextOf("currency"), rapport.TextOf(cmp.Or(o.Currency, s.request.Market.Currency)),
			rapport.TextOf("products"), rapport.NumberOf(float64(o.Products)),
		})
	}
	return rapport.ListOf(values)
}

// cart is the one that the entry event names, else the open one.
func (s *scope) cart() rapport.Value {
	event, _ := s.Lookup("event")
	return s.request.Customer.Cart(event.Get("cart_id").String()).Value(s.request.Market.Currency)
}

// Value returns the cart as templates print it and rules read it. Where no line
// tells its currency, it is the one given.
func (c Cart) Value(otherwise string) rapport.Value {
	lines := make([]rapport.Value, len(c.Lines))
	count, total, currency := 0.0, 0.0, ""
	for i, line := range c.Lines {
		lines[i] = lineValue(line)
		price, _ := amount(line.Item.Get("price"))
		count += line.Quantity
		total += price * line.Quantity
		currency = cmp.Or(currency, line.Item.Get("currency").Text())
	}
	pairs := []rapport.Value{
		rapport.TextOf("id"), rapport.TextOf(c.ID),
		rapport.TextOf("lines"), rapport.ListOf(lines),
		rapport.TextOf("count"), rapport.NumberOf(count),
		rapport.TextOf("total"), rapport.NumberOf(math.Round(total*1e6) / 1e6),
		rapport.TextOf("currency"), rapport.TextOf(cmp.Or(currency, otherwise)),
	}
	if c.BoughtAt != 0 {
		pairs = append(pairs, rapport.TextOf("bought_at"), rapport.TextOf(c.BoughtAt.String()))
	}
	return rapport.ObjectOf(pairs)
}

// lineValue is the product as the shop told of it, with what every line has.
func lineValue(l Line) rapport.Value {
	name := l.Product
	for _, field := range [...]string{"name", "title"} {
		if text := l.Item.Get(field).Text(); text != "" {
			name = text
			break
		}
	}
	return extended(present(l.Item),
		rapport.TextOf("product_id"), rapport.TextOf(l.Product),
		rapport.TextOf("quantity"), rapport.NumberOf(l.Quantity),
		rapport.TextOf("name"), rapport.TextOf(name),
	)
}

// amount reads a number, also one that is written as a text.
func amount(v rapport.Value) (float64, bool) {
	if v.Kind() == rapport.Number {
		return v.Number(), true
	}
	f, err := strconv.ParseFloat(v.Text(), 64)
	return f, err == nil && !math.IsNaN(f) && !math.IsInf(f, 0)
}
