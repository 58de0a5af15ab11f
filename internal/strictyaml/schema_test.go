package strictyaml_test

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rapport/internal/strictyaml"
)

func TestSchema(t *testing.T) {
	t.Parallel()
	got, err := json.Marshal(strictyaml.Schema(reflect.TypeFor[document]()))
	if err != nil {
		t.Fatal(err)
	}
	const want = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "properties": {
    "name": {"type": "string", "description": "How it is called"},
    "age": {"type": "integer", "description": "In years"},
    "rate": {"type": "number"},
    "active": {"type": "boolean"},
    "tags": {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]},
    "size": {"type": "string", "enum": ["small", "large"]},
    "when": {"type": "string"},
    "steps": {"type": "array", "items": {"$ref": "#/$defs/step"}},
    "colours": {"type": "object", "additionalProperties": {"type": "string"}},
    "any": {},
    "nulls": {"type": "object", "additionalProperties": {}}
  },
  "required": ["name"],
  "additionalProperties": false,
  "$defs": {
    "step": {
      "type": "object",
      "properties": {
        "wait": {"type": "string"},
        "send": {"$ref": "#/$defs/send"},
        "steps": {"type": "array", "items": {"$ref": "#/$defs/step"}}
      },
      "additionalProperties": false
    },
    "send": {
      "type": "object",
      "properties": {"template": {"type": "string", "description": "Which template"}},
      "required": ["template"],
      "additionalProperties": false
    }
  }
}`
	if diff := cmp.Diff(parsed(t, []byte(want)), parsed(t, got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func parsed(t *testing.T, text []byte) (v any) {
	t.Helper()
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	return v
}
