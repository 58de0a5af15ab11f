package strictyaml

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// jsonNodes makes of valid JSON the nodes that YAML would make of it.
func jsonNodes(text []byte) (*yaml.Node, *Problem) {
	r := &jsonReader{text: text, dec: json.NewDecoder(bytes.NewReader(text)), line: 1, column: 1}
	r.dec.UseNumber()
	return r.value(0), nil
}

type jsonReader struct {
	text         []byte
	dec          *json.Decoder
	at           int // how far line and column have been counted
	line, column int
}

// value reads one value. Beyond the depth that Parse allows, values become
// null; Parse has refused the document by then.
func (r *jsonReader) value(depth int) *yaml.Node {
	n := &yaml.Node{Kind: yaml.ScalarNode}
	n.Line, n.Column = r.place()
	token, err := r.dec.Token()
	if err != nil {
		n.Tag = "!!null"
		return n
	}
	switch v := token.(type) {
	case json.Delim:
		r.inside(n, v, depth)
	case string:
		n.Tag, n.Value, n.Style = "!!str", v, yaml.DoubleQuotedStyle
	case json.Number:
		n.Tag, n.Value = numberTag(v.String()), v.String()
	case bool:
		n.Tag, n.Value = "!!bool", "false"
		if v {
			n.Value = "true"
		}
	default:
		n.Tag, n.Value = "!!null", "null"
	}
	return n
}

func (r *jsonReader) inside(n *yaml.Node, open json.Delim, depth int) {
	n.Kind, n.Tag, n.Style = yaml.MappingNode, "!!map", yaml.FlowStyle
	if open == '[' {
		n.Kind, n.Tag = yaml.SequenceNode, "!!seq"
	}
	for r.dec.More() {
		item := r.value(depth + 1)
		if depth <= maxDepth {
			n.Content = append(n.Content, item)
		}
	}
	_, _ = r.dec.Token() // the closing bracket: the text is valid, so it is there
}

// place returns where the next token begins.
func (r *jsonReader) place() (line, column int) {
	next := int(r.dec.InputOffset())
	for next < len(r.text) && bytes.IndexByte([]byte(" \t\r\n,:"), r.text[next]) >= 0 {
		next++
	}
	for r.at < next {
		c, size := utf8.DecodeRune(r.text[r.at:])
		r.at += size
		if r.column++; c == '\n' {
			r.line, r.column = r.line+1, 1
		}
	}
	return r.line, r.column
}

func numberTag(s string) string {
	if bytes.ContainsAny([]byte(s), ".eE") {
		return "!!float"
	}
	return "!!int"
}
