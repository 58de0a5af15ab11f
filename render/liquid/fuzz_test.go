package liquid_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"rapport"
	"rapport/render/liquid"
)

// seeds are templates that walk through every tag and filter, and inputs on
// which other engines are known to panic.
func seeds(f *testing.F) []string {
	src, _ := mail(f)
	cases, err := os.ReadFile("testdata/cases.txt")
	if err != nil {
		f.Fatal(err)
	}
	return append(strings.Split(string(cases), "\n===\n"),
		src,
		"{% for i in (5..1) %}{{ i }}{% endfor %}",
		"{{ 'hello' | slice: -99, -5 }}{{ list | slice: -7, 3 }}",
		"{{ list | sort_natural: 'nothing' }}{{ nothing | sort_natural }}{{ list | sort_natural }}",
		"{% for i in (1..20000000) %}{{ i }}{% endfor %}",
		"{{ (1..9999999999999) | join | size }}{{ (-9223372036854775808..9223372036854775807) | reverse }}",
		"{% assign s = 'xxxxxxxx' %}{% for i in (1..60) %}{% assign s = s | append: s %}{% endfor %}{{ s }}",
		"{% render 'self' %}{% include 'self' %}",
		"{{ '-9223372036854775808' | divided_by: -1 | abs | times: -1 | modulo: -1 }}",
		"{{ 0 | date: '%10000Y %^#-_0:z %' }}{{ 99999999999999999 | date: '%s%c%+' }}",
		"{{ 'aaaa' | replace: '', 'bbbb' | split: '' | uniq | sort | sum | json }}",
		"{%tablerow i in object cols: -4 limit: -1 offset: -1%}{{tablerowloop.col}}{%endtablerow%}",
		"{{ object[list][0]['x'].first.last.size }}{{ ['list'][-1] }}{{ [text] }}",
		"{% liquid\n if text\n echo list\n cycle 'a': 1, 2\n endif\n liquid liquid echo 1 %}",
	)
}

var fuzzData = liquid.Object(rapport.ObjectOf([]rapport.Value{
	rapport.TextOf("text"), rapport.TextOf("some <b>text</b>\r\nof two lines, 2026-11-22"),
	rapport.TextOf("number"), rapport.NumberOf(-7.25),
	rapport.TextOf("list"), rapport.ListOf([]rapport.Value{
		rapport.NumberOf(3), {}, rapport.TextOf("b"), rapport.BoolOf(false),
		rapport.ObjectOf([]rapport.Value{rapport.TextOf("title"), rapport.TextOf("x")}),
		rapport.ListOf([]rapport.Value{rapport.NumberOf(1), rapport.TextOf("B")}),
	}),
	rapport.TextOf("object"), rapport.ObjectOf([]rapport.Value{rapport.TextOf("title"), {}, rapport.TextOf("list"), rapport.ListOf(nil)}),
}))

// FuzzParse: parsing never panics, an error has a place inside the source, and
// the analysis names only places inside it.
func FuzzParse(f *testing.F) {
	for _, s := range seeds(f) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		tmpl, err := liquid.Parse(src, liquid.ParseOptions{})
		lines := strings.Count(src, "\n") + 1
		if e := (*liquid.Error)(nil); err != nil && (!errors.As(err, &e) || e.Position.Line < 1 || e.Position.Line > lines || e.Position.Column < 1) {
			t.Fatalf("an error without a good position: %v", err)
		}
		if err != nil {
			return
		}
		for _, p := range tmpl.Variables() {
			if p.Name == "" || p.Position.Line < 1 || p.Position.Line > lines {
				t.Fatalf("a bad path: %+v", p)
			}
		}
	})
}

// FuzzRender: rendering never panics, keeps its limits, leaves on an error what
// was there before, and does the same when done again.
func FuzzRender(f *testing.F) {
	for i, s := range seeds(f) {
		f.Add(s, i%2 == 0, i%3 == 0)
	}
	f.Fuzz(func(t *testing.T, src string, escape, strict bool) {
		self := func(string) (string, error) { return src, nil }
		tmpl, err := liquid.Parse(src, liquid.ParseOptions{AutoEscape: escape, Load: self})
		if err != nil {
			return
		}
		opts := liquid.RenderOptions{StrictVariables: strict, Limits: liquid.Limits{Output: 10_000, Steps: 2_000, Depth: 3}}
		out, err := tmpl.Render([]byte("before"), fuzzData, opts)
		if len(out) > len("before")+10_000 || !strings.HasPrefix(string(out), "before") {
			t.Fatalf("%d bytes of output", len(out))
		}
		if e := (*liquid.Error)(nil); err != nil && (!errors.As(err, &e) || e.Position.Line < 1 || string(out) != "before") {
			t.Fatalf("a bad error %v with %q", err, out)
		}
		again, err2 := tmpl.Render([]byte("before"), fuzzData, opts)
		if string(again) != string(out) || (err == nil) != (err2 == nil) {
			t.Fatalf("first %q %v, then %q %v", out, err, again, err2)
		}
	})
}
