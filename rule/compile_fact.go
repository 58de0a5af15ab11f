package rule

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/cespare/xxhash/v2"
)

func (b *builder) addFact(f Fact) {
	b.ofLeaf = append(b.ofLeaf, f.ID)
	for i := range b.facts {
		if b.facts[i].ID == f.ID {
			b.facts[i].Keep = b.facts[i].Keep.Merge(f.Keep)
			return
		}
	}
	b.facts = append(b.facts, f)
}

// fact makes the fact of an event, filtered and measured. Its key is its text
// with variables named alike and filters in order, so that facts which mean the
// same have the same key.
func (b *builder) fact(event string, filters []*Expr, measured *Expr, keep Keep) Fact {
	f := Fact{Event: event, Keep: keep, probe: &probe{room: b.room}}
	f.Key = (&Expr{Op: OpCall, Text: "events", Args: []*Expr{{Op: OpText, Text: event}}}).String()
	inner := builder{types: b.types, reads: map[string]bool{}}
	if filter := b.filter(filters); len(filter) > 0 {
		f.Key += ".where(e, " + joinTexts(filter) + ")"
		f.probe.filter = inner.filterCond(filters)
		f.need = needOf(f.probe.filter, "")
	}
	if measured != nil {
		name, body := measured.Args[1].Text, measured.Args[2]
		inner.scope = []binding{{name: name, event: true}}
		if measured.Text == "distinct" || measured.Text == "by" {
			f.probe.what = inner.stored(body)
			f.Key += "." + measured.Text + "(e, "
		} else {
			f.probe.measure = inner.number(body)
			f.Key += ".sum(e, "
		}
		f.Key += renamed(body, map[string]string{name: "e"}, 0).String() + ")"
	}
	f.probe.loops = inner.loops
	f.ID = FactID(xxhash.Sum64String(f.Key))
	return f
}

// stored compiles what distinct(...) tells apart.
func (b *builder) stored(e *Expr) value {
	if b.kind(e) == Number && computed(e) {
		return computedValue{b.number(e)}
	}
	if b.kind(e) == Bool && e.Op != OpField && e.Op != OpName {
		return answeredValue{b.cond(e)}
	}
	return b.value(e)
}

// filter returns all clauses of all where(...), each once and in order.
func (b *builder) filter(filters []*Expr) []*Expr {
	var clauses []*Expr
	for _, f := range filters {
		body := renamed(f.Args[2], map[string]string{f.Args[1].Text: "e"}, 0)
		if body.Op == OpAnd {
			clauses = append(clauses, body.Args...)
		} else {
			clauses = append(clauses, body)
		}
	}
	slices.SortFunc(clauses, func(a, b *Expr) int { return strings.Compare(a.String(), b.String()) })
	return slices.CompactFunc(clauses, (*Expr).equal)
}

func joinTexts(clauses []*Expr) string {
	if len(clauses) == 1 {
		return clauses[0].String()
	}
	return (&Expr{Op: OpAnd, Args: clauses}).String()
}

func (b *builder) filterCond(filters []*Expr) cond {
	all := and{}
	for _, f := range filters {
		b.scope = []binding{{name: f.Args[1].Text, event: true}}
		all = append(all, b.cond(f.Args[2]))
	}
	b.scope = nil
	if len(all) == 1 {
		return all[0]
	}
	return all
}

// renamed returns a tree in which the variables are called by how deep they stand.
func renamed(e *Expr, names map[string]string, depth int) *Expr {
	n := *e
	if name, ok := names[e.Text]; ok && e.Op == OpName {
		n.Text = name
	}
	n.Args = make([]*Expr, len(e.Args))
	loop := e.Op == OpMethod && len(e.Args) == 3
	for i, arg := range e.Args {
		if loop && i == 1 {
			inner := map[string]string{arg.Text: fmt.Sprintf("i%d", depth+1)}
			for from, to := range names {
				inner[from] = to
			}
			names, depth = inner, depth+1
		}
		n.Args[i] = renamed(arg, names, depth)
	}
	return &n
}

func measureNamed(name string) measure {
	return measure(slices.Index([]string{"count", "sum", "avg", "min", "max", "distinct"}, name))
}

// aggregate compiles count(), sum(...) and the like. last, if not 0, is how many
// of the newest points are enough.
func (b *builder) aggregate(e *Expr, last int) *aggregate {
	n := &aggregate{measure: measureNamed(e.Text)}
	in := takeApart(e.Args[0])
	keep, measured := Keep{}, e
	switch {
	case n.measure == countOf:
		measured = nil
	case n.measure == distinctOf && in.open():
		keep.Distinct, keep.Measured = true, true
	case n.measure == distinctOf:
		n.measure, measured = differentOf, &Expr{Op: OpMethod, Text: "by", Args: e.Args}
	default:
		keep.Measured = true
	}
	switch {
	case in.whole() && n.measure != distinctOf:
	case last > 0 && in.open():
		keep.Last, keep.LastWithin = last, Forever
	default:
		keep.Window = Forever
	}
	n.selection, _ = b.selection(e.Args[0], measured, keep)
	return n
}

// needed returns how many of the newest points decide a count's comparison with
// a constant, 0 if all do.
func needed(e *Expr, op Op, r *Expr) int {
	if r.Op != OpNumber || e.Text != "count" && e.Text != "distinct" || r.Number > 1000 {
		return 0
	}
	if op == OpGe || op == OpLt {
		return max(1, int(math.Ceil(r.Number)))
	}
	return max(1, int(math.Floor(r.Number))+1)
}
