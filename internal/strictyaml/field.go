package strictyaml

import (
	"encoding"
	"reflect"
	"strings"
)

// field is what the tags of a struct's field say.
type field struct {
	name     string
	doc      string
	enum     []string
	required bool
	null     bool
	index    []int
	typ      reflect.Type
}

// fieldsOf returns the fields of a struct in the order of their declaration;
// those of embedded structs stand where the struct is embedded.
func fieldsOf(t reflect.Type) []field {
	var fields []field
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous && name == "" && f.Type.Kind() == reflect.Struct {
			for _, inner := range fieldsOf(f.Type) {
				inner.index = append([]int{i}, inner.index...)
				fields = append(fields, inner)
			}
			continue
		}
		if !f.IsExported() || name == "-" || name == "" {
			continue
		}
		fields = append(fields, field{
			name: name, doc: f.Tag.Get("doc"), enum: words(f.Tag.Get("enum")),
			required: f.Tag.Get("required") == "true", null: f.Tag.Get("null") == "true", index: []int{i}, typ: f.Type,
		})
	}
	return fields
}

func words(list string) []string {
	if list == "" {
		return nil
	}
	return strings.Split(list, ",")
}

// readsText reports whether a type reads itself from text.
func readsText(t reflect.Type) bool {
	return reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}

// scalar reports whether values of a type are written as one word or text.
func scalar(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Bool, reflect.String,
		reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64,
		reflect.Float32, reflect.Float64:
		return true
	case reflect.Pointer:
		return scalar(t.Elem())
	}
	return readsText(t)
}
