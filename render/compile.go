package render

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/mail"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"rapport"
	"rapport/internal/strictyaml"
	"rapport/render/liquid"
	"rapport/rule"
)

// Env is what a document is compiled against.
type Env struct {
	Plan    *rule.Plan          // what is known of customers' traits; may be nil
	Brands  map[string]BrandDoc // by name
	Blocks  map[string]BlockDoc // by name
	Markets []string            // names of the markets, sorted
}

// Problem is one thing that is wrong with a document, in words for its author.
type Problem struct {
	Path         string // of the field: locales.th.html
	Line, Column int    // inside the field's text, from 1; 0 if it is no single place
	Offset       int    // byte of the field's text
	Message      string
	Suggestion   string // what to write instead; may be empty
}

// String returns path, place, message and suggestion.
func (p Problem) String() string {
	text := p.Path + ": "
	if p.Line > 0 {
		text += fmt.Sprintf("line %d, column %d: ", p.Line, p.Column)
	}
	text += p.Message
	if p.Suggestion != "" {
		text += ": " + p.Suggestion
	}
	return text
}

// maxSource is the length of one text of a template.
const maxSource = 256 << 10

// Compile checks a document and compiles it. It reports every problem it finds
// (of a text that is not Liquid the first one); the template is nil if there is
// one.
func Compile(name string, doc Doc, env Env) (*Template, []Problem) {
	c := &compiler{
		env: env, doc: doc, shelf: newShelf(env.Blocks),
		t: &Template{name: name, channel: rapport.Channel(cmp.Or(doc.Channel, string(rapport.Email)))},
	}
	c.sender()
	c.brand()
	c.defaults()
	c.main()
	for _, tag := range slices.Sorted(maps.Keys(doc.Locales)) {
		c.locale("", &c.t.texts, tag, doc.Locales[tag])
	}
	for _, name := range slices.Sorted(maps.Keys(doc.Markets)) {
		c.market(name, doc.Markets[name])
	}
	if len(c.problems) > 0 {
		return nil, c.problems
	}
	c.note()
	return c.t, nil
}

type compiler struct {
	env      Env
	doc      Doc
	shelf    *shelf
	t        *Template
	nouns    map[string]*noun
	paths    []liquid.Path
	problems []Problem
}

func (c *compiler) problem(path, message, suggestion string) {
	c.problems = append(c.problems, Problem{Path: path, Message: message, Suggestion: suggestion})
}

func (c *compiler) email() bool { return c.t.channel == rapport.Email }

func (c *compiler) sender() {
	switch {
	case !c.email() && c.t.channel != rapport.SMS:
		c.problem("channel", quote(c.doc.Channel)+" is no channel", "write email or sms")
		return
	case !c.email() && c.doc.ReplyTo != "":
		c.problem("reply_to", "a text message has no address for answers", "leave it out")
	}
	c.t.from, c.t.replyTo = c.doc.From, c.doc.ReplyTo
	if c.email() {
		c.problems = append(c.problems, checkSender("from", c.doc.From)...)
		c.problems = append(c.problems, checkAddress("reply_to", c.doc.ReplyTo)...)
	}
}

func checkSender(path string, s *Sender) []Problem {
	switch {
	case s == nil:
		return nil
	case s.Address == "":
		return []Problem{{Path: path + ".address", Message: "the sender has no address", Suggestion: "write one such as hello@example.com"}}
	case strings.ContainsFunc(s.Name, isControl):
		return []Problem{{Path: path + ".name", Message: "the sender's name must be one line"}}
	}
	return checkAddress(path+".address", s.Address)
}

// checkAddress asks for a plain e-mail address; an empty one is none.
func checkAddress(path, address string) []Problem {
	if address == "" {
		return nil
	}
	if parsed, err := mail.ParseAddress(address); err == nil && parsed.Address == address {
		return nil
	}
	return []Problem{{Path: path, Message: quote(address) + " is no e-mail address", Suggestion: "write one such as hello@example.com"}}
}

// brand finds the brand that the template speaks for.
func (c *compiler) brand() {
	name := c.doc.Brand
	doc, found := c.env.Brands[cmp.Or(name, "default")]
	switch {
	case found:
	case name != "":
		c.problem("brand", "there is no brand "+quote(name), nearest(name, slices.Sorted(maps.Keys(c.env.Brands))))
	case len(c.env.Brands) == 1:
		for _, doc = range c.env.Brands {
		}
	case len(c.env.Brands) > 1:
		c.problem("brand", "there are several brands and none is called default",
			"name one of "+strings.Join(slices.Sorted(maps.Keys(c.env.Brands)), ", "))
	}
	c.t.brand = newBrand(doc)
	c.nouns = nouns(c.t.brand)
}

// main compiles the template's own texts.
func (c *compiler) main() {
	d := c.doc
	c.fields("", Variant{Subject: d.Subject, Preheader: d.Preheader, HTML: d.HTML, Text: d.Text})
	if c.email() && blank(d.Subject) {
		c.problem("subject", "an e-mail needs a subject", "write one")
	}
	switch {
	case c.email() && blank(d.HTML) && blank(d.Text):
		c.problem("html", "the e-mail has no body", "write html, text or both")
	case !c.email() && blank(d.Text):
		c.problem("text", "the text message says nothing", "write text")
	}
	if d.Language != "" && languageTag(d.Language) == "" {
		c.problem("language", quote(d.Language)+" is no language", "write one such as en, th or zh-Hant")
	}
	own := c.variant("", Variant{Subject: d.Subject, Preheader: d.Preheader, HTML: d.HTML, Text: d.Text})
	own.language = languageTag(d.Language)
	c.t.texts.own = &own
}

// locale compiles texts in another language, of the template or of a market.
func (c *compiler) locale(prefix string, into *wording, name string, v Variant) {
	path, tag := strictyaml.Key(prefix+"locales", name), languageTag(name)
	switch {
	case tag == "":
		c.problem(path, quote(name)+" is no language", "write one such as th, zh-Hant or pt-BR")
		return
	case into.has(tag):
		c.problem(path, "the language "+tag+" stands twice", "keep one of them")
		return
	case v == Variant{}:
		c.problem(path, "there is nothing in this language", "write subject, html or text, or leave it out")
		return
	}
	c.fields(path+".", v)
	own := c.variant(path+".", v)
	own.language = tag
	if into != &c.t.texts {
		own.inherit(c.t.texts.in(tag))
	}
	own.inherit(into.own, c.t.texts.own)
	into.locales = append(into.locales, own)
}

// market compiles the texts for a market.
func (c *compiler) market(name string, m MarketVariant) {
	path := strictyaml.Key("markets", name)
	switch {
	case !slices.Contains(c.env.Markets, name):
		c.problem(path, "there is no market "+quote(name), nearestOf(name, c.env.Markets))
	case m.Language != "" && languageTag(m.Language) == "":
		c.problem(path+".language", quote(m.Language)+" is no language", "write one such as en, th or zh-Hant")
	case m.Variant == Variant{} && len(m.Locales) == 0:
		c.problem(path, "there is nothing for this market", "write subject, html, text or locales, or leave it out")
	}
	there := &wording{}
	if m.Variant != (Variant{}) {
		c.fields(path+".", m.Variant)
		own := c.variant(path+".", m.Variant)
		own.language = cmp.Or(languageTag(m.Language), c.t.texts.own.language)
		own.inherit(c.t.texts.in(own.language), c.t.texts.own)
		there.own = &own
	}
	for _, tag := range slices.Sorted(maps.Keys(m.Locales)) {
		c.locale(path+".", there, tag, m.Locales[tag])
	}
	if c.t.markets == nil {
		c.t.markets = map[string]*wording{}
	}
	c.t.markets[name] = there
}

// fields refuses what a text message does not have.
func (c *compiler) fields(path string, v Variant) {
	if c.email() {
		return
	}
	for _, f := range [...]struct{ name, text string }{{"subject", v.Subject}, {"preheader", v.Preheader}, {"html", v.HTML}} {
		if f.text != "" {
			c.problem(path+f.name, "a text message has no "+f.name, "write text only")
		}
	}
}

func (c *compiler) variant(path string, v Variant) variant {
	return variant{
		subject:   c.part(path+"subject", v.Subject, false),
		preheader: c.part(path+"preheader", v.Preheader, true),
		html:      c.part(path+"html", v.HTML, true),
		text:      c.part(path+"text", v.Text, false),
	}
}

// part compiles one text; nil if there is none or it can't be.
func (c *compiler) part(path, source string, html bool) *part {
	switch {
	case blank(source):
		return nil
	case len(source) > maxSource:
		c.problem(path, fmt.Sprintf("this is longer than %d KB", maxSource>>10), "shorten it; images belong on a web server")
		return nil
	case !utf8.ValidString(source):
		c.problem(path, "this is not UTF-8", "save the file as UTF-8")
		return nil
	}
	parsed, err := liquid.Parse(source, c.parseOptions(html))
	if err != nil {
		c.malformed(path, source, err)
		return nil
	}
	paths := parsed.Variables()
	c.check(path, source, paths)
	c.paths = append(c.paths, paths...)
	return &part{path: path, template: parsed}
}

func (c *compiler) malformed(path, source string, err error) {
	var e *liquid.Error
	if !errors.As(err, &e) {
		c.problem(path, rapport.MessageOf(err), "")
		return
	}
	c.problems = append(c.problems, placed(path, source, e.Position, e.Message, ""))
}

// placed makes a problem at a place of a text. What stands in a block has its
// place in the message, since the field's text does not have it.
func placed(path, source string, at liquid.Position, message, suggestion string) Problem {
	if at.Block != "" {
		return Problem{Path: path, Message: at.String() + ": " + message, Suggestion: suggestion}
	}
	return Problem{
		Path: path, Line: at.Line, Column: at.Column, Offset: offset(source, at), Message: message, Suggestion: suggestion,
	}
}

// offset returns the byte of a text at which a line and column begin.
func offset(source string, at liquid.Position) int {
	from := 0
	for range at.Line - 1 {
		from += strings.IndexByte(source[from:], '\n') + 1
	}
	column := 1
	for i := range source[from:] {
		if column == at.Column {
			return from + i
		}
		column++
	}
	return len(source)
}

func blank(s string) bool { return strings.TrimSpace(s) == "" }

func quote(s string) string { return strconv.Quote(s) }

func isControl(r rune) bool { return r < ' ' || r == 0x7f }
