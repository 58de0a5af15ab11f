package journey

import (
	"fmt"

	"rapport/rule"
)

// cases looks for cases of a branch that no run can come to: all cases are asked at one
// instant, so one whose rule holds only where an earlier one does is never taken.
func (c *checker) cases(n *node) {
	for i, x := range n.cases {
		path := fmt.Sprintf("%s.branch[%d]", n.path, i)
		if x.rule != nil && isLiteral(c.tree(x.rule), false) {
			c.warn(path+".when", "this rule never holds, so nobody takes the case", "leave the case out")
			continue
		}
		if before := c.taker(n.cases[:i], x.rule); before >= 0 {
			c.refuse(path, fmt.Sprintf("no run can ever come to this case: whoever it is for has taken case %d", before+1),
				"put it before that one, or leave it out")
		}
	}
}

// taker returns the first case that takes all for whom a rule holds, everybody if there
// is none; -1 if none does.
func (c *checker) taker(cases []choice, r *rule.Rule) int {
	for i, x := range cases {
		if isLiteral(c.tree(x.rule), true) || r != nil && implies(c.tree(r), c.tree(x.rule)) {
			return i
		}
	}
	return -1
}

// beginnings looks for what keeps every run from beginning.
func (c *checker) beginnings() {
	if w := c.j.entry.where; w != nil && isLiteral(c.tree(w), false) {
		c.warn("entry.where", "this rule never holds, so no run ever begins", "pause the journey instead, which says so and can be taken back")
	}
	for i, x := range c.j.doc.Exit {
		if x.When == "" {
			continue
		}
		ends, err := rule.Parse(x.When)
		if err == nil && (isLiteral(ends, true) || c.j.entry.where != nil && implies(c.tree(c.j.entry.where), ends)) {
			c.refuse(fmt.Sprintf("exit[%d].when", i), "no run can ever begin: this holds for everybody who would enter", "ask for something else here, or in entry.where")
		}
	}
}
