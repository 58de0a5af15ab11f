package strictyaml

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// describe says what a node is, in words for its author.
func describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return namesWithValues
	case yaml.SequenceNode:
		return "a list"
	}
	switch n.Tag {
	case "!!null":
		return "nothing"
	case "!!bool":
		return fmt.Sprintf("yes or no (%s)", short(n.Value))
	case "!!int", "!!float":
		return "the number " + short(n.Value)
	case "!!timestamp":
		return "the date " + short(n.Value)
	}
	return "the text " + strconv.Quote(short(n.Value))
}

func short(s string) string {
	const most = 40
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most]) + "..."
}

// wanted says what a value of a type looks like.
func wanted(t reflect.Type) string {
	switch {
	case t.Kind() == reflect.Pointer:
		return wanted(t.Elem())
	case readsText(t) && t.Kind() != reflect.Struct:
		return map[string]string{"string": "one text", "number": "a number"}[text(t, field{}).Type]
	case t.Kind() == reflect.Slice && scalar(t.Elem()):
		return wanted(t.Elem()) + " or a list of them"
	}
	switch t.Kind() {
	case reflect.String:
		return "a text"
	case reflect.Bool:
		return "true or false"
	case reflect.Float32, reflect.Float64:
		return "a number"
	case reflect.Slice:
		return "a list, each item after a dash"
	case reflect.Struct, reflect.Map:
		return structWords(t)
	}
	return wholeNumber(t)
}

const namesWithValues = "names with values"

func structWords(t reflect.Type) string {
	if t.Kind() == reflect.Struct {
		if fields := fieldsOf(t); len(fields) > 0 {
			return fmt.Sprintf(namesWithValues+", such as %q", fields[0].name+": ...")
		}
	}
	return namesWithValues + ", each on a line of the form \"name: value\""
}

func wholeNumber(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "a whole number, 0 or more"
	case reflect.Interface:
		return "a value"
	}
	return "a whole number"
}

func lowerFirst(s string) string {
	r, size := utf8.DecodeRuneInString(s)
	rest := s[size:]
	if next, _ := utf8.DecodeRuneInString(rest); unicode.IsUpper(next) {
		return s
	}
	return strings.TrimRight(string(unicode.ToLower(r))+rest, ".")
}
