package liquid

import (
	"errors"
	"slices"
	"strings"
)

func listFilters() map[string]filterSpec {
	return map[string]filterSpec{
		"compact":      {0, 1, nil, compactFilter},
		"concat":       {1, 1, nil, concatFilter},
		"find":         {1, 2, nil, findFilter},
		"find_index":   {1, 2, nil, findIndexFilter},
		"first":        {0, 0, nil, firstFilter},
		"has":          {1, 2, nil, hasFilter},
		"join":         {0, 1, nil, joinFilter},
		"last":         {0, 0, nil, lastFilter},
		"map":          {1, 1, nil, mapFilter},
		"reject":       {1, 2, nil, selector(false)},
		"reverse":      {0, 0, nil, reverseFilter},
		"sort":         {0, 1, nil, sortFilter},
		"sort_natural": {0, 1, nil, sortNaturalFilter},
		"sum":          {0, 1, nil, sumFilter},
		"uniq":         {0, 1, nil, uniqFilter},
		"where":        {1, 2, nil, selector(true)},
	}
}

// list returns the items that a filter goes through: of lists inside lists the
// innermost ones, an object or anything else as the only item, of nil none. The
// slice may be the value's own.
func (r *renderer) list(v value) ([]value, error) {
	n := 1
	switch {
	case v.isNil():
		return nil, nil
	case v.isList() || v.kind == rangeKind:
		n = v.size()
	default:
		return []value{v}, nil
	}
	if err := r.spend(n); err != nil {
		return nil, err
	}
	if v.kind == listKind && !slices.ContainsFunc(v.items(), isSequence) {
		return v.items(), nil
	}
	return r.flatten(make([]value, 0, n), v, maxNesting)
}

func isSequence(v value) bool { return v.isList() }

// flatten appends the items of v and of the lists in it.
func (r *renderer) flatten(to []value, v value, depth int) ([]value, error) {
	for i := range v.size() {
		item := r.item(v, i)
		if !isSequence(item) || depth == 0 {
			to = append(to, item)
			continue
		}
		if err := r.spend(item.size()); err != nil {
			return nil, err
		}
		var err error
		if to, err = r.flatten(to, item, depth-1); err != nil {
			return nil, err
		}
	}
	return to, nil
}

func joinFilter(r *renderer, in value, a args) (value, error) {
	items, err := r.list(in)
	if err != nil {
		return value{}, err
	}
	glue := " "
	if len(a.at) > 0 {
		glue = r.string(a.at[0])
	}
	var b []byte
	for i, item := range items {
		from := len(b)
		if i > 0 {
			b = append(b, glue...)
		}
		b = append(b, r.string(item)...)
		if err := r.spendBytes(len(b) - from); err != nil {
			return value{}, err
		}
	}
	return textValue(string(b)), nil
}

func firstFilter(r *renderer, in value, _ args) (value, error) {
	if in.kind == textKind || length(in) == 0 {
		return value{}, nil
	}
	return r.turn(in, 0), nil
}

func lastFilter(r *renderer, in value, _ args) (value, error) {
	if in.kind == textKind || in.isObject() || length(in) == 0 {
		return value{}, nil
	}
	return r.turn(in, length(in)-1), nil
}

func concatFilter(r *renderer, in value, a args) (value, error) {
	other := a.get(0)
	if !other.isList() && other.kind != rangeKind {
		return value{}, fail("concat needs a list to add")
	}
	left, err := r.list(in)
	if err != nil {
		return value{}, err
	}
	if err := r.spend(other.size()); err != nil {
		return value{}, err
	}
	items := slices.Clip(left)
	for i := range other.size() {
		items = append(items, r.item(other, i))
	}
	return listValue(items), nil
}

func reverseFilter(r *renderer, in value, _ args) (value, error) {
	items, err := r.list(in)
	if err != nil {
		return value{}, err
	}
	items = slices.Clone(items)
	slices.Reverse(items)
	return listValue(items), nil
}

// property returns what item[key] means for the filters that look at one
// property of every item. ok is false for an item that has no properties at all.
func (r *renderer) property(item, key value) (v value, ok bool, err error) {
	switch {
	case item.isObject():
		if key.kind != textKind {
			return value{}, true, nil
		}
		r.charge(item.size() / fieldsAStep)
		field, _ := lookUp(*item.data(), key.text)
		return r.wrap(field), true, nil
	case item.kind == textKind:
		if err := r.spend(item.weight()); err != nil {
			return value{}, true, err
		}
		s := r.string(key)
		if strings.Contains(item.text, s) {
			return textValue(s), true, nil
		}
		return value{}, true, nil
	case item.kind == loopKind:
		return item.of.(*loop).field(r.string(key)), true, nil
	case item.kind == intKind && key.kind == intKind:
		return intValue(item.num >> min(63, uint64(key.num)) & 1), true, nil
	case item.kind == intKind:
		return value{}, true, fail("an item of this list is a number, which has no properties to look at")
	}
	return value{}, false, nil
}

// errNoProperty ends a search over a list that holds something without
// properties; its result is then nil, as Shopify has it.
var errNoProperty = errors.New("an item of this list has no properties")

// matches calls yes with the place of every item whose property is the target,
// or truthy if there is none, and no with the others, until one of them is false.
func (r *renderer) matches(items []value, a args, found func(i int, yes bool) bool) error {
	key, target := a.get(0), a.get(1)
	for i, item := range items {
		v, ok, err := r.property(item, key)
		if err != nil {
			return err
		}
		if !ok {
			return errNoProperty
		}
		yes := v.truthy()
		if !target.isNil() {
			yes = equal(r, v, target)
		}
		if !found(i, yes) {
			return nil
		}
	}
	return nil
}

// selector keeps the items that match, or those that do not.
func selector(keep bool) filterFunc {
	return func(r *renderer, in value, a args) (value, error) {
		items, err := r.list(in)
		if err != nil {
			return value{}, err
		}
		var kept []value
		err = r.matches(items, a, func(i int, yes bool) bool {
			if yes == keep {
				kept = append(kept, items[i])
			}
			return true
		})
		if err == errNoProperty {
			return value{}, nil
		}
		return listValue(kept), err
	}
}

// search returns the place of the first item that matches, -1 if none does;
// known is false if the list holds something without properties before it.
func (r *renderer) search(in value, a args) (items []value, at int, known bool, err error) {
	at = -1
	if items, err = r.list(in); err != nil {
		return nil, at, false, err
	}
	err = r.matches(items, a, func(i int, yes bool) bool {
		if yes {
			at = i
		}
		return !yes
	})
	if err == errNoProperty {
		return items, at, false, nil
	}
	return items, at, true, err
}

func findFilter(r *renderer, in value, a args) (value, error) {
	items, at, _, err := r.search(in, a)
	if err != nil || at < 0 {
		return value{}, err
	}
	return items[at], nil
}

func findIndexFilter(r *renderer, in value, a args) (value, error) {
	_, at, _, err := r.search(in, a)
	if err != nil || at < 0 {
		return value{}, err
	}
	return intValue(int64(at)), nil
}

func hasFilter(r *renderer, in value, a args) (value, error) {
	_, at, known, err := r.search(in, a)
	if err != nil || !known {
		return value{}, err
	}
	return boolValue(at >= 0), nil
}
