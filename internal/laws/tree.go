package laws

import (
	"bytes"
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Tree is a module's source: its Go files, parsed, and the text of all files.
type Tree struct {
	Module string // the module's path
	Go     []*File
	Texts  []Text
	Dirs   []string // every folder, relative to the root

	fset    *token.FileSet
	modules map[string]bool // folders below the root that are modules of their own
}

// File is one Go file of the module itself.
type File struct {
	Path      string // relative to the root, with slashes
	Dir       string // the folder it stands in; "." is the root
	Test      bool   // its name ends in _test.go
	Generated bool   // it says that a program wrote it
	Lines     int
	AST       *ast.File
}

// Text is one file that people can read, Go or not.
type Text struct {
	Path string
	Data []byte
}

// Finding is one place where a law is broken.
type Finding struct {
	Path    string
	Line    int // 0 where the whole file or folder is meant
	Message string
}

// String returns the finding as path:line: message.
func (f Finding) String() string {
	if f.Line == 0 {
		return f.Path + ": " + f.Message
	}
	return fmt.Sprintf("%s:%d: %s", f.Path, f.Line, f.Message)
}

// Load reads a module. It passes over .git, node_modules, the paths in skip and
// whatever lies below them; testdata and modules inside the module are read as
// text only, since no build of the module sees their Go files.
func Load(fsys fs.FS, module string, skip ...string) (*Tree, error) {
	t := &Tree{Module: module, fset: token.NewFileSet(), modules: map[string]bool{}}
	err := fs.WalkDir(fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.Name() == ".git" || entry.Name() == "node_modules" || slices.Contains(skip, name):
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		case entry.IsDir():
			t.Dirs = append(t.Dirs, name)
			return nil
		case !entry.Type().IsRegular():
			return nil
		}
		return t.read(fsys, name)
	})
	if err != nil {
		return nil, err
	}
	return t, t.parse()
}

func (t *Tree) read(fsys fs.FS, name string) error {
	if path.Base(name) == "go.mod" && name != "go.mod" {
		t.modules[path.Dir(name)] = true
	}
	data, err := fs.ReadFile(fsys, name)
	if err != nil {
		return err
	}
	if utf8.Valid(data) && !bytes.ContainsRune(data, 0) {
		t.Texts = append(t.Texts, Text{Path: name, Data: data})
	}
	return nil
}

// parse reads the Go files among the texts. A file that does not parse is an
// error and no finding: the compiler says it better.
func (t *Tree) parse() error {
	for _, text := range t.Texts {
		if path.Ext(text.Path) != ".go" || t.foreign(text.Path) {
			continue
		}
		file, err := parser.ParseFile(t.fset, text.Path, text.Data, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		t.Go = append(t.Go, &File{
			Path:      text.Path,
			Dir:       path.Dir(text.Path),
			Test:      strings.HasSuffix(text.Path, "_test.go"),
			Generated: ast.IsGenerated(file),
			Lines:     bytes.Count(text.Data, []byte("\n")),
			AST:       file,
		})
	}
	return nil
}

// foreign reports whether the go tool leaves a file out of the module's packages.
func (t *Tree) foreign(name string) bool {
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		base := path.Base(dir)
		if base == "testdata" || strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_") || t.modules[dir] {
			return true
		}
	}
	return false
}

// line returns the line a position stands in.
func (t *Tree) line(pos token.Pos) int { return t.fset.Position(pos).Line }

// at makes a finding at a place in a Go file.
func (t *Tree) at(pos token.Pos, format string, args ...any) Finding {
	p := t.fset.Position(pos)
	return Finding{Path: p.Filename, Line: p.Line, Message: fmt.Sprintf(format, args...)}
}

// sorted puts findings in the order of path and line.
func sorted(found []Finding) []Finding {
	slices.SortStableFunc(found, func(a, b Finding) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), cmp.Compare(a.Line, b.Line))
	})
	return found
}

// room returns the folder of a package of this module, "." for the root; ok is
// false for a package of somebody else's.
func (t *Tree) room(importPath string) (dir string, ok bool) {
	if importPath == t.Module {
		return ".", true
	}
	return strings.CutPrefix(importPath, t.Module+"/")
}

// importPath returns the path an import names.
func importPath(spec *ast.ImportSpec) string {
	p, err := strconv.Unquote(spec.Path.Value)
	if err != nil {
		return ""
	}
	return p
}

// imported returns the local names under which a file imports its packages,
// each with the package's path. The name of a package without a name of its own
// is guessed from its path, as every Go programmer does.
func imported(f *ast.File) map[string]string {
	names := map[string]string{}
	for _, spec := range f.Imports {
		p := importPath(spec)
		if spec.Name != nil {
			names[spec.Name.Name] = p
			continue
		}
		names[guessName(p)] = p
	}
	return names
}

func guessName(importPath string) string {
	base := path.Base(importPath)
	if strings.HasPrefix(base, "v") && strings.Trim(base[1:], "0123456789") == "" && path.Dir(importPath) != "." {
		base = path.Base(path.Dir(importPath))
	}
	base, _, _ = strings.Cut(strings.TrimPrefix(base, "go-"), ".")
	return base
}

// matches reports whether a folder is named by a pattern: the folder itself,
// or with /... the folder and all below it.
func matches(pattern, dir string) bool {
	if above, ok := strings.CutSuffix(pattern, "/..."); ok {
		return dir == above || strings.HasPrefix(dir, above+"/")
	}
	return dir == pattern
}

func matchesAny(patterns []string, dir string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return matches(p, dir) })
}
