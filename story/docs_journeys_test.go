package story_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"rapport/journey"
	"rapport/workspace"
)

const journeysPage = "../docs/journeys.md"

// journeysDocuments are all documents of docs/journeys.md as one stream.
func journeysDocuments(t *testing.T) []byte {
	t.Helper()
	var documents []string
	for _, f := range fences(t, journeysPage) {
		if f.kind == "yaml" {
			documents = append(documents, f.text)
		}
	}
	return []byte(strings.Join(documents, "---\n"))
}

// TestJourneysPage compiles the documents of docs/journeys.md together and plays
// its stories with them.
func TestJourneysPage(t *testing.T) {
	t.Parallel()
	documents := journeysDocuments(t)
	docs, problems := workspace.Parse([]workspace.File{{Name: journeysPage, Body: documents}})
	if len(problems) == 0 {
		_, problems = workspace.Compile(docs, 1)
	}
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	played := 0
	for _, f := range fences(t, journeysPage) {
		if f.kind != "story" {
			continue
		}
		got := told(t, fstest.MapFS{"documents.yaml": {Data: documents}, "page.test": {Data: []byte(f.text)}})
		if strings.Contains(got, "FAIL") || got == "" {
			t.Errorf("a story of the page fails:\n%s", got)
		}
		played++
	}
	if played < 10 {
		t.Errorf("the page has %d stories only", played)
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
		journey.Finished, journey.ByExitEvent, journey.ByExitRule, journey.StepRemoved, journey.JourneyRemoved, journey.RunMerged, journey.OverLimit,
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
