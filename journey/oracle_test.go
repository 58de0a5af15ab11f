package journey_test

import (
	"cmp"
	"fmt"
	"slices"
)

// The oracle says what a simple journey does by looking at the whole list of
// inputs at once: for each trigger it looks back for what forbids a run and ahead
// for what ends it. It uses nothing of the package.
//
// The journey is: wait, send "first", wait, send "second"; entered by "in",
// ended by "out", its goal is "buy". Times are plain milliseconds.
type oracle struct {
	wait1, wait2 int64
	maxAge       int64
	restart      bool
	never        bool
	after        int64
	within       int64
	matchKey     bool // "out" ends runs of its own key only
	inputs       []fact
}

type fact struct {
	now, at int64 // admitted, happened; nows never go back
	name    string
	key     string
}

// moment is an instant and a place among what is done at it: inputs in their
// order, then what time does.
type moment struct {
	at  int64
	seq int
}

const byTime = 1 << 30

func (m moment) before(o moment) bool { return m.at < o.at || m.at == o.at && m.seq < o.seq }

type told struct {
	when moment
	text string
}

// span is one run from beginning to end.
type span struct {
	from, to moment
	since    int64
	restart  bool // ended by being restarted
}

// trace returns what happens to the runs of one key, in order.
func (o *oracle) trace(key string) []string {
	var out []told
	var runs []span
	for i, in := range o.inputs {
		if in.name != "in" || in.key != key {
			continue
		}
		begin := moment{in.now, i}
		reason, restarts := o.forbids(runs, begin, in)
		if reason != "" {
			out = append(out, told{begin, "refused " + reason})
			continue
		}
		word := "entered"
		if restarts {
			word = "restarted"
			runs[len(runs)-1].to = begin
			runs[len(runs)-1].restart = true
		}
		runs = append(runs, o.future(begin, in))
		out = append(out, told{begin, word})
	}
	for _, r := range runs {
		out = append(out, o.events(r)...)
		if when, ok := o.reached(r, key); ok {
			out = append(out, told{when, "reached"})
		}
	}
	slices.SortStableFunc(out, func(a, b told) int {
		return cmp.Or(cmp.Compare(a.when.at, b.when.at), cmp.Compare(a.when.seq, b.when.seq), cmp.Compare(rank(a.text), rank(b.text)))
	})
	var lines []string
	for _, x := range out {
		lines = append(lines, fmt.Sprintf("%d %s", x.when.at, x.text))
	}
	return lines
}

// rank orders what one input does at once.
func rank(text string) int { return slices.Index([]string{"reached", "exited", "passed"}, text) }

// forbids says why a trigger may start nothing, and whether it restarts a run.
func (o *oracle) forbids(runs []span, begin moment, in fact) (reason string, restarts bool) {
	if in.now-in.at > o.maxAge {
		return "too old", false
	}
	if n := len(runs); n > 0 {
		last := runs[n-1]
		switch {
		case begin.before(last.to) && !o.restart:
			return "running", false
		case begin.before(last.to) && in.at < last.since:
			return "out of date", false
		case begin.before(last.to):
			restarts = true
		case o.never || begin.at-last.to.at < o.after:
			return "reentry", false
		}
	}
	for _, x := range o.inputs[:begin.seq] {
		if x.name == "out" && x.at >= in.at && (!o.matchKey || x.key == in.key) {
			return "already exited", false
		}
	}
	return "", restarts
}

// future returns a run as if nothing restarted it.
func (o *oracle) future(begin moment, in fact) span {
	r := span{from: begin, to: moment{in.now + o.wait1 + o.wait2, byTime}, since: in.at}
	for i, x := range o.inputs[begin.seq+1:] {
		if x.name == "out" && x.at >= in.at && (!o.matchKey || x.key == in.key) {
			if when := (moment{x.now, begin.seq + 1 + i}); when.before(r.to) {
				r.to = when
			}
			break
		}
	}
	return r
}

func (o *oracle) events(r span) []told {
	var out []told
	first, second := moment{r.from.at + o.wait1, byTime}, moment{r.from.at + o.wait1 + o.wait2, byTime}
	if !r.to.before(first) {
		out = append(out, told{first, "passed first"})
	}
	if !r.to.before(second) {
		return append(out, told{second, "passed second"}, told{second, "finished"})
	}
	if !r.restart {
		out = append(out, told{r.to, "exited"})
	}
	return out
}

// reached returns when the goal of a run was reached: also after its end, as long
// as it is remembered; of a run that was restarted, only until then.
func (o *oracle) reached(r span, key string) (moment, bool) {
	deadline := r.since + o.within
	kept := deadline
	if o.never {
		kept = 1 << 60
	} else {
		kept = max(kept, r.to.at+o.after)
	}
	for i, x := range o.inputs {
		when := moment{x.now, i}
		if x.name != "buy" || x.key != key || x.at < r.since || x.at >= deadline || !r.from.before(when) {
			continue
		}
		if r.to.before(when) && (r.restart || r.to.at >= deadline || x.now >= kept) {
			continue
		}
		return when, true
	}
	return moment{}, false
}
