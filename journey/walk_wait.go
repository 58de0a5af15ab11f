package journey

import "rapport"

// rest leaves a run at a step that takes time. It reports false if that is a wait for a
// date that is past, or that nobody told.
func (w *walk) rest(j *Journey, run *Run, n *node) bool {
	over, ok := w.over(run, n)
	if ok {
		run.Due = over
		w.watch(j, run, n)
	}
	return ok
}

// over returns when a step that takes time is over for a run that is looked at now, and
// false if it waits for a date that is past, or that nobody told.
func (w *walk) over(run *Run, n *node) (rapport.Instant, bool) {
	zone := w.view.Zone()
	if n.date == nil {
		return n.clock.next(after(w.now, n.wait, zone), zone), true
	}
	if !n.date.Answerable(w.view.Subject) {
		run.unsure = true
		return w.now.Add(askAgain), true
	}
	unsure := run.unsure
	run.unsure = false
	w.view.of(run)
	at, ok := n.date.At(&w.view, w.now)
	if !ok {
		return 0, false
	}
	at = n.clock.next(at, zone)
	if unsure && at >= run.reached {
		at = max(at, w.now) // it came while nobody could tell
	}
	return at, at >= w.now
}

// lookOutForDates lets the runs follow dates that came to stand at one only when the
// journey became another.
func (w *walk) lookOutForDates() {
	for i := range w.st.runs {
		run := &w.st.runs[i]
		j := w.set.of(run)
		if j == nil || run.over || run.watch {
			continue
		}
		if at, ok := j.at(run.Place); ok && j.nodes[at].date != nil {
			run.watch = true
		}
	}
}

// follow looks again at a date that a run waits for: it may be another by now. What
// fell due before now is left to the time, which does it as of its instant: a date that
// came meanwhile was not missed.
func (w *walk) follow(j *Journey, run *Run, n *node) {
	if !w.timed && run.Due < w.now {
		return
	}
	switch over, ok := w.over(run, n); {
	case !ok:
		w.leave(j, run, w.miss(run, n), w.now)
	case over == w.now && w.timed:
		w.pass(run, n, "")
		w.leave(j, run, n.next, over)
	default:
		run.Due = over
		w.watch(j, run, n)
	}
}

// miss passes a wait whose date can't be waited for, and returns the node to go on with.
func (w *walk) miss(run *Run, n *node) int {
	w.pass(run, n, "missed")
	if n.stop {
		return end
	}
	return n.next
}
