package workspace_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"
	"golang.org/x/tools/txtar"
	"pgregory.net/rapid"

	"rapport/internal/strictyaml"
	"rapport/workspace"
)

// validator is a published schema as somebody else's program reads it.
func validator(t testing.TB, kind string) *jsonschema.Schema {
	t.Helper()
	text, err := workspace.Schema(kind)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource(kind+".json", parsed); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile(kind + ".json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func validators(t testing.TB) map[string]*jsonschema.Schema {
	all := map[string]*jsonschema.Schema{}
	for _, kind := range workspace.SchemaNames() {
		all[kind] = validator(t, kind)
	}
	return all
}

// values returns what a document says as an editor sees it: in the values of YAML's core
// schema, which has no dates.
func values(t testing.TB, body []byte) any {
	t.Helper()
	var root yaml.Node
	if err := yaml.Unmarshal(body, &root); err != nil {
		t.Fatalf("%v\n%s", err, body)
	}
	return valuesOf(t, &root)
}

func valuesOf(t testing.TB, n *yaml.Node) any {
	switch {
	case n.Kind == yaml.DocumentNode:
		return valuesOf(t, n.Content[0])
	case n.Kind == yaml.AliasNode:
		return valuesOf(t, n.Alias)
	case n.Kind == yaml.SequenceNode:
		list := []any{}
		for _, item := range n.Content {
			list = append(list, valuesOf(t, item))
		}
		return list
	case n.Kind == yaml.MappingNode:
		m := map[string]any{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			m[n.Content[i].Value] = valuesOf(t, n.Content[i+1])
		}
		return m
	case n.Tag == "!!timestamp":
		return n.Value
	}
	var v any
	if err := n.Decode(&v); err != nil {
		t.Fatal(err)
	}
	if i, ok := v.(int); ok {
		return float64(i)
	}
	return v
}

// written returns documents that people have written: recipes, examples of the pages, and
// what the tests take for right.
func written(t *testing.T) []workspace.Document {
	t.Helper()
	files, err := workspace.Load("../recipes")
	if err != nil {
		t.Fatal(err)
	}
	pages, err := filepath.Glob("../docs/*.md")
	if err != nil || len(pages) < 5 {
		t.Fatal("no pages", err)
	}
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, example := range examples(string(text), "yaml(?: [a-v]+)?(?: instead)?") {
			if strings.Contains(example, "kind: ") {
				files = append(files, workspace.File{Name: page, Body: []byte(example)})
			}
		}
	}
	archive, err := txtar.ParseFile("testdata/problems.txtar")
	if err != nil {
		t.Fatal(err)
	}
	names, groups, want := cases(t, archive)
	for _, name := range names {
		if len(bytes.TrimSpace(want[name].Data)) == 0 {
			files = append(files, groups[name]...)
		}
	}
	var docs []workspace.Document
	for _, f := range files {
		found, problems := workspace.Parse([]workspace.File{f})
		if len(problems) > 0 && !strings.HasPrefix(f.Name, "../docs") { // a page may show what is wrong
			t.Error(problems)
		}
		docs = append(docs, found...)
	}
	return docs
}

// TestSchemasTakeWhatIsWritten: no editor complains of a document that is right.
func TestSchemasTakeWhatIsWritten(t *testing.T) {
	t.Parallel()
	schemas, seen := validators(t), map[string]int{}
	for _, d := range written(t) {
		seen[d.Kind]++
		for _, by := range []string{d.Kind, workspace.AnyKind} {
			if err := schemas[by].Validate(values(t, d.Body)); err != nil {
				t.Errorf("%s:%d: %v", d.File, d.Line+1, err)
			}
		}
	}
	for kind := range workspace.Schemas() {
		if seen[kind] == 0 {
			t.Errorf("no %s was looked at", kind)
		}
	}
}

// TestSchemasRefuseWhatIsWrong: an editor underlines the usual slips of the pen.
func TestSchemasRefuseWhatIsWrong(t *testing.T) {
	t.Parallel()
	schemas := validators(t)
	for _, c := range [][2]string{
		{"segment", "kind: segment\nname: a\n"},
		{"segment", "kind: segment\nname: a\nwhere: x\nwher: y\n"},
		{"segment", "kind: segment\nname: Big Spenders\nwhere: x\n"},
		{"segment", "kind: segment\nname: " + strings.Repeat("a", 81) + "\nwhere: x\n"},
		{"segment", "kind: segment\nname: a\nwhere: 7\n"},
		{"segment", "kind: segment\nwhere: x\n"},
		{"market", "kind: market\nname: a\nlanguage: en\ncurrency: SGD\n"},
		{"market", "kind: market\nname: a\nlanguage: en\ncurrency: SGD\nzone: Asia/Singapore\ndefault: sometimes\n"},
		{"plan", "kind: plan\nname: a\ntraits: { country: txt }\n"},
		{"rates", "kind: rates\nname: a\nbase: THB\nperiods: { from: 2026-01-01 }\n"},
		{"topic", "kind: topic\nname: a\ntitle: News\n"},
		{"topic", "kind: topic\nname: a\ntitle: { en: News }\nchannels: [fax]\n"},
		{"purpose", "kind: purpose\nname: in_storage\n"},
		{"brand", "kind: brand\nname: a\ntitle: A\nsender: a@b.example\n"},
		{"journey", "kind: journey\nname: a\nentry: { event: X }\nsteps: [ { send: { template: t, channel: email, class: promo } } ]\n"},
		{"journey", "kind: journey\nname: a\nentry: { event: X }\nsteps: [ { sned: { template: t, channel: email, class: content } } ]\n"},
		{"journey", "kind: journey\nname: a\nentry: { event: X }\nsteps: [ { wait_until: { event: Y } } ]\n"},
		{"campaign", "kind: campaign\nname: a\naudience: 'true'\nsteps: []\n"},
	} {
		for _, by := range []string{c[0], workspace.AnyKind} {
			if schemas[by].Validate(values(t, []byte(c[1]))) == nil {
				t.Errorf("the schema of %s takes\n%s", by, c[1])
			}
		}
		if docs, problems := workspace.Parse([]workspace.File{{Name: "a.yaml", Body: []byte(c[1])}}); len(problems) == 0 {
			if _, problems = workspace.Compile(docs, 1); len(problems) == 0 {
				t.Errorf("no fault of\n%s", c[1])
			}
		}
	}
	if schemas[workspace.AnyKind].Validate(map[string]any{"kind": "segmnt", "name": "a"}) == nil {
		t.Error("a document of no kind is taken")
	}
}

// TestSchemasKnowTheFieldsOfTheReader: at every place of a document the reader takes just
// the fields that the schema has there.
func TestSchemasKnowTheFieldsOfTheReader(t *testing.T) {
	t.Parallel()
	names, places := fieldUniverse(t), 0
	for kind, root := range workspace.Schemas() {
		s := schemaWalk{root: root, met: map[*strictyaml.JSONSchema]bool{}}
		s.visit(root, "", func(inner any) any { return inner }, func(path string, o *strictyaml.JSONSchema, wrap func(any) any) {
			places++
			want := slices.Sorted(maps.Keys(o.Properties))
			if diff := gocmp.Diff(want, taken(t, kind, path, names, wrap)); diff != "" {
				t.Errorf("%s, %q (-schema +reader):\n%s", kind, path, diff)
			}
		})
	}
	if places < 40 {
		t.Errorf("only %d places were looked at", places)
	}
}

// fieldUniverse returns every name that any document type of these rooms gives a field.
func fieldUniverse(t *testing.T) []string {
	t.Helper()
	all := map[string]bool{"kind": true, "name": true}
	for _, room := range []string{".", "../channel", "../channel/*", "../segment", "../render", "../journey", "../promotion"} {
		files, err := filepath.Glob(filepath.Join(room, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatal(room, err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range regexp.MustCompile(`json:"([a-z_]+)[",]`).FindAllSubmatch(text, -1) {
				all[string(m[1])] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// taken returns which of the names the reader knows at a place of a document.
func taken(t *testing.T, kind, path string, names []string, wrap func(any) any) (known []string) {
	t.Helper()
	for some := range slices.Chunk(names, 30) { // the reader tells a hundred faults at most
		object := map[string]any{}
		for _, name := range some {
			object[name] = []any{map[string]any{}} // which is fine for hardly any
		}
		doc := wrap(object).(map[string]any)
		doc["kind"], doc["name"] = kind, "a"
		body, err := json.Marshal(doc)
		if err != nil {
			t.Fatal(err)
		}
		_, problems := workspace.Compile([]workspace.Document{{Kind: kind, Name: "a", Body: body}}, 1)
		for _, name := range some {
			refused := slices.ContainsFunc(problems, func(p workspace.Problem) bool {
				return p.Path == strictyaml.Key(path, name) && strings.HasPrefix(p.Message, fmt.Sprintf("there is no field %q here", name))
			})
			if !refused {
				known = append(known, name)
			}
		}
	}
	return known
}

// schemaWalk goes to every object of a schema, each once.
type schemaWalk struct {
	root *strictyaml.JSONSchema
	met  map[*strictyaml.JSONSchema]bool
}

// visit calls see with each object, its path in a document, and what makes of its content
// that document.
func (w schemaWalk) visit(s *strictyaml.JSONSchema, path string, wrap func(any) any, see func(path string, o *strictyaml.JSONSchema, wrap func(any) any)) {
	if s.Ref != "" {
		s = w.root.Defs[strings.TrimPrefix(s.Ref, "#/$defs/")]
	}
	if s.Properties != nil {
		if w.met[s] {
			return
		}
		w.met[s] = true
		see(path, s, wrap)
	}
	for name, p := range s.Properties {
		w.visit(p, strictyaml.Key(path, name), func(inner any) any { return wrap(map[string]any{name: inner}) }, see)
	}
	if s.Items != nil {
		w.visit(s.Items, strictyaml.Index(path, 0), func(inner any) any { return wrap([]any{inner}) }, see)
	}
	if inner, keyed := s.Additional.(*strictyaml.JSONSchema); keyed {
		w.visit(inner, strictyaml.Key(path, "x"), func(inner any) any { return wrap(map[string]any{"x": inner}) }, see)
	}
	for _, one := range s.AnyOf {
		w.visit(one, path, wrap, see)
	}
}

// TestReaderTakesWhatSchemasTake: the form of what fits a schema is never refused. Only
// texts that have a form of their own may be, such as lengths of time.
func TestReaderTakesWhatSchemasTake(t *testing.T) {
	t.Parallel()
	schemas := workspace.Schemas()
	kinds := slices.Sorted(maps.Keys(schemas))
	checks := validators(t)
	refused := regexp.MustCompile(`^(there is no field|here should be [^;]*, not |has no value|".*" is not possible here)`)
	rapid.Check(t, func(t *rapid.T) {
		kind := rapid.SampledFrom(kinds).Draw(t, "kind")
		doc := drawValue(t, schemas[kind], schemas[kind], 0).(map[string]any)
		if err := checks[kind].Validate(doc); err != nil {
			t.Fatalf("the generator is wrong: %v", err)
		}
		body, err := json.Marshal(doc)
		if err != nil {
			t.Fatal(err)
		}
		name := doc["name"].(string)
		_, problems := workspace.Compile([]workspace.Document{{Kind: kind, Name: name, Body: body}}, 1)
		for _, p := range problems {
			if refused.MatchString(p.Message) {
				t.Fatalf("%s\n%s", p, body)
			}
		}
	})
}

// drawValue draws what fits a schema.
func drawValue(t *rapid.T, root, s *strictyaml.JSONSchema, depth int) any {
	switch inner, keyed := s.Additional.(*strictyaml.JSONSchema); {
	case s.Ref != "":
		return drawValue(t, root, root.Defs[strings.TrimPrefix(s.Ref, "#/$defs/")], depth+1)
	case len(s.AnyOf) > 0:
		return drawValue(t, root, rapid.SampledFrom(s.AnyOf).Draw(t, "one of"), depth)
	case s.Const != "":
		return s.Const
	case len(s.Enum) > 0:
		return rapid.SampledFrom(s.Enum).Draw(t, "word")
	case s.Properties != nil:
		return drawObject(t, root, s, depth)
	case keyed:
		m := map[string]any{}
		for _, name := range rapid.SliceOfNDistinct(rapid.StringMatching(`[a-z]{1,3}`), 0, 2, rapid.ID).Draw(t, "names") {
			m[name] = drawValue(t, root, inner, depth+1)
		}
		return m
	case s.Type == "array":
		list := []any{}
		for range rapid.IntRange(0, 2).Draw(t, "items") {
			list = append(list, drawValue(t, root, s.Items, depth+1))
		}
		return list
	case s.Type == "boolean":
		return rapid.Bool().Draw(t, "bool")
	case s.Type == "integer", s.Type == "number":
		return float64(rapid.IntRange(1, 100).Draw(t, "number"))
	case s.Pattern != "":
		return rapid.SampledFrom([]string{"list of text", "a1"}).Filter(regexp.MustCompile(s.Pattern).MatchString).Draw(t, "fits")
	}
	return rapid.SampledFrom([]string{"a", "1h", "true", "Hello"}).Draw(t, "text")
}

func drawObject(t *rapid.T, root, s *strictyaml.JSONSchema, depth int) map[string]any {
	m := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		if slices.Contains(s.Required, name) || depth < 6 && rapid.IntRange(0, 2).Draw(t, name) == 0 {
			m[name] = drawValue(t, root, s.Properties[name], depth+1)
		}
	}
	return m
}
