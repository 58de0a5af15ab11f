package journey

import (
	"slices"
	"time"

	"rapport"
	"rapport/rule"
)

// walk is one input's way through a customer's runs.
type walk struct {
	set     *Set
	st      *State
	now     rapport.Instant
	event   Event // nil: the input is none, or runs do not read it
	timed   bool  // the input is that time has come
	view    view
	effects []Effect
	room    [1]Effect // of effects, since there is mostly one
}

// happened handles an event: what it ends, then what it moves, then what it starts.
func (w *walk) happened(e Event, r *reading) {
	w.view.event = e
	if r == nil {
		r = &reading{}
	}
	if r.goals {
		w.reachGoals(e)
	}
	if r.runs {
		w.event = e
	}
	w.exitRuns()
	w.moveRuns()
	for _, j := range r.starts(e) {
		w.enterByEvent(j, e)
	}
	if r.heard {
		if until := after(e.Timestamp(), r.horizon, w.view.Zone()); until >= w.now {
			w.st.hear(heard{event: e.Name(), at: e.Timestamp(), until: until, fields: selectFields(e, r.fields)})
		}
	}
}

// changed handles an entry into a segment or an exit from one.
func (w *walk) changed(c SegmentChange) {
	w.exitRuns()
	w.moveRuns()
	for _, j := range w.set.bySegment[c.Name] {
		if j.entry.left != c.Entered && (!c.ByDefinition || j.entry.existing) {
			w.enterBySegment(j, c)
		}
	}
}

// passed does what fell due by now, each as of its instant, and then asks the
// rules that are watched. It stops where a run stands ready, since that goes first.
func (w *walk) passed() {
	w.timed = true
	now := w.now
	if w.st.Next() <= now { // a step passed, the next one, perhaps the end
		w.effects = make([]Effect, 0, 4)
	}
	w.settle()
	w.st.sweep()
	for range maxInstants {
		w.now = w.st.Next()
		if w.now > now {
			break
		}
		w.exitRuns()
		w.moveRuns()
		w.st.sweep()
		if _, ready := w.st.Ready(); ready {
			return
		}
	}
	w.now = now
	w.lookOutForDates()
	if w.st.watched() {
		w.exitRuns()
		w.moveRuns()
	}
}

// maxInstants bounds the work of one call that comes very late; the next goes on.
const maxInstants = 10_000

// concerns reports whether a run has anything to do with the input.
func (w *walk) concerns(run *Run) bool {
	return !run.over && (w.event != nil || run.watch || run.joined || w.timed && w.isDue(run))
}

func (w *walk) isDue(run *Run) bool { return run.next() <= w.now }

// exitRuns ends what the event or a rule ends.
func (w *walk) exitRuns() {
	for i := range w.st.runs {
		run := &w.st.runs[i]
		if !w.concerns(run) {
			continue
		}
		j := w.set.of(run)
		switch {
		case j == nil:
			if w.timed && w.isDue(run) {
				w.end(run, JourneyRemoved, "")
			}
		case w.event != nil && w.exitsByEvent(j, run):
			w.end(run, ByExitEvent, w.event.Name())
		case !w.exitsByMemory(j, run):
			w.exitsByRule(j, run)
		}
	}
}

// exitsByEvent reports whether the event ends a run.
func (w *walk) exitsByEvent(j *Journey, run *Run) bool {
	if w.event.Timestamp() < run.Since {
		return false
	}
	for i := range j.exits {
		if h := &j.exits[i]; h.listens(w.event.Name()) && w.holds(h.where, run) {
			return true
		}
	}
	return false
}

// exitsByMemory ends a run that was joined to a past in which it should have ended.
func (w *walk) exitsByMemory(j *Journey, run *Run) bool {
	if !run.joined {
		return false
	}
	run.joined = false
	name := w.heardExit(j, run)
	if name != "" {
		w.end(run, ByExitEvent, name)
	}
	return name != ""
}

// exitsByRule ends a run if one of the rules to exit holds.
func (w *walk) exitsByRule(j *Journey, run *Run) {
	if r := w.exitRule(j, run.Entry); r != nil {
		w.end(run, ByExitRule, r.Text())
	}
}

// exitRule returns the rule to exit that holds for a run with this entry.
func (w *walk) exitRule(j *Journey, entry []byte) *rule.Rule {
	if len(j.ends) == 0 {
		return nil
	}
	w.view.entry = properties{json: entry}
	for _, r := range j.ends {
		if w.yes(r) {
			return r
		}
	}
	return nil
}

// heardExit returns the name of an event that happened since the run's entry,
// was admitted before it, and ends it. An event that starts runs as well as ending
// them does not end what began at the very same instant.
func (w *walk) heardExit(j *Journey, run *Run) string {
	if len(w.st.heard) == 0 || len(j.entry.events) == 0 {
		return ""
	}
	saved := w.view.event
	defer func() { w.view.event = saved }()
	for i := range w.st.heard {
		h := &w.st.heard[i]
		if h.at < run.Since || h.at == run.Since && slices.Contains(j.entry.events, h.event) {
			continue
		}
		w.view.event = &properties{json: h.fields}
		for k := range j.exits {
			if x := &j.exits[k]; x.listens(h.event) && w.holds(x.where, run) {
				return h.event
			}
		}
	}
	return ""
}

// holds answers a rule about a run; none always holds.
func (w *walk) holds(r *rule.Rule, run *Run) bool {
	if r == nil {
		return true
	}
	w.view.of(run)
	return w.yes(r)
}

// yes reports whether a rule holds for certain: not while facts that it reads are
// still to be built.
func (w *walk) yes(r *rule.Rule) bool {
	return r.Answerable(w.view.Subject) && r.Eval(&w.view, w.now) == rule.Yes
}

// moveRuns moves the runs that wait for the event, whose rule holds or whose time
// has come, and notes when the others are to be asked again.
func (w *walk) moveRuns() {
	for i := range w.st.runs {
		run := &w.st.runs[i]
		if !w.concerns(run) {
			continue
		}
		if j := w.set.of(run); j != nil {
			w.move(j, run)
		}
	}
}

func (w *walk) move(j *Journey, run *Run) {
	at, ok := j.at(run.Place)
	switch {
	case run.held && ok:
		w.stand(j, run, &j.nodes[at])
		return
	case run.held:
		return
	case !ok:
		w.end(run, StepRemoved, "")
		return
	}
	n := &j.nodes[at]
	due := w.timed && run.Due <= w.now
	switch {
	case run.ready:
		w.watch(j, run, n)
	case (n.kind == untilNode || n.kind == callNode) && due && run.came:
		w.pass(run, n, "then")
		w.leave(j, run, n.then, w.now)
	case n.kind == untilNode && w.event != nil && w.awaited(n, run):
		w.pass(run, n, "then")
		w.leave(j, run, n.then, w.event.Timestamp())
	case n.kind == untilNode && n.when != nil && w.holds(n.when, run):
		w.pass(run, n, "then")
		w.leave(j, run, n.then, w.now)
	case n.kind == untilNode && due:
		w.pass(run, n, "otherwise")
		w.leave(j, run, n.missed, run.Due)
	case n.kind == callNode && due:
		w.pass(run, n, "otherwise")
		w.leave(j, run, n.missed, run.Due)
	case n.kind == waitNode && n.date != nil:
		w.follow(j, run, n)
	case n.kind == waitNode && due:
		w.pass(run, n, "")
		w.leave(j, run, n.next, run.Due)
	case due: // what stands there now under the same name takes no time
		w.goOn(j, run, at)
	default:
		w.watch(j, run, n)
	}
}

// leave takes a run from a step that takes time to another node. What happened
// since reached may count for the steps to come.
func (w *walk) leave(j *Journey, run *Run, to int, reached rapport.Instant) {
	run.reached, run.came = reached, false
	w.goOn(j, run, to)
}

// awaited reports whether the event is the one a run waits for.
func (w *walk) awaited(n *node, run *Run) bool {
	return n.until.listens(w.event.Name()) && w.event.Timestamp() >= run.reached && w.holds(n.until.where, run)
}

// goOn walks a run from a node until it waits or ends. Every step leads onwards,
// so the steps it takes are bounded by those there are. The rules to exit have
// been asked at this instant, and nothing that a step does here could change their
// answer: at an update the run stands until others have heard of it.
func (w *walk) goOn(j *Journey, run *Run, at int) {
	for range len(j.nodes) + 1 {
		if at == end {
			w.end(run, Finished, "")
			return
		}
		n := &j.nodes[at]
		run.Place = n.place
		switch n.kind {
		case sendNode:
			w.ask(run, n)
			at = n.next
		case branchNode:
			if !w.canChoose(n) {
				run.Due = w.now.Add(askAgain)
				w.watch(j, run, n)
				return
			}
			at = w.choose(run, n)
		case splitNode:
			at = w.part(j, run, n)
		case updateNode:
			w.prepare(j, run, n)
			return
		case callNode:
			if w.call(j, run, n) {
				return
			}
			at = n.next
		case offerNode:
			w.want(run, n)
			at = n.next
		case stopNode:
			w.end(run, Finished, "")
			return
		case untilNode:
			if n.when != nil && w.holds(n.when, run) {
				w.pass(run, n, "then")
				at = n.then
				continue
			}
			w.rest(j, run, n)
			return
		default:
			if w.rest(j, run, n) {
				return
			}
			at = w.miss(run, n)
		}
	}
}

// watch notes which rules the run waits for, and when their answers may change.
func (w *walk) watch(j *Journey, run *Run, n *node) {
	run.watch = len(j.ends) > 0 || n.kind == untilNode && n.when != nil || n.date != nil
	run.check = rapport.Never
	if !run.watch {
		return
	}
	w.view.of(run)
	for _, r := range j.ends {
		run.check = min(run.check, r.NextFlip(&w.view, w.now))
	}
	if run.held {
		return
	}
	if n.kind == untilNode && n.when != nil {
		run.check = min(run.check, n.when.NextFlip(&w.view, w.now))
	}
	if n.date != nil && n.date.Answerable(w.view.Subject) {
		run.check = min(run.check, n.date.Next(&w.view, w.now))
	}
}

// askAgain is how long a run waits at a branch whose rules read facts that are
// still to be built, themselves or through a segment, before it asks again.
const askAgain = time.Minute

func (w *walk) canChoose(n *node) bool {
	for _, c := range n.cases {
		if c.rule != nil && !(c.rule.Answerable(w.view.Subject) && c.rule.KnowsSegments(w.view.Subject)) {
			return false
		}
	}
	return true
}

// choose passes a branch and returns the node of the first case that holds.
func (w *walk) choose(run *Run, n *node) int {
	for _, c := range n.cases {
		if w.holds(c.rule, run) {
			w.pass(run, n, c.name)
			return c.to
		}
	}
	w.pass(run, n, "none")
	return n.next
}
