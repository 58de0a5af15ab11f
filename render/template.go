package render

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"sync"

	"rapport"
	"rapport/render/liquid"
)

// Limits of one rendering.
const (
	maxOutput  = 256 << 10 // bytes of an HTML or text body
	maxSubject = 2 << 10   // bytes of a subject or preheader
	maxSteps   = 20_000    // see liquid.Limits
)

// Template is a compiled template. It is immutable and safe for concurrent use.
type Template struct {
	name      string
	channel   rapport.Channel
	brand     *brand
	from      *Sender
	replyTo   string
	texts     wording
	markets   map[string]*wording  // by name
	fallbacks map[string]*fallback // by root
	traits    []string             // of the customer that it reads, sorted
	reads     []string
	buffers   sync.Pool // of *[]byte
}

// variant is a template's texts in one language; what it does not have is nil.
type variant struct {
	language                       string
	subject, preheader, html, text *part
}

// part is one text, and the path of its field.
type part struct {
	path     string
	template *liquid.Template
}

// Name returns the document's name.
func (t *Template) Name() string { return t.name }

// Channel returns what the template is written for.
func (t *Template) Channel() rapport.Channel { return t.channel }

// Reads returns everything that the template may read, such as
// customer.first_name or cart.lines[].price, sorted. The slice must not be
// changed.
func (t *Template) Reads() []string { return t.reads }

// note gathers what the whole template reads.
func (c *compiler) note() {
	for _, p := range c.paths {
		c.t.reads = append(c.t.reads, p.Name)
		if steps := split(p.Name); steps[0] == "customer" && len(steps) > 1 {
			c.t.traits = append(c.t.traits, steps[1])
		}
	}
	for _, list := range []*[]string{&c.t.reads, &c.t.traits} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
}

// Render renders the template for one message; see [Set.Render].
func (t *Template) Render(r Request, now rapport.Instant) (Letter, error) {
	if m := r.Message; m.Channel != "" && m.Channel != t.channel {
		return Letter{}, t.refuse("", "it is written for "+string(t.channel)+", and the message goes by "+string(m.Channel))
	}
	v := t.choose(r)
	s := &scope{template: t, request: r, now: now, language: cmp.Or(v.language, languageTag(r.Market.Language))}
	content, err := t.content(v, s)
	if err != nil {
		return Letter{}, err
	}
	return Letter{Content: content, From: t.sender(r.Market), ReplyTo: t.answers(), Language: s.language}, nil
}

func (t *Template) content(v *variant, s *scope) (content rapport.Content, err error) {
	if content.Subject, err = t.print(v.subject, s, maxSubject, oneLine); err != nil {
		return rapport.Content{}, err
	}
	if t.channel == rapport.Email && content.Subject == "" {
		return rapport.Content{}, t.refuse(v.subject.path, "it came out empty")
	}
	preheader, err := t.print(v.preheader, s, maxSubject, oneLine)
	if err != nil {
		return rapport.Content{}, err
	}
	content.HTML, err = t.print(v.html, s, maxOutput, func(b []byte) string { return t.page(b, preheader, s) })
	if err != nil {
		return rapport.Content{}, err
	}
	content.Text, err = t.print(v.text, s, maxOutput, func(b []byte) string { return t.letter(b, s) })
	if err == nil && content.HTML == "" && content.Text == "" {
		err = t.refuse("", "the message came out empty")
	}
	if err != nil {
		return rapport.Content{}, err
	}
	return content, nil
}

// print renders one text and finishes it. What finish is given is good for the
// time of the call only.
func (t *Template) print(p *part, s *scope, most int, finish func([]byte) string) (string, error) {
	if p == nil {
		return "", nil
	}
	buffer, _ := t.buffers.Get().(*[]byte)
	if buffer == nil {
		buffer = new([]byte)
	}
	defer t.buffers.Put(buffer)
	out, err := p.template.Render((*buffer)[:0], s, liquid.RenderOptions{
		Now: s.now, Zone: s.request.Zone, StrictVariables: true, Edition: s.edition,
		Limits: liquid.Limits{Output: most, Steps: maxSteps},
	})
	if err != nil {
		return "", t.fault(p.path, err)
	}
	*buffer = out
	return finish(out), nil
}

// fault says in which template and text something went wrong.
func (t *Template) fault(path string, err error) error {
	refusal := t.refuse(path, rapport.MessageOf(err))
	if e := (*rapport.Error)(nil); errors.As(err, &e) {
		refusal.Code, refusal.Err = e.Code, e.Err
	}
	return refusal
}

func (t *Template) refuse(path, message string) *rapport.Error {
	if path != "" {
		message = path + ": " + message
	}
	return &rapport.Error{
		Kind: rapport.Invalid, Code: "template_failed", Message: "template " + quote(t.name) + ": " + message,
	}
}

// sender returns whom a message to a market comes from.
func (t *Template) sender(m Market) rapport.Sender {
	s := cmp.Or(t.from, t.brand.sender(t.channel, m.Name))
	if s == nil {
		return rapport.Sender{}
	}
	return rapport.Sender{Name: s.Name, Address: s.Address}
}

func (t *Template) answers() string {
	if t.channel != rapport.Email {
		return ""
	}
	return cmp.Or(t.replyTo, t.brand.doc.ReplyTo)
}

// oneLine makes one line of a text, as a header needs it.
func oneLine(b []byte) string {
	return strings.Join(strings.FieldsFunc(string(b), func(r rune) bool {
		return r == ' ' || isControl(r) || r == '\u0085' || r == '\u2028' || r == '\u2029'
	}), " ")
}
