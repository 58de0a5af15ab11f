package rule

import (
	"iter"
	"slices"

	"rapport"
)

// need is what a fact's filter asks of one property in any case: one of some texts.
// So an event that says something else need not be tried on the filter at all, and
// a thousand facts about as many categories cost no more than one.
type need struct {
	property string
	texts    []string
}

// needOf finds among the clauses of a filter, whose variable is e, one that asks a
// property for a text.
func needOf(clauses []*Expr) *need {
	for _, c := range clauses {
		if c.Op != OpEq && c.Op != OpIn {
			continue
		}
		property, asked := c.Args[0], c.Args[1]
		if c.Op == OpEq && property.Op == OpText {
			property, asked = asked, property
		}
		if property.Op != OpField || property.Args[0].Op != OpName || property.Args[0].Text != "e" {
			continue
		}
		if texts := textsOf(asked); texts != nil {
			return &need{property.Text, texts}
		}
	}
	return nil
}

// textsOf returns the text, or the texts of a list of nothing else, that a tree is.
func textsOf(e *Expr) (texts []string) {
	switch e.Op {
	case OpText:
		return []string{e.Text}
	case OpList:
		for _, item := range e.Args {
			if item.Op != OpText {
				return nil
			}
			texts = append(texts, item.Text)
		}
	}
	return texts
}

// eventFacts is the facts of one event.
type eventFacts struct {
	all   []*Fact // by ID
	plain []*Fact // those without a need
	needy []needyFacts
}

// needyFacts is the facts that ask one property for a text, by the text.
type needyFacts struct {
	property string
	byText   map[string][]*Fact
}

func (l *eventFacts) add(f *Fact) {
	l.all = append(l.all, f)
	if f.need == nil {
		l.plain = append(l.plain, f)
		return
	}
	i := slices.IndexFunc(l.needy, func(n needyFacts) bool { return n.property == f.need.property })
	if i < 0 {
		i = len(l.needy)
		l.needy = append(l.needy, needyFacts{f.need.property, map[string][]*Fact{}})
	}
	for _, text := range f.need.texts {
		if list := l.needy[i].byText[text]; !slices.Contains(list, f) {
			l.needy[i].byText[text] = append(list, f)
		}
	}
}

// Of returns the facts that an event may add to, each once: all those of its name
// whose filter does not ask a property for a text that it does not have.
func (s *FactSet) Of(e Event) iter.Seq[*Fact] {
	return func(yield func(*Fact) bool) {
		l := s.byEvent[e.Name()]
		if l == nil {
			return
		}
		for _, f := range l.plain {
			if !yield(f) {
				return
			}
		}
		for i := range l.needy {
			v := e.Property(l.needy[i].property)
			if v.Kind() != rapport.Text {
				continue
			}
			for _, f := range l.needy[i].byText[v.Text()] {
				if !yield(f) {
					return
				}
			}
		}
	}
}
