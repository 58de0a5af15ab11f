package journey_test

import (
	"encoding/json"
	"reflect"
	"testing"

	"rapport/internal/strictyaml"
	"rapport/journey"
)

// Every field that a marketer may write is explained in the schema her editor shows.
func TestEveryFieldIsExplained(t *testing.T) {
	t.Parallel()
	schema, err := json.Marshal(strictyaml.Schema(reflect.TypeFor[journey.Doc]()))
	if err != nil || len(schema) < 1000 {
		t.Fatalf("schema %s, %v", schema, err)
	}
	seen := map[reflect.Type]bool{}
	var walk func(reflect.Type)
	walk = func(typ reflect.Type) {
		for typ.Kind() == reflect.Slice || typ.Kind() == reflect.Pointer {
			typ = typ.Elem()
		}
		if typ.Kind() != reflect.Struct || seen[typ] {
			return
		}
		seen[typ] = true
		for i := range typ.NumField() {
			if f := typ.Field(i); f.Tag.Get("doc") == "" || f.Tag.Get("json") == "" {
				t.Errorf("%s.%s has no explanation or no name", typ.Name(), f.Name)
			}
			walk(typ.Field(i).Type)
		}
	}
	walk(reflect.TypeFor[journey.Doc]())
	if len(seen) < 8 {
		t.Errorf("only %d kinds of part were looked at", len(seen))
	}
}
