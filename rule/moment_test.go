package rule

import (
	"strings"
	"testing"
	"time"

	"rapport"
)

// TestMoments: what yields an instant, which, and what does not.
func TestMoments(t *testing.T) {
	t.Parallel()
	now := rapport.InstantOf(time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC))
	plan := &Plan{Customer: Noun{Fields: map[string]Type{"trial_ends": {Kind: Time}, "age": {Kind: Number}}}}
	who := &moved{traits: map[string]rapport.Value{
		"trial_ends": rapport.TextOf("2026-11-10T08:30:00Z"), "day": rapport.TextOf("2026-11-12"), "city": rapport.TextOf("Oslo"),
	}}
	for text, want := range map[string]string{
		`customer.trial_ends`:                  "2026-11-10T08:30:00Z",
		`customer.trial_ends - duration("2d")`: "2026-11-08T08:30:00Z",
		`customer.day + duration("90m")`:       "2026-11-11T17:30:00Z", // her day begins at 16:00 UTC
		`timestamp("2026-12-24")`:              "2026-12-23T16:00:00Z",
		`customer.nothing`:                     "none",
		`customer.city`:                        "none",
		`events("A").last() + duration("3d")`:  "none",
		`entry.departure`:                      "2026-11-20T00:00:00Z",
		`now + duration("1h")`:                 "runs with the clock",
		`ago("2h")`:                            "runs with the clock",
		`customer.age`:                         "should be a time; this is a number",
		`customer.trial_ends > now`:            "should be a time; this is a yes/no",
		`2026-12-24`:                           "should be a time; this is a number",
		`customer.trial_ends -`:                "column",
	} {
		m, err := CompileMoment(text, Env{Plan: plan, Roots: []string{"entry"}})
		if err != nil {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, not %q", text, err, want)
			}
			continue
		}
		got := "none"
		if at, ok := m.At(who, now); ok {
			got = at.Time().UTC().Format(time.RFC3339)
		}
		if got != want {
			t.Errorf("%s is %s, not %s", text, got, want)
		}
		if again, err := CompileMoment(m.Text(), Env{Plan: plan, Roots: []string{"entry"}}); err != nil || again.Text() != m.Text() {
			t.Errorf("%s is written %s, and read back as %v, %v", text, m.Text(), again, err)
		}
	}
}

// moved is a customer in Singapore of whom some traits are known.
type moved struct{ traits map[string]rapport.Value }

func (m *moved) ID() rapport.CustomerID          { return rapport.CustomerID{} }
func (m *moved) Zone() *time.Location            { return time.FixedZone("Singapore", 8*60*60) }
func (m *moved) Trait(name string) rapport.Value { return m.traits[name] }
func (m *moved) History(FactID) *History         { return nil }
func (m *moved) Segment(string) Truth            { return No }
func (m *moved) Field(root, name string) rapport.Value {
	if root == "entry" && name == "departure" {
		return rapport.TextOf("2026-11-20T00:00:00Z")
	}
	return rapport.Value{}
}
