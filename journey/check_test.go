package journey_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"rapport/journey"
	"rapport/rule"
)

// TestChecks checks the journeys of each part of testdata/checks.txt together, which are
// called a, b and so on, and compares what is found with what stands above them.
func TestChecks(t *testing.T) {
	t.Parallel()
	const file = "testdata/checks.txt"
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range archive.Files {
		_, text, _ := strings.Cut("\n"+string(f.Data), "\n---\n")
		var journeys []*journey.Journey
		for k, doc := range strings.Split(text, "\n---\n") {
			journeys = append(journeys, mustCompile(t, string(rune('a'+k)), doc))
		}
		var b strings.Builder
		for _, found := range journey.Check(journeys, someSurroundings()) {
			word := "warned "
			if found.Refused {
				word = "refused "
			}
			b.WriteString(word + found.Journey + " " + found.Problem.String() + "\n")
		}
		got := b.String() + "---\n" + text
		if diff := cmp.Diff(string(f.Data), got); diff != "" && !*update {
			t.Errorf("%s (-file +what is found):\n%s", f.Name, diff)
		}
		archive.Files[i].Data = []byte(got)
	}
	if *update {
		if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// someSurroundings knows a plan of the shop, a template called total, and segments that
// read what their names say.
func someSurroundings() journey.Surroundings {
	plan := shopPlan()
	plan.Events["Checkout Started"] = rule.Noun{Fields: map[string]rule.Type{"cart_id": {Kind: rule.Text}}}
	return journey.Surroundings{
		Plan: plan,
		Prints: func(template string) []string {
			if template == "total" {
				return []string{"total"}
			}
			return nil
		},
		Hears: func(segment string) []string {
			if segment == "written-to" {
				return []string{"Message Sent"}
			}
			return nil
		},
	}
}
