package laws

import (
	"fmt"
	"go/ast"
)

// Limits are the greatest sizes, in lines and methods.
type Limits struct {
	File     int
	Function int
	Methods  int // of an interface
}

// Sizes finds files and functions beyond the limits. Generated files may be of
// any size; in tests the tables (composite literals) do not count to a
// function's length.
func Sizes(t *Tree, limits Limits) []Finding {
	found := LongFiles(t, limits.File)
	for _, f := range t.Go {
		if f.Generated {
			continue
		}
		for _, decl := range f.AST.Decls {
			d, ok := decl.(*ast.FuncDecl)
			if !ok {
				continue
			}
			if lines := t.length(d, f.Test); lines > limits.Function {
				found = append(found, t.at(d.Pos(), "%s has %d lines, more than %d", funcName(d), lines, limits.Function))
			}
		}
	}
	return sorted(found)
}

// LongFiles finds Go files of more than limit lines.
func LongFiles(t *Tree, limit int) []Finding {
	var found []Finding
	for _, f := range t.Go {
		if !f.Generated && f.Lines > limit {
			found = append(found, Finding{Path: f.Path, Message: fmt.Sprintf("%d lines, more than %d", f.Lines, limit)})
		}
	}
	return sorted(found)
}

func (t *Tree) length(n ast.Node, withoutTables bool) int {
	lines := t.line(n.End()) - t.line(n.Pos()) + 1
	if !withoutTables {
		return lines
	}
	ast.Inspect(n, func(inner ast.Node) bool {
		if lit, ok := inner.(*ast.CompositeLit); ok {
			lines -= t.line(lit.End()) - t.line(lit.Pos())
			return false
		}
		return true
	})
	return lines
}

// Interfaces finds interfaces with more methods than limits allow, those of
// embedded interfaces of the same package included.
func Interfaces(t *Tree, limits Limits) []Finding {
	var found []Finding
	for _, p := range t.packages() {
		named := map[string]*ast.InterfaceType{}
		for _, f := range p.files {
			for _, spec := range typeSpecs(f.AST) {
				if face, ok := spec.Type.(*ast.InterfaceType); ok {
					named[spec.Name.Name] = face
				}
			}
		}
		for _, f := range p.files {
			ast.Inspect(f.AST, func(n ast.Node) bool {
				face, ok := n.(*ast.InterfaceType)
				if !ok {
					return true
				}
				if methods := countMethods(face, named, 0); methods > limits.Methods {
					found = append(found, t.at(face.Pos(), "an interface of %d methods, more than %d", methods, limits.Methods))
				}
				return true
			})
		}
	}
	return sorted(found)
}

// countMethods follows embedded interfaces a few levels deep, which ends even
// where somebody wrote a circle.
func countMethods(face *ast.InterfaceType, named map[string]*ast.InterfaceType, depth int) int {
	methods := 0
	for _, m := range face.Methods.List {
		methods += len(m.Names)
		if id, ok := m.Type.(*ast.Ident); ok && len(m.Names) == 0 && named[id.Name] != nil && depth < 8 {
			methods += countMethods(named[id.Name], named, depth+1)
		}
	}
	return methods
}
