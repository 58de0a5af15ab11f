package mail

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// Every page in testdata/text has beside it what it says.
func TestText(t *testing.T) {
	t.Parallel()
	pages, err := filepath.Glob("testdata/text/*.html")
	if err != nil || len(pages) == 0 {
		t.Fatal("no pages", err)
	}
	for _, page := range pages {
		source, want := read(t, page), read(t, strings.TrimSuffix(page, "html")+"txt")
		if diff := cmp.Diff(strings.TrimSuffix(want, "\n"), Text(source)); diff != "" {
			t.Errorf("%s: want -, got +\n%s", page, diff)
		}
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// What a page says is never much longer than the page, has no white space at the
// end of a line, and what is not markup is kept.
func FuzzText(f *testing.F) {
	for _, s := range []string{"", "<", "<a", "<a href=", "<p>x</p>", "<style>", "&amp;lt;b>", "<a href='x", "<!--", "</", "<li><li>"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := Text(s)
		if utf8.ValidString(s) && !utf8.ValidString(got) {
			t.Errorf("%q became text that is not UTF-8: %q", s, got)
		}
		for line := range strings.SplitSeq(got, "\n") {
			if line != strings.TrimRight(line, " \t\r") {
				t.Errorf("%q: white space ends a line of %q", s, got)
			}
		}
		if !strings.ContainsAny(s, "<&") && len(strings.Fields(s)) > 0 && got == "" && strings.Trim(s, invisible+" \t\r\n\f") != "" {
			t.Errorf("%q became nothing", s)
		}
	})
}

// A page whose markup never ends is read in a few passes: at a million pieces,
// reading all of it again for each would outlast the test's time limit.
func TestTextReadsEndlessMarkupOnce(t *testing.T) {
	t.Parallel()
	for _, piece := range []string{"<a", "<a href='", "<style>", "<!--", "</", "<a href=x>", "&", "<p x=\"", "= '"} {
		if got := Text(strings.Repeat(piece, 1<<20)); len(got) > len(piece)<<20 {
			t.Errorf("%q grew to %d bytes", piece, len(got))
		}
	}
}
