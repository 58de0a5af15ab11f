package workspace_test

import (
	"flag"
	"os"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"rapport/workspace"
)

var update = flag.Bool("update", false, "write what is found into testdata")

// cases returns the files of each folder of an archive, and where its problems stand.
func cases(t testing.TB, archive *txtar.Archive) (names []string, files map[string][]workspace.File, want map[string]*txtar.File) {
	t.Helper()
	files, want = map[string][]workspace.File{}, map[string]*txtar.File{}
	for i, f := range archive.Files {
		name := path.Dir(f.Name)
		if path.Base(f.Name) == "problems" {
			names = append(names, name)
			want[name] = &archive.Files[i]
			continue
		}
		files[name] = append(files[name], workspace.File{Name: f.Name, Body: f.Data})
	}
	return names, files, want
}

func TestProblems(t *testing.T) {
	t.Parallel()
	const name = "testdata/problems.txtar"
	archive, err := txtar.ParseFile(name)
	if err != nil {
		t.Fatal(err)
	}
	names, files, want := cases(t, archive)
	for _, name := range names {
		docs, problems := workspace.Parse(files[name])
		compiled, more := workspace.Compile(docs, 1)
		if (compiled == nil) != (len(more) > 0) {
			t.Errorf("%s: compiled %v with %d problems", name, compiled != nil, len(more))
		}
		var got []string
		for _, p := range append(problems, more...) {
			got = append(got, p.String())
		}
		wanted := strings.Split(strings.TrimSuffix(string(want[name].Data), "\n"), "\n")
		if slices.EqualFunc(wanted, got, fits) || len(got) == 0 && wanted[0] == "" {
			continue
		}
		if *update {
			want[name].Data = []byte(strings.Join(got, "\n") + "\n")
			continue
		}
		t.Errorf("%s (-want +got):\n%s", name, cmp.Diff(wanted, got))
	}
	if *update {
		if err := os.WriteFile(name, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// fits reports whether a problem is the one that is wanted. The words of other
// packages are theirs to change: what ends in … is only the beginning.
func fits(want, got string) bool {
	if start, open := strings.CutSuffix(want, "…"); open {
		return strings.HasPrefix(got, start)
	}
	return want == got
}
