package promotion_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"rapport"
	"rapport/internal/calendar"
	"rapport/internal/strictyaml"
	"rapport/promotion"
	"rapport/rule"
)

const docs = "../docs/promotions.md"

// Every example of the page about promotions is true.
func TestDocs(t *testing.T) {
	page, err := os.ReadFile(docs)
	if err != nil {
		t.Fatal(err)
	}
	boxes := strings.Split(string(page), "```promotion\n")
	for i, box := range boxes[1:] {
		box, _, _ = strings.Cut(box, "```")
		line := 1 + strings.Count(strings.Join(boxes[:i+1], "```promotion\n"), "\n") + 1
		t.Run(fmt.Sprintf("line %d", line), func(t *testing.T) { play(t, docs, line, box) })
	}
	if len(boxes) < 15 {
		t.Errorf("only %d examples were found", len(boxes)-1)
	}
}

// Every script of testdata comes to what it says. A line of dashes begins anew.
func TestScripts(t *testing.T) {
	files, _ := filepath.Glob("testdata/*.test")
	if len(files) == 0 {
		t.Fatal("there are no scripts")
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		line := 1
		for _, part := range strings.Split(string(text), "\n---\n") {
			at := line
			t.Run(fmt.Sprintf("%s line %d", filepath.Base(file), at), func(t *testing.T) { play(t, file, at, part) })
			line += strings.Count(part, "\n") + 2
		}
	}
}

// script is one script being played.
type script struct {
	*testing.T
	file     string
	line     int
	docs     map[string]promotion.Doc
	stacking *promotion.StackingDoc
	who      *somebody
	known    bool
	now      rapport.Instant
	order    promotion.Order
	codes    []promotion.Shown
	used     used
	feasts   map[string][]string // days by feast
	result   *promotion.Result
	told     map[string]bool // offers of which something was expected
}

// play plays a script: lines that say what there is, an order with its lines
// indented below it, and what is expected of it.
func play(t *testing.T, file string, line int, text string) {
	s := &script{
		T: t, file: file, line: line, docs: map[string]promotion.Doc{}, used: used{}, feasts: map[string][]string{},
		who: &somebody{segments: map[string]bool{}}, now: 1_790_000_000_000,
	}
	lines := strings.Split(text, "\n")
	for i := 0; i < len(lines); {
		var below []string
		j := i + 1
		for ; j < len(lines) && strings.HasPrefix(lines[j], "  "); j++ {
			below = append(below, lines[j])
		}
		if words := strings.Fields(lines[i]); len(words) > 0 && !strings.HasPrefix(words[0], "#") {
			s.do(words[0], strings.TrimSpace(strings.TrimPrefix(lines[i], words[0])), below)
		}
		i, s.line = j, s.line+j-i
	}
}

func (s *script) fail(format string, args ...any) {
	s.Helper()
	s.Fatalf("%s:%d: %s", s.file, s.line, fmt.Sprintf(format, args...))
}

func (s *script) do(word, rest string, below []string) {
	switch word {
	case "offer":
		var doc promotion.Doc
		s.yaml(below, &doc)
		s.docs[rest], s.result = doc, nil
	case "stacking":
		s.stacking = new(promotion.StackingDoc)
		s.yaml(below, s.stacking)
	case "problem":
		s.problem(rest)
	case "at":
		at, err := rapport.ParseInstant(rest)
		if err != nil {
			s.fail("%v", err)
		}
		s.now, s.result = at, nil
	case "zone":
		zone, err := time.LoadLocation(rest)
		if err != nil {
			s.fail("%v", err)
		}
		s.who.zone = zone
	case "customer":
		s.who.traits, s.known = s.json(rest), true
	case "segment":
		s.who.segments[rest], s.known = true, true
	case "event":
		at, name, _ := strings.Cut(rest, " ")
		name, properties, _ := strings.Cut(name, " {")
		when, err := rapport.ParseInstant(at)
		if err != nil {
			s.fail("%v", err)
		}
		if properties != "" {
			properties = "{" + properties
		} else {
			properties = "{}"
		}
		s.who.events, s.known = append(s.who.events, happening{name, when, s.json(properties)}), true
	case "feast":
		name, days, _ := strings.Cut(rest, " ")
		s.feasts[name] = strings.Fields(days)
	case "used":
		tally, n, _ := strings.Cut(rest, " = ")
		s.used[tally], _ = strconv.ParseInt(n, 10, 64)
	case "code":
		code, offer, _ := strings.Cut(rest, " of ")
		s.codes, s.result = append(s.codes, promotion.Shown{Code: code, Offer: offer, Holder: s.who.ID()}), nil
	case "order":
		s.setOrder(rest, below)
	case "off":
		s.off(rest, below)
	case "applied":
		s.applied(rest)
	case "refused":
		s.refused(rest, below)
	default:
		s.fail("unknown word %q", word)
	}
}

func (s *script) yaml(lines []string, into any) {
	tree, problems := strictyaml.Parse(strictyaml.Source{Text: []byte(strings.Join(lines, "\n"))})
	if len(problems) == 0 {
		problems = tree.Decode(into)
	}
	if len(problems) > 0 {
		s.fail("%+v", problems)
	}
}

func (s *script) json(text string) rapport.Value {
	v, err := rapport.ParseJSON([]byte(text))
	if err != nil {
		s.fail("%v", err)
	}
	return v
}

// setOrder reads an order: its currency, perhaps its shipping and its properties, and
// a line for each of its lines: id, quantity, x, price, properties.
func (s *script) setOrder(rest string, below []string) {
	s.result, s.codes = nil, nil
	head, properties, _ := strings.Cut(rest, " {")
	words := strings.Fields(head)
	s.order = promotion.Order{Currency: words[0]}
	if properties != "" {
		s.order.Properties = s.json("{" + properties)
	}
	if len(words) == 3 && words[1] == "shipping" {
		s.order.Shipping = s.money(words[2])
	}
	for _, l := range below {
		l, properties, _ := strings.Cut(l, " {")
		w := strings.Fields(l)
		units, err := strconv.ParseInt(w[1], 10, 64)
		if err != nil || len(w) != 4 {
			s.fail("a line is: id, quantity, x, price, properties")
		}
		it := item(w[0], w[0], units, s.money(w[3]))
		if properties != "" {
			it.Properties = s.json("{" + properties)
		}
		for name, to := range map[string]*int64{"least": &it.Least, "cost": &it.Cost} {
			if v := it.Properties.Get(name); v.IsSet() {
				*to = s.money(v.String())
			}
		}
		if p := it.Properties.Get("product").Text(); p != "" {
			it.Product = p
		}
		s.order.Items = append(s.order.Items, it)
	}
	if err := s.order.Check(); err != nil {
		s.fail("%v", err)
	}
}

func (s *script) money(text string) int64 {
	n, ok := promotion.Decimal(text).Minor(s.order.Currency)
	if !ok {
		s.fail("%q is no amount", text)
	}
	return n
}

// calculate works the order out once.
func (s *script) calculate() *promotion.Result {
	if s.result != nil {
		return s.result
	}
	set, problems := promotion.Compile(s.docs, s.stacking, nil)
	if len(problems) > 0 {
		s.fail("problems: %+v", problems)
	}
	in := &promotion.Request{Order: s.order, Now: s.now, Codes: s.codes, Standing: s.used, Explain: true, Feasts: s.feast}
	if s.known {
		s.who.tell(set, s.now)
		in.Customer = s.who
	}
	if email := s.who.traits.Get("email").Text(); email != "" {
		in.Identities = []string{email}
	}
	s.result, s.told = set.Calculate(in), map[string]bool{}
	if err := sums(s.order, s.result); err != "" {
		s.fail("%s", err)
	}
	return s.result
}

func (s *script) feast(name string, day calendar.Day) bool {
	days, err := calendar.On(s.feasts[name]...)
	return err == nil && days.Has(day)
}

// off expects what is taken off in all, and off which lines.
func (s *script) off(rest string, below []string) {
	r := s.calculate()
	if got := string(promotion.MoneyOf(total(r), s.order.Currency)); got != rest {
		s.fail("%s is taken off, not %s: %+v\nrefused %+v", got, rest, r.Applied, r.Refused)
	}
	want := map[string]string{}
	for _, l := range below {
		w := strings.Fields(l)
		want[w[0]] = strings.Join(w[1:], " ")
	}
	if len(below) == 0 {
		return
	}
	for _, l := range r.Lines {
		got := string(promotion.MoneyOf(l.Discount(), s.order.Currency))
		id := l.ID
		if l.Added {
			id, got = "+"+l.Product, strconv.FormatInt(l.Units, 10)+" free"
		}
		if got != want[id] && (want[id] != "" || l.Discount() != 0 || l.Added) {
			s.fail("line %s: %s is taken off, not %s", id, got, want[id])
		}
		delete(want, id)
	}
	if len(want) > 0 {
		s.fail("there are no lines %v", want)
	}
}

// applied expects which offers the order gets, in their order.
func (s *script) applied(rest string) {
	var got []string
	for _, a := range s.calculate().Applied {
		got = append(got, a.Offer)
	}
	if strings.Join(got, ", ") != rest {
		s.fail("the order gets %v, not %s; refused %+v", got, rest, s.result.Refused)
	}
}

// refused expects why an offer is refused, and below it what would have to change.
func (s *script) refused(rest string, below []string) {
	offer, reason, _ := strings.Cut(rest, " ")
	for _, r := range s.calculate().Refused {
		if r.Offer != offer && r.Code != offer {
			continue
		}
		if string(r.Reason) != reason {
			s.fail("%s is refused for %s: %s", offer, r.Reason, r.Text)
		}
		if len(below) > 0 && r.Change != strings.TrimSpace(below[0]) {
			s.fail("%s would need: %s", offer, r.Change)
		}
		return
	}
	s.fail("%s is not refused", offer)
}

// problem expects something wrong with the offers so far.
func (s *script) problem(rest string) {
	_, problems := promotion.Compile(s.docs, s.stacking, nil)
	for _, p := range problems {
		if got := strings.TrimSpace(p.Path + ": " + p.Message); strings.HasPrefix(got, rest) {
			s.docs = map[string]promotion.Doc{}
			return
		}
	}
	s.fail("there is no such problem: %+v", problems)
}

// used is what was used before, by tally.
type used map[string]int64

func (u used) Used(t promotion.Tally) int64 { return u[string(t)] }

// somebody is a customer made of plain values.
type somebody struct {
	traits   rapport.Value
	segments map[string]bool
	zone     *time.Location
	events   []happening
	facts    map[rule.FactID]*rule.History
}

func (c *somebody) ID() rapport.CustomerID               { return rapport.CustomerID{1} }
func (c *somebody) Trait(name string) rapport.Value      { return c.traits.Get(name) }
func (c *somebody) History(id rule.FactID) *rule.History { return c.facts[id] }
func (c *somebody) Segment(name string) rule.Truth       { return rule.TruthOf(c.segments[name]) }
func (c *somebody) Field(string, string) rapport.Value   { return rapport.Value{} }
func (c *somebody) Zone() *time.Location                 { return c.zone }

// tell folds her events into the facts that offers read.
func (c *somebody) tell(set *promotion.Set, now rapport.Instant) {
	c.facts = map[rule.FactID]*rule.History{}
	facts := rule.NewFactSet(set.Facts()...)
	for _, e := range c.events {
		for _, f := range facts.ByEvent(e.name) {
			if p, ok := f.Observe(e); ok {
				if c.facts[f.ID] == nil {
					c.facts[f.ID] = new(rule.History)
				}
				c.facts[f.ID].Add(p, f.Keep, now)
			}
		}
	}
}

// happening is one of her events.
type happening struct {
	name       string
	at         rapport.Instant
	properties rapport.Value
}

func (h happening) Name() string                       { return h.name }
func (h happening) Timestamp() rapport.Instant         { return h.at }
func (h happening) Property(name string) rapport.Value { return h.properties.Get(name) }
