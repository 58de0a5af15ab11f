package workspace

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"rapport/channel"
	"rapport/internal/strictyaml"
	"rapport/journey"
	"rapport/promotion"
	"rapport/render"
	"rapport/rule"
	"rapport/segment"
)

// Compiled is one version of the workspace, ready to run. It is immutable and
// safe for concurrent use.
type Compiled struct {
	Version   uint64
	Plan      *rule.Plan    // all data plans together, the segments' names and the rates; rules are checked against it
	Facts     *rule.FactSet // what must be kept of customers' pasts for all segments, offers and journeys
	Segments  *segment.Set
	Journeys  *journey.Set
	Offers    *promotion.Set
	Channels  map[string]channel.Doc // by the document's name
	Markets   *Markets
	Brands    map[string]render.BrandDoc // by the document's name; their Name is the title
	Templates *render.Set
	Purposes  map[string]Purpose // the stock ones among them
	Topics    map[string]Topic
	Secrets   []string  // names of the secrets that documents need, in order
	Mentions  []Mention // of journeys that are not there; told in Warnings as well
	Refused   []Problem // what nobody can have meant; see Review
	Warnings  []Problem // what is odd, and no reason to refuse anything
}

// Missing returns the names of secrets that documents need and has denies. They
// are no problem of the documents': what needs them does not work until they are
// set.
func (w *Compiled) Missing(has func(name string) bool) []string {
	return slices.DeleteFunc(slices.Clone(w.Secrets), has)
}

// Compile checks all documents of a workspace together and compiles them. If there
// is any problem, there is no Compiled. Problems come in the order of files, lines
// and columns. A version with no documents is a valid one.
func Compile(docs []Document, version uint64) (*Compiled, []Problem) {
	return Past{}.Compile(docs, version)
}

// Compile is [Compile] for a workspace that follows others.
func (past Past) Compile(docs []Document, version uint64) (*Compiled, []Problem) {
	c := &compiler{trees: map[key]*strictyaml.Tree{}, faulty: map[key]bool{}}
	c.read(docs)
	w := &Compiled{Version: version}
	w.Markets = c.markets()
	w.Brands = c.brands(w.Markets)
	w.Purposes = c.purposes()
	w.Topics = c.topics(w.Purposes)
	w.Channels, w.Secrets = c.channels()
	w.Plan = c.complete(c.plan())
	w.Segments = c.segments(w.Plan)
	w.Offers = c.offers(w.Plan, w.Markets)
	w.Templates = render.NewSet(c.templates(w))
	journeys := c.journeys(w.Plan, version, past)
	c.references(journeys, w)
	if len(c.problems) > 0 {
		slices.SortStableFunc(c.problems, Problem.Compare)
		return nil, slices.Compact(c.problems)
	}
	w.Journeys = journey.NewSet(journeys)
	earlier := c.earlier(w, past)
	w.Journeys = journey.NewSet(journeys, earlier...)
	w.Facts = facts(w.Segments, w.Offers, slices.Concat(journeys, earlier))
	w.Secrets = secrets(w.Secrets, slices.Concat(journeys, earlier))
	c.mentions(w)
	c.check(w, journeys)
	return w, nil
}

// secrets adds the names of those that journeys need.
func secrets(names []string, journeys []*journey.Journey) []string {
	for _, j := range journeys {
		names = append(names, j.Secrets()...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func facts(segments *segment.Set, offers *promotion.Set, journeys []*journey.Journey) *rule.FactSet {
	all := slices.Concat(segments.Facts(), offers.Facts())
	for _, j := range journeys {
		all = append(all, j.Facts()...)
	}
	return rule.NewFactSet(all...)
}

// compiler gathers what is wrong on the way.
type compiler struct {
	trees    map[key]*strictyaml.Tree // of documents that can be read
	faulty   map[key]bool             // of these, what does not fit its kind
	problems []Problem
	refused  []Problem // what is compiled all the same; see Review
}

// read parses every document. One whose kind is not known, or that stands twice,
// has not come through Parse; it is refused here all the same.
func (c *compiler) read(docs []Document) {
	for _, d := range docs {
		tree, problems := read(d)
		c.problems = append(c.problems, problems...)
		if tree == nil {
			continue
		}
		if _, taken := c.trees[d.key()]; taken {
			c.problems = append(c.problems, tree.Problem("name", fmt.Sprintf("there is a %s %q already", d.Kind, d.Name)))
			continue
		}
		c.problems = append(c.problems, checkNames(d.Kind, d.Name, tree.Problem)...)
		c.trees[d.key()] = tree
	}
}

// add notes a problem of a document at a path.
func (c *compiler) add(kind, name, path, message string) {
	c.problems = append(c.problems, c.trees[key{kind, name}].Problem(path, message))
}

// refuse notes what nobody can have meant.
func (c *compiler) refuse(kind, name, path, message string) {
	c.refused = append(c.refused, c.trees[key{kind, name}].Problem(path, message))
}

// within notes a problem at a byte of the text at a path.
func (c *compiler) within(kind, name, path string, offset int, message string) {
	c.problems = append(c.problems, c.trees[key{kind, name}].Within(path, offset, message))
}

// names returns the names of all documents of a kind in order.
func (c *compiler) names(kind string) (names []string) {
	for k := range c.trees {
		if k.kind == kind {
			names = append(names, k.name)
		}
	}
	slices.Sort(names)
	return names
}

// decode reads all documents of a kind into their type, by name. One with problems
// is among them, as far as it could be read, so that what names it finds it.
func decode[T any](c *compiler, kind string) map[string]T {
	docs := map[string]T{}
	for _, name := range c.names(kind) {
		var doc T
		k := key{kind, name}
		problems := c.trees[k].Decode(&doc, "kind", "name")
		c.problems = append(c.problems, problems...)
		c.faulty[k] = len(problems) > 0
		docs[name] = doc
	}
	return docs
}

// complete adds the segments' names and the rates to the plan, which may be nil.
func (c *compiler) complete(plan *rule.Plan) *rule.Plan {
	known := rule.Plan{}
	if plan != nil {
		known = *plan
	}
	known.Segments, known.StrictSegments = c.names("segment"), true
	known.Rates = c.rates()
	return &known
}

func (c *compiler) segments(plan *rule.Plan) *segment.Set {
	docs := decode[segment.Doc](c, "segment")
	for name := range docs {
		if c.faulty[key{"segment", name}] {
			docs[name] = segment.Doc{Where: "true"} // it is there for those that read it
		}
	}
	set, problems := segment.Compile(docs, plan)
	for _, p := range problems {
		c.within("segment", p.Segment, p.Path, p.Offset, withSuggestion(p.Message, p.Suggestion))
	}
	return set
}

func withSuggestion(message, suggestion string) string {
	switch {
	case suggestion == "":
		return message
	case strings.HasPrefix(suggestion, "did you mean"):
		return message + ", " + suggestion
	}
	return message + "; " + suggestion
}

func (c *compiler) channels() (docs map[string]channel.Doc, secrets []string) {
	docs = decode[channel.Doc](c, "channel")
	serving := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(docs)) {
		doc := docs[name]
		doc.Name = name
		docs[name] = doc
		if err := doc.Check(); err != nil && !c.faulty[key{"channel", name}] {
			path, message, _ := strings.Cut(err.Error(), ": ")
			c.add("channel", name, path, message)
		}
		serves := string(doc.Serves())
		if other, taken := serving[serves]; taken {
			c.add("channel", name, "channel", fmt.Sprintf("%s goes through channel %q already: delete one of them", serves, other))
		}
		serving[serves] = name
		secrets = append(secrets, doc.Secrets()...)
	}
	slices.Sort(secrets)
	return docs, slices.Compact(secrets)
}
