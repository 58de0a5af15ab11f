package promotion

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"rapport"
	"rapport/rule"
)

// Offer is one offer, compiled. It is immutable.
type Offer struct {
	Name string
	Doc  Doc

	where     *rule.Rule // nil: for everybody
	running   bool       // the rule reads what the order comes to after other offers
	afterward bool       // it reads what it comes to after this one
	gives     []*give
	valid     validity
	lane      int
	stacks    stacks
	limits    []limit
}

// stacks says which other offers an offer goes along with.
type stacks uint8

const (
	common stacks = iota
	never
	always
)

// Set is all offers of a workspace, compiled together. It is immutable and safe for
// concurrent use.
type Set struct {
	offers  []*Offer // by name
	byName  map[string]*Offer
	lanes   []lane
	initial bool // percentages are of what lines cost at first
	most    int  // offers of one order
	all     bool // if one code does not apply none does
	margin  percent
	exact   bool // codes in capital and small letters differ
}

// lane is one lane, in the order in which they apply.
type lane struct {
	name string
	all  bool // all of its offers apply, not the best alone
}

// defaultMost is how many offers one order gets unless a workspace says.
const defaultMost = 5

// Problem is something wrong with an offer, or with the document of stacking, whose
// Offer is empty.
type Problem struct {
	Offer      string
	Path       string // of the field
	Offset     int    // of a rule's text, in bytes
	Message    string
	Suggestion string
}

// Compile checks offers together and compiles them. Rules are checked against a
// plan. A nil doc of stacking has what its fields say unless said.
func Compile(docs map[string]Doc, stacking *StackingDoc, plan *rule.Plan) (*Set, []Problem) {
	c := &compiler{env: environment(plan), set: &Set{byName: map[string]*Offer{}, most: defaultMost}}
	c.stacking(stacking)
	for _, name := range slices.Sorted(maps.Keys(docs)) {
		c.name = name
		o := c.offer(name, docs[name])
		c.set.offers = append(c.set.offers, o)
		c.set.byName[name] = o
	}
	if len(c.problems) > 0 {
		return nil, c.problems
	}
	return c.set, nil
}

// Offers returns all offers by name. The slice must not be changed.
func (s *Set) Offers() []*Offer { return s.offers }

// Offer returns an offer by its name, nil if there is none.
func (s *Set) Offer(name string) *Offer { return s.byName[name] }

// Facts returns what must be kept of customers' pasts for all offers.
func (s *Set) Facts() (facts []rule.Fact) {
	for _, o := range s.offers {
		for _, r := range o.rules() {
			facts = append(facts, r.Facts()...)
		}
	}
	return facts
}

// rules returns all rules of an offer.
func (o *Offer) rules() (rules []*rule.Rule) {
	add := func(r *rule.Rule) {
		if r != nil {
			rules = append(rules, r)
		}
	}
	add(o.where)
	for _, g := range o.gives {
		add(g.items)
		add(g.except)
		if g.bundle == nil {
			continue
		}
		for _, p := range g.bundle.parts {
			add(p.items)
		}
	}
	return rules
}

// environment is where offers' rules stand: there are the order and its lines.
func environment(plan *rule.Plan) rule.Env {
	number := rule.Type{Kind: rule.Number}
	word := rule.Type{Kind: rule.Text}
	item := rule.Noun{Fields: map[string]rule.Type{"id": word, "product": word, "quantity": number, "price": number, "amount": number}}
	items := rule.ListOf(rule.Type{Kind: rule.Object, Fields: &item})
	order := rule.Noun{Fields: map[string]rule.Type{
		"id": word, "currency": word, "items": items, "quantity": number, "shipping": number,
		"amount": number, "initial_amount": number, "total_amount": number,
	}}
	return rule.Env{Plan: plan.WithRoot("order", order).WithRoot("item", item), Roots: []string{"order"}, Room: new(rule.Room)}
}

// compiler gathers what is wrong on the way.
type compiler struct {
	env      rule.Env
	set      *Set
	name     string // of the offer at hand
	problems []Problem
}

func (c *compiler) problem(path, message, suggestion string) {
	c.problems = append(c.problems, Problem{Offer: c.name, Path: path, Message: message, Suggestion: suggestion})
}

func (c *compiler) stacking(doc *StackingDoc) {
	if doc == nil {
		doc = &StackingDoc{}
	}
	s := c.set
	for i, l := range doc.Lanes {
		if slices.ContainsFunc(s.lanes, func(o lane) bool { return o.name == l.Name }) {
			c.problem(fmt.Sprintf("lanes[%d].name", i), fmt.Sprintf("there is a lane %q already", l.Name), "")
		}
		s.lanes = append(s.lanes, lane{name: l.Name, all: l.Wins == "all"})
	}
	if len(s.lanes) == 0 {
		s.lanes = []lane{{name: "default"}}
	}
	if len(s.lanes) > maxLanes {
		c.problem("lanes", fmt.Sprintf("there are more than %d lanes", maxLanes), "")
	}
	if doc.Most < 0 || doc.Most > maxMost {
		c.problem("most", fmt.Sprintf("an order gets from 1 to %d offers", maxMost), "")
	} else if doc.Most > 0 {
		s.most = doc.Most
	}
	s.initial, s.all, s.exact = doc.Amounts == "initial", doc.Codes == "all", doc.Case == "exact"
	if doc.Margin != "" {
		n, ok := scaled(string(doc.Margin), 4)
		if s.margin = percent(n); !ok || s.margin > whole {
			c.problem("margin", "the margin is a percentage from 0 to 100", "")
		}
	}
}

// What a workspace may hold of these.
const (
	maxLanes = 20
	maxMost  = 30
	maxGives = 10
	maxTiers = 50
)

func (c *compiler) offer(name string, doc Doc) *Offer {
	o := &Offer{Name: name, Doc: doc, where: c.rule("where", doc.Where, false)}
	if o.where != nil {
		fields := o.where.Reads().Fields
		o.afterward = slices.Contains(fields, "order.total_amount")
		o.running = o.afterward || slices.Contains(fields, "order.amount")
	}
	o.valid = c.compileValid(doc.Valid)
	switch doc.Stacks {
	case "never":
		o.stacks = never
	case "always":
		o.stacks = always
	}
	want := doc.Lane
	if want == "" {
		want = "default"
	}
	o.lane = slices.IndexFunc(c.set.lanes, func(l lane) bool { return l.name == want })
	if o.lane < 0 && doc.Lane == "" {
		o.lane = len(c.set.lanes) - 1 // the last, where none is called default
	}
	if o.lane < 0 {
		c.problem("lane", fmt.Sprintf("there is no lane %q", doc.Lane), "name it in the document of kind stacking, or leave it out")
	}
	if len(doc.Gives) == 0 || len(doc.Gives) > maxGives {
		c.problem("gives", fmt.Sprintf("an offer gives from 1 to %d things", maxGives), "write - percent: 10")
	}
	for i, g := range doc.Gives {
		o.gives = append(o.gives, c.give(g, fmt.Sprintf("gives[%d]", i)))
	}
	o.limits = c.limits(doc)
	c.codes(doc.Codes)
	return o
}

// rule compiles a rule of the offer, one about a line if item is true; nil if there
// is none or something is wrong with it.
func (c *compiler) rule(path, text string, item bool) *rule.Rule {
	if text == "" {
		return nil
	}
	env := c.env
	if item {
		env.Roots = append(slices.Clone(env.Roots), "item")
	}
	r, err := rule.Compile(text, env)
	var several rule.Errors
	if errors.As(err, &several) {
		for _, e := range several {
			c.problems = append(c.problems, Problem{Offer: c.name, Path: path, Offset: e.Start, Message: e.Message, Suggestion: e.Suggestion})
		}
	} else if err != nil {
		c.problem(path, err.Error(), "")
	}
	if item && r != nil && slices.ContainsFunc(r.Reads().Fields, func(f string) bool { return f == "order.amount" || f == "order.total_amount" }) {
		c.problem(path, "which lines an offer touches can't depend on what other offers take off", "write order.initial_amount, or put it into where")
	}
	return r
}

// money reads amounts by currency.
func (c *compiler) money(path string, doc map[string]Decimal) money {
	if doc == nil {
		return nil
	}
	m := money{}
	for _, currency := range slices.Sorted(maps.Keys(doc)) {
		n, ok := doc[currency].Minor(currency)
		switch {
		case !rapport.IsCurrency(currency) || currency != strings.ToUpper(currency):
			c.problem(path+"."+currency, fmt.Sprintf("%q is no currency", currency), "write its three capital letters, such as SGD, EUR or JPY")
		case !ok:
			c.problem(path+"."+currency, fmt.Sprintf("%s can't be paid in %s", doc[currency], currency), fmt.Sprintf("it has %d digits after the point", rapport.MinorDigits(currency)))
		}
		m[currency] = n
	}
	if len(m) == 0 {
		c.problem(path, "there is no amount", "write one by its currency, such as SGD: 10")
	}
	return m
}
