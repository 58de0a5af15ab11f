package render_test

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"rapport"
	"rapport/render"
)

// gaps draws templates that print what may be missing, with and without asking
// first.
type gaps struct {
	t     *rapid.T
	depth int
	names []string
	asked string // for the last time
}

func (g *gaps) pick(of ...string) string { return rapid.SampledFrom(of).Draw(g.t, "choice") }

// name is often one that was asked for.
func (g *gaps) name() string {
	if g.asked != "" && g.pick("asked", "any") == "asked" {
		return g.asked
	}
	return g.pick(g.names...)
}

func (g *gaps) clause() string {
	g.asked = g.pick(g.names...)
	return g.asked + g.pick("", "", " == 'v'", " != 'v'", " == blank", " != blank", " == nil", " != empty", " contains 'v'", " == "+g.name(), ".size > 0")
}

func (g *gaps) condition() string {
	text := g.clause()
	for range rapid.IntRange(0, 2).Draw(g.t, "more clauses") {
		text += g.pick(" and ", " or ") + g.clause()
	}
	return text
}

func (g *gaps) body() string {
	var b strings.Builder
	for range rapid.IntRange(1, 2).Draw(g.t, "pieces") {
		b.WriteString(g.piece())
	}
	return b.String()
}

func (g *gaps) piece() string {
	if g.depth == 3 {
		return g.pick("x", "y", "{{ "+g.name()+" }}", "{{ "+g.name()+" | upcase }}", "{{ "+g.name()+" | default: 'd' }}", "{{ "+g.name()+" | upcase | default: 'd' }}")
	}
	g.depth++
	defer func() { g.depth-- }()
	switch g.pick("print", "if", "if", "if", "unless", "case", "for", "assign", "render") {
	case "if":
		return "{% if " + g.condition() + " %}" + g.body() + g.pick("", "{% elsif "+g.condition()+" %}"+g.body()) + g.pick("", "{% else %}"+g.body()) + "{% endif %}"
	case "unless":
		return "{% unless " + g.condition() + " %}" + g.body() + g.pick("", "{% else %}"+g.body()) + "{% endunless %}"
	case "case":
		return "{% case " + g.name() + " %}{% when " + g.pick("'v'", "'v', 1", "nil", "blank, 'v'", g.name()) + " %}" + g.body() + g.pick("", "{% else %}"+g.body()) + "{% endcase %}"
	case "for":
		return g.loop()
	case "assign":
		return "{% assign n = " + g.name() + g.pick("", " | default: 'd'") + " %}{{ n }}"
	case "render":
		return "{% render 'b', of: " + g.name() + " %}"
	}
	return "{{ " + g.name() + g.pick("", " | default: 'd'", " | default: 'e'", " | default: 'f' | append: 'x'", " | append: 'x' | default: 'd'", " | first | default: 1", " | upcase") + " }}"
}

// loop is the only place where the names of its items can be read.
func (g *gaps) loop() string {
	outer := g.names
	if !strings.Contains(strings.Join(outer, " "), "p.a") {
		g.names = append([]string{"p.a", "p.b.c"}, outer...)
	}
	body := g.body()
	g.names, g.asked = outer, ""
	return "{% for p in event.list %}" + body + g.pick("", "{% else %}"+g.body()) + "{% endfor %}"
}

// some draws an object of which anything may be missing.
func some(t *rapid.T, names ...string) rapport.Value {
	var pairs []rapport.Value
	for _, name := range names {
		values := []rapport.Value{{}, rapport.TextOf(""), rapport.TextOf("v"), rapport.NumberOf(1), rapport.BoolOf(false)}
		if name != "c" {
			values = append(values, some(t, "c"), rapport.ListOf([]rapport.Value{some(t, "c")}))
		}
		if i := rapid.IntRange(-1, len(values)-1).Draw(t, name); i >= 0 {
			pairs = append(pairs, rapport.TextOf(name), values[i])
		}
	}
	return rapport.ObjectOf(pairs)
}

// A template that was accepted never meets a value that is missing, whoever the
// customer is and whatever the event told.
func TestAcceptedTemplatesMissNothing(t *testing.T) {
	t.Parallel()
	env := render.Env{Blocks: map[string]render.BlockDoc{"b": {BlockVariant: render.BlockVariant{Text: "{{ of }}{% if of.c %}{{ of.c }}{% endif %}"}}}}
	accepted := 0
	rapid.Check(t, func(t *rapid.T) {
		g := &gaps{t: t, names: []string{"customer.a", "customer.b", "customer.b.c", "event.x", "event.x.c"}}
		text := "x" + g.body()
		template, problems := render.Compile("it", render.Doc{Channel: "sms", Text: text}, env)
		if len(problems) > 0 {
			for _, p := range problems {
				if !strings.Contains(p.Message, "may be missing") || p.Suggestion == "" {
					t.Fatalf("%s: %v", text, p)
				}
			}
			return
		}
		accepted++
		list := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) rapport.Value { return some(t, "a", "b") }), 0, 2).Draw(t, "list")
		traits := some(t, "a", "b")
		event := fmt.Sprintf(`{"x":%s,"list":%s}`, some(t, "x").Get("x").AppendJSON(nil), rapport.ListOf(list).AppendJSON(nil))
		_, err := template.Render(render.Request{
			Message:  &rapport.Message{Template: "it", Channel: rapport.SMS, Entry: []byte(event)},
			Customer: shopper{traits: map[string]rapport.Value{"a": traits.Get("a"), "b": traits.Get("b")}},
		}, 0)
		if err != nil && strings.Contains(err.Error(), "has no value here") {
			t.Errorf("%s\nof %s and %s: %v", text, traits.AppendJSON(nil), event, err)
		}
	})
	if accepted == 0 {
		t.Error("no template was accepted")
	}
}
