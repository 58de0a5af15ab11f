package workspace

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	"rapport"
	"rapport/internal/strictyaml"
	"rapport/internal/suggest"
)

// AnyKind is what the schema of a document of any kind is called. It is no kind.
const AnyKind = "document"

// Schemas returns the JSON Schema of each kind of document. They are made from what
// [Compile] reads documents into, so they know the same fields.
func Schemas() map[string]*strictyaml.JSONSchema {
	schemas := map[string]*strictyaml.JSONSchema{}
	for _, k := range kinds() {
		s := strictyaml.Schema(k.doc)
		s.Title, s.Description = k.name, k.says
		s.Properties["kind"] = &strictyaml.JSONSchema{Const: k.name, Description: "The kind of the document"}
		s.Properties["name"] = nameSchema(k.name)
		s.Required = append([]string{"kind", "name"}, slices.DeleteFunc(s.Required, func(f string) bool { return f == "name" })...)
		schemas[k.name] = s
	}
	return schemas
}

func nameSchema(kind string) *strictyaml.JSONSchema {
	s := &strictyaml.JSONSchema{Type: "string", Pattern: namePattern.String(), MaxLength: maxName, Description: "The document's name"}
	if kind == "purpose" {
		s.Pattern += "|^(" + strings.Join(stockPurposes(), "|") + ")$"
	}
	return s
}

// anySchema returns the schema of a document of any kind: which fields it may have, its
// kind says. It is for files in which documents of several kinds stand.
func anySchema() *strictyaml.JSONSchema {
	whole := &strictyaml.JSONSchema{
		Dialect: "https://json-schema.org/draft/2020-12/schema", Title: AnyKind, Description: "A document of any kind",
		Type: "object", Required: []string{"kind", "name"}, Defs: Schemas(),
		Properties: map[string]*strictyaml.JSONSchema{
			"kind": {Enum: kindNames(), Description: "The kind of the document"},
			"name": {Type: "string", Description: "The document's name"},
		},
	}
	for _, name := range kindNames() {
		whole.Defs[name].Move(name)
		is := map[string]*strictyaml.JSONSchema{"kind": {Const: name}}
		whole.AllOf = append(whole.AllOf, &strictyaml.JSONSchema{
			If:   &strictyaml.JSONSchema{Properties: is, Required: []string{"kind"}},
			Then: &strictyaml.JSONSchema{Ref: "#/$defs/" + name},
		})
	}
	return whole
}

// schemaTexts are the schemas as they are published.
var schemaTexts = sync.OnceValue(func() map[string][]byte {
	all := Schemas()
	all[AnyKind] = anySchema()
	texts := map[string][]byte{}
	for name, s := range all {
		text, err := json.MarshalIndent(s, "", "  ")
		if err != nil {
			panic(err) // a schema holds nothing that JSON can't
		}
		texts[name] = append(text, '\n')
	}
	return texts
})

// SchemaNames returns what [Schema] knows: the kinds in the order in which they build on
// each other, and [AnyKind].
func SchemaNames() []string { return append(kindNames(), AnyKind) }

// Schema returns the JSON Schema of a kind, or of [AnyKind], as text. An error is of kind
// NotFound.
func Schema(kind string) ([]byte, error) {
	if text, known := schemaTexts()[kind]; known {
		return slices.Clone(text), nil
	}
	return nil, unknownKind(kind, SchemaNames())
}

// CheckKind returns an error of kind NotFound unless there are documents of a kind.
func CheckKind(kind string) error {
	if rank(kind) >= 0 {
		return nil
	}
	return unknownKind(kind, kindNames())
}

func unknownKind(kind string, known []string) error {
	remedy := "There are " + strings.Join(slices.Sorted(slices.Values(known)), ", ") + "."
	if guess, ok := suggest.Nearest(kind, known); ok {
		remedy = fmt.Sprintf("Did you mean %q?", guess)
	}
	return rapport.Errorf(rapport.NotFound, "There is no kind of document %q. %s", kind, remedy)
}
