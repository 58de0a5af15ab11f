package liquid

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"rapport"
)

// Filter is a filter of the caller's, such as money. It is called from many
// goroutines at once.
type Filter struct {
	MinArgs, MaxArgs int      // how many arguments it takes after the colon
	Keys             []string // the names of its named arguments
	HTML             bool     // what it returns is HTML already, which AutoEscape leaves alone

	// Apply returns what is made of the input. A rapport.Error's message is
	// shown to the person; any other error is kept as the cause only.
	Apply func(Call) (rapport.Value, error)
}

// Call is one use of a Filter. Args and the values are good for the time of the
// call only.
type Call struct {
	Input rapport.Value
	Args  []rapport.Value
	Data  Data            // what the template is rendered with
	Now   rapport.Instant // as in RenderOptions
	Zone  *time.Location  // never nil

	keys  []string
	named []rapport.Value
}

// Named returns a named argument, Unset if it is not given.
func (c *Call) Named(key string) rapport.Value {
	if i := slices.Index(c.keys, key); i >= 0 && i < len(c.named) {
		return c.named[i]
	}
	return rapport.Value{}
}

// filterFunc makes something of the input.
type filterFunc func(r *renderer, in value, a args) (value, error)

// args are the arguments of one call: at those by place, named those by name, in
// the order of the filter's keys.
type args struct{ at, named []value }

// get returns argument i, nil if it is not given.
func (a args) get(i int) value {
	if i < len(a.at) {
		return a.at[i]
	}
	return value{}
}

type filterSpec struct {
	min, max int
	keys     []string
	apply    filterFunc
}

func (s filterSpec) arity() string {
	switch {
	case s.max == 0:
		return "nothing after its name"
	case s.min != s.max:
		return fmt.Sprintf("%d to %d arguments", s.min, s.max)
	case s.max == 1:
		return "1 argument"
	}
	return fmt.Sprintf("%d arguments", s.max)
}

// filter returns the filter of a name, the caller's before the standard one.
func (c *compiler) filter(name string) (filterSpec, bool) {
	if own, ok := c.opts.Filters[name]; ok && own.Apply != nil {
		return filterSpec{own.MinArgs, own.MaxArgs, own.Keys, own.adapt()}, true
	}
	spec, ok := c.filters[name]
	return spec, ok
}

func (c *compiler) filterNames() []string {
	return slices.AppendSeq(slices.Collect(maps.Keys(c.filters)), maps.Keys(c.opts.Filters))
}

// adapt makes a standard filter of the caller's.
func (f Filter) adapt() filterFunc {
	return func(r *renderer, in value, a args) (value, error) {
		call := Call{Data: r.data, Now: r.opts.Now, Zone: r.zone, keys: f.Keys}
		var err error
		if call.Input, err = r.unwrap(in); err != nil {
			return value{}, err
		}
		if call.Args, err = r.unwrapAll(a.at); err != nil {
			return value{}, err
		}
		if call.named, err = r.unwrapAll(a.named); err != nil {
			return value{}, err
		}
		out, err := f.Apply(call)
		if err != nil {
			return value{}, filterError(err)
		}
		v := r.wrap(out)
		if f.HTML && v.kind == textKind {
			v = r.html(v.text)
		}
		return v, nil
	}
}

func filterError(err error) error {
	message := "this filter failed"
	if e := (*rapport.Error)(nil); errors.As(err, &e) && e.Message != "" {
		message = e.Message
	}
	return &Error{Reason: Failed, Message: message, Err: err}
}

func (r *renderer) unwrapAll(values []value) ([]rapport.Value, error) {
	if len(values) == 0 {
		return nil, nil
	}
	out := make([]rapport.Value, len(values))
	for i, v := range values {
		var err error
		if out[i], err = r.unwrap(v); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// standardFilters are Shopify's, and ours: json, raw, safe.
func standardFilters() map[string]filterSpec {
	all := map[string]filterSpec{
		"date":    {1, 1, nil, dateFilter},
		"default": {0, 1, []string{"allow_false"}, defaultFilter},
		"json":    {0, 0, nil, jsonFilter},
		"raw":     {0, 0, nil, rawFilter},
		"safe":    {0, 0, nil, rawFilter},
		"size":    {0, 0, nil, sizeFilter},
	}
	maps.Copy(all, textFilters())
	maps.Copy(all, htmlFilters())
	maps.Copy(all, numberFilters())
	maps.Copy(all, listFilters())
	return all
}

// defaultFilter puts its argument in the place of nil, false and empty.
func defaultFilter(_ *renderer, in value, a args) (value, error) {
	falsy := in.kind == nilKind || in.kind == emptyKind || in.kind == blankKind || in.isEmpty() ||
		in.kind == boolKind && in.num == 0 && !a.named[0].truthy()
	if !falsy {
		return in, nil
	}
	if len(a.at) == 0 {
		return textValue(""), nil
	}
	return a.at[0], nil
}

func jsonFilter(r *renderer, in value, _ args) (value, error) {
	if in.kind != listKind && in.kind != rangeKind {
		out, err := r.appendJSON(nil, in)
		return textValue(string(out)), err
	}
	items, err := r.list(in)
	out := []byte{'['}
	for i := 0; i < len(items) && err == nil; i++ {
		if i > 0 {
			out = append(out, ',')
		}
		out, err = r.appendJSON(out, items[i])
	}
	return textValue(string(append(out, ']'))), err
}

func (r *renderer) appendJSON(b []byte, v value) ([]byte, error) {
	plain, err := r.unwrap(v)
	if err != nil {
		return b, err
	}
	from := len(b)
	b = plain.AppendJSON(b)
	return b, r.spendBytes(len(b) - from)
}

// rawFilter says that a text is HTML already.
func rawFilter(r *renderer, in value, _ args) (value, error) {
	return r.html(r.string(in)), nil
}

func sizeFilter(_ *renderer, in value, _ args) (value, error) {
	return intValue(int64(in.size())), nil
}
