package liquid_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rapport/render/liquid"
)

// TestVariables runs testdata/variables.txt: name, template, a line of dashes,
// and the paths that it reads, each with its place, its use and how it is kept
// from being missed.
func TestVariables(t *testing.T) {
	t.Parallel()
	src, err := os.ReadFile("testdata/variables.txt")
	if err != nil {
		t.Fatal(err)
	}
	for c := range strings.SplitSeq(strings.TrimSuffix(string(src), "\n"), "\n===\n") {
		name, rest, _ := strings.Cut(c, "\n")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			template, want, _ := strings.Cut(rest, "\n---\n")
			tmpl, err := liquid.Parse(template, liquid.ParseOptions{Load: blocks(map[string]string{
				"footer": "{{ brand.name }}{{ who.email }}",
				"card":   "{{ card.name }}{{ size }}{{ forloop.index }}",
				"loop":   "{{ x }}{% render 'loop' %}",
				"set":    "{% assign done = customer.a %}",
			})})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, describe(tmpl.Variables())); diff != "" {
				t.Errorf("wanted (-), got (+):\n%s", diff)
			}
		})
	}
}

func describe(paths []liquid.Path) string {
	var lines []string
	for _, p := range paths {
		place := fmt.Sprintf("%d:%d", p.Position.Line, p.Position.Column)
		if p.Position.Block != "" {
			place = p.Position.Block + " " + place
		}
		line := fmt.Sprintf("%s %s %s", place, p.Name, [...]string{"printed", "tested", "looped", "passed"}[p.Use])
		if p.Default {
			line += " default"
		}
		if p.Guarded {
			line += " guarded"
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}
