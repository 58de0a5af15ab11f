package laws

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// State finds what a package remembers by itself: init functions, variables at
// package level that are not a constant in all but name, and writes to those.
//
// A variable may be an interface's assertion (var _ I = T{}), an embedded file,
// a table (a composite literal that nobody writes to), a mark to compare with (a
// pointer to a literal of constants), an error whose name begins with err, or
// what one of the functions in made returns (as "import/path.Name"): things that
// are made once and never change.
func State(t *Tree, made []string) []Finding {
	var found []Finding
	for _, p := range t.packages() {
		tables := map[string]bool{}
		for _, f := range p.files {
			if f.Test {
				continue
			}
			found = append(found, t.declarations(f, made, tables)...)
		}
		found = append(found, t.writes(p, tables)...)
	}
	return sorted(found)
}

// declarations judges what a file declares at package level and adds the
// variables it lets pass to tables.
func (t *Tree) declarations(f *File, made []string, tables map[string]bool) []Finding {
	var found []Finding
	names := imported(f.AST)
	for _, decl := range f.AST.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			if d.Name.Name == "init" && d.Recv == nil {
				found = append(found, t.at(d.Pos(), "an init function"))
			}
		case *ast.GenDecl:
			if d.Tok != token.VAR {
				continue
			}
			for _, spec := range d.Specs {
				s := spec.(*ast.ValueSpec)
				for i, name := range s.Names {
					tables[name.Name] = true
					if !constant(s, i, names, made) {
						found = append(found, t.at(name.Pos(), "variable %s at package level", name.Name))
					}
				}
			}
		}
	}
	return found
}

// constant reports whether the i-th variable of a declaration is one that State lets pass.
func constant(s *ast.ValueSpec, i int, names map[string]string, made []string) bool {
	name := s.Names[i].Name
	if name == "_" {
		return true
	}
	if pkg, typ, ok := qualified(s.Type, names); ok && pkg == "embed" && typ == "FS" {
		return true
	}
	if i >= len(s.Values) {
		return false // no value yet, so somebody means to give it one
	}
	isError := strings.HasPrefix(strings.ToLower(name), "err")
	switch v := s.Values[i].(type) {
	case *ast.CompositeLit:
		return !guard(v.Type, names)
	case *ast.UnaryExpr:
		lit, ok := v.X.(*ast.CompositeLit)
		return ok && v.Op == token.AND && (isError || ofConstants(lit))
	case *ast.CallExpr:
		if isError {
			return true
		}
		fun := v.Fun
		if index, ok := fun.(*ast.IndexExpr); ok {
			fun = index.X
		}
		pkg, called, ok := qualified(fun, names)
		return ok && slices.Contains(made, pkg+"."+called)
	}
	return false
}

// ofConstants reports whether a literal is made of literals and names only, and
// of at least one: what begins empty is meant to be filled.
func ofConstants(lit *ast.CompositeLit) bool {
	for _, elt := range lit.Elts {
		if pair, ok := elt.(*ast.KeyValueExpr); ok {
			elt = pair.Value
		}
		switch elt.(type) {
		case *ast.BasicLit, *ast.Ident, *ast.SelectorExpr:
		default:
			return false
		}
	}
	return len(lit.Elts) > 0
}

// guard reports whether a type is one whose only use is to change.
func guard(typ ast.Expr, names map[string]string) bool {
	pkg, _, ok := qualified(typ, names)
	return ok && (pkg == "sync" || pkg == "sync/atomic")
}

// writes finds places where one of a package's tables is changed, or one of
// another package's variables.
func (t *Tree) writes(p *goPackage, tables map[string]bool) []Finding {
	var found []Finding
	var info *types.Info
	for _, f := range p.files {
		if f.Test {
			continue
		}
		ast.Inspect(f.AST, func(n ast.Node) bool {
			for _, target := range targets(n) {
				id := root(target)
				if id == nil {
					continue
				}
				if info == nil {
					info = t.uses(p)
				}
				switch obj := info.Uses[id].(type) {
				case *types.PkgName:
					if _, ours := t.room(obj.Imported().Path()); ours {
						found = append(found, t.at(n.Pos(), "a variable of package %s is written to", id.Name))
					}
				case *types.Var:
					if tables[id.Name] && obj.Parent() == obj.Pkg().Scope() {
						found = append(found, t.at(n.Pos(), "variable %s of the package is written to", id.Name))
					}
				}
			}
			return true
		})
	}
	return found
}

// changers are functions that change what their first argument refers to.
var changers = map[string]bool{
	"delete": true, "clear": true, "copy": true,
	"sort.Slice": true, "sort.SliceStable": true, "sort.Sort": true, "sort.Strings": true, "sort.Ints": true,
	"slices.Sort": true, "slices.SortFunc": true, "slices.SortStableFunc": true, "slices.Reverse": true,
	"slices.Delete": true, "slices.DeleteFunc": true, "maps.Copy": true, "maps.DeleteFunc": true, "maps.Insert": true,
}

// targets returns the expressions that a statement or call changes, or whose
// address it hands on to somebody who might.
func targets(n ast.Node) []ast.Expr {
	switch n := n.(type) {
	case *ast.AssignStmt:
		if n.Tok != token.DEFINE {
			return n.Lhs
		}
	case *ast.IncDecStmt:
		return []ast.Expr{n.X}
	case *ast.RangeStmt:
		if n.Tok == token.ASSIGN {
			return []ast.Expr{n.Key, n.Value}
		}
	case *ast.UnaryExpr:
		if n.Op == token.AND {
			return []ast.Expr{n.X}
		}
	case *ast.CallExpr:
		if len(n.Args) > 0 && changers[types.ExprString(n.Fun)] {
			return n.Args[:1]
		}
	}
	return nil
}

// root returns the name at the beginning of an expression such as a.b[c].d, and
// nil where it begins with something else.
func root(expr ast.Expr) *ast.Ident {
	for {
		switch e := expr.(type) {
		case *ast.Ident:
			return e
		case *ast.SelectorExpr:
			expr = e.X
		case *ast.IndexExpr:
			expr = e.X
		case *ast.SliceExpr:
			expr = e.X
		case *ast.StarExpr:
			expr = e.X
		case *ast.ParenExpr:
			expr = e.X
		default:
			return nil
		}
	}
}
