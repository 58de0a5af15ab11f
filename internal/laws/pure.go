package laws

import (
	"go/ast"
	"go/token"
	"slices"
	"strings"
)

// Impure says what pure rooms may not touch.
type Impure struct {
	Imports []string            // packages, by path or with /... by the path and all below
	Names   map[string][]string // names of a package that may otherwise be used, by the package's path
}

// Pure finds where rooms that promise to be pure reach for the clock, for
// chance or for the world. Test files and packages of test code (their name
// ends in test) are free.
func Pure(t *Tree, rooms []string, impure Impure) []Finding {
	var found []Finding
	for _, f := range t.Go {
		if f.Test || strings.HasSuffix(f.AST.Name.Name, "test") || !matchesAny(rooms, f.Dir) {
			continue
		}
		for _, spec := range f.AST.Imports {
			p := importPath(spec)
			if matchesAny(impure.Imports, p) {
				found = append(found, t.at(spec.Pos(), "%s is pure and may not import %s", f.Dir, p))
			}
			if spec.Name != nil && spec.Name.Name == "." {
				found = append(found, t.at(spec.Pos(), "%s is pure, and a dot import hides what it calls", f.Dir))
			}
		}
		found = append(found, t.impureNames(f, impure)...)
	}
	return sorted(found)
}

func (t *Tree) impureNames(f *File, impure Impure) []Finding {
	var found []Finding
	names := imported(f.AST)
	ast.Inspect(f.AST, func(n ast.Node) bool {
		pkg, name, ok := qualified(n, names)
		if ok && slices.Contains(impure.Names[pkg], name) {
			found = append(found, t.at(n.Pos(), "%s is pure and may not use %s.%s", f.Dir, pkg, name))
		}
		return true
	})
	return found
}

// qualified takes apart a name of another package, such as time.Now.
func qualified(n ast.Node, names map[string]string) (pkg, name string, ok bool) {
	sel, ok := n.(*ast.SelectorExpr)
	if !ok {
		return "", "", false
	}
	id, ok := sel.X.(*ast.Ident)
	if !ok {
		return "", "", false
	}
	pkg, ok = names[id.Name]
	return pkg, sel.Sel.Name, ok
}

// Handles finds exported names that carry one of the given types (as
// "import/path.Name") across the package's border: in a parameter, a result, an
// exported field or an interface's method.
func Handles(t *Tree, types []string) []Finding {
	var found []Finding
	for _, f := range t.Go {
		if f.Test {
			continue
		}
		names := imported(f.AST)
		for _, decl := range f.AST.Decls {
			for _, face := range exportedFace(decl) {
				ast.Inspect(face, func(n ast.Node) bool {
					pkg, name, ok := qualified(n, names)
					if ok && slices.Contains(types, pkg+"."+name) {
						found = append(found, t.at(n.Pos(), "%s.%s crosses the border of package %s", pkg, name, f.AST.Name.Name))
					}
					return true
				})
			}
		}
	}
	return sorted(found)
}

// exportedFace returns what other packages see of a declaration: the signature
// of an exported function, and of an exported type, variable or constant what
// it is made of, without the fields that only its own package sees.
func exportedFace(decl ast.Decl) []ast.Node {
	switch d := decl.(type) {
	case *ast.FuncDecl:
		if d.Name.IsExported() {
			return []ast.Node{d.Type}
		}
	case *ast.GenDecl:
		if d.Tok == token.IMPORT {
			return nil
		}
		var faces []ast.Node
		for _, spec := range d.Specs {
			faces = append(faces, specFace(spec)...)
		}
		return faces
	}
	return nil
}

func specFace(spec ast.Spec) []ast.Node {
	switch s := spec.(type) {
	case *ast.ValueSpec:
		if s.Type != nil && slices.ContainsFunc(s.Names, (*ast.Ident).IsExported) {
			return []ast.Node{s.Type}
		}
	case *ast.TypeSpec:
		if !s.Name.IsExported() {
			return nil
		}
		fields, ok := s.Type.(*ast.StructType)
		if !ok {
			return []ast.Node{s.Type}
		}
		var faces []ast.Node
		for _, field := range fields.Fields.List {
			if len(field.Names) == 0 || slices.ContainsFunc(field.Names, (*ast.Ident).IsExported) {
				faces = append(faces, field.Type)
			}
		}
		return faces
	}
	return nil
}
