package render_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"rapport/render"
)

// fence is a block of code of the page, and what stands behind its three ticks.
type fence struct{ kind, text string }

func fences(t *testing.T, file string) []fence {
	t.Helper()
	page, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var all []fence
	for i, part := range strings.Split(string(page), "\n```") {
		if i%2 == 1 {
			kind, text, _ := strings.Cut(part, "\n")
			all = append(all, fence{kind, text})
		}
	}
	return all
}

// TestPage runs every example of docs/templates.md.
func TestPage(t *testing.T) {
	t.Parallel()
	var who person
	env := render.Env{Brands: map[string]render.BrandDoc{}, Blocks: map[string]render.BlockDoc{}, Markets: []string{"thailand"}}
	all := fences(t, "../docs/templates.md")
	var docs []render.Doc
	for _, f := range all {
		switch f.kind {
		case "yaml customer":
			read(t, f.kind, []byte(f.text), &who)
		case "yaml brand":
			env.Brands["maison-lila"] = readBrand(t, f.kind, []byte(f.text))
		case "yaml block":
			var b render.BlockDoc
			read(t, f.kind, []byte(f.text), &b)
			env.Blocks[nameIn(f.text)] = b
		case "yaml template":
			var d render.Doc
			read(t, f.kind, []byte(f.text), &d)
			docs = append(docs, d)
		}
	}
	if len(docs) == 0 || len(who.Traits) == 0 || len(env.Brands) == 0 || len(env.Blocks) == 0 {
		t.Fatal("the page lacks an example")
	}
	for _, d := range docs {
		testWhole(t, d, env, &who)
	}
	for i, f := range all {
		if f.kind == "liquid" {
			testExample(t, f.text, all[i+1], env, &who)
		}
	}
}

// nameIn returns the name of a document.
func nameIn(text string) string {
	_, rest, _ := strings.Cut(text, "\nname: ")
	name, _, _ := strings.Cut(rest, "\n")
	return name
}

func testExample(t *testing.T, source string, want fence, env render.Env, who *person) {
	t.Helper()
	template, problems := render.Compile("example", render.Doc{Channel: "sms", Text: source}, env)
	got, kind := "", "text"
	if len(problems) > 0 {
		kind = "problems"
		for _, p := range problems {
			got += strings.TrimPrefix(fmt.Sprintln(p), "text: ")
		}
	} else {
		letter, err := template.Render(who.request(t, "example"))
		if err != nil {
			t.Error(err)
			return
		}
		got = strings.ReplaceAll(letter.Content.Text, "\u00a0", " ") // no-break spaces look like others on a page
	}
	if kind != want.kind || strings.TrimSpace(got) != strings.TrimSpace(want.text) {
		t.Errorf("the example\n%s\ncomes to (%s)\n%s\nand the page says (%s)\n%s", source, kind, got, want.kind, want.text)
	}
}

func testWhole(t *testing.T, d render.Doc, env render.Env, who *person) {
	t.Helper()
	template, problems := render.Compile("example", d, env)
	for _, p := range problems {
		t.Errorf("the template %q: %v", d.Subject, p)
	}
	if template == nil {
		return
	}
	request, now := who.request(t, "example")
	if _, err := template.Render(request, now); err != nil {
		t.Errorf("the template %q: %v", d.Subject, err)
	}
}
