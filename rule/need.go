package rule

import (
	"iter"
	"slices"

	"rapport"
)

// Need is what a rule, or a fact's filter, asks of one property in any case: one of
// some texts. Where the property is something else the answer is not Yes, so it need
// not be worked out, and a thousand rules about as many categories cost no more than
// one.
type Need struct {
	Property string
	Texts    []string
}

// Need returns what the rule asks of one property of a root, such as "customer"; nil
// if there is no such property.
func (r *Rule) Need(root string) *Need { return needOf(r.root, root) }

// Within returns segments that a customer must be in for the rule to hold of her; there
// may be none.
func (r *Rule) Within() []string { return within(r.root) }

func within(c cond) (names []string) {
	if parts, ok := c.(and); ok {
		for _, part := range parts {
			names = append(names, within(part)...)
		}
	}
	if s, ok := c.(interface{ stored() still }); ok {
		if in, ok := s.stored().(inSegment); ok {
			names = append(names, in.name)
		}
	}
	return names
}

// needOf finds in a condition a part that must hold for it to hold, and that asks a
// property of a root for a text. The root "" is the event at hand.
func needOf(c cond, root string) *Need {
	if parts, ok := c.(and); ok {
		for _, part := range parts {
			if n := needOf(part, root); n != nil {
				return n
			}
		}
		return nil
	}
	s, ok := c.(interface{ stored() still })
	if !ok {
		return nil
	}
	var asked value
	var n Need
	switch test := s.stored().(type) {
	case compareText:
		if test.op == OpEq {
			asked, n.Texts = test.l, []string{test.text}
		}
	case oneOfTexts:
		asked, n.Texts = test.item, test.list
	}
	if n.Property, ok = propertyOf(asked, root); !ok {
		return nil
	}
	return &n
}

// propertyOf returns which property of a root a value is.
func propertyOf(v value, root string) (name string, ok bool) {
	switch v := v.(type) {
	case trait:
		return v.name, root == "customer"
	case property:
		return v.name, root == ""
	case rootField:
		return v.name, root == v.root
	}
	return "", false
}

// ByNeed finds things by what each needs. The zero value holds nothing.
type ByNeed[T comparable] struct {
	plain []T // those that need nothing
	needy []needy[T]
}

// needy is the things that ask one property for a text, by the text.
type needy[T comparable] struct {
	property string
	byText   map[string][]T
}

// Add adds a thing and its need, nil if it has none.
func (l *ByNeed[T]) Add(thing T, n *Need) {
	if n == nil {
		l.plain = append(l.plain, thing)
		return
	}
	i := slices.IndexFunc(l.needy, func(o needy[T]) bool { return o.property == n.Property })
	if i < 0 {
		i = len(l.needy)
		l.needy = append(l.needy, needy[T]{n.Property, map[string][]T{}})
	}
	for _, text := range n.Texts {
		if list := l.needy[i].byText[text]; !slices.Contains(list, thing) {
			l.needy[i].byText[text] = append(list, thing)
		}
	}
}

// Of returns the things whose need, if any, is met by some properties, each once.
func (l *ByNeed[T]) Of(property func(name string) rapport.Value) iter.Seq[T] {
	return func(yield func(T) bool) {
		for _, thing := range l.plain {
			if !yield(thing) {
				return
			}
		}
		for i := range l.needy {
			v := property(l.needy[i].property)
			if v.Kind() != rapport.Text {
				continue
			}
			for _, thing := range l.needy[i].byText[v.Text()] {
				if !yield(thing) {
					return
				}
			}
		}
	}
}
