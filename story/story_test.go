package story_test

import (
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"rapport/story"
)

var update = flag.Bool("update", false, "write what is found into testdata")

// TestStories plays each archive in testdata: its part results is what comes of
// the stories in it, those that must fail and their words among them.
func TestStories(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("there are no stories:", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			last := &archive.Files[len(archive.Files)-1]
			if last.Name != "results" {
				t.Fatal("the last part must be called results")
			}
			want := string(last.Data)
			last.Data = []byte(results(t, archive))
			if diff := cmp.Diff(want, string(last.Data)); diff != "" && !*update {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if *update {
				if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func results(t *testing.T, archive *txtar.Archive) string {
	t.Helper()
	fsys, err := txtar.FS(archive)
	if err != nil {
		t.Fatal(err)
	}
	return told(t, fsys)
}

func told(t *testing.T, fsys fs.FS) string {
	t.Helper()
	found, err := story.Run(fsys)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, r := range found {
		b.WriteString(r.String() + "\n")
	}
	return b.String()
}
