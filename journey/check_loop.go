package journey

import (
	"fmt"
	"slices"
	"strings"

	"rapport"
	"rapport/rule"
)

// cause is an event that a step brings about by itself, and what is known to stand in it.
type cause struct {
	step  int
	event string
	says  map[string]rapport.Value
	sure  bool // it happens whenever the step is passed, all being well

	during bool // it happens while the run still stands at the step
}

// causes returns the events that a step of a journey brings about and that journeys hear.
func (n *node) causes(journey string) []cause {
	switch n.kind {
	case sendNode:
	case updateNode:
		return n.changes(map[string]rapport.Value{"journey": rapport.TextOf(journey), "step": rapport.TextOf(n.name)})
	case callNode:
		says := map[string]rapport.Value{"journey": rapport.TextOf(journey), "step": rapport.TextOf(n.name)}
		return []cause{{event: rapport.WebhookAnswered, says: says}, {event: rapport.WebhookFailed, says: says}}
	default:
		return nil
	}
	says := map[string]rapport.Value{
		"journey": rapport.TextOf(journey), "step": rapport.TextOf(n.name), "template": rapport.TextOf(n.send.template),
		"channel": rapport.TextOf(string(n.send.channel)), "class": rapport.TextOf(n.send.class.String()),
	}
	return []cause{{event: rapport.MessageSent, says: says, sure: true}, {event: rapport.MessageFailed, says: says}}
}

// spark is how a run of one journey may start one of another.
type spark struct {
	from, to *Journey
	cause    cause
	segment  string // through which; "" if the event is the entry
	sure     bool   // every run of the one asks for it, and what comes of it enters the other
}

// loops looks for journeys that start themselves, or one another, again and again.
func (c *checker) loops(journeys []*Journey) {
	heard := map[*Journey][]string{} // by those that start through a segment
	for _, j := range journeys {
		if j.entry.segment != "" && c.in.Hears != nil {
			heard[j] = c.in.Hears(j.entry.segment)
		}
	}
	var sparks []spark
	for _, from := range journeys {
		causes := from.causes()
		for _, to := range journeys {
			sparks = append(sparks, c.sparks(from, to, causes, heard[to])...)
		}
	}
	told := map[string]bool{}
	for _, j := range journeys {
		circle := circleOf(j, sparks)
		if circle == nil || told[namesOf(circle)] {
			continue
		}
		told[namesOf(circle)] = true
		c.loop(j, circle)
	}
}

// causes returns the events that the journey's steps bring about.
func (j *Journey) causes() (all []cause) {
	for i := range j.nodes {
		for _, x := range j.nodes[i].causes(j.name) {
			x.step = i
			all = append(all, x)
		}
	}
	return all
}

// sparks returns the ways in which one journey starts another, the sure ones first, and
// of these the last step first: after it the run is most likely over.
func (c *checker) sparks(from, to *Journey, causes []cause, heard []string) []spark {
	var all []spark
	for i := range causes {
		x := causes[i]
		s := spark{from: from, to: to, cause: x, segment: to.entry.segment}
		if slices.Contains(heard, x.event) {
			all = append(all, s)
			continue
		}
		switch answer := c.hears(to, &x); {
		case answer == rule.No || from == to && to.settles(x):
		case x.sure && answer == rule.Yes && from.unavoidable(x.step):
			s.sure = true
			all = slices.Insert(all, 0, s)
		default:
			all = append(all, s)
		}
	}
	return all
}

// hears tells whether an event enters a journey, as far as its entry can be answered by
// what is known of it.
func (c *checker) hears(j *Journey, x *cause) rule.Truth {
	switch {
	case !slices.Contains(j.entry.events, x.event):
		return rule.No
	case len(j.entry.traits) > 0 && !slices.Contains(j.entry.traits, x.says["trait"].Text()):
		return rule.No
	case j.entry.where == nil:
		return rule.Yes
	}
	answer := rule.Yes
	for _, part := range partsOf(c.tree(j.entry.where), rule.OpAnd) {
		answer = answer.And(x.answers(part))
	}
	return answer
}

// answers answers a part of a rule by what is known of the event; unknown if it reads
// anything else.
func (x *cause) answers(part *rule.Expr) rule.Truth {
	r, err := rule.Compile(part.String(), rule.Env{Roots: []string{"event"}})
	if err != nil {
		return rule.Unknown
	}
	reads := r.Reads()
	if reads.Clock || reads.Calendar || len(reads.Traits)+len(reads.Events)+len(reads.Segments) > 0 {
		return rule.Unknown
	}
	for _, field := range reads.Fields {
		if _, known := x.says[strings.TrimPrefix(field, "event.")]; !known {
			return rule.Unknown
		}
	}
	return r.Eval(&view{event: known(x.says)}, 0)
}

// known is an event of which only some properties are known.
type known map[string]rapport.Value

// Property returns a property that is known.
func (k known) Property(name string) rapport.Value { return k[name] }

// varies reports whether each such event has a key of its own.
func (j *Journey) varies(x cause) bool {
	if len(j.key) == 0 {
		return false
	}
	_, fixed := x.says[j.key[0]]
	return !fixed
}

// settles reports whether the journey's own re-entry keeps such an event, which comes
// just after the step, from starting it again.
func (j *Journey) settles(x cause) bool {
	if j.varies(x) {
		return false
	}
	return j.never || (x.during || j.waits()) && !j.restart
}

// waits reports whether a run may not begin as soon as the last one has ended.
func (j *Journey) waits() bool { return j.never || !j.after.IsZero() }

// ready reports whether a run is sure to begin, or to begin anew, when such an event
// comes after the last run has passed a step: that one is over, or it does not matter.
func (j *Journey) ready(x cause, passed int) bool {
	return j.varies(x) || !j.waits() && (j.restart || j.over(passed))
}

// over reports whether every run is over as soon as it has passed a step.
func (j *Journey) over(step int) bool {
	for _, w := range j.nodes[step].ways() {
		if w.wait > 0 || w.to != end && (j.nodes[w.to].rests() || !j.over(w.to)) {
			return false
		}
	}
	return true
}

// unavoidable reports whether every run passes a step.
func (j *Journey) unavoidable(step int) bool {
	return len(j.exits)+len(j.ends) == 0 && !j.avoids(0, step, map[int]bool{})
}

// avoids reports whether a run can come from one step to the end without another.
func (j *Journey) avoids(at, step int, seen map[int]bool) bool {
	switch {
	case at == end:
		return true
	case at == step || seen[at]:
		return false
	}
	seen[at] = true
	return slices.ContainsFunc(j.nodes[at].ways(), func(w way) bool { return j.avoids(w.to, step, seen) })
}

// circleOf returns the shortest chain of sparks from a journey back to itself; nil if
// there is none. Of chains of one length it is one of sure sparks, if there is one.
func circleOf(j *Journey, sparks []spark) []spark {
	for _, sure := range [...]bool{true, false} {
		came := map[*Journey]spark{}
		for queue := []*Journey{j}; len(queue) > 0; queue = queue[1:] {
			for _, s := range sparks {
				if _, met := came[s.to]; s.from == queue[0] && !met && (s.sure || !sure) {
					came[s.to] = s
					queue = append(queue, s.to)
				}
			}
		}
		if _, back := came[j]; back {
			return chain(j, came)
		}
	}
	return nil
}

func chain(j *Journey, came map[*Journey]spark) []spark {
	circle := []spark{came[j]}
	for circle[0].from != j {
		circle = slices.Insert(circle, 0, came[circle[0].from])
	}
	return circle
}

func namesOf(circle []spark) string {
	var names []string
	for _, s := range circle {
		names = append(names, s.from.name)
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

// loop tells of a circle. One of which nothing in the documents keeps a customer from
// going round for ever is refused.
func (c *checker) loop(j *Journey, circle []spark) {
	sure, steps := true, make([]string, len(circle))
	for i, s := range circle {
		next := circle[(i+1)%len(circle)]
		sure = sure && s.sure && s.to.ready(s.cause, next.cause.step)
		steps[i] = s.tell()
	}
	message := "it may start itself again and again: "
	if sure {
		message = "it starts itself again and again: "
	}
	c.j = j
	c.find("entry", message+strings.Join(steps, "; "), breaking(circle), sure)
}

// breaking says how to break a circle.
func breaking(circle []spark) string {
	last := circle[len(circle)-1]
	switch {
	case last.segment != "":
		return fmt.Sprintf("let the segment leave out what this journey sends, with e.journey != %q", last.from.name)
	case last.cause.event == rapport.TraitChanged:
		return "ask in entry.where for what the update does not set, or begin only once, with reentry: { after: never }"
	case len(circle) > 1:
		return "let one of them begin otherwise, or only once, with reentry: { after: never }"
	case last.to.varies(last.cause):
		return fmt.Sprintf("write event.journey != %q in entry.where", last.from.name)
	}
	return fmt.Sprintf("write event.journey != %q in entry.where, or reentry: { after: 7d }", last.from.name)
}

// tell puts a spark in words.
func (s *spark) tell() string {
	by := fmt.Sprintf("step %q of %s brings about %q", s.from.nodes[s.cause.step].name, s.from.name, s.cause.event)
	if s.segment != "" {
		return fmt.Sprintf("%s, which the segment %q reads that starts %s", by, s.segment, s.to.name)
	}
	return fmt.Sprintf("%s, which starts %s", by, s.to.name)
}
