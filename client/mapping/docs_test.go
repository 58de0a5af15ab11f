package mapping

import (
	"os"
	"reflect"
	"strings"
	"testing"
)

// Whatever can stand in a mapping is explained on its page.
func TestDocsAreComplete(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/import.md")
	if err != nil {
		t.Fatal(err)
	}
	_, lines, ok := strings.Cut(string(page), "## Mappings, line by line")
	if !ok {
		t.Fatal("the page has no such section")
	}
	for _, typ := range []reflect.Type{reflect.TypeFor[Mapping](), reflect.TypeFor[Case](), reflect.TypeFor[Value](), reflect.TypeFor[Time](), reflect.TypeFor[Condition]()} {
		for i := range typ.NumField() {
			name := typ.Field(i).Tag.Get("json")
			if name != "" && !strings.Contains(lines, "`"+name) && !strings.Contains(lines, " "+name+"}`") && !strings.Contains(lines, "`{"+name) {
				t.Errorf("%s.%s is not explained", typ.Name(), name)
			}
		}
	}
	for _, word := range layoutWords {
		if word[0] != "T" && !strings.Contains(lines, word[0]) {
			t.Errorf("the layout's %s is not explained", word[0])
		}
	}
}
