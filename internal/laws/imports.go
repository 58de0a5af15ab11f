package laws

import (
	"path"
	"strings"
)

// Room says which other rooms of the house a room may import. A pattern is a
// folder, or a folder with /... for it and all below. Every room may import
// what lies below its own first folder.
type Room struct {
	Folder     string
	Imports    []string
	StdlibOnly bool // its own code uses no foreign module
}

// Imports finds imports that go against the table, and rooms that the table
// does not know. Tests outside their package (package x_test) look at a room
// from the street and may import any room that is not in tops.
func Imports(t *Tree, table []Room, tops []string) []Finding {
	var found []Finding
	unknown := map[string]bool{}
	for _, f := range t.Go {
		room, ok := roomOf(table, f.Dir)
		if !ok {
			if !unknown[f.Dir] {
				found = append(found, Finding{Path: f.Dir, Message: "a room that the table of rooms does not know"})
			}
			unknown[f.Dir] = true
			continue
		}
		for _, spec := range f.AST.Imports {
			p := importPath(spec)
			to, ours := t.room(p)
			switch {
			case !ours && room.StdlibOnly && !f.Test && !inStdlib(p):
				found = append(found, t.at(spec.Pos(), "%s may import the standard library only, not %s", title(f.Dir), p))
			case ours && !mayImport(room, f, to, tops):
				found = append(found, t.at(spec.Pos(), "%s may not import %s", title(f.Dir), title(to)))
			}
		}
	}
	return sorted(found)
}

func mayImport(room Room, f *File, to string, tops []string) bool {
	if first(to) == first(f.Dir) || matchesAny(room.Imports, to) {
		return true
	}
	return outside(f) && !matchesAny(tops, to)
}

// outside reports whether a file is a test outside its package.
func outside(f *File) bool { return f.Test && strings.HasSuffix(f.AST.Name.Name, "_test") }

func roomOf(table []Room, dir string) (Room, bool) {
	for _, room := range table {
		if matches(room.Folder, dir) {
			return room, true
		}
	}
	return Room{}, false
}

func title(dir string) string {
	if dir == "." {
		return "the root"
	}
	return dir
}

func first(dir string) string {
	dir, _, _ = strings.Cut(dir, "/")
	return dir
}

// inStdlib reports whether a path is of the standard library: its first part
// has no dot, which no module that can be downloaded lacks.
func inStdlib(p string) bool { return !strings.Contains(first(p), ".") }

// Oracles finds oracles that could share the mistakes of what they judge: test
// files with "oracle" in their name that import one of the refused rooms, or
// stand inside its package.
func Oracles(t *Tree, refused []string) []Finding {
	var found []Finding
	for _, f := range t.Go {
		if !f.Test || !strings.Contains(strings.ToLower(path.Base(f.Path)), "oracle") {
			continue
		}
		if matchesAny(refused, f.Dir) && !outside(f) {
			found = append(found, t.at(f.AST.Name.Pos(), "an oracle inside package %s shares its code: make it package %[1]s_test", f.AST.Name.Name))
		}
		for _, spec := range f.AST.Imports {
			if to, ours := t.room(importPath(spec)); ours && matchesAny(refused, to) {
				found = append(found, t.at(spec.Pos(), "an oracle may not import %s, which it judges", to))
			}
		}
	}
	return sorted(found)
}
