package segment

import (
	"maps"
	"slices"
)

// After returns the set as the one that comes after another: a state that was
// evaluated under that one, or one before it, is brought up to this set by
// evaluating only the segments that are new or have another rule since.
func (set *Set) After(former *Set) *Set {
	if former.hash == set.hash {
		return former
	}
	next := *set
	changed := set.changedSince(former)
	next.since = maps.Clone(former.since)
	if next.since == nil {
		next.since = map[uint64][]int{}
	}
	for hash, before := range next.since {
		next.since[hash] = both(changed, set.places(former, before))
	}
	next.since[former.hash] = changed
	delete(next.since, set.hash) // of states that are of this set there is nothing to do
	if len(next.since) > maxFormer {
		next.since = map[uint64][]int{former.hash: changed}
	}
	return &next
}

// maxFormer is how many former sets are remembered; a state under one that was
// forgotten is evaluated as a whole.
const maxFormer = 64

// changedSince returns the segments, ascending, that a former set has not or has
// with another rule.
func (set *Set) changedSince(former *Set) []int {
	changed := []int{}
	for i := range set.segments {
		before := former.Rule(set.segments[i].name)
		if before == nil || before.Definition() != set.segments[i].rule.Definition() {
			changed = append(changed, i)
		}
	}
	return changed
}

// places returns where segments of a former set are in this one, if they are.
func (set *Set) places(former *Set, segments []int) []int {
	var places []int
	for _, i := range segments {
		if at, ok := set.byName[former.segments[i].name]; ok {
			places = append(places, at)
		}
	}
	return places
}

// both returns what is in either list, ascending and once.
func both(a, b []int) []int {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}
