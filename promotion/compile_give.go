package promotion

import (
	"fmt"
	"slices"
)

// give compiles one thing that the offer gives.
func (c *compiler) give(doc Give, path string) *give {
	g := &give{
		doc: doc, items: c.rule(path+".items", doc.Items, true), except: c.rule(path+".except", doc.Except, true),
		byUnits: doc.Split == "quantity",
		atMost:  c.money(path+".at_most", doc.AtMost), eachMost: c.money(path+".at_most_each", doc.AtMostEach),
	}
	switch doc.On {
	case "lines":
		g.on = onLines
	case "units":
		g.on = onUnits
	case "shipping":
		g.on = onShipping
	}
	c.worth(g, doc, path)
	g.choose = c.choose(doc.Choose, path+".choose")
	g.bundle = c.bundle(doc.Bundle, path+".bundle")
	c.fits(g, path)
	return g
}

// worth reads what is given: one of several ways.
func (c *compiler) worth(g *give, doc Give, path string) {
	said := 0
	for _, is := range []bool{doc.Percent != "", doc.Amount != nil, doc.Price != nil, doc.Free != nil, doc.Tiers != nil} {
		if is {
			said++
		}
	}
	if said != 1 {
		c.problem(path, "it has to say one of percent, amount, price, free and tiers", "write percent: 10, or amount: { SGD: 10 }")
		return
	}
	switch {
	case doc.Percent != "":
		g.how, g.percent = byPercent, c.percent(path+".percent", doc.Percent)
	case doc.Amount != nil:
		g.how, g.amount = byAmount, c.money(path+".amount", doc.Amount)
	case doc.Price != nil:
		g.how, g.amount = byPrice, c.money(path+".price", doc.Price)
	case doc.Free != nil:
		g.how, g.free = byFree, c.free(doc.Free, path+".free")
	default:
		c.tiers(g, doc.Tiers, path+".tiers")
	}
}

func (c *compiler) percent(path string, d Decimal) percent {
	p, ok := percentOf(d)
	if !ok || p == 0 {
		c.problem(path, fmt.Sprintf("%s is no percentage that can be taken off", d), "write a number above 0 and up to 100, with at most four digits after the point")
	}
	return p
}

// tiers reads steps, which must all be of one sort and ascend.
func (c *compiler) tiers(g *give, docs []Tier, path string) {
	if len(docs) == 0 || len(docs) > maxTiers {
		c.problem(path, fmt.Sprintf("there are from 1 to %d tiers", maxTiers), "write - { from: { SGD: 100 }, percent: 10 }")
	}
	for i, doc := range docs {
		at := fmt.Sprintf("%s[%d]", path, i)
		t := tier{from: c.money(at+".from", doc.From), units: int64(doc.Units), amount: c.money(at+".amount", doc.Amount)}
		way := byAmount
		if doc.Percent != "" {
			way, t.percent = byPercent, c.percent(at+".percent", doc.Percent)
		}
		switch {
		case (doc.Percent != "") == (doc.Amount != nil):
			c.problem(at, "a tier has to say percent or amount", "")
		case (t.from != nil) == (doc.Units > 0):
			c.problem(at, "a tier has to say from or units", "write from: { SGD: 100 }, or units: 3")
		case i > 0 && way != g.how:
			c.problem(at, "the tiers before it say it otherwise", "write percent in all of them, or amount")
		case i > 0 && !g.tiers[i-1].below(t):
			c.problem(at, "it doesn't begin above the tier before it", "put the tiers in order, the lowest first, each with the same currencies")
		}
		g.how = way
		g.tiers = append(g.tiers, t)
	}
}

// below reports whether a tier begins before another one in each of its currencies.
func (t tier) below(next tier) bool {
	if t.from == nil || next.from == nil {
		return t.from == nil && next.from == nil && t.units < next.units
	}
	for currency, from := range t.from {
		if to, ok := next.from[currency]; !ok || to <= from {
			return false
		}
	}
	return len(t.from) == len(next.from)
}

func (c *compiler) choose(doc Choose, path string) choose {
	if doc.Skip < 0 || doc.Every < 0 || doc.Most < 0 {
		c.problem(path, "a number below 0 chooses nothing", "")
	}
	w := choose{skip: int64(doc.Skip), every: int64(doc.Every), most: int64(doc.Most)}
	if doc.From == "cheapest" {
		w.from = cheapest
	}
	return w
}

func (c *compiler) bundle(doc *Bundle, path string) *bundle {
	if doc == nil {
		return nil
	}
	b := &bundle{got: doc.Get != nil, times: int64(doc.Times)}
	if doc.Times < 0 || doc.Times > maxBundles {
		c.problem(path+".times", fmt.Sprintf("an order gets from 1 to %d bundles", maxBundles), "")
	}
	for i, p := range doc.Buy {
		b.parts = append(b.parts, c.part(p, fmt.Sprintf("%s.buy[%d]", path, i)))
	}
	if doc.Get != nil {
		b.parts = append(b.parts, c.part(*doc.Get, path+".get"))
	}
	if len(doc.Buy) == 0 || len(b.parts) > maxParts {
		c.problem(path, fmt.Sprintf("a bundle has from 1 to %d parts", maxParts), "write buy: [ { units: 2 } ]")
	}
	return b
}

func (c *compiler) part(doc Part, path string) part {
	p := part{items: c.rule(path+".items", doc.Items, true), units: int64(max(1, doc.Units))}
	if doc.Units < 0 || doc.Units > maxPartUnits {
		c.problem(path+".units", fmt.Sprintf("a part has from 1 to %d units", maxPartUnits), "")
	}
	if doc.From == "cheapest" {
		p.from = cheapest
	}
	return p
}

// maxWorth is how many minor units one unit of what comes for nothing may be worth: all
// that an offer may add comes to an amount.
const maxWorth = maxMinor / (maxPartUnits * maxBundles)

// maxPartUnits is how many units a part of a bundle, or what comes for nothing, may
// have.
const maxPartUnits = 10_000

func (c *compiler) free(doc *Free, path string) *free {
	f := &free{product: doc.Product, name: doc.Name, units: int64(max(1, doc.Units)), worth: c.money(path+".worth", doc.Worth)}
	for currency, worth := range f.worth {
		if worth > maxWorth {
			c.problem(path+".worth."+currency, "nothing is worth so much", "")
		}
	}
	switch doc.Add {
	case "missing":
		f.add = addMissing
	case "same":
		f.add = addSame
	}
	if (f.add == addSame) != (doc.Product == "") {
		c.problem(path+".product", "free needs the product that comes for nothing, unless it adds the same as each line's", "write product: and its id, or add: same")
	}
	if doc.Units < 0 || doc.Units > maxPartUnits {
		c.problem(path+".units", fmt.Sprintf("from 1 to %d units come for nothing", maxPartUnits), "")
	}
	return f
}

// fits refuses what says something that has no meaning together.
func (c *compiler) fits(g *give, path string) {
	d := g.doc
	shipping := g.on == onShipping
	for _, w := range []struct {
		wrong      bool
		field, why string
	}{
		{shipping && (d.Items != "" || d.Except != "" || d.Choose != Choose{} || d.Bundle != nil), "on", "shipping has no lines to choose among"},
		{shipping && d.Tiers != nil, "tiers", "what comes off the shipping has no tiers: write several offers whose rules say order.amount"},
		{g.free != nil && d.On != "", "on", "what comes for nothing is taken from nowhere"},
		{g.free != nil && (d.AtMost != nil || d.AtMostEach != nil), "at_most", "what comes for nothing is bounded by its units"},
		{g.free != nil && g.free.add == addSame && d.Bundle != nil, "free", "a bundle has no one line whose product could be added: name the product"},
		{d.Split != "" && g.on != onOrder, "split", "only what is taken off the order is shared out"},
		{g.on == onOrder && d.AtMostEach != nil, "at_most_each", "what is taken off the order as a whole has no most for each line: write on: lines"},
		{d.Bundle != nil && d.Choose != Choose{}, "choose", "a bundle's parts say themselves which units they take"},
		{d.Bundle != nil && d.Tiers != nil, "tiers", "a bundle has no tiers"},
	} {
		if w.wrong {
			c.problem(path+"."+w.field, w.why, "")
		}
	}
}

// codes checks what opens the offer.
func (c *compiler) codes(doc *Codes) {
	if doc == nil {
		return
	}
	if doc.Code != "" && (doc.Pattern != "" || doc.Personal || doc.ValidFor != "") {
		c.problem("codes.code", "a code that everybody uses is given to nobody", "write code, or pattern and the rest")
	}
	if doc.Uses < 0 {
		c.problem("codes.uses", "a code is used at least once", "")
	}
	if doc.Code != "" && !validCode(doc.Code) {
		c.problem("codes.code", fmt.Sprintf("%q can't be a code", doc.Code), codeHint)
	}
	if _, err := patternOf(doc); err != nil {
		c.problem("codes.pattern", err.Error(), "write one such as SAVE-########")
	}
}

// limits reads how often and how far the offer may be used, all as one list.
func (c *compiler) limits(doc Doc) []limit {
	l := doc.Limits
	if l.Uses < 0 || l.PerCustomer < 0 {
		c.problem("limits", "an offer is used at least once", "leave out what has no limit")
	}
	var all []limit
	if l.Uses > 0 {
		all = append(all, limit{by: byOffer, uses: int64(l.Uses)})
	}
	if l.PerCustomer > 0 {
		all = append(all, limit{by: byCustomer, uses: int64(l.PerCustomer)})
	}
	if l.Budget != nil {
		all = append(all, limit{by: byOffer, amount: c.money("limits.budget", l.Budget)})
	}
	if doc.Codes != nil {
		switch uses := int64(doc.Codes.Uses); {
		case uses > 0:
			all = append(all, limit{by: byCode, uses: uses})
		case doc.Codes.Code == "":
			all = append(all, limit{by: byCode, uses: 1})
		}
	}
	for i, d := range l.Per {
		path := fmt.Sprintf("limits.per[%d]", i)
		if (d.Uses > 0) == (d.Amount != nil) || d.Uses < 0 {
			c.problem(path, "a limit says uses or amount", "write uses: 1, or amount: { SGD: 500 }")
		}
		all = append(all, limit{
			by:   who(max(0, slices.Index(whoWords, d.By))),
			each: each(slices.Index(eachWords, d.Each) + 1), uses: int64(d.Uses), amount: c.money(path+".amount", d.Amount),
		})
	}
	return all
}
