package strictyaml

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// The limits of one document. They are far above what people write.
const (
	MaxBytes = 1 << 20
	maxDepth = 64
	maxNodes = 100_000 // with every alias counted as often as it is used
	maxName  = 200     // bytes of a name before a colon
	maxFound = 100     // problems told of one document
)

// Source is a document's text and where it stands.
type Source struct {
	File string
	Line int // lines of the file before the text
	Text []byte
}

// Tree is a document that could be read: its values and where each of them stands.
type Tree struct {
	source Source
	root   *yaml.Node
	nodes  int
	way    []crumb // where check is
}

// Parse reads the text of one document. The tree is nil if nothing can be done
// with it; doubled names are reported and the first of them is kept.
func Parse(src Source) (*Tree, []Problem) {
	t := &Tree{source: src}
	if len(src.Text) > MaxBytes {
		return nil, t.whole("is larger than %d KB: split it into several documents", MaxBytes>>10)
	}
	if !utf8.Valid(src.Text) {
		return nil, t.whole("is not text in UTF-8: save it in that encoding")
	}
	root, problem := t.read()
	if problem != nil {
		return nil, []Problem{*problem}
	}
	if root == nil {
		return nil, t.whole("is empty")
	}
	t.root = root
	problems, fine := t.check(root)
	if problems = problems[:min(len(problems), maxFound)]; !fine {
		return nil, problems
	}
	return t, problems
}

// Shape returns a problem unless the document is made of names with values.
func (t *Tree) Shape() []Problem {
	if root := resolve(t.root); root.Kind != yaml.MappingNode {
		return []Problem{t.problem(root, "", "here should be lines of the form \"name: value\", not %s", describe(root))}
	}
	return nil
}

// Problem makes a problem at a path of the document, or at the nearest one
// around it that is there.
func (t *Tree) Problem(path, message string) Problem {
	line, column := t.At(path)
	return Problem{File: t.source.File, Line: line, Column: column, Path: path, Message: message}
}

// At returns the line and column at which the value of a path begins, or that
// of the nearest path around it that is there.
func (t *Tree) At(path string) (line, column int) {
	n, _ := t.find(path)
	return n.Line + t.source.Line, n.Column
}

// Text returns the text of the scalar at a path, and "" if there is none.
func (t *Tree) Text(path string) string {
	if n, whole := t.find(path); whole && resolve(n).Kind == yaml.ScalarNode {
		return resolve(n).Value
	}
	return ""
}

// Has reports whether the document has a value at a path.
func (t *Tree) Has(path string) bool {
	_, whole := t.find(path)
	return whole
}

func (t *Tree) whole(format string, args ...any) []Problem {
	return []Problem{{File: t.source.File, Line: t.source.Line + 1, Column: 1, Message: "the document " + fmt.Sprintf(format, args...)}}
}

func (t *Tree) problem(n *yaml.Node, path, format string, args ...any) Problem {
	return Problem{File: t.source.File, Line: n.Line + t.source.Line, Column: n.Column, Path: path, Message: fmt.Sprintf(format, args...)}
}

// read makes nodes of the text, with the JSON reader where it is JSON: YAML's
// own reader refuses some escapes that JSON allows.
func (t *Tree) read() (root *yaml.Node, problem *Problem) {
	text := t.source.Text
	if trimmed := bytes.TrimSpace(text); len(trimmed) > 0 && trimmed[0] == '{' && json.Valid(text) {
		return jsonNodes(text)
	}
	defer func() { // the YAML reader is foreign code that promises nothing about odd input
		if recover() != nil {
			root, problem = nil, &t.whole("cannot be read as YAML")[0]
		}
	}()
	dec := yaml.NewDecoder(bytes.NewReader(text))
	var doc, more yaml.Node
	if err := dec.Decode(&doc); err == io.EOF {
		return nil, nil
	} else if err != nil {
		p := t.syntax(err)
		return nil, &p
	}
	if err := dec.Decode(&more); err != io.EOF {
		p := t.problem(&more, "", "a second document begins here: write --- on a line of its own before it")
		p.Line, p.Column = max(p.Line, t.source.Line+1), max(p.Column, 1)
		return nil, &p
	}
	if doc.Kind != yaml.DocumentNode || len(doc.Content) == 0 {
		return nil, nil
	}
	return doc.Content[0], nil
}

// check walks the nodes once, for the limits and for doubled names. It reports
// whether the document can be decoded at all.
func (t *Tree) check(n *yaml.Node) ([]Problem, bool) {
	if t.nodes++; t.nodes > maxNodes {
		return []Problem{t.problem(n, pathOf(t.way), "the document has too many values: at most %d, aliases counted", maxNodes)}, false
	}
	if len(t.way) > maxDepth {
		return []Problem{t.problem(n, "", "the document is nested too deeply: at most %d levels", maxDepth)}, false
	}
	switch n.Kind {
	case yaml.AliasNode:
		return t.check(n.Alias)
	case yaml.SequenceNode:
		var problems []Problem
		for i, item := range n.Content {
			more, fine := t.checkInside(crumb{index: i, item: true}, item)
			problems = append(problems, more...)
			if !fine {
				return problems, false
			}
		}
		return problems, true
	case yaml.MappingNode:
		return t.checkMapping(n)
	}
	return nil, true
}

func (t *Tree) checkInside(c crumb, n *yaml.Node) ([]Problem, bool) {
	t.way = append(t.way, c)
	problems, fine := t.check(n)
	t.way = t.way[:len(t.way)-1]
	return problems, fine
}

func (t *Tree) checkMapping(n *yaml.Node) (problems []Problem, fine bool) {
	lines := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if key.Kind != yaml.ScalarNode || key.Tag == "!!merge" {
			problems = append(problems, t.problem(key, pathOf(t.way), "only plain names may stand before a colon here"))
			continue
		}
		if len(key.Value) > maxName {
			return append(problems, t.problem(key, pathOf(t.way), "the name before the colon is too long: at most %d characters", maxName)), false
		}
		if line, doubled := lines[key.Value]; doubled && len(problems) < maxFound {
			path := Key(pathOf(t.way), key.Value)
			problems = append(problems, t.problem(key, path, "%q stands twice, first in line %d: keep one of them", key.Value, line))
			continue
		}
		lines[key.Value] = key.Line + t.source.Line
		more, fine := t.checkInside(crumb{name: key.Value}, n.Content[i+1])
		problems = append(problems, more...)
		if !fine {
			return problems, false
		}
	}
	return problems, true
}

var syntaxLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)$`)

// syntax says in plain words what the YAML reader stumbled over.
func (t *Tree) syntax(err error) Problem {
	p := Problem{File: t.source.File, Line: t.source.Line + 1, Column: 1}
	first, _, _ := strings.Cut(err.Error(), "\n")
	m := syntaxLine.FindStringSubmatch(first)
	if m == nil {
		p.Message = "cannot be read as YAML"
		return p
	}
	if line, err := strconv.Atoi(m[1]); err == nil {
		p.Line = t.source.Line + line
	}
	p.Message = "cannot be read as YAML: " + syntaxHint(m[2])
	return p
}

func syntaxHint(said string) string {
	for _, h := range [...]struct{ in, hint string }{
		{"mapping values are not allowed", `there is a colon where none may be; put a text that has ": " in it in quotes`},
		{"cannot start any token", "indent with spaces, not tabs, and put a text that begins with a special character (@ ` % *) in quotes"},
		{"could not find expected ':'", "a line here has no colon after its name, or a quoted text is not closed"},
		{"did not find expected key", "the indentation does not fit the lines above, or a quote is not closed"},
		{"did not find expected '-' indicator", "the items of a list must stand at the same indentation, each with a dash"},
		{"did not find expected ',' or", "a list in [ ] or a { } is not closed, or lacks a comma"},
		{"unexpected end of stream", "a quoted text is not closed"},
		{"unknown anchor", "a text that begins with * must be put in quotes"},
		{"control characters are not allowed", "there is an invisible control character in it; remove it"},
		{"exceeded max depth", "it is nested too deeply"},
	} {
		if strings.Contains(said, h.in) {
			return h.hint
		}
	}
	return said
}
