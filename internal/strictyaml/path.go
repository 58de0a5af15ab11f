package strictyaml

import (
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// crumb is one step of the way to a value: a name, or else an index.
type crumb struct {
	name  string
	index int
	item  bool
}

// pathOf writes the way down.
func pathOf(way []crumb) string {
	path := ""
	for _, c := range way {
		if c.item {
			path = Index(path, c.index)
		} else {
			path = Key(path, c.name)
		}
	}
	return path
}

// Key returns the path of a named field inside path.
func Key(path, name string) string {
	if !plainName(name) {
		return path + "[" + strconv.Quote(name) + "]"
	}
	if path == "" {
		return name
	}
	return path + "." + name
}

// Index returns the path of item i inside path.
func Index(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }

func plainName(name string) bool {
	if name == "" {
		return false
	}
	for _, r := range name {
		if r != '_' && r != '-' && r != '$' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') {
			return false
		}
	}
	return true
}

// cut takes the first step off a path; ok is false if there is none or it is no path.
func cut(path string) (first crumb, rest string, ok bool) {
	if inside, bracket := strings.CutPrefix(path, "["); bracket {
		return cutBracket(inside)
	}
	path = strings.TrimPrefix(path, ".")
	end := strings.IndexAny(path, ".[")
	if end < 0 {
		end = len(path)
	}
	return crumb{name: path[:end]}, path[end:], end > 0
}

func cutBracket(inside string) (first crumb, rest string, ok bool) {
	quoted, err := strconv.QuotedPrefix(inside)
	if err != nil {
		digits, rest, closed := strings.Cut(inside, "]")
		i, err := strconv.Atoi(digits)
		return crumb{index: i, item: true}, rest, closed && err == nil
	}
	name, err := strconv.Unquote(quoted)
	rest, closed := strings.CutPrefix(inside[len(quoted):], "]")
	return crumb{name: name}, rest, closed && err == nil
}

// find goes down a path as far as there is something, and reports whether that
// was the whole way.
func (t *Tree) find(path string) (n *yaml.Node, whole bool) {
	n = t.root
	for path != "" {
		first, rest, ok := cut(path)
		if !ok {
			return n, false
		}
		inner := child(resolve(n), first)
		if inner == nil {
			return n, false
		}
		n, path = inner, rest
	}
	return n, true
}

func child(n *yaml.Node, c crumb) *yaml.Node {
	switch {
	case c.item && n.Kind == yaml.SequenceNode && c.index >= 0 && c.index < len(n.Content):
		return n.Content[c.index]
	case !c.item && n.Kind == yaml.MappingNode:
		for key, value := range pairs(n) {
			if key.Value == c.name {
				return value
			}
		}
	}
	return nil
}
