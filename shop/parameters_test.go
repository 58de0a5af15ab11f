package shop_test

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strings"
	"testing"

	"rapport/shop"
)

var update = flag.Bool("update", false, "write the table of figures in docs/demo.md anew")

const (
	page  = "../docs/demo.md"
	begin = "<!-- figures: go test ./shop -run TestFigures -update -->\n"
	end   = "<!-- end of figures -->"
)

// TestFiguresAreOnThePage compares the table of docs/demo.md with the model.
func TestFiguresAreOnThePage(t *testing.T) {
	t.Parallel()
	var table strings.Builder
	table.WriteString("| figure | value | what it is | where it comes from |\n| --- | --- | --- | --- |\n")
	for _, f := range shop.Figures() {
		if f.What == "" || f.Source == "" {
			t.Errorf("%s does not say what it is and where it comes from", f.Name)
		}
		fmt.Fprintf(&table, "| %s | %v | %s | %s |\n", f.Name, f.Value, f.What, f.Source)
	}
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(text), begin)
	old, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		t.Fatal("the page has no place for the figures")
	}
	if old == table.String() {
		return
	}
	if !*update {
		t.Fatal("the page's figures are not the model's: go test ./shop -run TestFigures -update")
	}
	if err := os.WriteFile(page, []byte(before+begin+table.String()+end+after), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestEveryNumberIsAFigure reads the names of the model's constants from its source.
func TestEveryNumberIsAFigure(t *testing.T) {
	t.Parallel()
	file, err := parser.ParseFile(token.NewFileSet(), "parameters.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]bool{}
	for _, f := range shop.Figures() {
		named[f.Name] = true
	}
	for _, d := range file.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.CONST {
			continue
		}
		for _, spec := range g.Specs {
			v := spec.(*ast.ValueSpec)
			if lit, ok := v.Values[0].(*ast.BasicLit); ok && lit.Kind != token.STRING && !named[v.Names[0].Name] {
				t.Errorf("%s is no figure", v.Names[0].Name)
			}
		}
	}
}
