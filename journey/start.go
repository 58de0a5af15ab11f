package journey

import "rapport"

// enterByEvent starts or restarts a run of a journey if the event asks for one
// and nothing forbids it.
func (w *walk) enterByEvent(j *Journey, e Event) {
	if !w.admits(j) {
		return
	}
	run := Run{
		Journey: j.hash, Key: j.keyOf(e), Version: j.version,
		Entered: w.now, Since: e.Timestamp(), reached: e.Timestamp(), Entry: e.JSON(),
	}
	run.Number = runNumber(j.hash, run.Key, e.ID(), e.Timestamp())
	if after(e.Timestamp(), j.entry.maxAge, w.view.Zone()) < w.now {
		w.refuse(j, &run, TooOld, e.Timestamp().String())
		return
	}
	w.enter(j, run)
}

// admits reports whether the rule of a journey's entry holds. While facts that it
// reads are being built nobody enters.
func (w *walk) admits(j *Journey) bool { return j.entry.where == nil || w.yes(j.entry.where) }

func (w *walk) enterBySegment(j *Journey, c SegmentChange) {
	if !w.admits(j) {
		return
	}
	run := Run{Journey: j.hash, Version: j.version, Entered: w.now, Since: w.now, reached: w.now}
	run.Number = runNumber(j.hash, "", c.Name, w.now)
	w.enter(j, run)
}

// enter starts a run, or says why not.
func (w *walk) enter(j *Journey, run Run) {
	if reason := w.set.closed(j); reason != "" {
		w.refuse(j, &run, reason, "")
		return
	}
	under := w.st.find(run.Journey, run.Key)
	if reason, detail := w.objection(j, &run, under); reason != "" {
		w.refuse(j, &run, reason, detail)
		return
	}
	run.Entry = keepEntry(run.Entry)
	if j.goal != nil {
		run.goal = after(run.Since, j.goal.within, w.view.Zone())
	}
	run.Due, run.check = rapport.Never, rapport.Never
	run.Place = j.nodes[0].place
	begun := Effect{Kind: Entered}
	if under >= 0 {
		begun = Effect{Kind: Restarted, Previous: w.st.runs[under].Number, Before: w.st.runs[under].Version}
		w.st.runs[under] = run
	} else {
		w.st.runs = append(w.st.runs, run)
		under = len(w.st.runs) - 1
	}
	w.emit(&run, begun)
	w.goOn(j, &w.st.runs[under], 0)
}

// objection returns why a run may not begin; under is the run under way, or -1.
func (w *walk) objection(j *Journey, run *Run, under int) (reason Reason, detail string) {
	if under >= 0 {
		switch {
		case !j.restart:
			return AlreadyRunning, ""
		case run.Since < w.st.runs[under].Since:
			return OutOfDate, ""
		}
	} else if at, ok := w.st.lastEnd(run.Journey, run.Key); ok {
		if j.never {
			return TooEarly, "never"
		}
		if again := after(at, j.after, w.view.Zone()); again > w.now {
			return TooEarly, again.String()
		}
	}
	if again := w.nextPeriod(j, run.Key); under < 0 && again > w.now {
		return TooEarly, again.String()
	}
	if name := w.heardExit(j, run); name != "" {
		return AlreadyExited, name
	}
	if r := w.exitRule(j, run.Entry); r != nil {
		return AlreadyExited, r.Text()
	}
	if under < 0 && w.st.full() || w.st.heavy(run.Entry, under) {
		return TooManyRuns, ""
	}
	return "", ""
}

// reachGoals counts an event as the goal of the runs that want it, and of those
// that ended a short while ago.
func (w *walk) reachGoals(e Event) {
	for i := range w.st.ends {
		d := &w.st.ends[i]
		run := Run{Journey: d.journey, Number: d.number, Version: d.version, Since: d.since, goal: d.goal, Entry: d.entry}
		if w.reaches(&run, e) {
			d.goal = 0
		}
	}
	for i := range w.st.runs {
		if w.reaches(&w.st.runs[i], e) {
			w.st.runs[i].goal = 0
		}
	}
}

func (w *walk) reaches(run *Run, e Event) bool {
	if at := e.Timestamp(); at < run.Since || at >= run.goal {
		return false
	}
	j := w.set.of(run)
	if j == nil || j.goal == nil || !j.goal.listens(e.Name()) || !w.holds(j.goal.where, run) {
		return false
	}
	w.emit(run, Effect{Kind: Reached, Detail: e.Name()})
	return true
}
