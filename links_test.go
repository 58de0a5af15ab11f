package rapport_test

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
)

var (
	fenced  = regexp.MustCompile("(?ms)^ *```.*?^ *```\\s*?$")
	inCode  = regexp.MustCompile("`[^`\n]*`")
	links   = regexp.MustCompile(`\]\(([^()\s]+)\)`)
	titles  = regexp.MustCompile(`(?m)^#{1,6} +(.+?) *$`)
	linking = regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`)
)

// TestLinks: whatever a page of this repository links to by a relative way is there,
// and so is the title that a link names behind a #.
func TestLinks(t *testing.T) {
	t.Parallel()
	pages := pagesOf(t, ".")
	if len(pages) < 20 {
		t.Fatalf("there are only %d pages", len(pages))
	}
	found := 0
	for page, text := range pages {
		for _, m := range links.FindAllStringSubmatch(inCode.ReplaceAllString(text, ""), -1) {
			if strings.Contains(m[1], ":") {
				continue // elsewhere in the world
			}
			found++
			if why := broken(pages, page, m[1]); why != "" {
				t.Errorf("%s links to %s: %s", page, m[1], why)
			}
		}
	}
	if found < 100 {
		t.Errorf("only %d links were found", found)
	}
}

// TestContents: the table of contents leads to every page of docs.
func TestContents(t *testing.T) {
	t.Parallel()
	contents := map[string]bool{"docs/README.md": true}
	pages := pagesOf(t, ".")
	for _, m := range links.FindAllStringSubmatch(pages["docs/README.md"], -1) {
		contents[path.Join("docs", m[1])] = true
	}
	for page := range pages {
		if strings.HasPrefix(page, "docs/") && !contents[page] {
			t.Errorf("docs/README.md does not lead to %s", page)
		}
	}
}

// TestBrokenLinks: the test above finds what it should.
func TestBrokenLinks(t *testing.T) {
	t.Parallel()
	pages := map[string]string{"docs/a.md": "# One & two\n\n## 첫걸음: `los`\n\n## One & two\n", "b.md": "# B\n"}
	for link, ok := range map[string]bool{
		"../b.md": true, "a.md": true, "#one--two": true, "a.md#one--two-1": true, "#첫걸음-los": true, "../b.md#b": true, "../docs": true,
		"b.md": false, "#three": false, "../b.md#a": false, "/b.md": false, "../..": false,
	} {
		if why := broken(pages, "docs/a.md", link); (why == "") != ok {
			t.Errorf("%s: %q", link, why)
		}
	}
}

// pagesOf returns the pages below a folder without their boxes of code.
func pagesOf(t *testing.T, root string) map[string]string {
	t.Helper()
	pages := map[string]string{}
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && name != root && (entry.Name()[0] == '.' || slices.Contains([]string{"node_modules", "testdata", "data", "bin"}, entry.Name())) {
			return filepath.SkipDir
		}
		if filepath.Ext(name) != ".md" {
			return nil
		}
		text, err := os.ReadFile(name)
		pages[filepath.ToSlash(name)] = fenced.ReplaceAllString(string(text), "")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return pages
}

// broken says why a link of a page leads nowhere; "" if it leads somewhere.
func broken(pages map[string]string, page, link string) string {
	file, anchor, _ := strings.Cut(link, "#")
	target := page
	if file != "" {
		target = path.Join(path.Dir(page), file)
	}
	if strings.HasPrefix(file, "/") || target == ".." || strings.HasPrefix(target, "../") {
		return "it leads out of the repository"
	}
	text, isPage := pages[target]
	if _, err := os.Stat(filepath.FromSlash(target)); err != nil && !isPage {
		return "there is no such file"
	}
	if anchor != "" && !slices.Contains(anchorsOf(text), anchor) {
		return fmt.Sprintf("there is no title of that name, only %s", strings.Join(anchorsOf(text), ", "))
	}
	return ""
}

// anchorsOf returns what GitHub calls the titles of a page.
func anchorsOf(text string) (anchors []string) {
	seen := map[string]int{}
	for _, m := range titles.FindAllStringSubmatch(text, -1) {
		name := strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsNumber(r) || r == '-' || r == '_':
				return unicode.ToLower(r)
			}
			return -1
		}, linking.ReplaceAllString(m[1], "$1"))
		n := seen[name]
		if seen[name]++; n > 0 {
			name = fmt.Sprintf("%s-%d", name, n)
		}
		anchors = append(anchors, name)
	}
	return anchors
}
