package render

import (
	"maps"
	"slices"

	"rapport"
	"rapport/render/liquid"
)

// Check says what is wrong with the document by itself, among the blocks that it
// may render. What it reads is looked at in each template that renders it.
func (d BlockDoc) Check(blocks map[string]BlockDoc) []Problem {
	if blank(d.HTML) && blank(d.Text) {
		return []Problem{{Path: "html", Message: "the block prints nothing", Suggestion: "write html, text or both"}}
	}
	c := &compiler{env: Env{Blocks: blocks}}
	for _, f := range [...]struct {
		name, source string
		html         bool
	}{{"html", d.HTML, true}, {"text", d.Text, false}} {
		if _, err := liquid.Parse(f.source, c.parseOptions(f.html)); err != nil {
			c.malformed(f.name, f.source, err)
		}
	}
	return c.problems
}

func (c *compiler) parseOptions(html bool) liquid.ParseOptions {
	return liquid.ParseOptions{Filters: filters(), Load: loader(c.env.Blocks, html), AutoEscape: html}
}

// maxBlocks is how long the blocks that one text renders may be together.
const maxBlocks = 1 << 20

// loader returns what {% render %} names: the block's text for the kind of text
// that asks.
func loader(blocks map[string]BlockDoc, html bool) func(string) (string, error) {
	left := maxBlocks
	return func(name string) (string, error) {
		block, ok := blocks[name]
		if !ok {
			return "", noBlock(nearest(name, slices.Sorted(maps.Keys(blocks))))
		}
		source, field := block.Text, "text"
		if html {
			source, field = block.HTML, "html"
		}
		switch {
		case blank(source):
			return "", rapport.Errorf(rapport.Invalid, "it has no %s", field)
		case len(source) > maxSource:
			return "", rapport.Errorf(rapport.Invalid, "it is longer than %d KB", maxSource>>10)
		}
		if left -= len(source); left < 0 {
			return "", rapport.Errorf(rapport.Invalid, "the blocks of one text may be %d KB long together", maxBlocks>>10)
		}
		return source, nil
	}
}

func noBlock(hint string) error {
	if hint == "" {
		return rapport.Errorf(rapport.Invalid, "there is none of this name")
	}
	return rapport.Errorf(rapport.Invalid, "there is none of this name, %s", hint)
}
