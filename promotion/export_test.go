package promotion

// Exactly returns what certain offers of a set come to together, applied in their
// order, and false if one of them does not apply or gives nothing then. Whether they
// go together it does not ask.
func (s *Set) Exactly(in *Request, names map[string]bool) (int64, bool) {
	run := &calculation{set: s, in: in, scene: newScene(in, s.initial), fresh: newCart(&in.Order, s.margin)}
	run.bare = run.fresh.bare()
	run.gather()
	b, applied := &combination{cart: run.fresh}, 0
	for _, k := range run.candidates {
		if !names[k.offer.Name] {
			continue
		}
		next, ok := run.apply(b, k)
		if !ok {
			return 0, false
		}
		b, applied = next, applied+1
	}
	return b.sum, applied == len(names)
}

// ShareOut shares a total out among weights.
func ShareOut(total int64, weights, rooms []int64) []int64 { return share(total, weights, rooms) }
