package workspace_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
	"pgregory.net/rapid"

	"rapport"
	"rapport/workspace"
)

func parse(t testing.TB, text string) []workspace.Document {
	t.Helper()
	docs, problems := workspace.Parse([]workspace.File{{Name: "f.yaml", Body: []byte(text)}})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return docs
}

const three = `# What the shop knows.
kind: plan
name: shop
traits: {country: text}   # more to come
---
kind: segment
name: sg
where: |
  customer.country == "SG"
  --- is no divider when it is indented
... # the end
{"kind": "segment", "name": "th", "where": "customer.country == \"TH\""}
---
# a comment alone is no document
---   # nor does this one say anything
`

func TestParseDividesAndKeepsTheBytes(t *testing.T) {
	t.Parallel()
	docs := parse(t, "\ufeff"+three)
	var got []string
	for _, d := range docs {
		got = append(got, d.Kind+" "+d.Name+" "+string(d.Body))
	}
	want := []string{
		"plan shop # What the shop knows.\nkind: plan\nname: shop\ntraits: {country: text}   # more to come\n",
		"segment sg kind: segment\nname: sg\nwhere: |\n  customer.country == \"SG\"\n  --- is no divider when it is indented\n",
		"segment th {\"kind\": \"segment\", \"name\": \"th\", \"where\": \"customer.country == \\\"TH\\\"\"}\n",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if docs[1].Line != 5 || docs[2].Line != 11 {
		t.Errorf("lines %d and %d", docs[1].Line, docs[2].Line)
	}
}

func TestWindowsLineEndsAreKept(t *testing.T) {
	t.Parallel()
	docs := parse(t, "kind: segment\r\nname: a\r\nwhere: \"true\"\r\n---\r\nkind: segment\r\nname: b\r\nwhere: \"true\"\r\n")
	if len(docs) != 2 || !bytes.HasSuffix(docs[0].Body, []byte("\"true\"\r\n")) {
		t.Errorf("%d documents: %q", len(docs), docs[0].Body)
	}
}

// Whatever is exported, as a stream or as files, is read back as it was.
func TestExportIsReadBack(t *testing.T) {
	t.Parallel()
	line := rapid.SampledFrom([]string{"# note", "", "description: 'a'", "  ", "where: \"true\"", "...x: 1", "x: |\n  ---\n  ...\n"})
	rapid.Check(t, func(t *rapid.T) {
		var files []workspace.File
		for i, name := range rapid.SliceOfNDistinct(rapid.StringMatching(`[a-z0-9][a-z0-9-]{0,5}`), 0, 5, rapid.ID).Draw(t, "names") {
			body := "kind: segment\nname: \"" + name + "\"\n" + strings.Join(rapid.SliceOfN(line, 0, 4).Draw(t, "lines"), "\n")
			if i%2 == 1 {
				body = `{"kind": "segment", "name": "` + name + `"}`
			}
			files = append(files, workspace.File{Name: name, Body: []byte(body)})
		}
		docs, _ := workspace.Parse(files) // with problems or without: what was read is a document
		for what, files := range map[string][]workspace.File{
			"stream": {{Body: workspace.Export(docs)}},
			"files":  workspace.Files(docs),
		} {
			again, problems := workspace.Parse(files)
			if len(problems) > 0 || len(again) != len(docs) || workspace.Differ(docs, again) {
				t.Fatalf("as %s: %v\n%s", what, problems, workspace.Export(docs))
			}
		}
	})
}

func TestPlanUpsertDelete(t *testing.T) {
	t.Parallel()
	before := parse(t, "kind: segment\nname: a\nwhere: \"true\"\n---\nkind: segment\nname: b\nwhere: \"true\"\n---\nkind: market\nname: m\n")
	given := parse(t, "kind: segment\nname: b\nwhere: \"false\"\n---\nkind: segment\nname: a\nwhere: \"true\"\n---\nkind: segment\nname: c\n")

	actions := func(changes []workspace.Change) (list []string) {
		for _, c := range changes {
			list = append(list, c.Kind+" "+c.Name+" "+string(c.Action))
		}
		return list
	}
	after := workspace.Upsert(before, given, false)
	want := []string{"market m unchanged", "segment a unchanged", "segment b changed", "segment c created"}
	plan := workspace.Plan(before, after)
	if diff := cmp.Diff(want, actions(plan)); diff != "" {
		t.Error(diff)
	}
	wantDiff := "--- a/segment/b.yaml\n+++ b/segment/b.yaml\n@@ -1,3 +1,3 @@\n kind: segment\n name: b\n-where: \"true\"\n+where: \"false\"\n"
	if diff := cmp.Diff(wantDiff, plan[2].Diff); diff != "" {
		t.Error(diff)
	}
	if workspace.Differ(after, workspace.Upsert(after, given, false)) {
		t.Error("applying the same again changes something")
	}
	pruned := workspace.Upsert(before, given, true)
	if diff := cmp.Diff([]string{"market m deleted", "segment a unchanged", "segment b changed", "segment c created"}, actions(workspace.Plan(before, pruned))); diff != "" {
		t.Error(diff)
	}
	if left, there := workspace.Delete(pruned, "segment", "a"); !there || len(left) != 2 {
		t.Errorf("deleted: %v, left %d", there, len(left))
	}
	if _, there := workspace.Delete(pruned, "segment", "nobody"); there {
		t.Error("deleted what is not there")
	}
}

func TestParseOnePutsTheHeadWhereItLacks(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"where: \"true\"":                               "kind: segment\nname: \"a\"\nwhere: \"true\"\n",
		"{\"where\": \"true\"}":                         "{\"kind\": \"segment\", \"name\": \"a\", \"where\": \"true\"}\n",
		"{}":                                            "{\"kind\": \"segment\", \"name\": \"a\"}\n",
		"\n {\n  \"name\": \"a\"}":                      "\n {\"kind\": \"segment\", \n  \"name\": \"a\"}\n",
		"---\n# é\nname: a\nwhere: \"true\"\n":          "# é\nkind: segment\nname: a\nwhere: \"true\"\n",
		"  where: \"true\"\n  description: x\n":         "  kind: segment\n  name: \"a\"\n  where: \"true\"\n  description: x\n",
		"kind: segment\nname: a\nwhere: \"true\"\n":     "kind: segment\nname: a\nwhere: \"true\"\n",
		"where: \"true\"\nkind: segment\nname: \"a\"\n": "where: \"true\"\nkind: segment\nname: \"a\"\n",
	} {
		d, problems := workspace.ParseOne("segment", "a", []byte(in))
		if len(problems) > 0 || string(d.Body) != want {
			t.Errorf("%q became\n%q, wanted\n%q: %v", in, d.Body, want, problems)
		}
		if docs := parse(t, string(d.Body)); len(docs) != 1 || docs[0].Kind != "segment" || docs[0].Name != "a" {
			t.Errorf("%q is read as %v", d.Body, docs)
		}
	}
}

func TestParseOneRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range [][4]string{
		{"segmnt", "a", "where: x", `there is no kind of document "segmnt", did you mean "segment"?`},
		{"segment", "A B", "where: x", `"A B" cannot be a name: write small letters, digits and dashes only, beginning with a letter or digit, such as cart-recovery`},
		{"segment", "a", "name: b", `segment/a.yaml:1:7: name: the document is put as segment "a"; write "a" here or leave the line out`},
		{"segment", "a", "x: 1\n---\ny: 1", `segment/a.yaml: here should be one document, not 2`},
		{"segment", "a", "", `segment/a.yaml: here should be one document, not 0`},
		{"segment", "a", "a: b: c", `segment/a.yaml:1:1: cannot be read as YAML: there is a colon where none may be; put a text that has ": " in it in quotes`},
	} {
		_, problems := workspace.ParseOne(c[0], c[1], []byte(c[2]))
		if len(problems) != 1 || problems[0].String() != c[3] {
			t.Errorf("%q: %v", c[2], problems)
		}
	}
}

func TestLoadPassesOverWhatIsNoDocument(t *testing.T) {
	t.Parallel()
	files, err := workspace.LoadFS(fstest.MapFS{
		"welcome/journey.yaml": {Data: []byte("a")}, "welcome/README.md": {Data: []byte("b")}, "welcome/story.test": {Data: []byte("c")},
		"shared/markets.YML": {Data: []byte("d")}, "x.json": {Data: []byte("e")}, ".git/config.yaml": {Data: []byte("f")}, ".hidden.yaml": {Data: []byte("g")},
	})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range files {
		names = append(names, f.Name)
	}
	if diff := cmp.Diff([]string{"shared/markets.YML", "welcome/journey.yaml", "x.json"}, names); diff != "" {
		t.Error(diff)
	}
}

func TestLoadReadsAFolderOrAFile(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	name := filepath.Join(folder, "segment.yaml")
	if err := os.WriteFile(name, []byte("kind: segment\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{folder, name} {
		files, err := workspace.Load(path)
		if err != nil || len(files) != 1 || files[0].Name != filepath.ToSlash(name) || string(files[0].Body) != "kind: segment\n" {
			t.Errorf("%s: %v, %v", path, files, err)
		}
	}
	if _, err := workspace.Load(filepath.Join(folder, "no", "such")); rapport.KindOf(err) != rapport.NotFound {
		t.Errorf("a file that is not there: %v", err)
	}
}

func TestSchemasAreOfAllKinds(t *testing.T) {
	t.Parallel()
	schemas := workspace.Schemas()
	for kind, s := range schemas {
		text, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range []string{`"kind":{`, `"const":"` + kind + `"`, `"required":["kind","name"`} {
			if !strings.Contains(string(text), part) {
				t.Errorf("%s lacks %s: %s", kind, part, text)
			}
		}
		for name, p := range s.Properties {
			if p.Description == "" {
				t.Errorf("%s: %s is not described", kind, name)
			}
		}
		if n := len(slices.Compact(slices.Sorted(slices.Values(s.Required)))); n != len(s.Required) {
			t.Errorf("%s: a field is required twice: %v", kind, s.Required)
		}
	}
	for _, kind := range []string{"plan", "rates", "market", "brand", "segment", "journey", "template", "channel", "purpose"} {
		if schemas[kind] == nil {
			t.Errorf("no schema of %s", kind)
		}
	}
}

func FuzzCompile(f *testing.F) {
	archive, err := txtar.ParseFile("testdata/problems.txtar")
	if err != nil {
		f.Fatal(err)
	}
	_, files, _ := cases(f, archive)
	for _, group := range files {
		var all []byte
		for _, file := range group {
			all = append(append(all, file.Body...), "---\n"...)
		}
		f.Add(all)
	}
	f.Add([]byte(three))
	f.Fuzz(func(t *testing.T, text []byte) {
		docs, problems := workspace.Parse([]workspace.File{{Name: "f.yaml", Body: text}})
		compiled, more := workspace.Compile(docs, 1)
		if compiled == nil && len(more) == 0 {
			t.Error("refused without a reason")
		}
		for _, p := range append(problems, more...) {
			if p.Line < 1 || p.Message == "" {
				t.Errorf("a problem without a place or a message: %+v", p)
			}
		}
		again, problems := workspace.Parse([]workspace.File{{Body: workspace.Export(docs)}})
		if len(problems) > 0 || workspace.Differ(docs, again) {
			t.Errorf("exported and read: %v", problems)
		}
		if d, problems := workspace.ParseOne("segment", "a", text); len(problems) == 0 {
			if read, problems := workspace.Parse([]workspace.File{{Body: d.Body}}); len(problems) > 0 || len(read) != 1 {
				t.Errorf("put and read: %v\n%s", problems, d.Body)
			}
		}
	})
}

// TestTooManyDocuments: a flood of documents is refused as a whole, with one problem.
func TestTooManyDocuments(t *testing.T) {
	t.Parallel()
	for documents, want := range map[int]int{10_000: 9_999, 10_001: 1} { // each but the first is doubled
		flood := strings.Repeat("kind: segment\nname: a\nwhere: x\n---\n", documents)
		_, problems := workspace.Parse([]workspace.File{{Name: "f.yaml", Body: []byte(flood)}})
		if len(problems) != want {
			t.Errorf("%d documents: %d problems", documents, len(problems))
		}
		if last := problems[len(problems)-1].Message; want == 1 && !strings.Contains(last, "more than 10000 documents") {
			t.Error(last)
		}
	}
}

// TestMarksOfFilesThatWereJoined: the mark that editors on Windows put before a file is no
// part of a document, wherever a file was appended, so it is the same however it is exported.
func TestMarksOfFilesThatWereJoined(t *testing.T) {
	t.Parallel()
	const mark = "\ufeff"
	docs := parse(t, mark+"kind: segment\nname: b\nwhere: 'true'\n---\n"+mark+mark+"kind: segment\nname: a\nwhere: 'true'\n")
	again := parse(t, string(workspace.Export(docs)))
	alone, problems := workspace.Parse(workspace.Files(docs))
	if len(problems) > 0 || workspace.Differ(docs, again) || workspace.Differ(docs, alone) {
		t.Errorf("%v, then %v and %v; %v", docs, again, alone, problems)
	}
}

// TestPruneNeedsADocument: what holds comments only deletes nothing.
func TestPruneNeedsADocument(t *testing.T) {
	t.Parallel()
	empty := []workspace.File{{Name: "shop.yaml", Body: []byte("# nothing yet\n---\n")}}
	if _, problems, err := workspace.Put(empty, true)(parse(t, three)); rapport.KindOf(err) != rapport.Invalid || len(problems) > 0 {
		t.Errorf("%v %v", problems, err)
	}
	for _, prune := range []bool{true, false} {
		if edited, problems, err := workspace.Put(empty, prune)(nil); err != nil || len(problems)+len(edited.Documents) > 0 {
			t.Errorf("%v %v", problems, err)
		}
	}
}

// TestAWorkspaceIsBounded: what comes together by several applies is no more than one
// could bring, so that its export can be applied.
func TestAWorkspaceIsBounded(t *testing.T) {
	t.Parallel()
	comment := strings.Repeat("#"+strings.Repeat("x", 98)+"\n", 10_000)
	var docs []workspace.Document
	for i := range 17 {
		name := fmt.Sprint("s", i)
		docs = append(docs, workspace.Document{Kind: "segment", Name: name, Body: []byte("kind: segment\nname: " + name + "\nwhere: 'true'\n" + comment)})
	}
	if _, problems := workspace.Review(docs, 1); len(problems) != 1 || !strings.Contains(problems[0].Message, "larger than 16 MB") {
		t.Errorf("%v", problems)
	}
	if _, problems := workspace.Review(docs[:16], 1); len(problems) > 0 {
		t.Errorf("%v", problems)
	}
	if _, problems := workspace.Review(make([]workspace.Document, 10_001), 1); len(problems) != 1 || !strings.Contains(problems[0].Message, "at most 10000") {
		t.Errorf("%v", problems)
	}
}

// TestOnlyWholeTraitsAreSensitive: what would keep nothing from anybody is refused, and
// keeps no server from starting.
func TestOnlyWholeTraitsAreSensitive(t *testing.T) {
	t.Parallel()
	docs := parse(t, `kind: plan
name: shop
traits:
  allergies: { type: text, sensitive: true }
  health: { type: object, sensitive: true, fields: { weight: { type: number, sensitive: true } } }
events:
  Asked: { properties: { why: { type: text, sensitive: true } } }
`)
	_, problems := workspace.Review(docs, 1)
	if len(problems) != 2 || problems[0].Path != "traits.health.fields.weight.sensitive" || problems[1].Path != "events.Asked.properties.why.sensitive" {
		t.Errorf("%v", problems)
	}
	if _, problems := workspace.Compile(docs, 1); len(problems) > 0 {
		t.Errorf("%v", problems)
	}
}
