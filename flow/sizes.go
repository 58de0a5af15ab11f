package flow

// Sizes is how many customers there are, in all and in each segment.
type Sizes struct {
	Segments  map[string]int64
	Customers int64
	Exact     bool // false while customers are still being brought up to the workspace
}

// Count is the work of reading the sizes as of the instant of the batch: what
// has fallen due by then is done first. Sizes must not be read before the work is
// committed.
func Count(into *Sizes) Work {
	return func(b *Batch) error {
		ids, err := b.g.dueCustomers(b.ctx, b.now)
		if err != nil {
			b.fail(err)
			return err
		}
		if err := Wake(ids)(b); err != nil {
			return err
		}
		sizes, customers, exact := b.g.Sizes()
		for name, n := range b.sizes {
			sizes[name] += n
		}
		*into = Sizes{
			Segments: sizes, Customers: customers + b.born - int64(len(b.gone)),
			Exact: exact && len(ids) < batchWakes, // if more is due, the next batch does it
		}
		return nil
	}
}
