package laws

import (
	"fmt"
	"go/ast"
	"go/token"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// PackageDocs finds packages without a doc comment, with more than one, or with
// one that is shorter than two sentences.
func PackageDocs(t *Tree) []Finding {
	docs := map[string][]*File{}
	for _, f := range t.Go {
		if f.Test {
			continue
		}
		if _, known := docs[f.Dir]; !known {
			docs[f.Dir] = nil
		}
		if f.AST.Doc != nil && f.AST.Doc.Text() != "" {
			docs[f.Dir] = append(docs[f.Dir], f)
		}
	}
	var found []Finding
	for _, dir := range slices.Sorted(maps.Keys(docs)) {
		switch files := docs[dir]; len(files) {
		case 0:
			found = append(found, Finding{Path: dir, Message: "the package has no doc comment"})
		case 1:
			if doc := files[0].AST.Doc; sentences(doc.Text()) < 2 {
				found = append(found, t.at(doc.Pos(), "the package's doc comment is shorter than two sentences"))
			}
		default:
			found = append(found, t.at(files[1].AST.Doc.Pos(), "a second doc comment of the package, beside the one in %s", files[0].Path))
		}
	}
	return sorted(found)
}

var sentenceEnd = regexp.MustCompile(`[.!?:]['")\]]*(\s|$)`)

func sentences(text string) int { return len(sentenceEnd.FindAllString(text, -1)) }

// Undocumented finds exported names that have no comment: functions, types,
// methods of exported types and of exported interfaces, constants, variables.
// A group of constants or variables may share the comment above it. Programs
// (package main) export nothing.
func Undocumented(t *Tree) []Finding {
	var found []Finding
	for _, f := range t.Go {
		if f.Test || f.Generated || f.AST.Name.Name == "main" {
			continue
		}
		for _, decl := range f.AST.Decls {
			switch d := decl.(type) {
			case *ast.FuncDecl:
				if d.Doc == nil && d.Name.IsExported() && exportedReceiver(d) {
					found = append(found, t.at(d.Pos(), "%s has no comment", funcName(d)))
				}
			case *ast.GenDecl:
				found = append(found, t.undocumentedSpecs(d)...)
			}
		}
	}
	return sorted(found)
}

func (t *Tree) undocumentedSpecs(d *ast.GenDecl) []Finding {
	var found []Finding
	for _, spec := range d.Specs {
		switch s := spec.(type) {
		case *ast.ValueSpec:
			i := slices.IndexFunc(s.Names, (*ast.Ident).IsExported)
			if i >= 0 && d.Doc == nil && s.Doc == nil && s.Comment == nil {
				found = append(found, t.at(s.Pos(), "%s has no comment", s.Names[i].Name))
			}
		case *ast.TypeSpec:
			if !s.Name.IsExported() {
				continue
			}
			alone := !d.Lparen.IsValid()
			if s.Doc == nil && s.Comment == nil && !(alone && d.Doc != nil) {
				found = append(found, t.at(s.Pos(), "%s has no comment", s.Name.Name))
			}
			found = append(found, t.undocumentedMethods(s)...)
		}
	}
	return found
}

// undocumentedMethods finds methods of an interface that do not say what they
// promise. The only method of an interface is described by the interface, and
// one that takes nothing and returns one value by its name.
func (t *Tree) undocumentedMethods(s *ast.TypeSpec) []Finding {
	face, ok := s.Type.(*ast.InterfaceType)
	if !ok || len(face.Methods.List) == 1 {
		return nil
	}
	var found []Finding
	for _, m := range face.Methods.List {
		if len(m.Names) == 1 && m.Names[0].IsExported() && m.Doc == nil && m.Comment == nil && !getter(m) {
			found = append(found, t.at(m.Pos(), "%s.%s has no comment: what does it promise?", s.Name.Name, m.Names[0].Name))
		}
	}
	return found
}

func getter(m *ast.Field) bool {
	f, ok := m.Type.(*ast.FuncType)
	if !ok || f.Params.NumFields() > 0 || f.Results.NumFields() != 1 {
		return false
	}
	id, ok := f.Results.List[0].Type.(*ast.Ident)
	return !ok || id.Name != "error"
}

// exportedReceiver reports whether a function is seen from outside by its
// receiver: it has none, or one of an exported type.
func exportedReceiver(d *ast.FuncDecl) bool {
	name := receiver(d)
	return name == "" || token.IsExported(name)
}

func receiver(d *ast.FuncDecl) string {
	if d.Recv == nil || len(d.Recv.List) == 0 {
		return ""
	}
	expr := d.Recv.List[0].Type
	for {
		switch e := expr.(type) {
		case *ast.StarExpr:
			expr = e.X
		case *ast.IndexExpr:
			expr = e.X
		case *ast.IndexListExpr:
			expr = e.X
		case *ast.Ident:
			return e.Name
		default:
			return ""
		}
	}
}

func funcName(d *ast.FuncDecl) string {
	if r := receiver(d); r != "" {
		return r + "." + d.Name.Name
	}
	return d.Name.Name
}

// Patterns finds texts that no file may hold. The reasons name what was found.
// Files that match except (a path, or a folder with /...) are passed over.
func Patterns(t *Tree, refused map[string]*regexp.Regexp, except []string) []Finding {
	var found []Finding
	for _, text := range t.Texts {
		if matchesAny(except, text.Path) {
			continue
		}
		for _, reason := range slices.Sorted(maps.Keys(refused)) {
			for _, loc := range refused[reason].FindAllIndex(text.Data, -1) {
				match := string(text.Data[loc[0]:loc[1]])
				found = append(found, Finding{
					Path:    text.Path,
					Line:    1 + strings.Count(string(text.Data[:loc[0]]), "\n"),
					Message: fmt.Sprintf("%s: %q", reason, strings.TrimSpace(match)),
				})
			}
		}
	}
	return sorted(found)
}
