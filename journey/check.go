package journey

import (
	"fmt"

	"rapport/rule"
)

// Finding is what a check has found in a journey that compiles.
type Finding struct {
	Journey string
	Problem
	Refused bool // nobody can have meant it; otherwise it is merely odd, and a warning
}

// Surroundings are what a check is told of the rest of the workspace.
type Surroundings struct {
	Plan *rule.Plan // what is known of the data; may be nil
	// Prints returns the properties of the entry that a template reads.
	Prints func(template string) []string
	// Hears returns the events that a segment reads, also through other segments.
	Hears func(segment string) []string
}

// Check looks at all journeys of a workspace for what can't be meant and for what is
// odd. What can't be meant is what no customer and no moment could give a sense: a case
// that is never taken, a journey that starts itself without end. All else is a warning,
// since a plan may have reasons that nobody wrote down.
func Check(journeys []*Journey, in Surroundings) []Finding {
	c := &checker{in: in, trees: map[*rule.Rule]*rule.Expr{}}
	for _, j := range journeys {
		c.j = j
		c.beginnings()
		for i := range j.nodes {
			c.step(&j.nodes[i])
		}
		c.missing()
	}
	c.loops(journeys)
	return c.findings
}

type checker struct {
	in       Surroundings
	trees    map[*rule.Rule]*rule.Expr // as far as they were asked for
	j        *Journey
	findings []Finding
}

func (c *checker) refuse(path, message, suggestion string) { c.find(path, message, suggestion, true) }

func (c *checker) warn(path, message, suggestion string) { c.find(path, message, suggestion, false) }

func (c *checker) find(path, message, suggestion string, refused bool) {
	c.findings = append(c.findings, Finding{c.j.name, Problem{Path: path, Message: message, Suggestion: suggestion}, refused})
}

// step looks at one step by itself.
func (c *checker) step(n *node) {
	switch n.kind {
	case branchNode:
		c.cases(n)
		c.leftOver(n)
	case untilNode:
		c.inVain(n)
	case callNode:
		c.unanswered(n)
	}
}

// leftOver warns of those whom no case of a branch takes.
func (c *checker) leftOver(n *node) {
	if len(n.cases) > 0 && n.cases[len(n.cases)-1].rule != nil {
		c.warn(n.path+".branch", "nothing is said of those whom no case takes: "+c.goesOn(n.next),
			"add the case otherwise: true, with steps, or without if that is meant")
	}
}

// inVain warns of a wait that leads nowhere for those for whom nothing came.
func (c *checker) inVain(n *node) {
	if n.missed == end && n.then != end {
		c.warn(n.path+".wait_until", "nothing is said of those for whom it does not come in time: "+c.goesOn(end),
			"add otherwise with steps, such as - stop: true if that is meant")
	}
}

// goesOn says what follows.
func (c *checker) goesOn(at int) string {
	if at == end {
		return "their run ends there"
	}
	return fmt.Sprintf("their run goes on with %q", c.j.nodes[at].name)
}
