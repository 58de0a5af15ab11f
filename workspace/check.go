package workspace

import (
	"fmt"
	"slices"
	"strings"

	"rapport"
	"rapport/internal/strictyaml"
	"rapport/journey"
)

// Review compiles documents that somebody wants to put in force. It is [Compile], and
// refuses besides what can't be meant. What is in force already is compiled without
// that: a check that a later program has learnt must not keep it from starting.
func Review(docs []Document, version uint64) (*Compiled, []Problem) {
	return Past{}.Review(docs, version)
}

// Review is [Review] for a workspace that follows others.
func (past Past) Review(docs []Document, version uint64) (*Compiled, []Problem) {
	if problem := tooMuch(docs); problem != "" {
		return nil, []Problem{{Message: problem}}
	}
	w, problems := past.Compile(docs, version)
	if w != nil && len(w.Refused) > 0 {
		return nil, w.Refused
	}
	return w, problems
}

// tooMuch says that a workspace would hold more than it may.
func tooMuch(docs []Document) string {
	size := 0
	for _, d := range docs {
		size += len(d.Body) + len("---\n")
	}
	switch {
	case len(docs) > maxDocuments:
		return fmt.Sprintf("the workspace would have %d documents: at most %d", len(docs), maxDocuments)
	case size > MaxBytes:
		return fmt.Sprintf("the documents of the workspace would be larger than %d MB together", MaxBytes>>20)
	}
	return ""
}

// check looks at a workspace that compiles for what can't be meant and what is odd.
func (c *compiler) check(w *Compiled, journeys []*journey.Journey) {
	found := journey.Check(journeys, journey.Surroundings{
		Plan:  w.Plan,
		Hears: func(name string) []string { return w.hears(name, map[string]bool{}) },
		Prints: func(template string) []string {
			if t := w.Templates.Get(template); t != nil {
				return t.Fields("event")
			}
			return nil
		},
	})
	for _, f := range found {
		to := &w.Warnings
		if f.Refused {
			to = &w.Refused
		}
		*to = append(*to, c.inJourney(f.Journey, f.Path, withSuggestion(f.Message, f.Suggestion)))
	}
	for _, j := range journeys {
		c.untranslated(w, j)
		c.withoutWayOut(w, j)
	}
	w.Refused = append(w.Refused, c.refused...)
	slices.SortStableFunc(w.Refused, Problem.Compare)
	slices.SortStableFunc(w.Warnings, Problem.Compare)
}

// hears returns the events that a segment reads, also through the segments it reads.
func (w *Compiled) hears(segment string, met map[string]bool) []string {
	r := w.Segments.Rule(segment)
	if r == nil || met[segment] {
		return nil
	}
	met[segment] = true
	events := slices.Clone(r.Reads().Events)
	for _, other := range r.Reads().Segments {
		events = append(events, w.hears(other, met)...)
	}
	return events
}

// untranslated warns of messages that are written in several languages and not in that
// of a market.
func (c *compiler) untranslated(w *Compiled, j *journey.Journey) {
	for _, r := range j.References() {
		t := w.Templates.Get(r.Name)
		if r.Kind != journey.ToTemplate || t == nil || len(t.Languages()) == 0 {
			continue
		}
		for _, market := range w.Markets.Names() {
			if language := w.Markets.Get(market).Language.String(); !t.Speaks(market, language) {
				c.warn(w, j.Name(), r.Path, fmt.Sprintf("template %q is not written in %s, which the market %q speaks: its customers get the template's own texts; add locales.%s to it, or say that these are in %s with language",
					r.Name, language, market, language, language))
			}
		}
	}
}

// withoutWayOut warns of text messages that may be left out and don't say how to get no
// more of them. A mail gets a footer that does; a text has no room for one.
func (c *compiler) withoutWayOut(w *Compiled, j *journey.Journey) {
	for _, r := range j.References() {
		t := w.Templates.Get(r.Name)
		if r.Kind != journey.ToTemplate || t == nil || t.Channel() != rapport.SMS || slices.Contains(t.Fields("message"), "unsubscribe_url") {
			continue
		}
		k := c.journeyKey(j.Name())
		class := c.trees[k].Text(strictyaml.Key(strings.TrimSuffix(k.journeyPath(r.Path), ".template"), "class"))
		if class != rapport.Transactional.String() {
			c.warn(w, j.Name(), r.Path, fmt.Sprintf("template %q does not say how to get no more such texts, which a %s one has to: print message.unsubscribe_url in it, or write there how to answer", r.Name, class))
		}
	}
}

func (c *compiler) warn(w *Compiled, name, path, message string) {
	w.Warnings = append(w.Warnings, c.inJourney(name, path, message))
}

// inJourney returns a problem of the document that a journey was written in.
func (c *compiler) inJourney(name, path, message string) Problem {
	k := c.journeyKey(name)
	return c.trees[k].Problem(k.journeyPath(path), message)
}
