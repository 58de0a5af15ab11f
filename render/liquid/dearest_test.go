package liquid_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"rapport"
	"rapport/render/liquid"
)

// bulky is data about as large as an event may be, in the shapes that are dearest
// to go through.
func bulky() liquid.Object {
	many := func(n int) rapport.Value {
		var pairs []rapport.Value
		for i := range n {
			pairs = append(pairs, rapport.TextOf(fmt.Sprintf("k%04d", i)), rapport.NumberOf(float64(i)))
		}
		return rapport.ObjectOf(pairs)
	}
	deep := many(10)
	for range 60 {
		deep = rapport.ObjectOf([]rapport.Value{rapport.TextOf("a"), deep, rapport.TextOf("b"), rapport.TextOf(strings.Repeat("x", 100))})
	}
	return liquid.Object(rapport.ObjectOf([]rapport.Value{
		rapport.TextOf("text"), rapport.TextOf(strings.Repeat("ä", 16<<10)),
		rapport.TextOf("many"), many(2500), rapport.TextOf("more"), many(2500),
		rapport.TextOf("deep"), deep, rapport.TextOf("deeper"), deep,
		rapport.TextOf("no"), rapport.BoolOf(false),
	}))
}

// dearest are loops of so many turns in each of which as much is asked for as one
// tag or output can hold.
func dearest(turns int) map[string]string {
	loop := func(body string) string { return fmt.Sprintf("{%% for i in (1..%d) %%}%s{%% endfor %%}", turns, body) }
	grown := "{% assign s = text %}{% for i in (1..3) %}{% assign s = s | append: s %}{% endfor %}"
	var names strings.Builder
	for i := range 1900 {
		fmt.Fprintf(&names, "{%% assign n%d = 1 %%}", i)
	}
	return map[string]string{
		"clauses":      loop("{% if no" + strings.Repeat(" or no", 40_000) + " %}{% endif %}"),
		"literals":     loop("{% if nil" + strings.Repeat(" or nil", 30_000) + " %}{% endif %}"),
		"branches":     loop("{% if no %}" + strings.Repeat("{% elsif no %}", 15_000) + "{% endif %}"),
		"cases":        loop("{% case 1 %}{% when 0" + strings.Repeat(",0", 100_000) + " %}{% endcase %}"),
		"cycle":        loop("{% cycle 0" + strings.Repeat(",0", 100_000) + " %}"),
		"cycle names":  grown + loop("{% cycle s: 1, 2 %}"),
		"arguments":    loop("{% render 'empty'" + strings.Repeat(", x: 0", 30_000) + " %}"),
		"frames":       names.String() + loop("{% render 'empty' %}"),
		"scope":        "{% include 'loop'" + strings.Repeat(", x: 0", 30_000) + " %}",
		"paths":        loop("{% if " + strings.Repeat("many[", 90) + "0" + strings.Repeat("]", 90) + " %}{% endif %}"),
		"many keys":    loop("{% if many.none.none %}{% endif %}"),
		"where":        "{% assign l = (1..1) | concat: (1..0) %}" + loop("{% assign n = many | map: 'none' %}"),
		"objects":      loop("{% if many == more %}{% endif %}"),
		"deep objects": loop("{% if deep == deeper %}{% endif %}"),
		"contains":     loop("{% if many contains 'none' %}{% endif %}"),
		"size":         grown + loop("{% if s.size == 0 %}{% endif %}"),
		"natural":      grown + "{% assign l = s | concat: (1..0) %}" + loop("{% assign m = l | sort_natural %}"),
		"huge numbers": loop("{% assign n = '" + strings.Repeat("9", 30_000) + ".5' | plus: 1 %}"),
		"dates":        loop("{% assign n = 'Someday the 2nd' | date: '%Y' %}"),
		"date formats": loop("{% assign n = 0 | date: '" + strings.Repeat("%c", 500) + "' %}"),
		"wide dates":   loop("{% assign n = 0 | date: '" + strings.Repeat("%64Y", 250) + "' %}"),
		"markup":       "{% assign s = '" + strings.Repeat("<script", 9000) + "' %}" + loop("{% assign n = s | strip_html %}"),
		"words":        grown + loop("{% assign n = s | truncatewords: 1 %}"),
		"encoded":      grown + loop("{% assign n = s | url_encode | url_decode %}"),
		"captures":     loop("{% capture s %}" + strings.Repeat("x", 100_000) + "{% endcapture %}"),
		"json":         loop("{% assign n = many | json %}"),
		"printed":      loop("{% capture n %}{{ deep }}{% endcapture %}"),
		"own filters":  loop("{% assign n = 1 | long %}"),
		"pieces":       grown + loop("{% assign n = s | split: '' %}"),
	}
}

var dearestBlocks = map[string]string{
	"empty": "",
	"loop":  "{% for i in (1..5000) %}{% if y %}{% endif %}{% endfor %}",
}

// parsedBlocks parses what may render dearestBlocks.
func parsedBlocks(t testing.TB, src string) *liquid.Template {
	t.Helper()
	long := liquid.Filter{Apply: func(liquid.Call) (rapport.Value, error) { return rapport.TextOf(strings.Repeat("x", 1<<10)), nil }}
	tmpl, err := liquid.Parse(src, liquid.ParseOptions{Load: blocks(dearestBlocks), AutoEscape: true, Filters: map[string]liquid.Filter{"long": long}})
	if err != nil {
		t.Fatal(err)
	}
	return tmpl
}

// No tag does much work for few steps: whoever asks for more in each turn gets
// fewer turns.
func TestWorkCostsSteps(t *testing.T) {
	t.Parallel()
	for name, src := range dearest(5000) {
		_, err := parsedBlocks(t, src).Render(nil, bulky(), liquid.RenderOptions{Limits: liquid.Limits{Steps: 50_000}})
		if e := (*liquid.Error)(nil); !errors.As(err, &e) || e.Reason != liquid.TooManySteps {
			t.Errorf("%s: 5,000 turns cost less than 50,000 steps: %v", name, err)
		}
	}
}

// BenchmarkDearest measures what the steps of one text can cost.
func BenchmarkDearest(b *testing.B) {
	for name, src := range dearest(1_000_000_000) {
		b.Run(name, func(b *testing.B) {
			tmpl, data := parsedBlocks(b, src), bulky()
			for b.Loop() {
				if _, err := tmpl.Render(nil, data, liquid.RenderOptions{Limits: liquid.Limits{Steps: 20_000, Output: 256 << 10}}); err == nil {
					b.Fatal("it came to an end")
				}
			}
		})
	}
}

// What is dear to look through already while parsing is refused, or done with
// once.
func TestParsingIsBounded(t *testing.T) {
	t.Parallel()
	longer := strings.Repeat("{% assign b = b"+strings.Repeat(".x", 99)+" %}", 1000)
	var names strings.Builder
	for i := range 9000 {
		fmt.Fprintf(&names, "{%% assign n%d = 1 %%}", i)
	}
	for name, src := range map[string]string{
		"names that stand for ever longer paths": longer + "{% if b %}{{ b }}{% endif %}",
		"many branches that add to each other":   "{% if a == nil %}" + strings.Repeat("{% elsif a == nil %}", 10_000) + "{% endif %}",
		"many names":                             names.String(),
		"many names in many branches":            names.String()[:40_000-40_000%22] + strings.Repeat("{% if a %}{% endif %}", 5000),
	} {
		if _, err := liquid.Parse(src, liquid.ParseOptions{}); err == nil {
			t.Errorf("%s: not refused", name)
		}
	}
}
