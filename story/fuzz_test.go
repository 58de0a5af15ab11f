package story_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"rapport/story"
	"rapport/workspace"
)

// archives returns the documents of testdata/pass.txtar, compiled, and the texts
// of all stories in testdata.
func archives(t testing.TB) (c *workspace.Compiled, texts []string) {
	t.Helper()
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("there are no stories: ", err)
	}
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range archive.Files {
			if strings.HasSuffix(f.Name, story.Extension) {
				texts = append(texts, string(f.Data))
			}
			if f.Name == "documents.yaml" {
				c = compile(t, f.Data)
			}
		}
	}
	return c, texts
}

func compile(t testing.TB, body []byte) *workspace.Compiled {
	t.Helper()
	docs, problems := workspace.Parse([]workspace.File{{Name: "documents.yaml", Body: body}})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	c, problems := workspace.Compile(docs, 1)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return c
}

// FuzzParse reads any text, and plays what can be read: neither panics, and every
// place that is told lies within the text.
func FuzzParse(f *testing.F) {
	c, texts := archives(f)
	for _, text := range texts {
		f.Add(text)
		for s := range strings.SplitSeq(text, "\n\n") {
			f.Add(s)
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		lines := 1 + strings.Count(text, "\n")
		stories, problems := story.Parse(text)
		for _, p := range problems {
			if p.Line < 1 || p.Line > lines || p.Message == "" {
				t.Errorf("a problem in line %d of %d: %q", p.Line, lines, p.Message)
			}
		}
		if len(problems) == 0 && len(stories) == 0 {
			t.Error("neither stories nor problems")
		}
		if len(text) > 2000 || len(problems) > 0 {
			return
		}
		for _, s := range stories {
			if r := s.Play(c); r.Line < s.Line || r.Line > lines {
				t.Errorf("the story of line %d of %d failed in line %d", s.Line, lines, r.Line)
			}
		}
	})
}

// TestStoriesAreApart plays stories side by side, again and again: each time what
// comes of them is the same.
func TestStoriesAreApart(t *testing.T) {
	t.Parallel()
	c, texts := archives(t)
	var stories []story.Story
	for _, text := range texts {
		if parsed, problems := story.Parse(text); len(problems) == 0 {
			stories = append(stories, parsed...)
		}
	}
	play := func() []story.Result {
		results := make([]story.Result, len(stories))
		for i := range stories {
			results[i] = stories[i].Play(c)
		}
		return results
	}
	want := play()
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			if diff := cmp.Diff(want, play()); diff != "" {
				t.Errorf("(-first +again):\n%s", diff)
			}
		})
	}
	all.Wait()
}

func TestRunTellsWhatCannotBeRead(t *testing.T) {
	t.Parallel()
	if _, err := story.Run(os.DirFS("testdata/nowhere")); err == nil {
		t.Error("a folder that is not there was played")
	}
	if _, err := story.RunFile(os.DirFS("testdata"), "nothing.test"); err == nil || err.Error() == "" {
		t.Error("a file that is not there was played")
	}
}
