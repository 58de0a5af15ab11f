package journey

import (
	"cmp"
	"slices"
	"strings"

	"rapport"
)

// WorstCase is how many messages a journey asks for at most for one customer in any seven
// days, whatever she does. Days have 24 hours here: in the week in which the clocks
// change it may be another hour's worth. What is decided against a wish is left aside.
type WorstCase struct {
	Most      int         // in all; where Unbounded, of no meaning
	Of        []WorstPart // by channel and class, in their order; each may have a week of its own
	Exact     bool        // there is a week of so many; otherwise there are not more
	Unbounded string      // what makes for any number of messages; "" if nothing does
	PerKey    string      // the property for each of whose values all of it holds; "" if it holds for the customer
}

// WorstPart is the part of a worst case that goes by one channel in one class.
type WorstPart struct {
	Channel   rapport.Channel
	Class     rapport.Class
	Most      int
	Unbounded bool // any number of them; Most is of no meaning
}

// week is the time that a worst case looks at: from one instant on to before another.
const week = 7 * day

// WorstCase works out the journey's worst case. Every rule is taken to be answered
// either way, and every event to come when it does most.
func (j *Journey) WorstCase() WorstCase {
	out := WorstCase{Exact: true, PerKey: strings.Join(j.key, ".")}
	if j.entry.calendar != nil {
		out.PerKey = "day"
	}
	kinds := map[WorstPart]bool{}
	for i := range j.nodes {
		if n := &j.nodes[i]; n.kind == sendNode {
			kinds[WorstPart{Channel: n.send.channel, Class: n.send.class}] = true
		}
	}
	if len(kinds) == 0 {
		return out
	}
	budget := maxVisits
	var endless bool
	if out.Most, endless = out.worst(j, &budget, func(*node) bool { return true }); endless {
		out.Most, out.Unbounded = 0, j.endlessBy()
	}
	for part := range kinds {
		part.Most, part.Unbounded = out.worst(j, &budget, func(n *node) bool { return n.send.channel == part.Channel && n.send.class == part.Class })
		out.Of = append(out.Of, part)
	}
	slices.SortFunc(out.Of, func(a, b WorstPart) int {
		return cmp.Or(cmp.Compare(a.Channel, b.Channel), cmp.Compare(a.Class, b.Class))
	})
	return out
}

// worst returns the most messages of a kind, and whether there may be any number, and
// notes how exact that is. Of those whom a split parts each goes the same way each time.
func (out *WorstCase) worst(j *Journey, budget *int, counts func(*node) bool) (most int, endless bool) {
	for parted := range partings(j) {
		s := search{j: j, parted: parted, counts: counts, budget: budget, known: map[layer][]int{}, rough: parted == nil}
		most = max(most, s.run())
		if s.endless {
			return 0, true
		}
		out.Exact = out.Exact && !s.rough
	}
	return most, false
}

// endlessBy says what makes a journey ask for any number of messages.
func (j *Journey) endlessBy() string {
	switch {
	case j.restart:
		return "each trigger puts the run back to its first step, and it asks for a message before it waits for anything"
	case len(j.exits)+len(j.ends) > 0:
		return "a run may end before it has waited for anything, and the next trigger starts another at once"
	}
	return "a run may be over before it has waited for anything, and the next trigger starts another at once"
}

// maxVisits is how many steps are looked at to work out a worst case; beyond it the rest is
// estimated.
const maxVisits = 500_000

// maxPartings is how many combinations of the ways of splits are gone through; of more,
// each pass may take any.
const maxPartings = 256

// partings yields the combinations of the ways that a customer may be parted into: of
// each split the number of its way, from 1.
func partings(j *Journey) func(yield func(map[int]int) bool) {
	var splits []int
	combinations := 1
	for i := range j.nodes {
		if j.nodes[i].kind == splitNode && combinations <= maxPartings {
			splits = append(splits, i)
			combinations *= len(j.nodes[i].ways())
		}
	}
	return func(yield func(map[int]int) bool) {
		if combinations > maxPartings {
			yield(nil)
			return
		}
		for c := range combinations {
			parted := map[int]int{}
			for _, i := range splits {
				n := len(j.nodes[i].ways())
				parted[i], c = c%n+1, c/n
			}
			if !yield(parted) {
				return
			}
		}
	}
}
