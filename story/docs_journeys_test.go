package story_test

import (
	"fmt"
	"os"
	"path"
	"strings"
	"testing"
	"testing/fstest"

	"rapport/journey"
	"rapport/workspace"
)

const journeysPage = "../docs/journeys.md"

// documentsOf are all documents of a page as one stream.
func documentsOf(t *testing.T, page string) []byte {
	t.Helper()
	var documents []string
	for _, f := range fences(t, page) {
		if f.kind == "yaml" {
			documents = append(documents, f.text)
		}
	}
	return []byte(strings.Join(documents, "---\n"))
}

// TestPages compiles the documents of each page together and plays its stories with
// them.
func TestPages(t *testing.T) {
	t.Parallel()
	for page, stories := range map[string]int{journeysPage: 10, "../docs/campaigns.md": 3, "../docs/concepts.md": 7} {
		t.Run(path.Base(page), func(t *testing.T) {
			t.Parallel()
			playPage(t, page, stories)
		})
	}
}

// playPage plays a page of at least so many blocks of stories.
func playPage(t *testing.T, page string, stories int) {
	t.Helper()
	documents := documentsOf(t, page)
	docs, problems := workspace.Parse([]workspace.File{{Name: page, Body: documents}})
	if len(problems) == 0 {
		_, problems = workspace.Compile(docs, 1)
	}
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	played := 0
	for _, f := range fences(t, page) {
		if f.kind != "story" {
			continue
		}
		got := told(t, fstest.MapFS{"documents.yaml": {Data: documents}, "page.test": {Data: []byte(f.text)}})
		if strings.Contains(got, "FAIL") || got == "" {
			t.Errorf("a story of the page fails:\n%s", got)
		}
		played++
	}
	if played < stories {
		t.Errorf("the page has %d blocks of stories only", played)
	}
}

// TestJourneysPageTellsAllReasons: the page names every reason that a run can end
// for or not begin, and the limits as they are.
func TestJourneysPageTellsAllReasons(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(journeysPage)
	if err != nil {
		t.Fatal(err)
	}
	for _, reason := range []journey.Reason{
		journey.Finished, journey.ByExitEvent, journey.ByExitRule, journey.StepRemoved, journey.JourneyRemoved, journey.RunMerged, journey.OverLimit, journey.Looped,
		journey.AlreadyRunning, journey.OutOfDate, journey.TooEarly, journey.TooOld, journey.AlreadyExited, journey.TooManyRuns,
	} {
		if !strings.Contains(string(page), "`"+string(reason)+"`") {
			t.Errorf("the page does not tell of %q", reason)
		}
	}
	for _, row := range []string{
		fmt.Sprintf("| runs of one customer at once | %d |", journey.MaxRuns),
		fmt.Sprintf("| what a run keeps of the event that started it | %d KB;", journey.MaxEntry>>10),
	} {
		if !strings.Contains(string(page), row) {
			t.Errorf("the page does not say %q", row)
		}
	}
}
