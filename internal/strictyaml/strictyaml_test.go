package strictyaml_test

import (
	"errors"
	"flag"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"rapport/internal/strictyaml"
)

type document struct {
	Name    string            `json:"name" required:"true" doc:"How it is called"`
	Age     int               `json:"age" doc:"In years"`
	Rate    float64           `json:"rate"`
	Active  bool              `json:"active"`
	Tags    []string          `json:"tags"`
	Size    string            `json:"size" enum:"small,large"`
	When    length            `json:"when"`
	Steps   []step            `json:"steps"`
	Colours map[string]string `json:"colours"`
	Any     any               `json:"any"`
	Nulls   map[string]any    `json:"nulls" null:"true"`
}

type step struct {
	Wait  length `json:"wait"`
	Send  *send  `json:"send"`
	Steps []step `json:"steps"`
}

type send struct {
	Template string `json:"template" required:"true" doc:"Which template"`
}

type length time.Duration

func (l *length) UnmarshalText(text []byte) error {
	d, err := time.ParseDuration(string(text))
	if err != nil {
		return errors.New(`"` + string(text) + `" is not a length of time such as 15m`)
	}
	*l = length(d)
	return nil
}

func decode(src strictyaml.Source) (doc document, problems []strictyaml.Problem) {
	tree, problems := strictyaml.Parse(src)
	if tree == nil {
		return doc, problems
	}
	return doc, append(problems, tree.Decode(&doc)...)
}

var update = flag.Bool("update", false, "write what is found into testdata")

func TestProblems(t *testing.T) {
	t.Parallel()
	const file = "testdata/problems.txtar"
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(archive.Files); i += 2 {
		in, out := archive.Files[i], &archive.Files[i+1]
		if out.Name != in.Name+".problems" {
			t.Fatalf("%s is not followed by its problems", in.Name)
		}
		_, problems := decode(strictyaml.Source{File: in.Name, Text: in.Data})
		var got strings.Builder
		for _, p := range problems {
			got.WriteString(p.String() + "\n")
		}
		if *update {
			out.Data = []byte(got.String())
		}
		if diff := cmp.Diff(string(out.Data), got.String()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", in.Name, diff)
		}
	}
	if *update {
		if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestDecodeFillsIn(t *testing.T) {
	t.Parallel()
	want := document{
		Name: "a", Age: 3, Rate: 2, Active: true, Tags: []string{"x"}, Size: "small", When: length(time.Minute),
		Steps: []step{{Wait: length(time.Hour)}, {Send: &send{Template: "t"}}}, Colours: map[string]string{"red": "#f00"},
		Any:   map[string]any{"n": 1.5, "list": []any{true, nil, "x"}},
		Nulls: map[string]any{"gone": nil, "there": "x"},
	}
	for name, text := range map[string]string{
		"yaml": `
name: a
age: 3
rate: 2
active: true
tags: x
size: small
when: 1m
steps: [{wait: 1h}, {send: {template: t}}]
colours: {red: "#f00"}
any: {n: 1.5, list: [true, null, x]}
nulls: {gone: null, there: x}
`,
		"json": `{"name":"a","age":3,"rate":2,"active":true,"tags":["x"],"size":"small","when":"1m",
"steps":[{"wait":"1h"},{"send":{"template":"t"}}],"colours":{"red":"#f00"},"any":{"n":1.5,"list":[true,null,"x"]},"nulls":{"gone":null,"there":"x"}}`,
	} {
		got, problems := decode(strictyaml.Source{Text: []byte(text)})
		if len(problems) > 0 {
			t.Errorf("%s: %v", name, problems)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"large": "name: " + strings.Repeat("x", strictyaml.MaxBytes),
		"deep":  "any: " + strings.Repeat("[", 70) + strings.Repeat("]", 70),
		"json":  `{"any":` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + "}",
		"bytes": "name: \xff",
	} {
		if tree, problems := strictyaml.Parse(strictyaml.Source{Text: []byte(text)}); tree != nil || len(problems) != 1 {
			t.Errorf("%s: %v", name, problems)
		}
	}
}

func TestWithinFindsTheCharacter(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"name: one two X three",
		"name: \"one \\\"two\\\" X three\"",
		"name: 'it''s X'",
		"name: |\n  one\n    two\n  X three",
		"# hello\nname: >-\n  one two\n  three X\n",
		"name: one\n  two X",
		"name: &anchor X",
		`{"age": 1, "name": "é \" X"}`,
	} {
		tree, problems := strictyaml.Parse(strictyaml.Source{Text: []byte(text), Line: 10})
		if tree == nil {
			t.Fatal(problems)
		}
		at := strings.Index(tree.Text("name"), "X")
		p := tree.Within("name", at, "here")
		if got := characterAt(text, p.Line-10, p.Column); got != 'X' {
			t.Errorf("%q: %s is %q", text, p, got)
		}
	}
}

func characterAt(text string, line, column int) rune {
	lines := strings.Split(text, "\n")
	if line < 1 || line > len(lines) || column < 1 || column > len([]rune(lines[line-1])) {
		return 0
	}
	return []rune(lines[line-1])[column-1]
}

func TestProblemFallsBackToWhatIsThere(t *testing.T) {
	t.Parallel()
	tree, _ := strictyaml.Parse(strictyaml.Source{File: "f", Text: []byte("name: a\ncolours: {\"light blue\": x}\n")})
	for path, want := range map[string]string{
		"colours.red.dark":               "f:2:10: colours.red.dark: m",
		`colours["light blue"]`:          "f:2:25: colours[\"light blue\"]: m",
		`colours["light blue"][3].x`:     "f:2:25: colours[\"light blue\"][3].x: m",
		"nowhere":                        "f:1:1: nowhere: m",
		strictyaml.Key("", "name"):       "f:1:7: name: m",
		strictyaml.Index("colours", 200): "f:2:10: colours[200]: m",
	} {
		if got := tree.Problem(path, "m").String(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func FuzzDecode(f *testing.F) {
	archive, err := txtar.ParseFile("testdata/problems.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range archive.Files {
		f.Add(file.Data, "steps[0].send", 3)
	}
	f.Fuzz(func(t *testing.T, text []byte, path string, offset int) {
		tree, problems := strictyaml.Parse(strictyaml.Source{File: "f", Text: text})
		if tree == nil && len(problems) == 0 {
			t.Fatal("refused without a reason")
		}
		if tree != nil {
			problems = append(problems, tree.Decode(new(document))...)
			problems = append(problems, tree.Problem(path, "m"), tree.Within("name", offset, "m"))
		}
		for _, p := range problems {
			if p.Line < 1 || p.Column < 1 || p.Message == "" {
				t.Errorf("a problem without a place or a message: %+v", p)
			}
		}
	})
}
