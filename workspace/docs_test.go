package workspace_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"rapport/internal/strictyaml"
	"rapport/workspace"
)

const documentsPage = "../docs/documents.md"

func readPage(t *testing.T) string {
	t.Helper()
	page, err := os.ReadFile(documentsPage)
	if err != nil {
		t.Fatal(err)
	}
	return string(page)
}

// examples returns the texts between ```kind and ``` in their order.
func examples(page, kind string) (texts []string) {
	form := regexp.MustCompile("(?ms)^```" + kind + "\n(.*?)^```$")
	for _, m := range form.FindAllStringSubmatch(page, -1) {
		texts = append(texts, m[1])
	}
	return texts
}

// TestPageExamples compiles all examples of docs/documents.md together, and those that
// stand instead of others in their place. The examples of a kind show every field that
// there is, save those of a part that an earlier kind has.
func TestPageExamples(t *testing.T) {
	t.Parallel()
	page := readPage(t)
	docs := parse(t, strings.Join(examples(page, "yaml(?: [a-v]+)?"), "---\n"))
	if _, problems := workspace.Compile(docs, 1); len(problems) > 0 {
		t.Error(problems)
	}
	for _, instead := range examples(page, "yaml [a-v]+ instead") {
		if _, problems := workspace.Compile(workspace.Upsert(docs, parse(t, instead), false), 1); len(problems) > 0 {
			t.Error(problems)
		}
	}
	for kind := range workspace.Schemas() {
		if docs := parse(t, strings.Join(examples(page, "yaml "+kind), "---\n")); len(docs) == 0 || docs[0].Kind != kind {
			t.Errorf("the page has no example of a %s", kind)
		}
		example := strings.Join(examples(page, "yaml "+kind+"(?: instead)?"), "---\n")
		for _, o := range ownObjects(kind) {
			for name := range o.schema.Properties {
				if !regexp.MustCompile(`(?m)(^|[\s{])` + name + `:`).MatchString(example) {
					t.Errorf("the example of a %s does not show %q", kind, name)
				}
			}
		}
	}
}

// TestPageSchemas: where the page names a schema there is one, and it takes what stands
// below.
func TestPageSchemas(t *testing.T) {
	t.Parallel()
	page := readPage(t)
	lines := regexp.MustCompile(`(?m)^# yaml-language-server: \$schema=http\S+/v1/schemas/(\w+)\.json$`)
	shown := 0
	for _, example := range examples(page, "yaml") {
		for _, m := range lines.FindAllStringSubmatch(example, -1) {
			shown++
			if err := validator(t, m[1]).Validate(values(t, []byte(example))); err != nil {
				t.Error(err)
			}
		}
	}
	if shown == 0 {
		t.Error("the page does not show how an editor is told")
	}
	for _, m := range regexp.MustCompile(`[/=]schemas/(\w+)\.json`).FindAllStringSubmatch(page, -1) {
		if _, err := workspace.Schema(m[1]); err != nil {
			t.Error(err)
		}
	}
	for _, settings := range examples(page, "json") {
		if !json.Valid([]byte(settings)) {
			t.Errorf("the settings are no JSON: %s", settings)
		}
	}
}

// TestPageRename: what the page says becomes of a document is what does.
func TestPageRename(t *testing.T) {
	t.Parallel()
	page := readPage(t)
	docs := parse(t, strings.Join(examples(page, "yaml(?: [a-v]+)?"), "---\n"))
	said := regexp.MustCompile("`rapport rename (\\w+) (\\S+) (\\S+)` is").FindStringSubmatch(page)
	edited, problems, err := workspace.Rename(said[1], said[2], said[3])(docs)
	if err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	want := parse(t, examples(page, "yaml rewritten")[0])[0]
	for _, d := range edited.Documents {
		if d.Kind == want.Kind && d.Name == want.Name {
			if diff := gocmp.Diff(string(want.Body), string(d.Body)); diff != "" {
				t.Errorf("(-page +got):\n%s", diff)
			}
			return
		}
	}
	t.Errorf("there is no %s %q", want.Kind, want.Name)
}

// TestPageProblems: what the page says is wrong with a document is what is said.
func TestPageProblems(t *testing.T) {
	t.Parallel()
	page := readPage(t)
	var got bytes.Buffer
	docs, problems := workspace.Parse([]workspace.File{{Name: "shop.yaml", Body: []byte(examples(page, "yaml wrong")[0])}})
	if len(problems) == 0 {
		_, problems = workspace.Compile(docs, 1)
	}
	for _, p := range problems {
		fmt.Fprintln(&got, p)
	}
	if diff := gocmp.Diff(examples(page, "problems")[0], got.String()); diff != "" {
		t.Errorf("(-page +got):\n%s", diff)
	}
}

var tables = regexp.MustCompile(`(?s)<!-- fields: (\w+) -->\n(.*?)<!-- end -->`)

// TestPageTables: the tables of the page name the fields there are.
func TestPageTables(t *testing.T) {
	t.Parallel()
	page, schemas := readPage(t), workspace.Schemas()
	found := map[string]bool{}
	want := tables.ReplaceAllStringFunc(page, func(whole string) string {
		kind := tables.FindStringSubmatch(whole)[1]
		found[kind] = true
		if schemas[kind] == nil {
			t.Fatalf("the page tells of the fields of %q, which is no kind", kind)
		}
		return "<!-- fields: " + kind + " -->\n" + fieldTables(kind) + "<!-- end -->"
	})
	for kind := range schemas {
		if !found[kind] {
			t.Errorf("the page does not tell the fields of %q", kind)
		}
	}
	if *update {
		if err := os.WriteFile(documentsPage, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := gocmp.Diff(page, want); diff != "" {
		t.Errorf("docs/documents.md is stale; go test ./workspace -run TestPageTables -update writes its tables anew (-page +wanted):\n%s", diff)
	}
}

// object is a part of a document with fields of its own.
type object struct {
	def    string   // empty for the document itself
	fields []string // which fields hold it
	schema *strictyaml.JSONSchema
}

// objects returns the document and the objects in it, each behind the one that it
// is first met in.
func objects(root *strictyaml.JSONSchema) []object {
	all := []object{{schema: root}}
	for i := 0; i < len(all); i++ {
		for _, name := range fieldNames(all[i].schema) {
			def := defOf(all[i].schema.Properties[name])
			if def == "" {
				continue
			}
			at := slices.IndexFunc(all, func(o object) bool { return o.def == def })
			if at < 0 {
				at, all = len(all), append(all, object{def: def, schema: root.Defs[def]})
			}
			if !slices.Contains(all[at].fields, name) {
				all[at].fields = append(all[at].fields, name)
			}
		}
	}
	return all
}

// fieldNames returns the names of an object's fields, those that it must have first.
func fieldNames(o *strictyaml.JSONSchema) []string {
	later := func(name string) int {
		if slices.Contains(o.Required, name) {
			return slices.Index(o.Required, name)
		}
		return len(o.Required)
	}
	return slices.SortedFunc(maps.Keys(o.Properties), func(a, b string) int {
		return cmp.Or(cmp.Compare(later(a), later(b)), cmp.Compare(a, b))
	})
}

// defOf returns which object a field holds, empty if none.
func defOf(s *strictyaml.JSONSchema) string {
	for s != nil && s.Ref == "" {
		next := s.Items
		if inner, ok := s.Additional.(*strictyaml.JSONSchema); ok {
			next = inner
		}
		for _, one := range s.AnyOf {
			if defOf(one) != "" {
				next = one
			}
		}
		s = next
	}
	if s == nil {
		return ""
	}
	return strings.TrimPrefix(s.Ref, "#/$defs/")
}

// ownObjects returns a kind's document and the objects in it; of a campaign without
// those that it has from the journey that it is.
func ownObjects(kind string) []object {
	schemas := workspace.Schemas()
	all := objects(schemas[kind])
	if kind == "campaign" {
		all = slices.DeleteFunc(all, func(o object) bool { return o.def != "" && schemas["journey"].Defs[o.def] != nil })
	}
	return all
}

func fieldTables(kind string) string {
	var b strings.Builder
	for _, o := range ownObjects(kind) {
		if o.def != "" {
			fmt.Fprintf(&b, "\nIn `%s`:\n\n", strings.Join(o.fields, "`, `"))
		}
		b.WriteString("| field | is | says |\n| --- | --- | --- |\n")
		for _, name := range fieldNames(o.schema) {
			field := o.schema.Properties[name]
			if o.def == "" && (name == "kind" || name == "name") {
				continue
			}
			must := ""
			if slices.Contains(o.schema.Required, name) {
				must = "; required"
			}
			fmt.Fprintf(&b, "| `%s` | %s%s | %s |\n", name, inWords(field), must, strings.ReplaceAll(field.Description, "|", `\|`))
		}
	}
	return b.String()
}

// inWords says what a field may hold.
func inWords(s *strictyaml.JSONSchema) string {
	switch inner, keyed := s.Additional.(*strictyaml.JSONSchema); {
	case s.Ref != "":
		return "fields, see below"
	case len(s.AnyOf) > 0:
		return inWords(s.AnyOf[0]) + ", or " + inWords(s.AnyOf[1])
	case len(s.Enum) > 0:
		return "`" + strings.Join(s.Enum, "`, `") + "`"
	case s.Items != nil && s.Items.Ref != "":
		return "list"
	case s.Items != nil:
		return "list of it"
	case keyed:
		return "by name: " + inWords(inner)
	}
	return map[string]string{"string": "text", "boolean": "true or false", "integer": "whole number", "number": "number", "": "anything"}[s.Type]
}
