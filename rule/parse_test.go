package rule

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"rapport"
)

// anyTree draws a tree that need not make sense.
func anyTree(t *rapid.T, depth int) *Expr {
	name := rapid.SampledFrom([]string{"customer", "e", "now", "x1", "_"})
	member := rapid.OneOf(name, rapid.SampledFrom([]string{"first name", "in", "true", "日本", "a.b", "9"}))
	texts := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", "a\"b\\c\n\t\r\x01\x7f", "“x”", "'"}))
	leaf := rapid.IntRange(0, 3)
	if depth == 0 {
		switch leaf.Draw(t, "leaf") {
		case 0:
			return &Expr{Op: OpNumber, Number: rapid.OneOf(rapid.Float64Range(-1e300, 1e300), rapid.SampledFrom([]float64{0, 1, -1, 0.1, 1e21, 1e-7})).Draw(t, "number")}
		case 1:
			return &Expr{Op: OpText, Text: strings.ToValidUTF8(texts.Draw(t, "text"), "?")}
		case 2:
			return &Expr{Op: OpBool, Bool: rapid.Bool().Draw(t, "bool")}
		}
		return &Expr{Op: OpName, Text: name.Draw(t, "name")}
	}
	args := func(least, most int) (args []*Expr) {
		for range rapid.IntRange(least, most).Draw(t, "args") {
			args = append(args, anyTree(t, rapid.IntRange(0, depth-1).Draw(t, "depth")))
		}
		return args
	}
	switch op := rapid.SampledFrom([]Op{OpList, OpField, OpCall, OpMethod, OpNot, OpNeg, OpOr, OpAnd, OpEq, OpNe, OpLt, OpLe, OpGt, OpGe, OpIn, OpAdd, OpSub, OpMul, OpDiv}).Draw(t, "op"); op {
	case OpList:
		return &Expr{Op: op, Args: args(0, 3)}
	case OpField:
		return &Expr{Op: op, Text: member.Draw(t, "field"), Args: args(1, 1)}
	case OpCall:
		return &Expr{Op: op, Text: name.Draw(t, "call"), Args: args(0, 3)}
	case OpMethod:
		return &Expr{Op: op, Text: name.Draw(t, "method"), Args: args(1, 4)}
	case OpNot, OpNeg:
		return &Expr{Op: op, Args: args(1, 1)}
	case OpAnd, OpOr:
		return &Expr{Op: op, Args: args(2, 4)}
	default:
		return &Expr{Op: op, Args: args(2, 2)}
	}
}

func TestPrintedTreeIsParsedAsItWas(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		tree := anyTree(t, rapid.IntRange(0, 5).Draw(t, "depth")).normal()
		text := tree.String()
		parsed, err := Parse(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if !parsed.equal(tree) {
			t.Fatalf("%s was parsed as %s", text, parsed)
		}
		data, err := json.Marshal(tree)
		if err != nil {
			t.Fatal(err)
		}
		var back Expr
		if err := json.Unmarshal(data, &back); err != nil {
			t.Fatalf("%s: %s: %v", text, data, err)
		}
		if back.String() != text {
			t.Fatalf("%s became %s by way of %s", text, back.String(), data)
		}
	})
}

func TestTreeOfTheBuilder(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ tree, text string }{
		{`{"op":">=","args":[{"call":"count","of":{"call":"within","of":{"call":"events","args":[{"value":"Order Completed"}]},"args":[{"value":"30d"}]}},{"value":3}]}`,
			`events("Order Completed").within("30d").count() >= 3`},
		{`{"op":"&&","args":[{"op":"&&","args":[{"name":"a"},{"name":"b"}]},{"name":"c"}]}`, `a && b && c`},
		{`{"op":"&&","args":[{"name":"a"}]}`, `a`},
		{`{"op":"&&","args":[{"name":"a"},{"rule":"b || c"}]}`, `a && (b || c)`},
		{`{"op":"-","args":[{"value":3}]}`, `-3`},
		{`{"field":"first name","of":{"name":"customer"}}`, "customer.`first name`"},
	} {
		var e Expr
		if err := json.Unmarshal([]byte(c.tree), &e); err != nil {
			t.Errorf("%s: %v", c.tree, err)
		} else if diff := cmp.Diff(c.text, e.String()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.tree, diff)
		}
	}
}

func TestTreeThatCannotBeRead(t *testing.T) {
	t.Parallel()
	for _, tree := range []string{
		`{}`, `{"op":"&&"}`, `{"op":"xor","args":[{"name":"a"},{"name":"b"}]}`, `{"name":"a b"}`, `{"name":"a) || (b"}`, `{"field":"x` + "`" + `y","of":{"name":"a"}}`,
		`{"value":null}`, `{"value":[1]}`, `{"rule":"a &&"}`, `{"nonsense":1}`, `{"op":"!","args":[]}`, `{"op":"<","args":[{"name":"a"}]}`, `[]`, `{"name":"true"}`,
		strings.Repeat(`{"op":"!","args":[`, 500) + `{"name":"a"}` + strings.Repeat(`]}`, 500),
	} {
		var e Expr
		if err := json.Unmarshal([]byte(tree), &e); rapport.KindOf(err) != rapport.Invalid || err == nil {
			t.Errorf("%.80s: %v", tree, err)
		}
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "  ", strings.Repeat("a", maxText+1), strings.Repeat("(", 1000) + "a" + strings.Repeat(")", 1000), strings.Repeat("!", 1000) + "a",
		"a" + strings.Repeat(" + a", 1000), "a" + strings.Repeat(".b", 1000), strings.Repeat("a && ", 3000) + "a", "1e999", "\"\xff\"",
	} {
		_, err := Parse(text)
		var place *Error
		if !errors.As(err, &place) || rapport.KindOf(err) != rapport.Invalid {
			t.Errorf("%.20s: %v", text, err)
		}
	}
	if _, err := Parse(strings.Repeat("a && ", 500) + "a"); err != nil {
		t.Errorf("a long chain: %v", err)
	}
}

func TestErrorSaysWhere(t *testing.T) {
	t.Parallel()
	_, err := Compile("customer.age > 3 &&\n  customer.näme == 1", Env{})
	var place *Error
	if !errors.As(err, &place) {
		t.Fatal(err)
	}
	want := &Error{Start: 32, End: 34, Line: 2, Column: 13, Message: `'ä' can't stand in a name`, Suggestion: "put the name in backticks, as in customer.`prénom`"}
	if diff := cmp.Diff(want, place); diff != "" {
		t.Error(diff)
	}
	if got := rapport.MessageOf(err); !strings.HasPrefix(got, "line 2, column 13: ") {
		t.Error(got)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		fiveClauses, `a.b(c, [1, "x"])`, "customer.`first name` != ''", `!(-1.5e3 < x) || -(a.b) * (2 - 3 - 4) / 5 in [true]`, `"\u00e9\n\\"`, `a == b == c`, `--1`, `!!a`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		e, err := Parse(text)
		if err != nil {
			return
		}
		printed := e.String()
		again, err := Parse(printed)
		if err != nil {
			if len(printed) > maxText {
				return // it was just short enough as it was written
			}
			t.Fatalf("%q was printed as %q: %v", text, printed, err)
		}
		if !again.equal(e) || again.String() != printed {
			t.Fatalf("%q was printed as %q and then as %q", text, printed, again)
		}
	})
}
