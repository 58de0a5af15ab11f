package journey

import "rapport"

// Change is what an update asks for.
type Change struct {
	Traits     []byte   // to set: a JSON object, null for one that is taken away; nil if none
	Left       []string // traits whose values are not known: they stay as they are
	Event      string   // to tell; "" for none
	Properties []byte   // of the event: a JSON object
}

// prepare leaves a run before an update. The caller has it done (Input.Do) before
// anything else happens, so that all who hear of the change hear it first. While facts
// that the update reads are still to be built, it waits for them.
func (w *walk) prepare(j *Journey, run *Run, n *node) {
	run.done = false
	run.ready = n.update.traits.answerable(w.view.Subject) && n.update.properties.answerable(w.view.Subject)
	run.Due = w.now
	if !run.ready {
		run.Due = w.now.Add(askAgain)
	}
	w.watch(j, run, n)
}

// do does the next thing for the first run that stands ready: the change that it asks
// for, or, once that is done, what follows it.
func (w *walk) do() {
	run := w.st.first()
	if run == nil {
		return
	}
	run.ready = false
	j := w.set.of(run)
	if j == nil {
		w.end(run, JourneyRemoved, "")
		return
	}
	at, ok := j.at(run.Place)
	switch {
	case !ok:
		w.end(run, StepRemoved, "")
	case j.nodes[at].kind != updateNode:
		w.goOn(j, run, at)
	case run.done:
		run.done = false
		w.leave(j, run, j.nodes[at].next, w.now)
	default:
		w.change(run, &j.nodes[at])
		run.ready, run.done = true, true
	}
}

// halt ends the runs that stand ready: what they set off sets them off again.
func (w *walk) halt() {
	for run := w.st.first(); run != nil; run = w.st.first() {
		run.ready = false
		w.end(run, Looped, "")
	}
}

// change tells what an update asks for. All values are those of before it.
func (w *walk) change(run *Run, n *node) {
	w.view.of(run)
	change := &Change{Event: n.update.event}
	change.Traits, change.Left = w.traits(&n.update.traits)
	if change.Event != "" {
		change.Properties = n.update.properties.eval(&w.view, w.now).AppendJSON(nil)
	}
	w.emit(run, Effect{Kind: Updated, Step: n.name, Change: change})
}

// traits returns the traits to set as JSON, and the names of those that are left alone.
func (w *walk) traits(v *value) (set []byte, left []string) {
	var pairs []rapport.Value
	for i, name := range v.names {
		is := v.parts[i].eval(&w.view, w.now)
		unknown := !is.IsSet() && !v.parts[i].isNull()
		if unknown || len(is.AppendJSON(nil)) > maxTraitBytes {
			left = append(left, name)
			continue
		}
		pairs = append(pairs, rapport.TextOf(name), is)
	}
	if len(pairs) == 0 {
		return nil, left
	}
	return rapport.ObjectOf(pairs).AppendJSON(nil), left
}

// Ready returns since when a run stands before something that the caller has to have
// done; false if none does.
func (st *State) Ready() (since rapport.Instant, ok bool) {
	if run := st.first(); run != nil {
		return run.Due, true
	}
	return 0, false
}

// first returns the first run that stands ready; nil if none does.
func (st *State) first() *Run {
	for i := range st.runs {
		if run := &st.runs[i]; run.ready && !run.over {
			return run
		}
	}
	return nil
}
