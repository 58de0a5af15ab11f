package rule

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

const docs = "../docs/rules.md"

// Every example of the language's page is true.
func TestDocs(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(docs)
	if err != nil {
		t.Fatal(err)
	}
	told := 0
	for _, box := range strings.Split(string(page), "```rule\n")[1:] {
		box, _, _ = strings.Cut(box, "```")
		for _, s := range cutStories(docs, box) {
			told++
			t.Run(s.lines[0][1], func(t *testing.T) {
				t.Parallel()
				s.run(t)
			})
		}
	}
	if told < 20 {
		t.Errorf("only %d examples were found", told)
	}
}

// Every function is on the page, in an example.
func TestDocsAreComplete(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(docs)
	if err != nil {
		t.Fatal(err)
	}
	examples := ""
	for _, box := range strings.Split(string(page), "```rule\n")[1:] {
		box, _, _ = strings.Cut(box, "```")
		examples += box
	}
	for _, f := range functions {
		call := f.name + "("
		if f.of != ofNothing {
			call = "." + call
		}
		if !strings.Contains(examples, call) {
			t.Errorf("no example of %s%s)", call, f.params)
		}
	}
	for _, limit := range []int{maxText, maxDepth, maxNodes} {
		if text := fmt.Sprint(limit); !strings.Contains(strings.ReplaceAll(string(page), ",", ""), text) {
			t.Errorf("the limit %s is not told", text)
		}
	}
}
