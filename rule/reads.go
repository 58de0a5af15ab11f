package rule

import (
	"cmp"
	"maps"
	"slices"

	"rapport"
)

// Reads is what a rule looks at: an event, trait or segment that is not in it
// cannot change the answer. The lists are sorted and hold nothing twice.
type Reads struct {
	Traits   []string // names of customer's properties
	Events   []string // names of events
	Facts    []FactID // what is kept of those events
	Segments []string // names of other segments
	Fields   []string // fields of other roots, as in "order.total"
	Clock    bool     // the answer may change as time passes
	Calendar bool     // it depends on the customer's time zone as well
}

func (b *builder) factList() []Fact {
	slices.SortFunc(b.facts, func(f, g Fact) int { return cmp.Compare(f.ID, g.ID) })
	return b.facts
}

func (b *builder) readsList() Reads {
	r := Reads{Clock: b.clock, Calendar: b.calendar}
	for _, key := range slices.Sorted(maps.Keys(b.reads)) {
		list := map[byte]*[]string{'t': &r.Traits, 'e': &r.Events, 's': &r.Segments, 'f': &r.Fields}[key[0]]
		*list = append(*list, key[1:])
	}
	for _, f := range b.facts {
		r.Facts = append(r.Facts, f.ID)
	}
	return r
}

// computedValue and answeredValue are what distinct(...) tells apart when it is
// worked out rather than stored.
type computedValue struct{ of number }
type answeredValue struct{ of cond }

func (n computedValue) eval(x *env) rapport.Value {
	v, ok := n.of.eval(x)
	if !ok {
		return rapport.Value{}
	}
	return rapport.NumberOf(v)
}

func (n answeredValue) eval(x *env) rapport.Value {
	t := n.of.eval(x)
	if t == Unknown {
		return rapport.Value{}
	}
	return rapport.BoolOf(t == Yes)
}
