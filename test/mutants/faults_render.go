package main

// renderFaults are those of templates.
func renderFaults() []fault {
	steps := tests{pkg: "./render/liquid", run: "TestWorkCostsSteps"}
	gaps := tests{"./render", "TestAcceptedTemplatesMissNothing", true}
	letters := tests{pkg: "./render", run: "TestCases"}
	return []fault{
		{"a clause of a condition costs nothing", "render/liquid/expression.go", "r.charge(1)\n\tleft, err", "left, err", steps, 0},
		{"an object is looked through for nothing", "render/liquid/path.go", "r.charge(v.Len() / fieldsAStep)", "", steps, 0},
		{"what a filter makes costs nothing", "render/liquid/expression.go", "r.charge(out.weight())", "", steps, 0},
		{"what is asked for is there in the else as well", "render/liquid/analysis_tags.go", "before = a.together(before, a.sure(b.when, b.negate))", "before = taken", gaps, 300},
		{"an or makes sure of both", "render/liquid/analysis_guard.go", "if i == last || clause.and == holds {", "if i == last || clause.and == holds || holds {", gaps, 1000},
		{"what is not empty is there", "render/liquid/analysis_guard.go", "v.kind == nilKind || v.kind == blankKind", "v.kind == nilKind || v.kind == blankKind || v.kind == emptyKind", gaps, 3000},
		{"a language counts before a market", "render/wording.go", "if v := cmp.Or(m.in(tag), m.own); v != nil {", "if v := m.in(tag); v != nil {", letters, 0},
		{"a market's text takes what it lacks in any language", "render/compile.go", "own.inherit(c.t.texts.in(tag))", "", letters, 0},
		{"a block does not know of markets", "render/block.go", "markets := []string{s.request.Market.Name, \"\"}", "markets := []string{\"\", \"\"}", letters, 0},
		{"an empty text is something to print", "render/scope.go", "return present(v)", "return v", letters, 0},
	}
}
