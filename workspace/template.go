package workspace

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"rapport/internal/strictyaml"
	"rapport/render"
)

// templates compiles the templates, with the brands and blocks that they print.
func (c *compiler) templates(w *Compiled) []*render.Template {
	docs := decode[render.Doc](c, "template")
	env := render.Env{Plan: w.Plan, Brands: w.Brands, Blocks: decode[render.BlockDoc](c, "block"), Markets: w.Markets.Names()}
	c.blocks(env)
	var compiled []*render.Template
	for _, name := range slices.Sorted(maps.Keys(docs)) {
		if c.faulty[key{"template", name}] {
			continue
		}
		t, problems := render.Compile(name, docs[name], env)
		for _, p := range problems {
			c.renderProblem("template", name, p)
		}
		if t != nil {
			compiled = append(compiled, t)
		}
	}
	return compiled
}

// blocks checks the blocks by themselves, whether a template renders them or not.
func (c *compiler) blocks(env render.Env) {
	for _, name := range slices.Sorted(maps.Keys(env.Blocks)) {
		if c.faulty[key{"block", name}] {
			continue
		}
		for _, p := range env.Blocks[name].Check(env) {
			c.renderProblem("block", name, p)
		}
	}
}

func (c *compiler) renderProblem(kind, name string, p render.Problem) {
	message := withSuggestion(p.Message, p.Suggestion)
	if p.Line == 0 {
		c.add(kind, name, p.Path, message)
		return
	}
	c.within(kind, name, p.Path, p.Offset, message)
}

// sends checks that a step sends a template by the channel that it is for.
func (c *compiler) sends(k key, path string, t *render.Template) {
	at := strings.TrimSuffix(path, ".template")
	said := c.trees[k].Text(strictyaml.Key(at, "channel"))
	if serves := string(t.Channel()); said != "" && said != serves {
		c.add(k.kind, k.name, strictyaml.Key(at, "channel"),
			fmt.Sprintf("template %q is for %s, and this sends it by %s: write channel: %s, or name another template", t.Name(), serves, said, serves))
	}
}
