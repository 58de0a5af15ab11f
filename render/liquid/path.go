package liquid

import (
	"math"
	"strings"

	"rapport"
)

// path is a name and what is read of it: customer.orders[0].total. A path that
// begins with a bracket, ['any name'], has root instead of a symbol.
type path struct {
	unit    *unit
	at      int
	symbol  int
	name    string
	root    expression
	rest    []segment
	lenient bool // may be unset even when variables are strict
}

// segment is one step of a path.
type segment struct {
	name    string     // .name or ['name']
	special bool       // written .size, .first or .last, which mean something of their own
	index   int        // [3], when name is empty and by is nil
	by      expression // [other.path]
}

func (p *path) eval(r *renderer) (value, error) {
	v, err := p.find(r)
	r.charge(1 + v.weight())
	if err == nil && v.kind == nilKind && r.opts.StrictVariables && !p.lenient {
		err = p.missing()
	}
	return v, err
}

func (p *path) missing() error {
	name := p.String()
	return &Error{
		Reason: Missing, Position: p.unit.position(p.at), Path: name,
		Message: `"` + name + `" has no value here: give it one with the default filter, or ask for it with {% if %} first`,
	}
}

func (p *path) find(r *renderer) (value, error) {
	symbol, name := p.symbol, p.name
	if p.root != nil {
		root, err := p.root.eval(r)
		if err != nil {
			return value{}, err
		}
		name = r.string(root)
		r.charge(root.weight())
		known, ok := r.template.names[name]
		if !ok {
			v, _ := r.lookup(name)
			return r.walkData(v, p.rest)
		}
		symbol = known
	}
	if v, ok := r.local(symbol); ok {
		return r.walk(v, p.rest)
	}
	return r.walkData(r.global(symbol, name), p.rest)
}

// walk follows segments from a value of any kind.
func (r *renderer) walk(v value, rest []segment) (value, error) {
	for i := range rest {
		if v.kind == dataKind {
			return r.walkData(*v.data(), rest[i:])
		}
		key, err := rest[i].key(r)
		if err != nil {
			return value{}, err
		}
		v = r.member(v, &rest[i], key)
	}
	return v, nil
}

// walkData follows segments inside the caller's data, and makes a value only of
// what stands at the end.
func (r *renderer) walkData(v rapport.Value, rest []segment) (value, error) {
	for i := range rest {
		r.charge(v.Len() / fieldsAStep)
		if name := rest[i].name; name != "" && !rest[i].special && v.Kind() == rapport.Object {
			v = v.Get(name)
			continue
		}
		key, err := rest[i].key(r)
		if err != nil {
			return value{}, err
		}
		switch v.Kind() {
		case rapport.Object:
			v = dataField(v, &rest[i], key)
		case rapport.List:
			v = dataItem(v, &rest[i], key)
		default:
			w := r.member(r.wrap(v), &rest[i], key)
			return r.walk(w, rest[i+1:])
		}
	}
	return r.wrap(v), nil
}

// key returns what a segment asks for: a text or a whole number.
func (s *segment) key(r *renderer) (value, error) {
	if s.by != nil {
		return s.by.eval(r)
	}
	if s.name != "" {
		return textValue(s.name), nil
	}
	return intValue(int64(s.index)), nil
}

func dataField(v rapport.Value, s *segment, key value) rapport.Value {
	if key.kind != textKind {
		return rapport.Value{}
	}
	if found, ok := lookUp(v, key.text); ok || !s.special {
		return found
	}
	switch {
	case key.text == "size":
		return rapport.NumberOf(float64(v.Len()))
	case key.text == "first" && v.Len() > 0:
		name, first := v.Pair(0)
		return rapport.ListOf([]rapport.Value{rapport.TextOf(name), first})
	}
	return rapport.Value{}
}

func dataItem(v rapport.Value, s *segment, key value) rapport.Value {
	n := v.Len()
	if s.special && key.text == "size" {
		return rapport.NumberOf(float64(n))
	}
	if i, ok := position(s, key, n); ok {
		return v.Item(i)
	}
	return rapport.Value{}
}

// position returns which of n items a segment asks for; a negative index counts
// from the end.
func position(s *segment, key value, n int) (int, bool) {
	i := math.MinInt
	switch {
	case key.kind == intKind:
		i = int(key.num)
		if i < 0 {
			i += n
		}
	case s.special && key.text == "first":
		i = 0
	case s.special && key.text == "last":
		i = n - 1
	}
	return i, i >= 0 && i < n
}

// member follows one segment from a value that is not the caller's list or object.
func (r *renderer) member(v value, s *segment, key value) value {
	switch v.kind {
	case loopKind:
		return v.of.(*loop).field(key.text)
	case listKind, rangeKind:
		if s.special && key.text == "size" {
			return intValue(int64(v.size()))
		}
		if i, ok := position(s, key, v.size()); ok {
			return r.item(v, i)
		}
	case textKind:
		if s.special && key.text == "size" {
			r.charge(v.weight())
			return intValue(int64(runeCount(v.text)))
		}
	}
	return value{}
}

// item returns item i of a list or range. The caller knows that it has one.
func (r *renderer) item(v value, i int) value {
	switch v.kind {
	case listKind:
		return v.items()[i]
	case rangeKind:
		return intValue(v.of.(*span).first + int64(i))
	}
	return r.wrap(v.data().Item(i))
}

// String returns the path as it stands in the template.
func (p *path) String() string {
	var b strings.Builder
	b.WriteString(p.name)
	if p.root != nil {
		b.WriteString("[" + source(p.root) + "]")
	}
	for _, s := range p.rest {
		s.write(&b)
	}
	return b.String()
}
