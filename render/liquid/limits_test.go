package liquid_test

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"rapport"
	"rapport/render/liquid"
)

func render(t testing.TB, src string, opts liquid.RenderOptions) (string, error) {
	t.Helper()
	tmpl, err := liquid.Parse(src, liquid.ParseOptions{Load: blocks(map[string]string{"self": src})})
	if err != nil {
		t.Fatal(err)
	}
	out, err := tmpl.Render(nil, fuzzData, opts)
	return string(out), err
}

func TestLimits(t *testing.T) {
	t.Parallel()
	doubling := "{% assign s = 'xxxxxxxx' %}{% for i in (1..60) %}{% assign s = s | append: s %}{% endfor %}"
	// A list of many long texts costs little to make, and much to do anything with.
	long := "{% assign s = 'xxxxxxxx' %}{% for i in (1..15) %}{% assign s = s | append: s %}{% endfor %}{% assign l = 'a,b' | split: ',' %}{% for i in (1..5000) %}{% assign l = s | concat: l %}{% if i > 18 %}{% break %}{% endif %}{% endfor %}"
	for _, c := range []struct {
		name, src string
		limits    liquid.Limits
		stop      bool
		want      liquid.Reason
	}{
		{name: "a long loop", src: "{% for i in (1..20000000) %}{% endfor %}", want: liquid.TooManySteps},
		{name: "a long loop that prints", src: "{% for i in (1..20000000) %}{{ i }}{% endfor %}", want: liquid.TooManySteps},
		{name: "a table", src: "{% tablerow i in (1..20000000) %}{% endtablerow %}", want: liquid.TooMuchOutput},
		{name: "a range written out", src: "{{ (1..20000000) | join }}", want: liquid.TooManySteps},
		{name: "the longest range", src: "{{ (-9223372036854775808..9223372036854775807) | reverse }}", want: liquid.TooManySteps},
		{name: "a doubled text", src: doubling, want: liquid.TooManySteps},
		{name: "a doubled list", src: "{% assign l = (1..9) | concat: (1..9) %}{% for i in (1..60) %}{% assign l = l | concat: l %}{% endfor %}", want: liquid.TooManySteps},
		{name: "a text replaced by itself", src: "{% assign s = 'aaaaaaaaaaaaaaaaaaaa' %}{% for i in (1..60) %}{% assign s = s | replace: 'a', s %}{% endfor %}", want: liquid.TooManySteps},
		{name: "long texts printed", src: long + "{{ l }}", want: liquid.TooMuchOutput},
		{name: "long texts as text", src: long + "{{ l | upcase | size }}", want: liquid.TooManySteps},
		{name: "long texts as JSON", src: long + "{% for i in (1..99) %}{% assign j = l | json %}{% endfor %}", want: liquid.TooManySteps},
		{name: "long texts told apart", src: long + "{% for i in (1..99) %}{% assign j = l | uniq %}{% endfor %}", want: liquid.TooManySteps},
		{name: "long texts searched", src: long + "{% assign t = s | replace_first: 'x', 'y' %}{% for i in (1..99) %}{% if l contains t %}{% endif %}{% endfor %}", want: liquid.TooManySteps},
		{name: "long texts sorted", src: long + "{% for i in (1..99) %}{% assign j = l | sort %}{% endfor %}", want: liquid.TooManySteps},
		{name: "long texts read as numbers", src: "{% assign s = '11111111' %}{% for i in (1..15) %}{% assign s = s | append: s %}{% endfor %}{% for i in (1..9999) %}{% assign n = s | plus: 1 %}{% endfor %}", want: liquid.TooManySteps},
		{name: "nested loops", src: strings.Repeat("{% for i in (1..99) %}", 50) + strings.Repeat("{% endfor %}", 50), want: liquid.TooManySteps},
		{name: "blocks for a long list", src: "{% render 'self' for (1..20000000) %}", want: liquid.TooDeep},
		{name: "a block in itself", src: "{% include 'self' %}", want: liquid.TooDeep},
		{name: "much output", src: "{% for i in (1..999) %}0123456789{% endfor %}", limits: liquid.Limits{Output: 5000}, want: liquid.TooMuchOutput},
		{name: "much output of one value", src: "{% assign s = '' %}{% for i in (1..99) %}{% assign s = s | append: '0123456789' %}{% endfor %}{{ s }}", limits: liquid.Limits{Output: 500}, want: liquid.TooMuchOutput},
		{name: "much output in a capture", src: "{% capture s %}{% for i in (1..999) %}0123456789{% endfor %}{% endcapture %}", limits: liquid.Limits{Output: 5000}, want: liquid.TooMuchOutput},
		{name: "stopped", src: "{% for i in (1..20000000) %}{% endfor %}", limits: liquid.Limits{Steps: 1 << 40}, stop: true, want: liquid.Stopped},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			asked := 0
			opts := liquid.RenderOptions{Limits: c.limits}
			if c.stop {
				opts.Stop = func() bool { asked++; return asked == 10 }
			}
			out, err := render(t, c.src, opts)
			var e *liquid.Error
			if !errors.As(err, &e) || e.Reason != c.want || e.Position.Line != 1 {
				t.Errorf("got %.40q, %v; wanted reason %d", out, err, c.want)
			}
		})
	}
}

func TestErrorsAreOfTheProduct(t *testing.T) {
	t.Parallel()
	_, err := liquid.Parse("{{ a b }}", liquid.ParseOptions{})
	if rapport.KindOf(err) != rapport.Invalid || rapport.MessageOf(err) != err.Error() {
		t.Errorf("kind %v, message %q", rapport.KindOf(err), rapport.MessageOf(err))
	}
	_, err = render(t, "{% for i in (1..20000000) %}{% endfor %}", liquid.RenderOptions{})
	if rapport.KindOf(err) != rapport.TooLarge {
		t.Errorf("kind %v of %v", rapport.KindOf(err), err)
	}
}

// A template nested deeper than anybody writes is refused, not followed.
func TestDeepNestingIsRefused(t *testing.T) {
	t.Parallel()
	for name, src := range map[string]string{
		"tags":         strings.Repeat("{% if a %}", 100_000),
		"closed tags":  strings.Repeat("{% if a %}", 1000) + strings.Repeat("{% endif %}", 1000),
		"brackets":     "{{ " + strings.Repeat("a[", 100_000) + " }}",
		"ranges":       "{{ " + strings.Repeat("(", 100_000) + " }}",
		"liquid lines": "{% liquid " + strings.Repeat("liquid ", 100_000) + " %}",
	} {
		if _, err := liquid.Parse(src, liquid.ParseOptions{}); err == nil {
			t.Errorf("%s: not refused", name)
		}
	}
}

// Blocks that render each other in every order are refused while parsing.
func TestBlocksThatMultiplyAreRefused(t *testing.T) {
	t.Parallel()
	var all strings.Builder
	for c := 'a'; c <= 'z'; c++ {
		all.WriteString("{% render '" + string(c) + "' %}")
	}
	load := func(string) (string, error) { return all.String(), nil }
	if _, err := liquid.Parse(all.String(), liquid.ParseOptions{Load: load}); err == nil {
		t.Error("not refused")
	}
}

// Many goroutines render one template, each its own data.
func TestConcurrentRendering(t *testing.T) {
	t.Parallel()
	tmpl, err := liquid.Parse(`{% for i in (1..20) %}{% cycle n, "b" %}{% increment c %}{% endfor %}{% for x in l %}{{ x.v }}{% endfor %}{{ n }}`, liquid.ParseOptions{})
	if err != nil {
		t.Fatal(err)
	}
	text := func(n string) (string, error) {
		item := rapport.ObjectOf([]rapport.Value{rapport.TextOf("v"), rapport.TextOf(n)})
		data := rapport.ObjectOf([]rapport.Value{rapport.TextOf("n"), rapport.TextOf(n), rapport.TextOf("l"), rapport.ListOf([]rapport.Value{item, item})})
		out, err := tmpl.Render(nil, liquid.Object(data), liquid.RenderOptions{})
		return string(out), err
	}
	var wait sync.WaitGroup
	for _, n := range []string{"1", "2", "3", "4"} {
		want, err := text(n)
		if err != nil || !strings.HasSuffix(want, n+n+n) {
			t.Fatal(want, err)
		}
		wait.Go(func() {
			for range 200 {
				if got, err := text(n); err != nil || got != want {
					t.Errorf("%s: got %q, %v", n, got, err)
				}
			}
		})
	}
	wait.Wait()
}

// With AutoEscape, no text of the data reaches the output with a sign of HTML in
// it, whatever harmless filters it goes through.
func TestAutoEscapeLetsNoMarkupThrough(t *testing.T) {
	t.Parallel()
	filters := []string{"upcase", "strip", "append: x", "prepend: x", "split: ''  | join: x", "escape", "escape_once", "newline_to_br | strip_newlines | remove: 'br'", "default: x", "truncate: 9", "replace: 'a', x", "json", "first", "reverse", "url_decode", "capitalize"}
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.StringOf(rapid.RuneFrom([]rune(`<>&"'a b%3C;`))).Draw(t, "x")
		chain := rapid.SliceOfN(rapid.SampledFrom(filters), 0, 5).Draw(t, "filters")
		src := "{% capture c %}{{ x }}{% endcapture %}{{ " + strings.Join(append([]string{"x"}, chain...), " | ") + " }}{{ c }}"
		tmpl, err := liquid.Parse(src, liquid.ParseOptions{AutoEscape: true})
		if err != nil {
			t.Fatal(err)
		}
		out, err := tmpl.Render(nil, liquid.Object(rapport.ObjectOf([]rapport.Value{rapport.TextOf("x"), rapport.TextOf(x)})), liquid.RenderOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if strings.ContainsAny(strings.ReplaceAll(string(out), "<br />", ""), `<>"'`) {
			t.Fatalf("%s of %q printed %q", src, x, out)
		}
	})
}

// Two renderings one after the other know nothing of each other, though they
// share memory.
func TestRenderingsAreApart(t *testing.T) {
	t.Parallel()
	tmpl, err := liquid.Parse(`{{ a }}{% if b %}{% assign a = b %}{% increment n %}{% cycle 1, 2 %}{% endif %}{{ a }}{{ n }}`, liquid.ParseOptions{})
	if err != nil {
		t.Fatal(err)
	}
	with := liquid.Object(rapport.ObjectOf([]rapport.Value{rapport.TextOf("b"), rapport.TextOf("x")}))
	for range 3 {
		first, _ := tmpl.Render(nil, with, liquid.RenderOptions{})
		second, _ := tmpl.Render(nil, nil, liquid.RenderOptions{})
		if string(first) != "01x1" || len(second) != 0 {
			t.Fatalf("got %q, then %q", first, second)
		}
	}
}
