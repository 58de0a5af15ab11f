package strictyaml

import (
	"maps"
	"reflect"
	"slices"
	"strings"
)

// JSONSchema is a JSON Schema in the dialect of 2020-12, as far as documents need it.
type JSONSchema struct {
	Dialect     string                 `json:"$schema,omitempty"`
	Ref         string                 `json:"$ref,omitempty"`
	Title       string                 `json:"title,omitempty"`
	Description string                 `json:"description,omitempty"`
	Type        string                 `json:"type,omitempty"`
	Const       string                 `json:"const,omitempty"`
	Enum        []string               `json:"enum,omitempty"`
	Pattern     string                 `json:"pattern,omitempty"`
	MaxLength   int                    `json:"maxLength,omitempty"`
	Minimum     *float64               `json:"minimum,omitempty"`
	AnyOf       []*JSONSchema          `json:"anyOf,omitempty"`
	AllOf       []*JSONSchema          `json:"allOf,omitempty"`
	If          *JSONSchema            `json:"if,omitempty"`
	Then        *JSONSchema            `json:"then,omitempty"`
	Items       *JSONSchema            `json:"items,omitempty"`
	Properties  map[string]*JSONSchema `json:"properties,omitempty"`
	Required    []string               `json:"required,omitempty"`
	// Additional is false for a struct and a schema for a map.
	Additional any                    `json:"additionalProperties,omitempty"`
	Defs       map[string]*JSONSchema `json:"$defs,omitempty"`
}

// Schema describes what [Tree.Decode] accepts for a struct. Structs inside it
// stand under $defs, so one may hold itself. A type that reads itself from text
// may have the methods Pattern, which its text fits, and SchemaType, where it is
// written as something else than a text.
func Schema(t reflect.Type) *JSONSchema {
	s := &schemas{names: map[reflect.Type]string{}, defs: map[string]*JSONSchema{}}
	root := s.object(t)
	root.Dialect = "https://json-schema.org/draft/2020-12/schema"
	if len(s.defs) > 0 {
		root.Defs = s.defs
	}
	return root
}

type schemas struct {
	names map[reflect.Type]string
	defs  map[string]*JSONSchema
}

func (s *schemas) object(t reflect.Type) *JSONSchema {
	o := &JSONSchema{Type: "object", Properties: map[string]*JSONSchema{}, Additional: false}
	for _, f := range fieldsOf(t) {
		p := s.of(f.typ, f)
		p.Description = f.doc
		o.Properties[f.name] = p
		if f.required {
			o.Required = append(o.Required, f.name)
		}
	}
	return o
}

func (s *schemas) of(t reflect.Type, f field) *JSONSchema {
	switch {
	case t.Kind() == reflect.Pointer:
		return s.of(t.Elem(), f)
	case readsText(t) && t.Kind() == reflect.Struct && len(fieldsOf(t)) > 0:
		return &JSONSchema{AnyOf: []*JSONSchema{text(t, f), s.ref(t)}}
	case readsText(t):
		return text(t, f)
	}
	switch t.Kind() {
	case reflect.Struct:
		return s.ref(t)
	case reflect.Slice:
		return s.list(t, f)
	case reflect.Map:
		return &JSONSchema{Type: "object", Additional: s.of(t.Elem(), f)}
	case reflect.String:
		return text(t, f)
	case reflect.Bool:
		return &JSONSchema{Type: "boolean"}
	case reflect.Float32, reflect.Float64:
		return &JSONSchema{Type: "number"}
	case reflect.Interface:
		return &JSONSchema{}
	}
	return integer(t)
}

func integer(t reflect.Type) *JSONSchema {
	o := &JSONSchema{Type: "integer"}
	if reflect.Zero(t).CanUint() {
		o.Minimum = new(float64)
	}
	return o
}

func text(t reflect.Type, f field) *JSONSchema {
	o := &JSONSchema{Type: "string", Enum: f.enum}
	if n, ok := reflect.New(t).Interface().(interface{ SchemaType() string }); ok && readsText(t) {
		o.Type = n.SchemaType()
	}
	if p, ok := reflect.New(t).Interface().(interface{ Pattern() string }); ok && readsText(t) {
		o.Pattern = p.Pattern()
	}
	return o
}

func (s *schemas) list(t reflect.Type, f field) *JSONSchema {
	item := s.of(t.Elem(), f)
	list := &JSONSchema{Type: "array", Items: item}
	if !scalar(t.Elem()) {
		return list
	}
	one := *item
	return &JSONSchema{AnyOf: []*JSONSchema{&one, list}}
}

// ref defines a struct once and refers to it.
func (s *schemas) ref(t reflect.Type) *JSONSchema {
	name, known := s.names[t]
	if !known {
		name = s.free(t.Name())
		s.names[t], s.defs[name] = name, nil
		s.defs[name] = s.object(t)
	}
	return &JSONSchema{Ref: "#/$defs/" + name}
}

// free returns a name for a definition that no other type has.
func (s *schemas) free(name string) string {
	if name == "" {
		name = "Anonymous"
	}
	for slices.Contains(slices.Collect(maps.Keys(s.defs)), name) {
		name += "_"
	}
	return name
}

// Move puts a schema that [Schema] has made under another one's $defs, by a name: its
// references lead there, and which dialect it is in the other one says.
func (s *JSONSchema) Move(name string) {
	s.Dialect = ""
	s.redirect("#/$defs/" + name)
}

// redirect lets all references begin with a path instead of the root.
func (s *JSONSchema) redirect(root string) {
	if s == nil {
		return
	}
	if rest, refers := strings.CutPrefix(s.Ref, "#"); refers {
		s.Ref = root + rest
	}
	inner, _ := s.Additional.(*JSONSchema)
	for _, part := range slices.Concat(
		[]*JSONSchema{s.Items, inner, s.If, s.Then}, s.AnyOf, s.AllOf,
		slices.Collect(maps.Values(s.Properties)), slices.Collect(maps.Values(s.Defs)),
	) {
		part.redirect(root)
	}
}
