package rule_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rapport/rule"
)

func TestComparisons(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		`events("A").where(e, e.journey == "x" && "y" != e.step).count() > 1`:                             {"A journey x", "A step y"},
		`events("A").within("30d").where(m, m.journey in ["x", "z"]).exists()`:                            {"A journey x", "A journey z"},
		`events("A").where(e, e.n == "x").followed_by(events("B").where(e, e.n == "y"), "1d").exists()`:   {"A n x", "B n y"},
		`event.journey == "x" || events("A").where(e, e.b == event.b && event.c == "d").exists()`:         {"Root journey x", "Root c d"},
		`customer.journey == "x" && segment("x") && events("A").where(e, e.total > 3).exists()`:           nil,
		`order.items.exists(i, i.journey == "x")`:                                                         nil,
		`events("A").where(e, e.deep.journey == "x" || lower(e.journey) == "x" || e.n == 3).count() == 1`: nil,
	} {
		e, err := rule.Parse(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		var got []string
		for _, c := range rule.Comparisons(e, "Root") {
			got = append(got, fmt.Sprint(c.Event, " ", c.Property, " ", c.Text.Text))
			if text[c.Text.Start:c.Text.End] != `"`+c.Text.Text+`"` {
				t.Errorf("%s: %q does not stand at %d", text, c.Text.Text, c.Text.Start)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
}
