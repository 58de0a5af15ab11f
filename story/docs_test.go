package story_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"rapport/story"
)

// fence is a piece of a page between ```kind and ```.
type fence struct{ kind, text string }

func fences(t *testing.T, page string) (all []fence) {
	t.Helper()
	body, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile("(?ms)^```(\\w+)\n(.*?)^```$").FindAllStringSubmatch(string(body), -1) {
		all = append(all, fence{m[1], m[2]})
	}
	return all
}

// TestPage plays the stories of docs/stories.md with the documents in it. What
// stands behind a story as its failure must be what it fails with.
func TestPage(t *testing.T) {
	t.Parallel()
	var documents strings.Builder
	all := fences(t, "../docs/stories.md")
	for _, f := range all {
		if f.kind == "yaml" {
			documents.WriteString(f.text)
		}
	}
	for i, f := range all {
		if f.kind != "story" {
			continue
		}
		got := told(t, fstest.MapFS{
			"documents.yaml": {Data: []byte(documents.String())}, "stories.test": {Data: []byte(f.text)},
		})
		if i+1 < len(all) && all[i+1].kind == "failure" {
			if diff := cmp.Diff(all[i+1].text, got); diff != "" {
				t.Errorf("(-page +got):\n%s", diff)
			}
			continue
		}
		if strings.Contains(got, "FAIL") {
			t.Errorf("a story of the page fails:\n%s", got)
		}
	}
}

// TestPageShowsEveryForm asks that everything a line can say stands in a story of
// the page.
func TestPageShowsEveryForm(t *testing.T) {
	t.Parallel()
	var played []string
	for _, f := range fences(t, "../docs/stories.md") {
		if f.kind == "story" {
			played = append(played, strings.Split(f.text, "\n")...)
		}
	}
	for _, form := range story.Forms() {
		if !slices.ContainsFunc(played, func(line string) bool { return line == form || strings.HasPrefix(line, form+" ") }) {
			t.Errorf("no story of the page has a line that begins with %q", form)
		}
	}
}
