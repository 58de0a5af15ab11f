package liquid

import (
	"cmp"
	"math"
	"slices"
	"strings"
)

// keyed is an item with the property that a filter goes by.
type keyed struct{ item, key value }

// byProperty pairs every item with the property that the first argument names,
// or with itself if there is none.
func (r *renderer) byProperty(in value, a args) ([]keyed, error) {
	items, err := r.list(in)
	if err != nil {
		return nil, err
	}
	out := make([]keyed, len(items))
	for i, item := range items {
		out[i] = keyed{item, item}
		if name := a.get(0); !name.isNil() {
			key, ok, err := r.property(item, name)
			if err == nil && !ok {
				err = fail("an item of this list has no properties to look at")
			}
			if err != nil {
				return nil, err
			}
			out[i].key = key
		}
	}
	return out, nil
}

func itemsOf(pairs []keyed) value {
	items := make([]value, len(pairs))
	for i, p := range pairs {
		items[i] = p.item
	}
	return listValue(items)
}

func compactFilter(r *renderer, in value, a args) (value, error) {
	pairs, err := r.byProperty(in, a)
	if err != nil {
		return value{}, err
	}
	return itemsOf(slices.DeleteFunc(pairs, func(p keyed) bool { return p.key.isNil() })), nil
}

// uniqFilter keeps the first of items that are the same.
func uniqFilter(r *renderer, in value, a args) (value, error) {
	pairs, err := r.byProperty(in, a)
	if err != nil {
		return value{}, err
	}
	seen := map[string]bool{}
	var kept []keyed
	for _, p := range pairs {
		key := fingerprint(p.key)
		if err := r.spendBytes(len(key)); err != nil {
			return value{}, err
		}
		if !seen[key] {
			seen[key] = true
			kept = append(kept, p)
		}
	}
	return itemsOf(kept), nil
}

// fingerprint is the same for values that are the same, and for no others.
func fingerprint(v value) string {
	b := []byte{byte('0' + v.kind)}
	if v.kind == dataKind {
		return string(v.data().AppendJSON(b))
	}
	return string(appendText(b, v, math.MaxInt))
}

func mapFilter(r *renderer, in value, a args) (value, error) {
	items, err := r.list(in)
	if err != nil {
		return value{}, err
	}
	out := make([]value, len(items))
	for i, item := range items {
		v, ok, err := r.property(item, a.get(0))
		if err == nil && !ok && !item.isNil() {
			err = fail("map needs a list of objects, and an item of this one is none")
		}
		if err != nil {
			return value{}, err
		}
		out[i] = v
	}
	return listValue(out), nil
}

func sumFilter(r *renderer, in value, a args) (value, error) {
	pairs, err := r.byProperty(in, a)
	if err != nil {
		return value{}, err
	}
	total := intValue(0)
	for _, p := range pairs {
		if err := r.spend(p.key.weight()); err != nil {
			return value{}, err
		}
		total = plus(total, number(p.key))
	}
	return total, nil
}

func sortFilter(r *renderer, in value, a args) (value, error) {
	return sorted(r, in, a, func(a, b value) (int, error) {
		switch {
		case a.isNumber() && b.isNumber():
			if a.kind == intKind && b.kind == intKind {
				return cmp.Compare(a.num, b.num), nil
			}
			return cmp.Compare(asFloat(a), asFloat(b)), nil
		case a.kind == textKind && b.kind == textKind:
			return strings.Compare(a.text, b.text), nil
		case a.kind == boolKind && b.kind == boolKind && a.num == b.num:
			return 0, nil
		}
		return 0, fail("a list of different kinds of things has no order to sort it by")
	})
}

func sortNaturalFilter(r *renderer, in value, a args) (value, error) {
	return sorted(r, in, a, func(a, b value) (int, error) {
		return strings.Compare(a.text, b.text), nil
	}, func(key value) value { return textValue(strings.ToLower(r.string(key))) })
}

// sorted puts items in order, those without the property last. before is what is
// done to every key at first.
func sorted(r *renderer, in value, a args, order func(a, b value) (int, error), before ...func(value) value) (value, error) {
	pairs, err := r.byProperty(in, a)
	if err != nil {
		return value{}, err
	}
	for i := range pairs {
		for _, f := range before {
			if !pairs[i].key.isNil() {
				r.charge(pairs[i].key.weight())
				pairs[i].key = f(pairs[i].key)
			}
		}
	}
	if err := r.spend(len(pairs)); err != nil {
		return value{}, err
	}
	var failed error
	slices.SortStableFunc(pairs, func(a, b keyed) int {
		if a.key.isNil() || b.key.isNil() {
			return cmp.Compare(b2i(a.key.isNil()), b2i(b.key.isNil()))
		}
		if r.spent() || failed != nil {
			return 0
		}
		r.charge(min(a.key.weight(), b.key.weight()))
		n, err := order(a.key, b.key)
		failed = err
		return n
	})
	return itemsOf(pairs), failed
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}
