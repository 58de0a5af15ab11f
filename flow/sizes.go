package flow

// Sizes is how many customers there are, in all and in each segment.
type Sizes struct {
	Segments  map[string]int64
	Customers int64
	Exact     bool // false while customers are still being brought up to the workspace
	// Building are the segments whose members may be others until that is done; the
	// sizes of all others are exact at any time.
	Building map[string]bool
	// Progress is which part of the customers has been brought up to the workspace.
	Progress float64
}

// Count is the work of reading the sizes as of the instant of the batch: what
// has fallen due by then is done first. Sizes must not be read before the work is
// committed.
func Count(into *Sizes) Work {
	return func(b *Batch) error {
		done, err := b.wakeAll()
		if err != nil {
			return err
		}
		sizes, customers, exact := b.g.Sizes()
		b.addMoves(sizes)
		*into = Sizes{
			Segments: sizes, Customers: customers + b.news - int64(len(b.gone)),
			Exact: exact && done, Building: map[string]bool{}, Progress: b.g.progress(),
		}
		for name := range sizes {
			into.Building[name] = !done || b.g.building(name)
		}
		return nil
	}
}

// building reports whether a segment's members may be others until the sweep has
// ended.
func (g *Engine) building(name string) bool {
	return g.sweep != nil && (g.sweep.waiting == nil || g.sweep.waiting[name])
}

// progress returns which part of the customers the sweep has visited.
func (g *Engine) progress() float64 {
	if g.sweep == nil || g.customers == 0 {
		return 1
	}
	return min(1, float64(g.sweep.done)/float64(g.customers))
}

// wakeAll does what has fallen due by now. It reports false if that is more than
// one batch does; the next one goes on.
func (b *Batch) wakeAll() (done bool, err error) {
	ids, err := b.g.dueCustomers(b.ctx, b.now)
	if err != nil {
		b.fail(err)
		return false, err
	}
	return len(ids) < batchWakes, Wake(ids)(b)
}

// addMoves adds what the open batch has changed to the sizes of those segments
// that stand there.
func (b *Batch) addMoves(sizes map[string]int64) {
	for _, mv := range b.moves {
		name, known := b.g.workspace.Segments.Name(mv.segment)
		switch {
		case known && mv.in:
			sizes[name]++
		case known:
			sizes[name]--
		}
	}
}
