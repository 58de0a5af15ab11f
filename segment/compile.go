package segment

import (
	"encoding/binary"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/cespare/xxhash/v2"

	"rapport/rule"
)

// Problem is one thing that is wrong with a segment's document.
type Problem struct {
	Segment    string
	Path       string // of the field: "where"
	Offset     int    // byte of the field's text
	Message    string
	Suggestion string // what to write instead; may be empty
}

// Set is all segments of a workspace, compiled. It is immutable and safe for
// concurrent use.
type Set struct {
	segments []compiled // a segment comes after those it reads
	byName   map[string]int
	byKey    map[uint64]int
	traits   map[string]*readers
	facts    map[rule.FactID]*factReaders
	calendar []int                 // rules that read the customer's time zone
	deep     map[rule.FactID][]int // by what reads a fact itself or through other segments
	first    []int                 // what must be evaluated for every new customer
	since    map[uint64][]int      // by the hash of a former set: what is new or other than it was then
	hash     uint64
}

// readers is the segments that read something, by which text of which trait each
// needs: whoever has another in that trait is not in the segment, whatever they read.
type readers = rule.ByNeed[int]

// factReaders is readers of a fact, each with which way it is moved by more of it.
type factReaders = rule.ByNeed[factReader]

type factReader struct {
	segment int
	trend   rule.Trend
}

// compiled is a segment of the set; what each evaluation reads stands first.
type compiled struct {
	key     uint64
	text    uint16
	rule    rule.Rule
	facts   []rule.Fact // that it reads, by itself and by the segments it reads
	name    string
	readers []int      // segments that read this one
	need    *rule.Need // of her traits
}

func (c *compiled) needs(trait string) bool { return c.need != nil && c.need.Property == trait }

// Compile checks all segments together, by name: each rule against the data
// plan, references between segments, and that no segment reads itself through
// others. If there is any problem the Set is nil. Problems are in the order of
// the segments' names.
func Compile(docs map[string]Doc, plan *rule.Plan) (*Set, []Problem) {
	names := slices.Sorted(maps.Keys(docs))
	rules := make(map[string]*rule.Rule, len(names))
	var problems []Problem
	in := environment(plan, names)
	for _, name := range names {
		r, err := rule.Compile(docs[name].Where, in)
		if err != nil {
			problems = append(problems, problemsOf(name, err)...)
			continue
		}
		rules[name] = r
	}
	ordered, cycles := order(names, rules)
	if problems = append(problems, cycles...); len(problems) > 0 {
		slices.SortStableFunc(problems, func(a, b Problem) int { return strings.Compare(a.Segment, b.Segment) })
		return nil, problems
	}
	return newSet(ordered, rules)
}

// environment is where segments' rules stand: other segments must be there, and
// there is no event or order at hand.
func environment(plan *rule.Plan, names []string) rule.Env {
	p := rule.Plan{}
	if plan != nil {
		p = *plan
	}
	p.Segments, p.StrictSegments = names, true
	return rule.Env{Plan: &p, Room: new(rule.Room)}
}

func problemsOf(name string, err error) []Problem {
	var several rule.Errors
	if !errors.As(err, &several) {
		return []Problem{{Segment: name, Path: "where", Message: err.Error()}}
	}
	problems := make([]Problem, len(several))
	for i, e := range several {
		problems[i] = Problem{Segment: name, Path: "where", Offset: e.Start, Message: e.Message, Suggestion: e.Suggestion}
	}
	return problems
}

// order sorts segments so that each comes after those it reads, and says which
// go round in a circle.
func order(names []string, rules map[string]*rule.Rule) (ordered []string, cycles []Problem) {
	const (
		open = iota + 1
		done
	)
	seen := make(map[string]int, len(names))
	var way []string
	var visit func(string)
	visit = func(name string) {
		r := rules[name]
		if r == nil || seen[name] == done {
			return
		}
		if seen[name] == open {
			cycles = append(cycles, cycle(way[slices.Index(way, name):]))
			return
		}
		seen[name] = open
		way = append(way, name)
		for _, other := range r.Reads().Segments {
			visit(other)
		}
		way = way[:len(way)-1]
		seen[name] = done
		ordered = append(ordered, name)
	}
	for _, name := range names {
		visit(name)
	}
	return ordered, cycles
}

func cycle(way []string) Problem {
	var b strings.Builder
	b.WriteString("the segment reads itself: \"" + way[0] + "\"")
	for _, name := range append(slices.Clone(way[1:]), way[0]) {
		b.WriteString(" reads \"" + name + "\"")
		if name == way[0] {
			break
		}
		b.WriteString(", which")
	}
	return Problem{Segment: way[0], Path: "where", Message: b.String(), Suggestion: "take one of these out of its rule"}
}

func newSet(ordered []string, rules map[string]*rule.Rule) (*Set, []Problem) {
	s := &Set{
		segments: make([]compiled, len(ordered)),
		byName:   make(map[string]int, len(ordered)),
		byKey:    make(map[uint64]int, len(ordered)),
		traits:   map[string]*readers{},
		facts:    map[rule.FactID]*factReaders{},
		deep:     map[rule.FactID][]int{},
	}
	for i, name := range ordered {
		r := rules[name]
		key := keyOf(name)
		if other, taken := s.byKey[key]; taken {
			return nil, []Problem{{Segment: name, Message: "this name cannot stand beside \"" + ordered[other] + "\"; choose another"}}
		}
		s.byName[name], s.byKey[key] = i, i
		s.segments[i] = compiled{name: name, key: key, text: uint16(xxhash.Sum64String(r.Definition())), rule: *r, need: r.Need("customer")}
		s.segments[i].facts = s.allFacts(r)
		s.index(i)
	}
	s.findFirst()
	s.hash = s.digest()
	return s, nil
}

// allFacts returns the facts that a rule reads, by itself and by the segments it
// reads.
func (set *Set) allFacts(r *rule.Rule) []rule.Fact {
	facts := slices.Clone(r.Facts())
	for _, name := range r.Reads().Segments {
		facts = append(facts, set.segments[set.byName[name]].facts...)
	}
	return facts
}

// index notes what makes segment i worth evaluating again.
func (set *Set) index(i int) {
	reads, need := set.segments[i].rule.Reads(), set.segments[i].need
	for _, name := range reads.Traits {
		readersOf(set.traits, name).Add(i, need)
	}
	for _, id := range reads.Facts {
		readersOf(set.facts, id).Add(factReader{i, set.segments[i].rule.Trend(id)}, need)
	}
	for _, f := range set.segments[i].facts {
		if list := set.deep[f.ID]; len(list) == 0 || list[len(list)-1] != i {
			set.deep[f.ID] = append(list, i)
		}
	}
	for _, name := range reads.Segments {
		read := &set.segments[set.byName[name]]
		read.readers = append(read.readers, i)
	}
	if reads.Calendar {
		set.calendar = append(set.calendar, i)
	}
}

func readersOf[K, T comparable](all map[K]*rule.ByNeed[T], what K) *rule.ByNeed[T] {
	if all[what] == nil {
		all[what] = new(rule.ByNeed[T])
	}
	return all[what]
}

// digest hashes names and definitions of rules. It is never the hash of a state
// that was not evaluated.
func (set *Set) digest() uint64 {
	d := xxhash.New()
	var length [8]byte
	for i := range set.segments {
		for _, text := range [...]string{set.segments[i].name, set.segments[i].rule.Definition()} {
			binary.LittleEndian.PutUint64(length[:], uint64(len(text)))
			_, _ = d.Write(length[:])
			_, _ = d.WriteString(text)
		}
	}
	return max(d.Sum64(), stale+1)
}

// Names returns the segments' names in the order of evaluation: a segment comes
// after those it reads.
func (set *Set) Names() []string {
	names := make([]string, len(set.segments))
	for i := range set.segments {
		names[i] = set.segments[i].name
	}
	return names
}

// Rule returns a segment's rule, nil if there is no such segment.
func (set *Set) Rule(name string) *rule.Rule {
	i, ok := set.byName[name]
	if !ok {
		return nil
	}
	return &set.segments[i].rule
}

// Facts returns what must be kept of a customer's past for all segments. A fact
// that several read stands several times; [rule.NewFactSet] merges them.
func (set *Set) Facts() []rule.Fact {
	var facts []rule.Fact
	for i := range set.segments {
		facts = append(facts, set.segments[i].rule.Facts()...)
	}
	return facts
}

// Hash changes whenever a segment comes, goes or gets another rule, or other rates
// by which its rule tells money.
func (set *Set) Hash() uint64 { return set.hash }
