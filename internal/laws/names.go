package laws

import (
	"go/ast"
	"path"
	"slices"
	"strings"
	"unicode"
)

// Names finds folders, packages, Go files and types that say a pattern instead
// of the business: a folder, package or file named by one of banned, a type
// whose last word is one of patterns.
func Names(t *Tree, banned, patterns []string) []Finding {
	var found []Finding
	for _, dir := range t.Dirs {
		if slices.Contains(banned, strings.ToLower(path.Base(dir))) && !t.foreign(dir+"/x") {
			found = append(found, Finding{Path: dir, Message: "a folder's name says what happens in it, not " + path.Base(dir)})
		}
	}
	for _, f := range t.Go {
		stem := strings.TrimSuffix(strings.TrimSuffix(path.Base(f.Path), ".go"), "_test")
		if slices.Contains(banned, stem) {
			found = append(found, Finding{Path: f.Path, Message: "a file is named by its noun, not " + stem})
		}
		if name := strings.TrimSuffix(f.AST.Name.Name, "_test"); slices.Contains(banned, name) {
			found = append(found, t.at(f.AST.Name.Pos(), "a package's name says what it does, not %s", name))
		}
		for _, spec := range typeSpecs(f.AST) {
			if word := lastWord(spec.Name.Name); slices.Contains(patterns, word) {
				found = append(found, t.at(spec.Name.Pos(), "type %s: a name says the business word, not %s", spec.Name.Name, word))
			}
		}
	}
	return sorted(found)
}

// lastWord returns the last word of a name in camel case.
func lastWord(name string) string {
	return name[max(0, strings.LastIndexFunc(name, unicode.IsUpper)):]
}

// typeSpecs returns the types that a file declares at package level.
func typeSpecs(f *ast.File) []*ast.TypeSpec {
	var specs []*ast.TypeSpec
	for _, decl := range f.Decls {
		gen, ok := decl.(*ast.GenDecl)
		if !ok {
			continue
		}
		for _, spec := range gen.Specs {
			if s, ok := spec.(*ast.TypeSpec); ok {
				specs = append(specs, s)
			}
		}
	}
	return specs
}
