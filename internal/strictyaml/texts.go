package strictyaml

import "go.yaml.in/yaml/v3"

// Texts calls visit with every text of the document, its path, and what tells the texts
// beside it by their names. One that an alias repeats is visited where it is written.
func (t *Tree) Texts(visit func(path, text string, beside func(name string) string)) {
	t.texts(t.root, "", nil, visit)
}

func (t *Tree) texts(n *yaml.Node, path string, around *yaml.Node, visit func(path, text string, beside func(name string) string)) {
	switch n.Kind {
	case yaml.ScalarNode:
		visit(path, n.Value, func(name string) string { return textAt(around, name) })
	case yaml.SequenceNode:
		for i, item := range n.Content {
			t.texts(item, Index(path, i), nil, visit)
		}
	case yaml.MappingNode:
		for key, value := range pairs(n) {
			t.texts(value, Key(path, key.Value), n, visit)
		}
	}
}

// textAt returns the text of a name of a mapping, "" if there is none.
func textAt(n *yaml.Node, name string) string {
	if n == nil {
		return ""
	}
	if value := child(n, crumb{name: name}); value != nil && resolve(value).Kind == yaml.ScalarNode {
		return resolve(value).Value
	}
	return ""
}
