package laws

import (
	"go/ast"
	"go/types"
	"maps"
	"slices"
)

// goPackage is the Go files of one folder that belong to one package.
type goPackage struct {
	name  string
	dir   string
	files []*File
}

// packages returns the module's packages in the order of their folders. A test
// outside its package (package x_test) is a package of its own.
func (t *Tree) packages() []*goPackage {
	byName := map[string]*goPackage{}
	for _, f := range t.Go {
		key := f.Dir + " " + f.AST.Name.Name
		if byName[key] == nil {
			byName[key] = &goPackage{name: f.AST.Name.Name, dir: f.Dir}
		}
		byName[key].files = append(byName[key].files, f)
	}
	sorted := make([]*goPackage, 0, len(byName))
	for _, key := range slices.Sorted(maps.Keys(byName)) {
		sorted = append(sorted, byName[key])
	}
	return sorted
}

// uses resolves the names in a package's own files to what they stand for, so
// that a local variable is not taken for the package's of the same name.
// Imported packages are left empty: what they declare stays unresolved, and the
// errors that this causes are of no interest here.
func (t *Tree) uses(p *goPackage) *types.Info {
	info := &types.Info{Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{}}
	conf := types.Config{Importer: emptyImporter{}, Error: func(error) {}}
	var files []*ast.File
	for _, f := range p.files {
		files = append(files, f.AST)
	}
	// The error repeats the first of those that were passed over.
	_, _ = conf.Check(p.dir, t.fset, files, info)
	return info
}

// emptyImporter imports every package as one that declares nothing.
type emptyImporter struct{}

func (emptyImporter) Import(importPath string) (*types.Package, error) {
	p := types.NewPackage(importPath, guessName(importPath))
	p.MarkComplete()
	return p, nil
}
