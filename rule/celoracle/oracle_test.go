package celoracle

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/parser"

	"rapport/rule"
)

// Every rule of the tests and of the documentation is read alike by both.
func TestCelReadsTheSameTree(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../testdata/*.test")
	if err != nil || len(files) == 0 {
		t.Fatalf("no stories: %v", err)
	}
	compared := 0
	for _, file := range append(files, "../../docs/rules.md") {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range rules(string(data)) {
			ours, err := rule.Parse(text)
			if err != nil {
				continue // a story of what can't be read
			}
			compare(t, file, text, ours)
			compare(t, file, ours.String(), ours)
			compared++
		}
	}
	if t.Logf("%d rules", compared); compared < 150 {
		t.Errorf("only %d rules were found", compared)
	}
}

// rules returns what stands behind the word rule at the beginning of a line.
func rules(data string) (texts []string) {
	for _, line := range strings.Split(data, "\n") {
		if text, ok := strings.CutPrefix(line, "rule "); ok {
			texts = append(texts, text)
		}
	}
	return texts
}

func compare(t *testing.T, file, text string, ours *rule.Expr) {
	t.Helper()
	p, err := parser.NewParser(parser.EnableIdentEscapeSyntax(true), parser.EnablePrattParser(true))
	if err != nil {
		t.Fatal(err)
	}
	tree, problems := p.Parse(common.NewTextSource(text))
	if len(problems.GetErrors()) > 0 {
		t.Errorf("%s: %s\n%s", file, text, problems.ToDisplayString())
		return
	}
	if theirs := read(t, tree.Expr()); !same(theirs, ours) {
		t.Errorf("%s: %s\nis read as %s\nnot as     %s", file, text, theirs, ours)
	}
}

// ops are the operators, by the names of cel-go.
func ops() map[string]rule.Op {
	return map[string]rule.Op{
		operators.LogicalAnd: rule.OpAnd, operators.LogicalOr: rule.OpOr, operators.LogicalNot: rule.OpNot, operators.Negate: rule.OpNeg,
		operators.Equals: rule.OpEq, operators.NotEquals: rule.OpNe, operators.Less: rule.OpLt, operators.LessEquals: rule.OpLe,
		operators.Greater: rule.OpGt, operators.GreaterEquals: rule.OpGe, operators.In: rule.OpIn,
		operators.Add: rule.OpAdd, operators.Subtract: rule.OpSub, operators.Multiply: rule.OpMul, operators.Divide: rule.OpDiv,
	}
}

// read makes a tree of ours from one of cel-go's.
func read(t *testing.T, e ast.Expr) *rule.Expr {
	switch e.Kind() {
	case ast.LiteralKind:
		return literal(t, e)
	case ast.IdentKind:
		return &rule.Expr{Op: rule.OpName, Text: e.AsIdent()}
	case ast.SelectKind:
		s := e.AsSelect()
		return &rule.Expr{Op: rule.OpField, Text: s.FieldName(), Args: []*rule.Expr{read(t, s.Operand())}}
	case ast.ListKind:
		return &rule.Expr{Op: rule.OpList, Args: readAll(t, e.AsList().Elements())}
	case ast.CallKind:
		return call(t, e.AsCall())
	}
	t.Fatalf("a node of kind %d", e.Kind())
	return nil
}

func readAll(t *testing.T, list []ast.Expr) (all []*rule.Expr) {
	for _, e := range list {
		all = append(all, read(t, e))
	}
	return all
}

func literal(t *testing.T, e ast.Expr) *rule.Expr {
	switch v := e.AsLiteral().(type) {
	case types.Int:
		return &rule.Expr{Op: rule.OpNumber, Number: float64(v)}
	case types.Double:
		return &rule.Expr{Op: rule.OpNumber, Number: float64(v)}
	case types.String:
		return &rule.Expr{Op: rule.OpText, Text: string(v)}
	case types.Bool:
		return &rule.Expr{Op: rule.OpBool, Bool: bool(v)}
	}
	t.Fatalf("a constant %v", e.AsLiteral())
	return nil
}

func call(t *testing.T, c ast.CallExpr) *rule.Expr {
	args := readAll(t, c.Args())
	op, isOperator := ops()[c.FunctionName()]
	switch {
	case c.IsMemberFunction():
		return &rule.Expr{Op: rule.OpMethod, Text: c.FunctionName(), Args: append([]*rule.Expr{read(t, c.Target())}, args...)}
	case !isOperator:
		return &rule.Expr{Op: rule.OpCall, Text: c.FunctionName(), Args: args}
	case op == rule.OpAnd || op == rule.OpOr:
		return &rule.Expr{Op: op, Args: flat(op, args)}
	}
	return &rule.Expr{Op: op, Args: args}
}

// flat takes apart a chain of && or ||, which cel-go builds as a balanced tree.
func flat(op rule.Op, args []*rule.Expr) (all []*rule.Expr) {
	for _, arg := range args {
		if arg.Op == op {
			all = append(all, arg.Args...)
		} else {
			all = append(all, arg)
		}
	}
	return all
}

func same(a, b *rule.Expr) bool {
	if a.Op != b.Op || a.Text != b.Text || a.Number != b.Number || a.Bool != b.Bool || len(a.Args) != len(b.Args) {
		return false
	}
	for i := range a.Args {
		if !same(a.Args[i], b.Args[i]) {
			return false
		}
	}
	return true
}
