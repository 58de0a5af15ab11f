package journey

import (
	"fmt"
	"maps"
	"slices"

	"rapport"
)

// edition is a journey in one of its versions.
type edition struct{ journey, version uint64 }

// Stays reports whether the runs of the journey's earlier versions end as they began.
func (j *Journey) Stays() bool { return !j.moves }

// Version returns the version of the workspace that made the journey what it is.
func (j *Journey) Version() uint64 { return j.version }

// of returns the version of its journey that a run follows; nil if there is no such
// journey any more. A run whose own version is not kept goes on with the newest.
func (x *Set) of(r *Run) *Journey {
	j := x.byHash[r.Journey]
	if j == nil || j.moves || r.Version == j.version {
		return j
	}
	if own := x.earlier[edition{r.Journey, r.Version}]; own != nil {
		return own
	}
	return j
}

// TemplateAt returns the template that a step sends by a channel by now; false if there is no
// such step any more.
func (x *Set) TemplateAt(journey, step string, by rapport.Channel) (string, bool) {
	j := x.Get(journey)
	if j == nil {
		return "", false
	}
	i, ok := j.at(placeHash(step))
	if !ok || j.nodes[i].kind != sendNode || j.nodes[i].send.channel != by {
		return "", false
	}
	return j.nodes[i].send.template, true
}

// carry lets a run go on with the newest version of its journey, if that is what it
// follows: at the step of the same name, or of the one that is said to have come in its
// place.
func (w *walk) carry(run *Run) {
	j := w.set.of(run)
	if j == nil || j.version == run.Version {
		return
	}
	before := run.Version
	run.Version = j.version
	if at, ok := j.at(run.Place); ok {
		run.Place = j.nodes[at].place
	}
	w.emit(run, Effect{Kind: Carried, Before: before})
}

// at returns the node that a run stands on, and false if the journey has no such step.
func (j *Journey) at(place uint32) (int, bool) {
	if i, ok := j.places[place]; ok {
		return i, true
	}
	i, ok := j.moved[place]
	return i, ok
}

// versions compiles what becomes of runs that are under way when the journey changes.
func (c *compiler) versions(word string, moved map[string]string) {
	switch word {
	case "", "finish":
	case "move":
		c.j.moves = true
	default:
		c.problem("versions", fmt.Sprintf("%q is neither finish nor move", word), "write one of them")
	}
	c.j.moved = map[uint32]int{}
	for _, from := range slices.Sorted(maps.Keys(moved)) {
		to, known := c.j.places[placeHash(moved[from])]
		_, there := c.j.places[placeHash(from)]
		path := "moved." + from
		switch {
		case there:
			c.problem(path, fmt.Sprintf("the journey still has a step %q", from), "leave it out: runs stay at the step they stand at")
		case !known:
			c.problem(path, fmt.Sprintf("the journey has no step %q", moved[from]), "name the step that came in its place")
		}
		c.j.moved[placeHash(from)] = to
	}
}
