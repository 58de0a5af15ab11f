package rule

import "rapport"

// Rule is a checked and compiled condition. It is immutable. What each evaluation
// reads stands first, since a thousand rules do not fit into the processor's cache.
type Rule struct {
	root  cond
	room  *Room
	loops bool // some list loop puts items into the env
	clock bool // the answer may change as time passes

	text  string
	whole *part // the root, for explaining
	facts []Fact
	reads Reads
	rates uint64 // hash of the rates that it reads; 0 if it reads none
}

// Compile parses, checks and compiles a rule. The error is [Errors].
func Compile(text string, in Env) (*Rule, error) {
	e, err := parse(text)
	if err != nil {
		return nil, Errors{err}
	}
	return compile(e, text, in)
}

// Text returns the rule's canonical text.
func (r *Rule) Text() string { return r.text }

// Facts returns what must be kept of the customer's past for this rule, in the
// order of their ids. The slice must not be changed.
func (r *Rule) Facts() []Fact { return r.facts }

// Reads returns what the rule looks at. Its lists must not be changed.
func (r *Rule) Reads() Reads { return r.reads }

func (r *Rule) env(s Subject, now rapport.Instant) *env {
	x := r.room.get()
	x.subject, x.now = s, now
	return x
}

// Eval answers the rule for a customer at an instant.
func (r *Rule) Eval(s Subject, now rapport.Instant) Truth {
	x := r.env(s, now)
	truth := r.root.eval(x)
	r.room.put(x, r.loops)
	return truth
}

// NextFlip returns an instant after now before which the answer stays what it is
// at now unless the customer's record changes; [rapport.Never] if it stays for
// good. The answer need not change at that instant: it is a lower bound.
func (r *Rule) NextFlip(s Subject, now rapport.Instant) rapport.Instant {
	_, at := r.Judge(s, now)
	return at
}

// Judge is Eval and NextFlip at once, for the price of one.
func (r *Rule) Judge(s Subject, now rapport.Instant) (Truth, rapport.Instant) {
	if !r.clock {
		return r.Eval(s, now), rapport.Never
	}
	x := r.env(s, now)
	truth, at := r.root.flip(x)
	r.room.put(x, r.loops)
	return truth, max(at, now+1)
}

// Holds reports whether the answer is Yes, and an instant after now until which that
// stays so unless the customer's record changes. Since it does not tell No from
// Unknown it costs less than Judge, and the instant is often later.
func (r *Rule) Holds(s Subject, now rapport.Instant) (holds bool, until rapport.Instant) {
	if !r.clock {
		return r.Eval(s, now) == Yes, rapport.Never
	}
	x := r.env(s, now)
	holds, until = holding(r.root, x)
	r.room.put(x, r.loops)
	return holds, max(until, now+1)
}

// Explain answers the rule and says why, and what would flip it.
func (r *Rule) Explain(s Subject, now rapport.Instant) *Trace {
	x := r.env(s, now)
	trace := r.whole.explain(x)
	r.room.put(x, r.loops)
	return trace
}
