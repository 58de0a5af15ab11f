package rule

import "strings"

// money checks what sum, avg, min and max of events say of a currency.
func (c *checker) money(e *Expr, f function) {
	body := e.Args[2]
	if len(e.Args) == 4 {
		c.currency(e.Args[3], f)
		return
	}
	if c.types[body].Money {
		write := "write ." + f.name + "(" + e.Args[1].String() + ", " + body.String() + ", " + quote(c.anyCurrency()) + ")"
		if c.rates() == nil {
			write += ", with a document of kind rates"
		}
		c.fail(body, write, "%s is money, which may be in several currencies; say in which to tell it", body)
	}
}

// rates returns the workspace's rates, nil if it has none.
func (c *checker) rates() *Rates {
	if c.in.Plan == nil {
		return nil
	}
	return c.in.Plan.Rates
}

// anyCurrency is one to show how a currency is written.
func (c *checker) anyCurrency() string {
	if r := c.rates(); r != nil {
		return r.base
	}
	return "SGD"
}

// currency checks the currency that money is told in.
func (c *checker) currency(arg *Expr, f function) {
	rates := c.rates()
	switch {
	case arg.Op != OpText:
		c.fail(arg, "write "+strings.TrimSuffix(f.usage, ")")+", "+quote(c.anyCurrency())+")", "%s(...) names its currency in quotes", f.name)
	case rates == nil:
		c.fail(arg, "add a document of kind rates with base: "+c.anyCurrency()+" and its periods", "no rates are known, so nothing can be told in %s", arg.Text)
	case !rates.knows(arg.Text) && rates.knows(strings.ToUpper(arg.Text)):
		c.fail(arg, "write "+quote(strings.ToUpper(arg.Text)), "a currency is written in capital letters")
	case !rates.knows(arg.Text):
		suggestion := didYouMean(arg.Text, rates.codes, true)
		if suggestion == "" {
			suggestion = "give it one in the document of kind rates, or write one of " + strings.Join(rates.codes, ", ")
		}
		c.fail(arg, suggestion, "the currency %q has no rate", arg.Text)
	}
}

// keepsMoney reports whether a calculation with money comes to money.
func (c *checker) keepsMoney(e *Expr) bool {
	l, r := c.types[e.Args[0]].Money, c.types[e.Args[len(e.Args)-1]].Money
	if e.Op == OpDiv {
		return l && !r
	}
	return l || r
}

// saysCurrency reports whether an and says in which currency its event was paid.
func (c *checker) saysCurrency(e *Expr) bool {
	for _, arg := range e.Args {
		if e.Op != OpAnd || arg.Op != OpEq {
			continue
		}
		l, r := arg.Args[0], arg.Args[1]
		if c.isCurrency(l) && r.Op == OpText || c.isCurrency(r) && l.Op == OpText {
			return true
		}
	}
	return false
}

func (c *checker) isCurrency(e *Expr) bool {
	if e.Op != OpField || e.Text != "currency" || e.Args[0].Op != OpName {
		return false
	}
	v, bound := c.variable(e.Args[0].Text)
	return bound && v.event
}

// bareAmount refuses to compare an event's amount with a number, which would take
// yen for dollars, unless what stands beside it says the currency. Nothing is
// nothing in every currency.
func (c *checker) bareAmount(e *Expr, l, r Type) {
	if !c.filter || c.paid > 0 || l.Money == r.Money {
		return
	}
	amount, with, other := e.Args[0], e.Args[1], r
	if r.Money {
		amount, with, other = with, amount, l
	}
	if other.Kind != Number && other.elem().Kind != Number || with.Op == OpNumber && with.Number == 0 {
		return
	}
	c.fail(e, "say in which, as in "+c.event()+".currency == "+quote(c.anyCurrency())+" && "+e.String(),
		"%s is money, which may be in several currencies", amount)
}

// event is the variable that stands for the event.
func (c *checker) event() string {
	for _, v := range c.scope {
		if v.event {
			return v.name
		}
	}
	return "e"
}
