package render

import (
	"maps"
	"slices"

	"rapport"
	"rapport/internal/strictyaml"
	"rapport/render/liquid"
)

// Check says what is wrong with the block by itself, among the blocks that it may
// render. What it reads is looked at in each template that renders it.
func (d BlockDoc) Check(env Env) []Problem {
	c := &compiler{env: env, shelf: newShelf(env.Blocks)}
	c.block("", d.BlockVariant)
	c.blockLocales("", d.Locales)
	for _, market := range slices.Sorted(maps.Keys(d.Markets)) {
		path, there := strictyaml.Key("markets", market), d.Markets[market]
		if !slices.Contains(env.Markets, market) {
			c.problem(path, "there is no market "+quote(market), nearestOf(market, env.Markets))
		}
		if len(there.Locales) == 0 || there.BlockVariant != (BlockVariant{}) {
			c.block(path+".", there.BlockVariant)
		}
		c.blockLocales(path+".", there.Locales)
	}
	return c.problems
}

func (c *compiler) blockLocales(prefix string, locales map[string]BlockVariant) {
	for _, name := range slices.Sorted(maps.Keys(locales)) {
		path := strictyaml.Key(prefix+"locales", name)
		if languageTag(name) == "" {
			c.problem(path, quote(name)+" is no language", "write one such as th, zh-Hant or pt-BR")
		}
		c.block(path+".", locales[name])
	}
}

// block checks what a block prints.
func (c *compiler) block(prefix string, v BlockVariant) {
	if blank(v.HTML) && blank(v.Text) {
		c.problem(prefix+"html", "the block prints nothing", "write html, text or both")
	}
	for _, f := range [...]struct {
		name, source string
		html         bool
	}{{"html", v.HTML, true}, {"text", v.Text, false}} {
		if _, err := liquid.Parse(f.source, c.parseOptions(f.html)); err != nil {
			c.malformed(prefix+f.name, f.source, err)
		}
	}
}

func (c *compiler) parseOptions(html bool) liquid.ParseOptions {
	return liquid.ParseOptions{
		Filters: filters(), Load: c.shelf.loader(html), Editions: c.shelf.editions(html), AutoEscape: html,
	}
}

// shelf holds all blocks, and their editions for markets and languages beside them.
type shelf struct {
	byName map[string]BlockVariant
	of     map[string][]string // the names of a block's editions, sorted
}

func newShelf(blocks map[string]BlockDoc) *shelf {
	s := &shelf{byName: map[string]BlockVariant{}, of: map[string][]string{}}
	for name, doc := range blocks {
		s.byName[name], s.of[name] = doc.BlockVariant, nil
		s.put(name, "", BlockMarket{Locales: doc.Locales})
		for market, there := range doc.Markets {
			s.put(name, market, there)
		}
		slices.Sort(s.of[name])
	}
	return s
}

func (s *shelf) put(block, market string, there BlockMarket) {
	add := func(language string, v BlockVariant) {
		name := edition(block, market, language)
		s.byName[name], s.of[block] = v, append(s.of[block], name)
	}
	if market != "" {
		add("", there.BlockVariant)
	}
	for language, v := range there.Locales {
		add(languageTag(language), v)
	}
}

// edition is the name of a block for a market, in a language, or both.
func edition(block, market, language string) string {
	if market != "" {
		block += " for " + market
	}
	if language != "" {
		block += " in " + language
	}
	return block
}

// edition chooses the block that is printed: for the market in the message's
// language, else for the market, else in the language, else "" for the block itself.
func (s *scope) edition(block string, of []string) string {
	markets := []string{s.request.Market.Name, ""}
	if markets[0] == "" {
		markets = markets[1:]
	}
	for _, market := range markets {
		for tag := s.language; ; tag = wider(tag) {
			if name := edition(block, market, tag); name != block && slices.Contains(of, name) {
				return name
			}
			if tag == "" {
				break
			}
		}
	}
	return ""
}

// editions returns what names the editions of a block that print a kind of text.
func (s *shelf) editions(html bool) func(string) []string {
	return func(block string) []string {
		var names []string
		for _, name := range s.of[block] {
			if v := s.byName[name]; html && !blank(v.HTML) || !html && !blank(v.Text) {
				names = append(names, name)
			}
		}
		return names
	}
}

// maxBlocks is how long the blocks that one text renders may be together.
const maxBlocks = 1 << 20

// loader returns what {% render %} names: the block's text for the kind of text
// that asks.
func (s *shelf) loader(html bool) func(string) (string, error) {
	left := maxBlocks
	return func(name string) (string, error) {
		block, ok := s.byName[name]
		if !ok {
			return "", noBlock(nearest(name, slices.Sorted(maps.Keys(s.of))))
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
