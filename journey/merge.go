package journey

import (
	"slices"

	"rapport"
)

// lostRun is a run that does not survive a merge.
type lostRun struct {
	run    Run
	reason Reason
}

func merge(a, b *State, now rapport.Instant) (*State, []lostRun) {
	m := &State{}
	runs := slices.Concat(a.runs, b.runs)
	slices.SortFunc(runs, compareRuns)
	var lost []lostRun
	bytes := 0
	for _, r := range runs {
		switch known := m.find(r.Journey, r.Key); {
		case known >= 0 && m.runs[known].Number == r.Number:
		case known >= 0:
			lost = append(lost, lostRun{r, RunMerged})
		case len(m.runs) >= MaxRuns || bytes+r.weight() > maxBytes:
			lost = append(lost, lostRun{r, OverLimit})
		default:
			r.joined = true
			bytes += r.weight()
			m.runs = append(m.runs, r)
		}
	}
	m.ends = mergeEnds(slices.Concat(a.ends, b.ends))
	for _, h := range slices.Concat(a.heard, b.heard) {
		m.hear(h)
	}
	m.expire(now)
	return m, lost
}

// mergeEnds sorts ended runs, keeps each once, and drops the oldest beyond the
// limit, those first that only a goal needs.
func mergeEnds(ends []ended) []ended {
	slices.SortFunc(ends, compareEnds)
	ends = slices.CompactFunc(ends, func(a, b ended) bool { return compareEnds(a, b) == 0 })
	excess := len(ends) - maxEnds
	for _, binding := range [...]bool{false, true} {
		ends = slices.DeleteFunc(ends, func(e ended) bool {
			drop := excess > 0 && e.binding == binding
			if drop {
				excess--
			}
			return drop
		})
	}
	return ends
}
