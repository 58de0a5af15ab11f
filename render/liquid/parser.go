package liquid

import (
	"errors"
	"slices"
	"strings"

	"rapport"
)

// compiler turns sources into bodies. It is used for one template and all the
// blocks it renders, which share their names and loops.
type compiler struct {
	opts    ParseOptions
	names   map[string]int   // to symbols
	loops   map[string]int   // a loop's name to where it remembers its end
	blocks  map[string]*unit // by name; loaded once
	tags    map[string]tagFunc
	filters map[string]filterSpec
	nesting int
	lenient bool // what is being read may be unset even when variables are strict
}

// symbol returns the number of a name.
func (c *compiler) symbol(name string) int {
	if n, ok := c.names[name]; ok {
		return n
	}
	n := len(c.names)
	c.names[name] = n
	return n
}

// offset returns where loops of a name remember their end.
func (c *compiler) offset(name string) int {
	if n, ok := c.loops[name]; ok {
		return n
	}
	n := len(c.loops)
	c.loops[name] = n
	return n
}

func (c *compiler) compile(u *unit) error {
	tokens, err := lex(u)
	if err != nil {
		return err
	}
	p := &parser{compiler: c, unit: u, tokens: tokens}
	u.body, err = p.body("", nil)
	return err
}

// maxBlocks bounds how many blocks a template may pull in.
const maxBlocks = 200

// load returns a named block, loading and compiling it at first.
func (c *compiler) load(u *unit, at int, name string) (*unit, error) {
	if known, ok := c.blocks[name]; ok {
		return known, nil
	}
	switch {
	case c.opts.Load == nil:
		return nil, u.malformed(at, "there are no blocks here to render")
	case len(c.blocks) == maxBlocks:
		return nil, u.malformed(at, "this template renders more than %d blocks", maxBlocks)
	}
	src, err := c.opts.Load(name)
	if err != nil {
		return nil, u.malformed(at, "the block %q cannot be had%s", name, reasonOf(err))
	}
	block := newUnit(name, src)
	c.blocks[name] = block
	nesting := c.nesting
	c.nesting = 0
	err = c.compile(block)
	c.nesting = nesting
	return block, err
}

func reasonOf(err error) string {
	if e := (*rapport.Error)(nil); errors.As(err, &e) {
		return ": " + e.Message
	}
	return ""
}

// parser reads the tokens of one source, or of one {% liquid %} tag in it.
type parser struct {
	*compiler
	unit   *unit
	tokens []token
	pos    int
	open   []token // the tags that are open, the innermost last
	stop   token   // the tag that ended the last body
}

// body reads nodes up to a tag named in ends, which becomes p.stop. owner is the
// open tag, or empty at the top.
func (p *parser) body(owner string, ends []string) (*body, error) {
	out := &body{unit: p.unit, blank: true}
	for p.pos < len(p.tokens) {
		t := p.tokens[p.pos]
		p.pos++
		if t.kind == tagToken && slices.Contains(ends, t.name) {
			p.stop = t
			return out, nil
		}
		if err := p.node(out, t); err != nil {
			return nil, err
		}
	}
	if owner == "" {
		return out, nil
	}
	opened := p.open[len(p.open)-1]
	return nil, p.unit.malformed(opened.at, "{%% %s %%} is never closed: {%% end%s %%} is missing", opened.name, opened.name)
}

// node reads what begins with t and adds it to out.
func (p *parser) node(out *body, t token) error {
	switch t.kind {
	case textToken:
		n := textNode(p.unit.src[t.start:t.end])
		out.add(t.at, n, n.blank())
		return nil
	case outputToken:
		n, err := p.output(t)
		if err != nil {
			return err
		}
		out.add(t.at, n, false)
		return nil
	}
	parse, ok := p.tags[t.name]
	if !ok {
		return p.unknownTag(t)
	}
	return parse(p, out, t)
}

func (b *body) add(at int, n node, blank bool) {
	b.nodes = append(b.nodes, n)
	b.at = append(b.at, at)
	b.blank = b.blank && blank
}

// dropSpace leaves out the white space of a body that prints nothing else.
func (b *body) dropSpace() {
	kept := 0
	for i, n := range b.nodes {
		if _, ok := n.(textNode); !ok {
			b.nodes[kept], b.at[kept] = n, b.at[i]
			kept++
		}
	}
	b.nodes, b.at = b.nodes[:kept], b.at[:kept]
}

func (p *parser) output(t token) (node, error) {
	expr, err := p.printed(t)
	return &outputNode{expr: expr, escape: p.opts.AutoEscape}, err
}

// printed reads what {{ }} and {% echo %} print; nothing at all is nil.
func (p *parser) printed(t token) (expression, error) {
	s := newScanner(p.unit, t.start, t.end)
	if s.kind == endSymbol && s.err == nil {
		return &constant{}, nil
	}
	expr, err := p.filtered(s)
	if err != nil {
		return nil, err
	}
	return expr, s.finish("after a value come only filters, as in {{ name | upcase }}")
}

// block reads the body of t up to one of ends, in which others may stand open.
func (p *parser) block(t token, ends ...string) (*body, error) {
	p.nesting++
	defer func() { p.nesting-- }()
	if p.nesting > maxNesting {
		return nil, p.unit.malformed(t.at, "tags are nested too deep here")
	}
	p.open = append(p.open, t)
	b, err := p.body(t.name, ends)
	p.open = p.open[:len(p.open)-1]
	return b, err
}

// unknownTag says what is wrong with a tag that cannot stand here: a stray end,
// or a name that nobody knows.
func (p *parser) unknownTag(t token) error {
	opened := ""
	if len(p.open) > 0 {
		opened = p.open[len(p.open)-1].name
	}
	closing, isEnd := strings.CutPrefix(t.name, "end")
	_, known := p.tags[closing]
	switch {
	case isEnd && known && opened != "":
		return p.unit.malformed(t.at, "{%% %s %%} closes nothing: the innermost open tag is {%% %s %%}, which ends with {%% end%s %%}", t.name, opened, opened)
	case isEnd && known:
		return p.unit.malformed(t.at, "{%% %s %%} closes nothing: no {%% %s %%} is open", t.name, closing)
	case t.name == "else" || t.name == "elsif" || t.name == "when":
		return p.unit.malformed(t.at, "{%% %s %%} stands outside of the tag that it belongs to", t.name)
	}
	return p.unit.malformed(t.at, "unknown tag %q%s", t.name, didYouMean(t.name, p.tagNames(opened)))
}

// tagNames are the tags that may stand here, for suggestions.
func (p *parser) tagNames(opened string) []string {
	names := []string{"comment", "raw", "doc"}
	for name := range p.tags {
		names = append(names, name)
	}
	if opened != "" {
		names = append(names, "end"+opened, "else")
	}
	if opened == "if" || opened == "unless" {
		names = append(names, "elsif")
	}
	if opened == "case" {
		names = append(names, "when")
	}
	return names
}
