package journey

import (
	"rapport"
	"rapport/rule"
)

// What a run has learned on its way: the answers to its calls by name, and its offer.

const (
	// MaxAnswer is how many bytes of one answer are kept.
	MaxAnswer = 4096
	// maxLearned is how many bytes a run keeps of all that it has learned.
	maxLearned = 8 << 10
)

// learns notes what later steps of a document may read.
func (c *compiler) learns(steps []Step) {
	for _, s := range steps {
		c.learns(s.inner())
		switch {
		case s.Offer != nil:
			c.offers = true
		case s.Webhook != nil && s.Webhook.Save != nil:
			c.answers = withAnswer(c.answers, s.Webhook.Save)
		}
	}
}

// inner returns the steps that stand within a step.
func (s *Step) inner() (steps []Step) {
	for _, x := range s.Branch {
		steps = append(steps, x.Steps...)
	}
	for _, x := range s.Split {
		steps = append(steps, x.Steps...)
	}
	if u := s.WaitUntil; u != nil {
		steps = append(append(steps, u.Then...), u.Otherwise...)
	}
	if h := s.Webhook; h != nil {
		steps = append(append(steps, h.Then...), h.Otherwise...)
	}
	return steps
}

// withAnswer adds what is known of an answer to what is known of all. Of one whose fields
// are not named, any may be asked for.
func withAnswer(all map[string]rule.Type, s *Save) map[string]rule.Type {
	if all == nil {
		all = map[string]rule.Type{}
	}
	noun := rule.Noun{Strict: len(s.Fields) > 0, Fields: map[string]rule.Type{}}
	for _, name := range s.Fields {
		noun.Fields[name] = rule.Type{}
	}
	if before, ok := all[s.Name]; ok {
		noun.Strict = noun.Strict && before.Fields.Strict
		for name := range before.Fields.Fields {
			noun.Fields[name] = rule.Type{}
		}
	}
	all[s.Name] = rule.Type{Kind: rule.Object, Fields: &noun}
	return all
}

// learn keeps a value in a run, under a name or a name within one. What would not fit is
// not kept: it stays unknown.
func (w *walk) learn(run *Run, name string, v rapport.Value) {
	known, _ := rapport.ParseJSON(run.Learned)
	b := with(known, name, v).AppendJSON(nil)
	if len(b) <= maxLearned && w.st.bytes()+len(b)-len(run.Learned) <= maxBytes {
		run.Learned = b
	}
}

// with returns an object in which a name stands for another value.
func with(object rapport.Value, name string, v rapport.Value) rapport.Value {
	var pairs []rapport.Value
	for i := range object.Len() {
		if n, other := object.Pair(i); n != name {
			pairs = append(pairs, rapport.TextOf(n), other)
		}
	}
	return rapport.ObjectOf(append(pairs, rapport.TextOf(name), v))
}
