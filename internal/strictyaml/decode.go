package strictyaml

import (
	"encoding"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"rapport/internal/suggest"
)

// Decode fills the struct that into points to, and reports everything that does
// not fit it; what does fit is filled in all the same. Names in besides may stand
// at the top of the document although the struct has no such field.
//
// Text, numbers, bools, structs, slices, maps with text keys, pointers and any
// are understood. A type with UnmarshalText reads its own scalar; a struct with
// that method may be written as one text or field by field. A slice of scalars
// may be written as a list or as one value. The tag enum holds for the items of a
// slice as well. The tag null lets null stand for a value of its own, the zero one,
// also within a map.
func (t *Tree) Decode(into any, besides ...string) []Problem {
	d := &decoder{tree: t}
	v := reflect.ValueOf(into).Elem()
	if problems := t.Shape(); len(problems) > 0 {
		return problems
	}
	d.structure(resolve(t.root), "", v, besides)
	slices.SortStableFunc(d.problems, Problem.Compare)
	return d.problems
}

type decoder struct {
	tree     *Tree
	problems []Problem
}

func (d *decoder) add(n *yaml.Node, path, format string, args ...any) {
	if len(d.problems) < maxFound {
		d.problems = append(d.problems, d.tree.problem(n, path, format, args...))
	}
}

// wrong reports a value of another kind than the one that is wanted. One that
// stands in place of names with values is not repeated: it may be a password, where
// the name of a secret belongs.
func (d *decoder) wrong(n *yaml.Node, path, want string) {
	found := describe(n)
	if n.Kind == yaml.ScalarNode && n.Tag != "!!null" && strings.HasPrefix(want, namesWithValues) {
		found = "a single value"
	}
	d.add(n, path, "here should be %s, not %s", want, found)
}

// resolve follows aliases; Parse has made sure that they end.
func resolve(n *yaml.Node) *yaml.Node {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n
}

func (d *decoder) value(n *yaml.Node, path string, v reflect.Value, f field) {
	n = resolve(n)
	if isNull(n) && f.null {
		return
	}
	if isNull(n) {
		d.add(n, path, "has no value: write %s, or leave the line out", wanted(v.Type()))
		return
	}
	if v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		d.value(n, path, v.Elem(), f)
		return
	}
	if readsText(v.Type()) && (n.Kind == yaml.ScalarNode || v.Kind() != reflect.Struct) {
		d.custom(n, path, v, f)
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		d.structValue(n, path, v)
	case reflect.Slice:
		d.slice(n, path, v, f)
	case reflect.Map:
		d.mapping(n, path, v, f)
	case reflect.Interface:
		v.Set(reflect.ValueOf(plain(n)))
	default:
		d.scalar(n, path, v, f)
	}
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

func (d *decoder) structValue(n *yaml.Node, path string, v reflect.Value) {
	if n.Kind != yaml.MappingNode {
		d.wrong(n, path, wanted(v.Type()))
		return
	}
	d.structure(n, path, v, nil)
}

func (d *decoder) structure(n *yaml.Node, path string, v reflect.Value, besides []string) {
	fields := fieldsOf(v.Type())
	seen := map[string]bool{}
	for key, value := range pairs(n) {
		i := slices.IndexFunc(fields, func(f field) bool { return f.name == key.Value })
		if i < 0 {
			if !slices.Contains(besides, key.Value) {
				d.unknown(key, path, fields, besides)
			}
			continue
		}
		seen[key.Value] = true
		d.value(value, Key(path, key.Value), v.FieldByIndex(fields[i].index), fields[i])
	}
	for _, f := range fields {
		if f.required && !seen[f.name] {
			d.missing(n, path, f)
		}
	}
}

func (d *decoder) missing(n *yaml.Node, path string, f field) {
	doc := ""
	if f.doc != "" {
		doc = ": " + lowerFirst(f.doc)
	}
	d.add(n, path, "%q is missing%s", f.name, doc)
}

func (d *decoder) unknown(key *yaml.Node, path string, fields []field, besides []string) {
	names := slices.Clone(besides)
	for _, f := range fields {
		names = append(names, f.name)
	}
	d.add(key, Key(path, key.Value), "there is no field %q here%s", key.Value, instead(key.Value, names))
}

// instead says what to write instead of a word that is none of the known ones.
func instead(word string, known []string) string {
	if guess, ok := suggest.Nearest(word, known); ok {
		return fmt.Sprintf(", did you mean %q?", guess)
	}
	if len(known) == 0 {
		return ": leave it out"
	}
	return ": write " + oneOf(known)
}

// oneOf lists words, at most a dozen of them.
func oneOf(list []string) string {
	const most = 12
	quoted := make([]string, 0, min(len(list), most))
	for _, word := range list[:min(len(list), most)] {
		quoted = append(quoted, strconv.Quote(word))
	}
	switch {
	case len(list) > most:
		return "one of " + strings.Join(quoted, ", ") + ", ..."
	case len(list) == 1:
		return quoted[0]
	}
	return strings.Join(quoted[:len(quoted)-1], ", ") + " or " + quoted[len(quoted)-1]
}

// pairs yields the names of a mapping with their values, each name once.
func pairs(n *yaml.Node) func(yield func(key, value *yaml.Node) bool) {
	return func(yield func(key, value *yaml.Node) bool) {
		seen := make(map[string]bool, len(n.Content)/2)
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := n.Content[i]
			if key.Kind != yaml.ScalarNode || key.Tag == "!!merge" || seen[key.Value] {
				continue // Parse has reported it
			}
			seen[key.Value] = true
			if !yield(key, n.Content[i+1]) {
				return
			}
		}
	}
}

func (d *decoder) slice(n *yaml.Node, path string, v reflect.Value, f field) {
	if n.Kind == yaml.ScalarNode && scalar(v.Type().Elem()) {
		item := reflect.New(v.Type().Elem()).Elem()
		d.value(n, path, item, f)
		v.Set(reflect.Append(reflect.MakeSlice(v.Type(), 0, 1), item))
		return
	}
	if n.Kind != yaml.SequenceNode {
		d.wrong(n, path, wanted(v.Type()))
		return
	}
	list := reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content))
	for i, item := range n.Content {
		d.value(item, Index(path, i), list.Index(i), f)
	}
	v.Set(list)
}

func (d *decoder) mapping(n *yaml.Node, path string, v reflect.Value, f field) {
	if n.Kind != yaml.MappingNode {
		d.wrong(n, path, wanted(v.Type()))
		return
	}
	m := reflect.MakeMap(v.Type())
	for key, value := range pairs(n) {
		k := reflect.New(v.Type().Key()).Elem()
		k.SetString(key.Value)
		item := reflect.New(v.Type().Elem()).Elem()
		d.value(value, Key(path, key.Value), item, f)
		m.SetMapIndex(k, item)
	}
	v.Set(m)
}

func (d *decoder) custom(n *yaml.Node, path string, v reflect.Value, f field) {
	if n.Kind != yaml.ScalarNode {
		d.wrong(n, path, wanted(v.Type()))
		return
	}
	if !d.inEnum(n, path, f) {
		return
	}
	reader := v.Addr().Interface().(encoding.TextUnmarshaler)
	if err := reader.UnmarshalText([]byte(n.Value)); err != nil {
		d.add(n, path, "%s", err.Error())
	}
}

func (d *decoder) inEnum(n *yaml.Node, path string, f field) bool {
	if len(f.enum) == 0 || slices.Contains(f.enum, n.Value) {
		return true
	}
	d.add(n, path, "%q is not possible here%s", n.Value, instead(n.Value, f.enum))
	return false
}

func (d *decoder) scalar(n *yaml.Node, path string, v reflect.Value, f field) {
	ok := n.Kind == yaml.ScalarNode
	switch kind := v.Kind(); {
	case !ok:
	case kind == reflect.String:
		d.text(n, path, v, f)
	case kind == reflect.Bool:
		ok = setBool(n, v)
	case v.CanInt() || v.CanUint():
		ok = setInteger(n, v)
	case v.CanFloat():
		ok = setFloat(n, v)
	default:
		ok = false
	}
	if !ok {
		d.wrong(n, path, wanted(v.Type()))
	}
}

// text takes words as they stand, save those that YAML takes for something else:
// a version 1.10 would become another number than was meant.
func (d *decoder) text(n *yaml.Node, path string, v reflect.Value, f field) {
	switch n.Tag {
	case "!!int", "!!float", "!!bool", "!!binary":
		d.add(n, path, "here should be a text, not %s: put it in quotes, %q", describe(n), n.Value)
		return
	}
	if d.inEnum(n, path, f) {
		v.SetString(n.Value)
	}
}

func setBool(n *yaml.Node, v reflect.Value) bool {
	v.SetBool(n.Value == "true")
	return n.Tag == "!!bool" && (n.Value == "true" || n.Value == "false")
}

func setInteger(n *yaml.Node, v reflect.Value) bool {
	if n.Tag != "!!int" {
		return false
	}
	if v.CanUint() {
		u, err := strconv.ParseUint(n.Value, 10, v.Type().Bits())
		v.SetUint(u)
		return err == nil
	}
	i, err := strconv.ParseInt(n.Value, 10, v.Type().Bits())
	v.SetInt(i)
	return err == nil
}

func setFloat(n *yaml.Node, v reflect.Value) bool {
	f, ok := number(n)
	v.SetFloat(f)
	return ok
}

func number(n *yaml.Node) (float64, bool) {
	f, err := strconv.ParseFloat(n.Value, 64)
	return f, err == nil && (n.Tag == "!!int" || n.Tag == "!!float") && !math.IsInf(f, 0) && !math.IsNaN(f)
}

// Value returns what the document says in the values that JSON has: maps, slices, texts,
// numbers, bools and nil. Whatever is none of the others is a text.
func (t *Tree) Value() any { return plain(t.root) }

// plain returns a value as encoding/json would: maps, slices, texts, numbers,
// bools and nil.
func plain(n *yaml.Node) any {
	n = resolve(n)
	switch n.Kind {
	case yaml.MappingNode:
		m := map[string]any{}
		for key, value := range pairs(n) {
			m[key.Value] = plain(value)
		}
		return m
	case yaml.SequenceNode:
		list := make([]any, len(n.Content))
		for i, item := range n.Content {
			list[i] = plain(item)
		}
		return list
	}
	return plainScalar(n)
}

func plainScalar(n *yaml.Node) any {
	switch n.Tag {
	case "!!null":
		return nil
	case "!!bool":
		return n.Value == "true" || n.Value == "True" || n.Value == "TRUE"
	case "!!int", "!!float":
		if f, ok := number(n); ok {
			return f
		}
	}
	return n.Value
}
