package laws

import (
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// The laws themselves are tested by the planted houses in testdata/laws of the
// module's root; here are only the small judgements below them.

func TestGuessName(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"time":                        "time",
		"math/rand/v2":                "rand",
		"github.com/jackc/pgx/v5":     "pgx",
		"gopkg.in/yaml.v3":            "yaml",
		"github.com/google/go-cmp":    "cmp",
		"rapport/internal/vault":      "vault",
		"github.com/prometheus/v2ray": "v2ray",
	} {
		if got := guessName(path); got != want {
			t.Errorf("guessName(%q) = %q, want %q", path, got, want)
		}
	}
}

func TestSentences(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		"":                            0,
		"No end":                      0,
		"Version 1.2 of it.":          1,
		"One. Two!":                   2,
		"It says \"so.\" And (more.)": 2,
		"Lists:\n  - a\n  - b\n":      1,
	} {
		if got := sentences(text); got != want {
			t.Errorf("sentences(%q) = %d, want %d", text, got, want)
		}
	}
}

func TestMatches(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pattern, dir string
		want         bool
	}{
		{"store", "store", true},
		{"store", "store/sqlite", false},
		{"store/...", "store", true},
		{"store/...", "store/sqlite", true},
		{"store/...", "storefront", false},
		{".", ".", true},
		{".", "rule", false},
	} {
		if got := matches(c.pattern, c.dir); got != c.want {
			t.Errorf("matches(%q, %q) = %t", c.pattern, c.dir, got)
		}
	}
}

func TestLoadPassesOver(t *testing.T) {
	t.Parallel()
	file := &fstest.MapFile{Data: []byte("package x\n")}
	tree, err := Load(fstest.MapFS{
		"x.go":                  file,
		"sub/x.go":              file,
		"sub/testdata/x.go":     file,
		"_old/x.go":             file,
		"bin/x.go":              file,
		"web/node_modules/x.go": file,
		".git/x.go":             file,
		"other/go.mod":          {Data: []byte("module other\n")},
		"other/deep/x.go":       file,
		"picture.png":           {Data: []byte{0x89, 'P', 'N', 'G', 0}},
	}, "m", "bin")
	if err != nil {
		t.Fatal(err)
	}
	var parsed, texts []string
	for _, f := range tree.Go {
		parsed = append(parsed, f.Path)
	}
	for _, f := range tree.Texts {
		texts = append(texts, f.Path)
	}
	if diff := cmp.Diff([]string{"sub/x.go", "x.go"}, parsed); diff != "" {
		t.Errorf("parsed (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"_old/x.go", "other/deep/x.go", "other/go.mod", "sub/testdata/x.go", "sub/x.go", "x.go"}, texts); diff != "" {
		t.Errorf("texts (-want +got):\n%s", diff)
	}
}

func TestLoadRefusesBrokenGo(t *testing.T) {
	t.Parallel()
	_, err := Load(fstest.MapFS{"x.go": {Data: []byte("package\n")}}, "m")
	if err == nil {
		t.Error("a file that does not parse was taken")
	}
}
