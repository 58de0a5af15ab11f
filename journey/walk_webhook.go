package journey

import (
	"slices"

	"rapport"
)

// Call is what a webhook asks for: that this is sent, until it is given up.
type Call struct {
	URL    string
	Body   []byte // JSON; nil if nothing is sent
	GiveUp rapport.Instant
}

// Answer is what came of a call.
type Answer struct {
	Run     uint64
	Step    string
	Body    []byte // what is kept of the answer, see [Set.Keep]; may be nil
	Refused bool   // it was refused, or given up
}

// call tells what is to be sent, and reports whether the run waits for the answer.
func (w *walk) call(j *Journey, run *Run, n *node) (waits bool) {
	w.view.of(run)
	called := &Call{URL: n.call.URL, GiveUp: after(w.now, n.call.giveUp, w.view.Zone())}
	if len(n.call.body.names) > 0 {
		called.Body = n.call.body.eval(&w.view, w.now).AppendJSON(nil)
	}
	w.emit(run, Effect{Kind: Called, Step: n.name, Call: called})
	if n.call.forgets {
		w.pass(run, n, "")
		return false
	}
	run.Due = called.GiveUp
	w.watch(j, run, n)
	return true
}

// answered moves the run that waits for an answer. One that is over, or stands elsewhere
// by now, waits for none. One that stands still goes on with it when it may.
func (w *walk) answered(a Answer) {
	w.exitRuns()
	i := slices.IndexFunc(w.st.runs, func(r Run) bool { return !r.over && r.Number == a.Run })
	if i < 0 {
		return
	}
	run := &w.st.runs[i]
	j := w.set.of(run)
	if j == nil {
		return
	}
	at, known := j.at(placeHash(a.Step))
	if stands, ok := j.at(run.Place); !known || !ok || stands != at || j.nodes[at].call == nil {
		return
	}
	n := &j.nodes[at]
	if !a.Refused {
		w.keep(run, n.call, a.Body)
	}
	switch {
	case run.held && a.Refused:
		run.Due = w.now
	case run.held:
		run.came = true
	case a.Refused:
		w.pass(run, n, "otherwise")
		w.leave(j, run, n.missed, w.now)
	default:
		w.pass(run, n, "then")
		w.leave(j, run, n.then, w.now)
	}
}

// keep lets the run know an answer.
func (w *walk) keep(run *Run, c *call, body []byte) {
	v, err := rapport.ParseJSON(body)
	if c.save == "" || err != nil || !v.IsSet() {
		return
	}
	known, _ := rapport.ParseJSON(run.Learned)
	w.learn(run, "answers", with(known.Get("answers"), c.save, v))
}

// CallAt returns how the call of a step is made, for runs of a version of the journey;
// false if there is no such step any more.
func (x *Set) CallAt(journey string, version uint64, step string) (rapport.Call, bool) {
	if c := x.callAt(journey, version, step); c != nil {
		return c.Call, true
	}
	return rapport.Call{}, false
}

func (x *Set) callAt(journey string, version uint64, step string) *call {
	if j := x.of(&Run{Journey: NameHash(journey), Version: version}); j != nil {
		return j.callAt(step)
	}
	return nil
}

// Keep returns what of an answer the step that asked for it keeps, as JSON, and if that
// is nothing, why. A step that saves nothing keeps nothing.
func (x *Set) Keep(journey string, version uint64, step string, body []byte) (kept []byte, problem string) {
	c := x.callAt(journey, version, step)
	if c == nil || c.save == "" {
		return nil, ""
	}
	if len(body) == 0 {
		return nil, "there is no answer to keep: it is empty, or larger than 64 KB"
	}
	v, err := rapport.ParseJSON(body)
	if err != nil || v.Kind() != rapport.Object {
		return nil, "the answer is no JSON object"
	}
	if len(c.fields) > 0 {
		v = selected(v, c.fields)
	}
	if kept = v.AppendJSON(nil); len(kept) > MaxAnswer {
		return nil, "the answer is larger than 4 KB: name the fields that matter"
	}
	return kept, ""
}

// selected returns the named fields of an object that are set.
func selected(v rapport.Value, names []string) rapport.Value {
	var pairs []rapport.Value
	for _, name := range names {
		if is := v.Get(name); is.IsSet() {
			pairs = append(pairs, rapport.TextOf(name), is)
		}
	}
	return rapport.ObjectOf(pairs)
}
