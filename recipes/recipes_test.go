package recipes_test

import (
	"bytes"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"testing"

	"rapport/recipes"
	"rapport/story"
	"rapport/workspace"
)

// folders returns each recipe's folder by its name.
func folders(t testing.TB) map[string]fs.FS {
	t.Helper()
	list, err := recipes.List()
	if err != nil || len(list) == 0 {
		t.Fatal("there are no recipes: ", err)
	}
	all := map[string]fs.FS{}
	for _, r := range list {
		if all[r.Name], err = recipes.Files(r.Name); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// TestAllAreInside asks that each folder here is a recipe of the program.
func TestAllAreInside(t *testing.T) {
	t.Parallel()
	all := folders(t)
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if _, inside := all[e.Name()]; e.IsDir() && !inside && e.Name() != "testdata" { // where drawn tests keep what failed
			t.Errorf("the folder %s is not inside the program: name it above files in recipes.go", e.Name())
		}
	}
}

// TestStories plays the stories of all recipes. Each recipe has some.
func TestStories(t *testing.T) {
	t.Parallel()
	for name, fsys := range folders(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			results, err := story.Run(fsys)
			if err != nil {
				t.Fatal(err)
			}
			if len(results) < 8 {
				t.Errorf("only %d stories", len(results))
			}
			for _, r := range results {
				if r.Failure != "" {
					t.Error(r)
				}
			}
		})
	}
}

// TestStoriesCoverJourneys asks that every step that sends is named in some story.
func TestStoriesCoverJourneys(t *testing.T) {
	t.Parallel()
	for name, fsys := range folders(t) {
		var stories []byte
		for _, file := range named(t, fsys, story.Extension) {
			stories = append(stories, file...)
		}
		for _, j := range compile(t, fsys).Journeys.Journeys() {
			for _, step := range j.Steps() {
				if !bytes.Contains(stories, []byte(step)) && sends(t, fsys, step) {
					t.Errorf("%s: no story speaks of the step %s of %s", name, step, j.Name())
				}
			}
		}
	}
}

// sends reports whether a step of this name is one that sends.
func sends(t *testing.T, fsys fs.FS, step string) bool {
	for _, file := range named(t, fsys, ".yaml") {
		_, after, found := bytes.Cut(file, []byte("name: "+step+"\n"))
		if found && bytes.HasPrefix(bytes.TrimSpace(after), []byte("send:")) {
			return true
		}
	}
	return false
}

func named(t *testing.T, fsys fs.FS, extension string) (bodies [][]byte) {
	t.Helper()
	err := fs.WalkDir(fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || path.Ext(name) != extension {
			return err
		}
		body, err := fs.ReadFile(fsys, name)
		bodies = append(bodies, body)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return bodies
}

func compile(t testing.TB, fsys fs.FS) *workspace.Compiled {
	t.Helper()
	c, problems := workspace.Review(documents(t, fsys), 1)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return c
}

func documents(t testing.TB, fsys fs.FS) []workspace.Document {
	t.Helper()
	files, err := workspace.LoadFS(fsys)
	if err != nil {
		t.Fatal(err)
	}
	docs, problems := workspace.Parse(files)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return docs
}

// TestApply applies each recipe alone to an empty workspace, and then all of them
// together: what they share is the same to the byte.
func TestApply(t *testing.T) {
	t.Parallel()
	shared := map[string][]byte{}
	var together []workspace.Document
	for name, fsys := range folders(t) {
		if w := compile(t, fsys); len(w.Warnings) > 0 {
			t.Errorf("%s: %v", name, w.Warnings)
		}
		docs := documents(t, fsys)
		for _, d := range docs {
			id := d.Kind + " " + d.Name
			if body, there := shared[id]; there && !bytes.Equal(body, d.Body) {
				t.Errorf("%s: %s is another one in another recipe", name, id)
			}
			shared[id] = d.Body
		}
		together = workspace.Upsert(together, docs, false)
	}
	if w, problems := workspace.Review(together, 1); len(problems) > 0 {
		t.Error("together:", problems)
	} else if len(w.Warnings) > 0 {
		t.Error("together:", w.Warnings)
	}
}

// TestSharedFiles asks that files of one name at the top of recipes which hold the
// same documents are the same, comments and all.
func TestSharedFiles(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"brand.yaml", "market.yaml", "purpose.yaml", "block.yaml"} {
		var first []byte
		for name, fsys := range folders(t) {
			body, err := fs.ReadFile(fsys, file)
			if err != nil {
				t.Errorf("%s has no %s", name, file)
			}
			if first != nil && !bytes.Equal(first, body) {
				t.Errorf("%s of %s is not as in the other recipes", file, name)
			}
			first = body
		}
	}
}

// TestSharedDocuments asks that what several recipes hold stands in a file that is the
// same in all, whatever its name: so folders can be copied over one another.
func TestSharedDocuments(t *testing.T) {
	t.Parallel()
	known := map[string][]byte{}
	for name, fsys := range folders(t) {
		for _, d := range documents(t, fsys) {
			body, err := fs.ReadFile(fsys, d.File)
			if err != nil {
				t.Fatal(err)
			}
			id := d.Kind + " " + d.Name
			if other, there := known[id]; there && !bytes.Equal(other, body) {
				t.Errorf("%s: %s stands in %s, which is not the same file in another recipe", name, id, d.File)
			}
			known[id] = body
		}
	}
}

// TestExamplesOfPages compiles the documents on the recipes' pages with the recipe's own.
func TestExamplesOfPages(t *testing.T) {
	t.Parallel()
	box := regexp.MustCompile("(?s)```yaml\n(.*?)```")
	for name, fsys := range folders(t) {
		page, err := fs.ReadFile(fsys, "README.md")
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range box.FindAllSubmatch(page, -1) {
			examples, problems := workspace.Parse([]workspace.File{{Name: name + "/README.md", Body: found[1]}})
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			if _, problems := workspace.Compile(slices.Concat(documents(t, fsys), examples), 1); len(problems) > 0 {
				t.Error(problems)
			}
		}
	}
}

func TestPages(t *testing.T) {
	t.Parallel()
	list, err := recipes.List()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range list {
		if n := len(r.Description); n < 40 || n > 240 {
			t.Errorf("%s is described in %d bytes: %q", r.Name, n, r.Description)
		}
	}
	if _, err := recipes.Files("wellcome"); err == nil || err.Error() != `there is no recipe "wellcome", did you mean "welcome"?` {
		t.Errorf("a recipe that is not there: %v", err)
	}
}

// BenchmarkStories reads, compiles and plays everything, as rapport test does.
func BenchmarkStories(b *testing.B) {
	all := folders(b)
	count := 0
	for b.Loop() {
		for _, fsys := range all {
			results, err := story.Run(fsys)
			if err != nil {
				b.Fatal(err)
			}
			count += len(results)
		}
	}
	b.ReportMetric(float64(count)/b.Elapsed().Seconds(), "stories/s")
}
