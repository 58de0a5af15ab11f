package promotion

import "rapport/rule"

// maxTries is how many times an offer is applied in the search for the best
// combination. Within it any set of offers that shops have is searched to the end.
const maxTries = 20_000

// combination is offers applied one after another.
type combination struct {
	steps []step
	cart  *cart
	sum   int64 // what they come to
}

// step is one offer applied.
type step struct {
	*candidate
	before, after int64 // what the lines came to
	sum           int64
	gots          []got
}

func (b *combination) codes() (n int) {
	for _, s := range b.steps {
		if s.shown != nil {
			n++
		}
	}
	return n
}

// better reports whether a combination is to be preferred: it comes to more; if to the
// same it has fewer offers, then fewer codes, so that none is used up for nothing. Of
// what is alike in all that, the first that is found stays: it has what is applied
// earlier.
func (b *combination) better(than *combination) bool {
	switch {
	case b.sum != than.sum:
		return b.sum > than.sum
	case len(b.steps) != len(than.steps):
		return len(b.steps) < len(than.steps)
	}
	return b.codes() < than.codes()
}

// best returns the best combination of candidates: all are tried that the rules of
// stacking allow, but for those that can't come to more than the best so far.
func (run *calculation) best(candidates []*candidate) *combination {
	best := &combination{cart: run.fresh}
	run.bounds = run.suffixes(candidates)
	run.extend(best, candidates, 0, &best)
	return best
}

// suffixes returns for each candidate the most that it and those behind it can come
// to: of a lane of which the best wins, the most of any.
func (run *calculation) suffixes(candidates []*candidate) []int64 {
	bounds := make([]int64, len(candidates)+1)
	most := make([]int64, len(run.set.lanes))
	for i := len(candidates) - 1; i >= 0; i-- {
		k := candidates[i]
		bounds[i] = bounds[i+1]
		if run.set.lanes[k.offer.lane].all {
			bounds[i] += k.most
		} else if at := k.offer.lane; k.most > most[at] {
			bounds[i] += k.most - most[at]
			most[at] = k.most
		}
	}
	return bounds
}

// extend tries every candidate from one on as the next of a combination.
func (run *calculation) extend(b *combination, candidates []*candidate, from int, best **combination) {
	for i := from; i < len(candidates); i++ {
		if b.sum+run.bounds[i] < (*best).sum || b.sum+run.bounds[i] == (*best).sum && len(b.steps)+1 > len((*best).steps) {
			return
		}
		if !run.allows(b, candidates[i]) {
			continue
		}
		if run.tries++; run.tries > maxTries {
			run.cut = true
			return
		}
		next, ok := run.apply(b, candidates[i])
		if !ok {
			continue
		}
		if next.better(*best) {
			*best = next
		}
		run.extend(next, candidates, i+1, best)
	}
}

// allows reports whether the rules of stacking let an offer follow those that were
// applied.
func (run *calculation) allows(b *combination, k *candidate) bool {
	if len(b.steps) >= run.set.most {
		return false
	}
	lane := k.offer.lane
	for _, s := range b.steps {
		if s.offer.lane == lane && !run.set.lanes[lane].all || !s.offer.stacks.with(k.offer.stacks) {
			return false
		}
	}
	return true
}

// with reports whether two offers go together.
func (a stacks) with(b stacks) bool {
	return a == always || b == always || a == common && b == common
}

// apply applies one more offer, and reports whether its rule held and it came to
// anything.
func (run *calculation) apply(b *combination, k *candidate) (*combination, bool) {
	s := run.scene
	s.before = b.cart.left()
	s.after = s.before
	if k.offer.running && !k.offer.afterward && run.judge(k.offer) != rule.Yes {
		return nil, false
	}
	c := b.cart.clone()
	st := step{candidate: k, before: s.before}
	for _, g := range k.offer.gives {
		got := g.of(s, c, k.left-st.sum)
		if got.sum() > k.left-st.sum {
			got.added = nil // what comes for nothing is not cut in pieces
		}
		c.take(got.cuts)
		c.lines = append(c.lines, got.added...)
		st.sum += got.sum()
		st.gots = append(st.gots, got)
	}
	st.after = c.left()
	s.after = st.after
	if st.sum == 0 || k.offer.afterward && run.judge(k.offer) != rule.Yes {
		return nil, false
	}
	steps := append(b.steps[:len(b.steps):len(b.steps)], st)
	return &combination{steps: steps, cart: c, sum: b.sum + st.sum}, true
}
