package liquid_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rapport"
	"rapport/render/liquid"
)

// TestCases runs testdata/cases.txt. A case is its name, a template, a line of
// dashes, and what comes out or "error: " and what is said. Words after the name
// in brackets switch options on; "data" at the top of the file is for all.
func TestCases(t *testing.T) {
	t.Parallel()
	src, err := os.ReadFile("testdata/cases.txt")
	if err != nil {
		t.Fatal(err)
	}
	cases := strings.Split(strings.TrimSuffix(string(src), "\n"), "\n===\n")
	data, err := rapport.ParseJSON([]byte(cases[0][strings.IndexByte(cases[0], '{'):]))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cases[1:] {
		name, rest, _ := strings.Cut(c, "\n")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			template, want, ok := strings.Cut(rest, "\n---\n")
			if !ok {
				t.Fatal("this case has no line of dashes")
			}
			if diff := cmp.Diff(want, outcome(template, name, data)); diff != "" {
				t.Errorf("wanted (-), got (+):\n%s", diff)
			}
		})
	}
}

// outcome renders a template, or says what was wrong with it.
func outcome(template, name string, data rapport.Value) string {
	zone := time.FixedZone("SGT", 8*60*60)
	tmpl, err := liquid.Parse(template, liquid.ParseOptions{
		AutoEscape: strings.Contains(name, "[html"),
		Filters:    map[string]liquid.Filter{"money": money, "badge": badge},
		Load: blocks(map[string]string{
			"footer": "Yours, {{ brand.name }}",
			"itself": "{% render 'itself' %}",
			"broken": "fine\n{{ x | upcas }}",
			"card":   "[{{ card.name }} {{ size }}]",
		}),
	})
	if err != nil {
		return "error: " + err.Error()
	}
	out, err := tmpl.Render(nil, liquid.Object(data), liquid.RenderOptions{
		Now: 1_795_339_800_000, Zone: zone, StrictVariables: strings.Contains(name, "strict]"),
	})
	if err != nil {
		return "error: " + err.Error()
	}
	return string(out)
}

var money = liquid.Filter{MaxArgs: 1, Keys: []string{"currency"}, Apply: func(c liquid.Call) (rapport.Value, error) {
	if c.Input.Kind() != rapport.Number {
		return rapport.Value{}, rapport.Errorf(rapport.Invalid, "money needs a number")
	}
	currency := c.Named("currency").Text()
	if brand, ok := c.Data.Lookup("brand"); ok && currency == "" {
		currency = brand.Get("currency").Text()
	}
	return rapport.TextOf(currency + " " + c.Input.String()), nil
}}

var badge = liquid.Filter{HTML: true, Apply: func(c liquid.Call) (rapport.Value, error) {
	return rapport.TextOf("<b>" + c.Input.String() + "</b>"), nil
}}
