package journey

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/cespare/xxhash/v2"

	"rapport"
	"rapport/internal/durations"
	"rapport/rule"
)

// Env is what a document is compiled against.
type Env struct {
	Plan    *rule.Plan // what is known of the data; may be nil
	Version uint64     // of the workspace that it belongs to
	// Campaign says that the document was a campaign's.
	Campaign bool
}

// Problem is one thing that is wrong with a document, in words for its author.
type Problem struct {
	Path       string // where: steps[2].branch[0].when
	Message    string
	Suggestion string // what to write instead; may be empty
}

// String returns path, message and suggestion.
func (p Problem) String() string {
	text := p.Path + ": " + p.Message
	if p.Suggestion != "" {
		text += "; " + p.Suggestion
	}
	return text
}

// Compile checks a document and compiles it. It reports every problem it finds;
// the journey is nil if there is one.
func Compile(name string, doc Doc, in Env) (*Journey, []Problem) {
	c := &compiler{
		in:     in,
		j:      &Journey{name: name, hash: NameHash(name), version: in.Version, campaign: in.Campaign, places: map[uint32]int{}},
		placed: map[string]string{},
	}
	c.entry(doc.Entry)
	c.key(doc.Key)
	c.reentry(doc.Reentry)
	for i, x := range doc.Exit {
		c.exit(x, fmt.Sprintf("exit[%d]", i))
	}
	c.goal(doc.Goal)
	c.learns(doc.Steps)
	if len(doc.Steps) == 0 {
		c.problem("steps", "the journey has no steps", "add at least one, such as - send: { … }")
	}
	c.steps(doc.Steps, "steps", "", end)
	c.versions(doc.Versions, doc.Moved)
	if len(c.problems) > 0 {
		return nil, c.problems
	}
	c.link()
	c.j.doc, c.j.definition = doc, c.definition(doc)
	return c.j, nil
}

type compiler struct {
	in        Env
	j         *Journey
	entryNoun rule.Noun
	placed    map[string]string    // from a step's name to its path
	answers   map[string]rule.Type // what steps may read of answers, by name; nil if there are none
	offers    bool                 // some step wants an offer
	rules     []string             // their definitions
	problems  []Problem
}

// definition hashes all that the journey is.
func (c *compiler) definition(doc Doc) uint64 {
	text, _ := json.Marshal([]any{doc, c.rules}) // neither holds what JSON can't
	return xxhash.Sum64(text)
}

func (c *compiler) problem(path, message, suggestion string) {
	c.problems = append(c.problems, Problem{Path: path, Message: message, Suggestion: suggestion})
}

func (c *compiler) refer(kind ReferenceKind, name, path string) {
	c.j.references = append(c.j.references, Reference{Kind: kind, Name: name, Path: path})
}

// noun returns what the plan says of the properties of events: of one event what
// is declared, of several nothing, since they may differ.
func (c *compiler) noun(events []string) rule.Noun {
	switch {
	case len(events) != 1:
		return rule.Noun{}
	case events[0] == rapport.TraitChanged:
		return change(rule.Type{})
	}
	return c.in.Plan.Event(events[0])
}

// change is what is known of a changed trait, whose values are of a type.
func change(value rule.Type) rule.Noun {
	return rule.Noun{Strict: true, Fields: map[string]rule.Type{"trait": {Kind: rule.Text}, "from": value, "to": value}}
}

// events checks a list of event names.
func (c *compiler) events(names []string, path string) []string {
	for i, name := range names {
		at := path
		if len(names) > 1 {
			at = fmt.Sprintf("%s[%d]", path, i)
		}
		switch {
		case strings.TrimSpace(name) == "":
			c.problem(at, "an event has no name", "write the event's name, such as Order Completed")
		case slices.Contains(names[:i], name):
			c.problem(at, fmt.Sprintf("the event %q stands twice", name), "keep one of them")
		}
		c.refer(ToEvent, name, at)
	}
	return names
}

// rule compiles a rule; an empty text is none. With events, the root event has
// their properties; the roots entry and cart are there once the run has begun.
func (c *compiler) rule(text, path string, events []string, begun bool) *rule.Rule {
	if text == "" {
		return nil
	}
	r, err := rule.Compile(text, c.env(events, begun))
	if err != nil {
		c.ruleProblem(err, path)
		return nil
	}
	c.j.facts = append(c.j.facts, r.Facts()...)
	c.rules = append(c.rules, r.Definition())
	for _, name := range r.Reads().Segments {
		c.refer(ToSegment, name, path)
	}
	for _, name := range r.Reads().Events {
		c.refer(ToEvent, name, path)
	}
	return r
}

// env is where a rule stands.
func (c *compiler) env(events []string, begun bool) rule.Env {
	in := rule.Env{Plan: c.in.Plan}
	if events != nil {
		in.Roots = append(in.Roots, "event")
		noun := c.entryNoun
		if begun {
			noun = c.noun(events)
		}
		in.Plan = in.Plan.WithRoot("event", noun)
	}
	if begun {
		in.Roots = append(in.Roots, "entry", "cart")
		in.Plan = in.Plan.WithRoot("entry", c.entryNoun).WithRoot("cart", cartNoun())
	}
	if begun && c.answers != nil {
		in.Roots = append(in.Roots, "answers")
		in.Plan = in.Plan.WithRoot("answers", rule.Noun{Strict: true, Fields: c.answers})
	}
	if begun && c.offers {
		in.Roots = append(in.Roots, "offer")
		in.Plan = in.Plan.WithRoot("offer", offerNoun())
	}
	return in
}

func (c *compiler) ruleProblem(err error, path string) {
	var several rule.Errors
	if !errors.As(err, &several) {
		c.problem(path, rapport.MessageOf(err), "")
		return
	}
	for _, e := range several {
		c.problem(path, fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Message), e.Suggestion)
	}
}

func (c *compiler) entry(e Entry) {
	c.entryNoun = c.noun(e.Event)
	switch {
	case e.kinds() != 1:
		c.problem("entry", "a journey starts with an event, with a change of a trait, with a request, with a segment, or by a schedule",
			"write one of event: Product Added, trait: plan, api: true, segment: loyal, and schedule: { … }")
	case e.Segment == "" && (e.Left || e.Existing):
		c.problem("entry", "left and existing go with segment only", "leave them out")
	case e.Segment != "" && e.MaxAge != "":
		c.problem("entry.max_age", "max_age does not go with segment: a change of segment is never late", "leave it out")
	case e.API && e.MaxAge != "":
		c.problem("entry.max_age", "max_age does not go with api: a request is never late", "leave it out")
	case e.Schedule != nil && e.MaxAge != "":
		c.problem("entry.max_age", "max_age does not go with schedule", "write late in the schedule instead")
	}
	events := c.events(e.Event, "entry.event")
	if len(e.Trait) > 0 {
		events, c.entryNoun = []string{rapport.TraitChanged}, c.changeOf(e.Trait)
	}
	if e.API {
		events = []string{rapport.JourneyRequested}
	}
	if e.Schedule != nil {
		c.entryNoun = dayNoun()
	}
	c.j.entry = entry{
		events: events, api: e.API, segment: e.Segment, left: e.Left, existing: e.Existing,
		traits: e.Trait, where: c.rule(e.Where, "entry.where", events, false), maxAge: durations.Span{Exact: defaultMaxAge},
		calendar: c.schedule(e.Schedule, "entry.schedule"),
	}
	if e.Segment != "" {
		c.refer(ToSegment, e.Segment, "entry.segment")
	}
	if e.MaxAge != "" {
		c.j.entry.maxAge = c.span(e.MaxAge, "entry.max_age")
	}
}

// changeOf checks a list of traits, and returns what is known of a change of one.
func (c *compiler) changeOf(traits []string) rule.Noun {
	var known rule.Noun
	if c.in.Plan != nil {
		known = c.in.Plan.Customer
	}
	value := known.Fields[traits[0]]
	for i, name := range traits {
		at := fmt.Sprintf("entry.trait[%d]", i)
		if len(traits) == 1 {
			at = "entry.trait"
		}
		if _, ok := known.Fields[name]; strings.TrimSpace(name) == "" || known.Strict && !ok {
			c.problem(at, fmt.Sprintf("the data plan knows no trait %q of the customer", name), "name one of hers, or add this one to the data plan")
		}
		if known.Fields[name].Kind != value.Kind {
			value = rule.Type{}
		}
	}
	return change(value)
}

func (c *compiler) key(key string) {
	if key == "" {
		return
	}
	path := strings.Split(key, ".")
	switch {
	case c.j.entry.calendar != nil:
		c.problem("key", "a journey that starts by a schedule has one run per day", "leave key out")
		return
	case len(c.j.entry.events) == 0:
		c.problem("key", "a journey that starts with a segment has no event to take a key from", "leave key out")
		return
	case path[0] != "event" || len(path) == 1 || slices.Contains(path, ""):
		c.problem("key", fmt.Sprintf("%q is no property of the entry event", key), "write it as event.cart_id")
		return
	}
	if noun := c.entryNoun; noun.Strict {
		if _, known := noun.Fields[path[1]]; !known {
			c.problem("key", fmt.Sprintf("the event %q has no property %q in the data plan", c.j.entry.events[0], path[1]),
				"name one of its properties, or add this one to the data plan")
		}
	}
	c.j.key = path[1:]
}

func (c *compiler) reentry(r Reentry) {
	if c.j.entry.calendar != nil && r != (Reentry{}) {
		c.problem("reentry", "a journey that starts by a schedule has one run per day, whatever became of the others", "leave reentry out; where says who gets it")
	}
	switch r.Running {
	case "", "ignore":
	case "restart":
		c.j.restart = true
	default:
		c.problem("reentry.running", fmt.Sprintf("%q is neither ignore nor restart", r.Running), "write one of them")
	}
	switch r.After {
	case "":
	case "never":
		c.j.never = true
	default:
		c.j.after, _ = c.spanOrZero(r.After, "reentry.after")
	}
	c.j.oncePer = c.period(r.OncePer, "reentry.once_per")
	if r.OncePer != "" && c.j.never {
		c.problem("reentry.once_per", "once_per does not go with after: never, which says that there is no other run", "leave one of them out")
	}
}

func (c *compiler) exit(x Exit, path string) {
	switch {
	case (len(x.Event) > 0) == (x.When != ""):
		c.problem(path, "an exit is either an event or a rule", "write event: Order Completed, or when: a rule")
	case x.When != "" && x.Where != "":
		c.problem(path+".where", "where goes with event only", "join the two rules with && in when")
	}
	if x.When != "" {
		c.j.ends = append(c.j.ends, c.rule(x.When, path+".when", nil, true))
		return
	}
	c.j.exits = append(c.j.exits, c.happening(x.Event, x.Where, path))
}

func (c *compiler) happening(events []string, where, path string) happening {
	return happening{events: c.events(events, path+".event"), where: c.rule(where, path+".where", events, true)}
}

func (c *compiler) goal(g *Goal) {
	if g == nil {
		return
	}
	if len(g.Event) == 0 {
		c.problem("goal.event", "the goal names no event", "write event: Order Completed")
	}
	c.j.goal = &goal{happening: c.happening(g.Event, g.Where, "goal"), within: c.span(g.Within, "goal.within")}
}
