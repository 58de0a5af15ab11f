package rule

import (
	"strings"
	"testing"
	"time"

	"rapport"
)

// TestValues: what expressions yield, of which type, and what yields nothing to keep.
func TestValues(t *testing.T) {
	t.Parallel()
	now := rapport.InstantOf(time.Date(2026, 11, 2, 20, 0, 0, 0, time.UTC)) // the third in Singapore
	plan := &Plan{Customer: Noun{Fields: map[string]Type{"visits": {Kind: Number}, "birthday": {Kind: Date}}}}
	who := &moved{traits: map[string]rapport.Value{
		"visits": rapport.NumberOf(2), "birthday": rapport.TextOf("1990-05-01"), "city": rapport.TextOf("OSLO"),
		"tags": rapport.ListOf([]rapport.Value{rapport.TextOf("a")}),
	}}
	for text, want := range map[string]string{
		`customer.visits + 1`:                `number 3`,
		`customer.nothing + 1`:               `number `,
		`-customer.visits * 2`:               `number -4`,
		`customer.tags.size()`:               `number 1`,
		`"gold"`:                             `text gold`,
		`["a", "b"]`:                         `list of text ["a","b"]`,
		`true`:                               `bool true`,
		`customer.visits > 1`:                `bool true`,
		`customer.nothing > 1`:               `bool `,
		`has(customer.nothing)`:              `bool false`,
		`customer.city.lower()`:              `text oslo`,
		`customer.tags`:                      `any ["a"]`,
		`customer.birthday`:                  `date 1990-05-01`,
		`today()`:                            `date 2026-11-03`,
		`now`:                                `time 2026-11-02T20:00:00.000Z`,
		`now + duration("7d")`:               `time 2026-11-09T20:00:00.000Z`,
		`customer.birthday + duration("1d")`: `time 1990-05-01T16:00:00.000Z`,
		`events("A").last()`:                 `time `,
		`events("A").count()`:                `number 0`,
		`entry.departure`:                    `any 2026-11-20T00:00:00Z`,
		`events("A")`:                        `a selection of events is no value`,
		`duration("2h")`:                     `a length of time is no value`,
		`gold`:                               `put texts in quotes`,
		`today() > now`:                      `unknown function "today"`,
		`customer.visits +`:                  `column`,
	} {
		v, err := CompileValue(text, Env{Plan: plan, Roots: []string{"entry"}})
		if err != nil {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, not %q", text, err, want)
			}
			continue
		}
		if got := v.Type().String() + " " + v.Eval(who, now).String(); got != want {
			t.Errorf("%s is %s, not %s", text, got, want)
		}
		if again, err := CompileValue(v.Text(), Env{Plan: plan, Roots: []string{"entry"}}); err != nil || again.Text() != v.Text() {
			t.Errorf("%s is written %s, and read back as %v, %v", text, v.Text(), again, err)
		}
	}
}

func TestWhatTypesHold(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		is, as string
		holds  bool
	}{
		{"number", "number", true}, {"money", "number", true}, {"any", "date", true}, {"number", "any", true},
		{"text", "number", false}, {"time", "date", false}, {"date", "time", false},
		{"list of text", "list of text", true}, {"list of text", "list of number", false}, {"list", "list of number", true},
	} {
		is, _ := ParseType(c.is)
		as, _ := ParseType(c.as)
		if as.Holds(is) != c.holds {
			t.Errorf("%s as %s: %t", c.is, c.as, !c.holds)
		}
	}
	for _, c := range []struct {
		json, as string
		holds    bool
	}{
		{`"2026-12-24"`, "date", true}, {`"2026-12-24"`, "time", true}, {`"2026-12-24T10:00:00Z"`, "date", false}, {`"soon"`, "time", false},
		{`1`, "time", false}, {`1`, "number", true}, {`"1"`, "number", false}, {`true`, "bool", true}, {`"x"`, "text", true}, {`{}`, "object", true},
		{`["a"]`, "list of text", true}, {`[1]`, "list of text", false}, {`"a"`, "list of text", false}, {`1`, "any", true},
	} {
		v, _ := rapport.ParseJSON([]byte(c.json))
		as, _ := ParseType(c.as)
		if as.HoldsValue(v) != c.holds {
			t.Errorf("%s as %s: %t", c.json, c.as, !c.holds)
		}
	}
}
