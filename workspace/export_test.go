package workspace_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"testing"
	"testing/fstest"

	"go.yaml.in/yaml/v3"
	"pgregory.net/rapid"

	"rapport/workspace"
)

// TestExportOfAnyWorkspace: whatever workspace there is, of documents of every kind with
// whatever fields, in YAML or JSON, with comments and either kind of line ends: what is
// exported, as a stream or as files of a folder, is read as the same documents to the byte,
// so that applying it changes nothing, nor anywhere else makes anything else.
func TestExportOfAnyWorkspace(t *testing.T) {
	t.Parallel()
	schemas := workspace.Schemas()
	kinds := slices.Sorted(maps.Keys(schemas))
	rapid.Check(t, func(t *rapid.T) {
		var files []workspace.File
		for _, name := range rapid.SliceOfNDistinct(rapid.StringMatching(`[a-z0-9][a-z0-9-]{0,5}`), 0, 6, rapid.ID).Draw(t, "names") {
			kind := rapid.SampledFrom(kinds).Draw(t, "kind")
			doc := drawValue(t, schemas[kind], schemas[kind], 0).(map[string]any)
			doc["name"] = name
			files = append(files, workspace.File{Name: name, Body: drawText(t, doc)})
		}
		docs, problems := workspace.Parse(files)
		if len(problems) > 0 || len(docs) != len(files) {
			t.Fatalf("%d of %d were read: %v", len(docs), len(files), problems)
		}
		folder := fstest.MapFS{}
		for _, f := range workspace.Files(docs) {
			folder[f.Name] = &fstest.MapFile{Data: f.Body}
		}
		loaded, err := workspace.LoadFS(folder)
		if err != nil {
			t.Fatal(err)
		}
		for what, exported := range map[string][]workspace.File{"stream": {{Body: workspace.Export(docs)}}, "folder": loaded} {
			here, problems, err := workspace.Put(exported, true)(docs)
			if err != nil || len(problems) > 0 || workspace.Differ(docs, here.Documents) {
				t.Fatalf("as a %s it changes something where it comes from: %v\n%s", what, problems, workspace.Export(docs))
			}
			there, problems, err := workspace.Put(exported, false)(nil)
			if err != nil || len(problems) > 0 || !bytes.Equal(workspace.Export(docs), workspace.Export(there.Documents)) {
				t.Fatalf("as a %s it is something else elsewhere: %v\n%s", what, problems, workspace.Export(docs))
			}
		}
	})
}

// drawText writes a document in one of the ways that people do.
func drawText(t *rapid.T, doc map[string]any) []byte {
	t.Helper()
	if rapid.Bool().Draw(t, "JSON") {
		body, err := json.MarshalIndent(doc, "", rapid.SampledFrom([]string{"", "  ", "\t"}).Draw(t, "indent"))
		if err != nil {
			t.Fatal(err)
		}
		return append(body, rapid.SampledFrom([]string{"", "\n", "\n\n"}).Draw(t, "end")...)
	}
	body, err := yaml.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	var lines []byte
	for line := range bytes.Lines(body) {
		if rapid.IntRange(0, 5).Draw(t, "comment") == 0 {
			lines = append(lines, rapid.SampledFrom([]string{"# a note\n", "\n", "   \n", "# --- no divider\n"}).Draw(t, "between")...)
		}
		lines = append(lines, line...)
	}
	if rapid.Bool().Draw(t, "Windows") {
		lines = bytes.ReplaceAll(lines, []byte("\n"), []byte("\r\n"))
	}
	return append([]byte(rapid.SampledFrom([]string{"", "\ufeff", "---\n"}).Draw(t, "start")), lines...)
}
