package workspace

import (
	"bytes"
	"slices"

	"github.com/rogpeppe/go-internal/diff"
)

// Action is what a change does to a document.
type Action string

// The actions.
const (
	Created   Action = "created"
	Changed   Action = "changed"
	Deleted   Action = "deleted"
	Unchanged Action = "unchanged"
)

// Change is what becomes of one document from one version to the next.
type Change struct {
	Kind   string `json:"kind"`
	Name   string `json:"name"`
	Action Action `json:"action"`
	Diff   string `json:"diff,omitempty"` // by lines, in the form of diff -u; empty if unchanged
}

// Plan says what becomes of each document between two states of the workspace, in
// the order of kinds and names.
func Plan(before, after []Document) []Change {
	var changes []Change
	were, are := index(before), index(after)
	for _, d := range Upsert(before, after, false) {
		was, is := were[d.key()].Body, are[d.key()].Body
		c := Change{Kind: d.Kind, Name: d.Name, Action: action(was, is)}
		if c.Action != Unchanged {
			c.Diff = lineDiff(d.file(), was, is)
		}
		changes = append(changes, c)
	}
	return changes
}

// Differ reports whether anything changes between two states of the workspace. If
// not, applying the second makes no new version.
func Differ(before, after []Document) bool {
	were := index(before)
	return len(before) != len(after) || slices.ContainsFunc(after, func(d Document) bool {
		return action(were[d.key()].Body, d.Body) != Unchanged
	})
}

func action(was, is []byte) Action {
	switch {
	case was == nil:
		return Created
	case is == nil:
		return Deleted
	case bytes.Equal(was, is):
		return Unchanged
	}
	return Changed
}

// lineDiff is the difference without the line that names the command.
func lineDiff(name string, was, is []byte) string {
	text := diff.Diff("a/"+name, was, "b/"+name, is)
	if i := bytes.IndexByte(text, '\n'); bytes.HasPrefix(text, []byte("diff ")) {
		text = text[i+1:]
	}
	return string(text)
}
