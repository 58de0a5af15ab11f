package render_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"rapport"
	"rapport/render"
	"rapport/rule"
)

var update = flag.Bool("update", false, "write what is found into testdata")

// TestCases runs testdata/cases. A file has template.yaml, and may have
// customer.yaml, brand.yaml, blocks/NAME.yaml, markets (their names) and traits (the
// names that the data plan knows). What comes of it stands in problems, error, or subject, html, text
// and envelope.
func TestCases(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/cases/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("there are no cases: ", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			testCase(t, file)
		})
	}
}

func testCase(t *testing.T, file string) {
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var doc render.Doc
	var who person
	env := render.Env{Brands: map[string]render.BrandDoc{}, Blocks: map[string]render.BlockDoc{}}
	given := &txtar.Archive{Comment: archive.Comment}
	for _, f := range archive.Files {
		base := strings.TrimSuffix(filepath.Base(f.Name), ".yaml")
		switch {
		case f.Name == "template.yaml":
			read(t, f.Name, f.Data, &doc)
		case f.Name == "customer.yaml":
			read(t, f.Name, f.Data, &who)
		case f.Name == "traits":
			env.Plan = planOf(string(f.Data))
		case f.Name == "markets":
			env.Markets = strings.Fields(string(f.Data))
		case strings.HasPrefix(f.Name, "brand"):
			env.Brands[base] = readBrand(t, f.Name, f.Data)
		case strings.HasPrefix(f.Name, "blocks/"):
			var b render.BlockDoc
			read(t, f.Name, f.Data, &b)
			env.Blocks[base] = b
		default:
			continue
		}
		given.Files = append(given.Files, f)
	}
	given.Files = append(given.Files, outcome(t, doc, env, &who)...)
	got := txtar.Format(given)
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(txtar.Format(archive)), string(got)); diff != "" {
		t.Errorf("not what the file says (-file +found):\n%s", diff)
	}
}

// planOf knows traits by name and refuses others.
func planOf(names string) *rule.Plan {
	plan := &rule.Plan{Customer: rule.Noun{Fields: map[string]rule.Type{}, Strict: true}}
	for _, name := range strings.Fields(names) {
		plan.Customer.Fields[name] = rule.Type{}
	}
	return plan
}

// outcome compiles and renders, and writes down what comes of it.
func outcome(t *testing.T, doc render.Doc, env render.Env, who *person) []txtar.File {
	t.Helper()
	template, problems := render.Compile("the-template", doc, env)
	if len(problems) > 0 {
		var b strings.Builder
		for _, p := range problems {
			fmt.Fprintln(&b, p)
		}
		return []txtar.File{{Name: "problems", Data: []byte(b.String())}}
	}
	set := render.NewSet([]*render.Template{template})
	request, now := who.request(t, "the-template")
	letter, err := set.Render(request, now)
	if err != nil {
		if rapport.KindOf(err) != rapport.Invalid {
			t.Errorf("the error is of kind %v", rapport.KindOf(err))
		}
		return []txtar.File{{Name: "error", Data: []byte(rapport.MessageOf(err) + "\n")}}
	}
	if again, _ := set.Render(request, now); again != letter {
		t.Error("rendered twice, it came out different")
	}
	return written(letter)
}

// written are the parts of a letter that are not empty.
func written(l render.Letter) []txtar.File {
	envelope := ""
	for _, f := range [...]struct{ name, text string }{
		{"from", strings.TrimSpace(l.From.Name + " <" + l.From.Address + ">")}, {"reply to", l.ReplyTo}, {"language", l.Language},
	} {
		if strings.Trim(f.text, "<>") != "" {
			envelope += f.name + ": " + f.text + "\n"
		}
	}
	var files []txtar.File
	for _, f := range [...]struct{ name, text string }{
		{"envelope", envelope}, {"subject", l.Content.Subject}, {"html", l.Content.HTML}, {"text", l.Content.Text},
	} {
		if f.text != "" {
			files = append(files, txtar.File{Name: f.name, Data: []byte(strings.TrimSuffix(f.text, "\n") + "\n")})
		}
	}
	return files
}
