package journey

import (
	"slices"
	"strings"

	"rapport"
	"rapport/rule"
)

// emit adds an effect of a run.
func (w *walk) emit(run *Run, f Effect) {
	if j := w.set.byHash[run.Journey]; j != nil {
		f.Journey = j.name
	}
	f.Version, f.Run, f.Key, f.At = run.Version, run.Number, run.Key, w.now
	w.effects = append(w.effects, f)
}

// pass tells that a run passed a step.
func (w *walk) pass(run *Run, n *node, choice string) {
	w.emit(run, Effect{Kind: Moved, Step: n.name, Choice: choice})
}

// ask tells what a run wishes to send.
func (w *walk) ask(run *Run, n *node) {
	wish := &Wish{
		Template: n.send.template, Channel: n.send.channel, Class: n.send.class, Purpose: n.send.purpose, Topic: n.send.topic,
		UsefulUntil: rapport.Never, Entry: run.Entry, Learned: run.Learned,
	}
	if !n.send.useful.IsZero() {
		wish.UsefulUntil = after(w.now, n.send.useful, w.view.Zone())
	}
	w.emit(run, Effect{Kind: Asked, Step: n.name, Wish: wish})
}

// refuse tells that a trigger started no run.
func (w *walk) refuse(j *Journey, run *Run, reason Reason, detail string) {
	w.effects = append(w.effects, Effect{
		Kind: Refused, Journey: j.name, Version: j.version, Key: run.Key, At: w.now, Reason: reason, Detail: detail,
	})
}

// end ends a run, tells so and keeps what is needed of it.
func (w *walk) end(run *Run, reason Reason, detail string) {
	run.over = true
	w.effects = append(w.effects, w.ending(run, reason, detail))
	if j := w.set.byHash[run.Journey]; j != nil {
		w.keepEnd(j, run)
	}
}

// ending returns the effect that tells of a run's end.
func (w *walk) ending(run *Run, reason Reason, detail string) Effect {
	f := Effect{
		Kind: Exited, Version: run.Version, Run: run.Number, Key: run.Key, At: w.now, Reason: reason, Detail: detail,
	}
	if j := w.set.of(run); j != nil {
		f.Journey = j.name
		f.Step, _ = j.StepAt(*run)
	}
	return f
}

// keepEnd remembers a run that ended for as long as it says something about
// re-entry or may still reach its goal.
func (w *walk) keepEnd(j *Journey, run *Run) {
	e := ended{
		journey: run.Journey, key: NameHash(run.Key), number: run.Number, version: run.Version,
		at: w.now, keep: w.now, since: run.Since, goal: run.goal,
	}
	switch {
	case j.entry.calendar != nil:
		e.keep, e.binding = w.now.Add(turnMemory), true
	case j.never:
		e.keep, e.binding = rapport.Never, true
	case !j.after.IsZero():
		e.keep, e.binding = after(w.now, j.after, w.view.Zone()), true
	}
	if j.oncePer != 0 {
		e.keep, e.binding, e.entered = max(e.keep, j.oncePer.end(run.Entered, w.view.Zone()).Add(afterMoves)), true, run.Entered
	}
	if e.goal > w.now {
		e.keep = max(e.keep, e.goal)
		e.entry = w.set.of(run).goal.read(run.Entry)
	}
	if e.keep > w.now {
		w.st.remember(e)
	}
}

// read returns what the goal's rule reads of a run's entry, as JSON.
func (g *goal) read(entry []byte) []byte {
	if g == nil || g.where == nil {
		return nil
	}
	return selectFields(&properties{json: entry}, fieldsOf(g.where, "entry"))
}

// fieldsOf returns the names of a root's fields that a rule reads, sorted.
func fieldsOf(r *rule.Rule, root string) []string {
	var names []string
	for _, field := range r.Reads().Fields {
		of, rest, _ := strings.Cut(field, ".")
		name, _, _ := strings.Cut(rest, ".")
		if of == root && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
