package rule

import (
	"rapport"
)

// Rule is a checked and compiled condition. It is immutable.
type Rule struct {
	text   string
	root   cond
	facts  []Fact
	reads  Reads
	frames frames
}

// Reads is what a rule looks at: an event, trait or segment that is not in it
// cannot change the answer. The lists are sorted and hold nothing twice.
type Reads struct {
	Traits   []string // names of customer's properties
	Events   []string // names of events
	Facts    []FactID // what is kept of those events
	Segments []string // names of other segments
	Fields   []string // fields of other roots, as in "order.total"
	Clock    bool     // the answer may change as time passes
	Calendar bool     // it depends on the customer's time zone as well
}

// Compile parses, checks and compiles a rule. The error is [Errors].
func Compile(text string, in Env) (*Rule, error) {
	e, err := Parse(text)
	if err != nil {
		return nil, err
	}
	return CompileExpr(e, in)
}

// Text returns the rule's canonical text.
func (r *Rule) Text() string { return r.text }

// Facts returns what must be kept of the customer's past for this rule.
func (r *Rule) Facts() []Fact { return r.facts }

// Reads returns what the rule looks at.
func (r *Rule) Reads() Reads { return r.reads }

// Eval answers the rule for a customer at an instant.
func (r *Rule) Eval(s Subject, now rapport.Instant) Truth {
	x := env{subject: s, now: now, frame: r.frames.get()}
	truth := r.root.eval(x)
	r.frames.put(x.frame)
	return truth
}

// NextFlip returns an instant after now before which the answer stays what it is
// at now unless the customer's record changes; [rapport.Never] if it stays for
// good. The answer need not change at that instant: it is a lower bound.
func (r *Rule) NextFlip(s Subject, now rapport.Instant) rapport.Instant {
	x := env{subject: s, now: now, frame: r.frames.get()}
	_, at := r.root.flip(x)
	r.frames.put(x.frame)
	return max(at, now+1)
}
