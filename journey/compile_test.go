package journey_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"rapport"
	"rapport/journey"
	"rapport/rule"
)

// TestProblems compiles each document of testdata/problems.txt and compares what
// is said about it with the lines "# ..." above it.
func TestProblems(t *testing.T) {
	t.Parallel()
	const file = "testdata/problems.txt"
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range archive.Files {
		_, text, _ := strings.Cut("\n"+string(f.Data), "\n---\n")
		doc, unread := parseDoc(text)
		var b strings.Builder
		for _, p := range unread {
			b.WriteString("unread: " + p.Message + "\n")
		}
		j, problems := journey.Compile(f.Name, doc, journey.Env{Plan: shopPlan()})
		for _, p := range problems {
			b.WriteString(p.String() + "\n")
		}
		if (j == nil) != (len(problems) > 0) {
			t.Errorf("%s: %d problems, journey %v", f.Name, len(problems), j)
		}
		got := b.String() + "---\n" + text
		if diff := cmp.Diff(string(f.Data), got); diff != "" && !*update {
			t.Errorf("%s (-file +what is said):\n%s", f.Name, diff)
		}
		archive.Files[i].Data = []byte(got)
	}
	if *update {
		if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func shopPlan() *rule.Plan {
	cart := rule.Noun{Fields: map[string]rule.Type{"cart_id": {Kind: rule.Text}, "total": {Kind: rule.Number}}, Strict: true}
	return &rule.Plan{
		Customer:  rule.Noun{Fields: map[string]rule.Type{"country": {Kind: rule.Text}, "health": {Kind: rule.Text}}, Strict: true},
		Sensitive: []string{"health"},
		Events:    map[string]rule.Noun{"Cart Updated": cart, "Order Completed": cart},
		Segments:  []string{"loyal"}, StrictSegments: true,
	}
}

func TestReferences(t *testing.T) {
	t.Parallel()
	j := mustCompile(t, "x", `
entry: { event: [Cart Updated, Product Added], where: 'segment("loyal")' }
exit: [ { event: Order Completed, where: 'events("Email Opened").exists()' } ]
steps:
  - branch:
      - { when: 'segment("vip")', steps: [ { send: { template: a, channel: email, class: content, purpose: tips } } ] }
  - wait_until: { event: Left, timeout: 1d, then: [ { send: { template: b, channel: sms, class: transactional } } ] }
`)
	want := []journey.Reference{
		{journey.ToEvent, "Cart Updated", "entry.event[0]"},
		{journey.ToEvent, "Product Added", "entry.event[1]"},
		{journey.ToSegment, "loyal", "entry.where"},
		{journey.ToEvent, "Order Completed", "exit[0].event"},
		{journey.ToEvent, "Email Opened", "exit[0].where"},
		{journey.ToSegment, "vip", "steps[0].branch[0].when"},
		{journey.ToTemplate, "a", "steps[0].branch[0].steps[0].send.template"},
		{journey.ToPurpose, "tips", "steps[0].branch[0].steps[0].send.purpose"},
		{journey.ToEvent, "Left", "steps[1].wait_until.event"},
		{journey.ToTemplate, "b", "steps[1].wait_until.then[0].send.template"},
	}
	if diff := cmp.Diff(want, j.References()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	wantSteps := []string{"branch-1", "send-1.1.1", "wait-until-2", "send-2.then.1"}
	if diff := cmp.Diff(wantSteps, j.Steps()); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
	if len(j.Facts()) != 1 || j.Facts()[0].Event != "Email Opened" {
		t.Errorf("facts %v", j.Facts())
	}
}

func FuzzCompile(f *testing.F) {
	for _, text := range []string{deep, `entry: { segment: loyal, left: true }`, `steps: [ { branch: [ { otherwise: true } ] } ]`} {
		doc, _ := parseDoc(text)
		seed, err := json.Marshal(doc)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var doc journey.Doc
		if json.Unmarshal(data, &doc) != nil {
			return
		}
		j, problems := journey.Compile("fuzz", doc, journey.Env{})
		if (j == nil) == (len(problems) == 0) {
			t.Fatalf("%d problems, journey %v", len(problems), j)
		}
		for _, p := range problems {
			if p.Message == "" {
				t.Fatalf("a problem at %s without words", p.Path)
			}
		}
		if j == nil {
			return
		}
		journey.Check([]*journey.Journey{j}, journey.Surroundings{})
		worst := j.WorstCase()
		for _, part := range worst.Of {
			if worst.Unbounded == "" && (part.Unbounded || part.Most > worst.Most && worst.Exact) {
				t.Fatalf("%+v are more than %+v in all", part, worst)
			}
		}
		who, x := newCustomer(j), journey.NewSet([]*journey.Journey{j})
		var events []fact
		for i, name := range append(append([]string{}, doc.Entry.Event...), "x", "y") {
			events = append(events, fact{now: start + int64(i), at: start, name: name, key: "k"})
		}
		play(t, x, who, events, func(st *journey.State, _ rapport.Instant) *journey.State { return st })
	})
}

func TestSizesAreBounded(t *testing.T) {
	t.Parallel()
	many := journey.Doc{Entry: journey.Entry{Event: []string{"in"}}}
	for range 1001 {
		many.Steps = append(many.Steps, journey.Step{Wait: journey.Wait{For: "1h"}})
	}
	deepest := journey.Doc{Entry: many.Entry, Steps: []journey.Step{{Wait: journey.Wait{For: "1h"}}}}
	for range 30 {
		deepest.Steps = []journey.Step{{Branch: []journey.Case{{Otherwise: true, Steps: deepest.Steps}}}}
	}
	for name, doc := range map[string]journey.Doc{"many": many, "deep": deepest} {
		if j, problems := journey.Compile(name, doc, journey.Env{}); j != nil || len(problems) != 1 {
			t.Errorf("%s: %v", name, problems)
		}
	}
	many.Steps = many.Steps[:1000]
	if _, problems := journey.Compile("many", many, journey.Env{}); len(problems) > 0 {
		t.Error(problems)
	}
}

func TestSetFindsJourneys(t *testing.T) {
	t.Parallel()
	old := mustCompile(t, "b", "entry: { event: in }\nsteps: [ { wait: 1h } ]")
	b := mustCompile(t, "b", "entry: { event: in }\nexit: [ { event: out } ]\nsteps: [ { wait: 2h } ]")
	a := mustCompile(t, "a", "entry: { segment: s }\nsteps: [ { wait_until: { event: seen, timeout: 1h } } ]")
	x := journey.NewSet([]*journey.Journey{old, b, a})
	if got := x.Journeys(); len(got) != 2 || got[0] != a || got[1] != b {
		t.Errorf("journeys %v", got)
	}
	if x.Get("b") != b || x.Get("c") != nil || x.Get("a").Name() != "a" || x.Of(journey.Run{Journey: journey.NameHash("a")}) != a {
		t.Error("a journey is not found by its name")
	}
	for event, want := range map[string]bool{"in": true, "out": true, "seen": true, "else": false} {
		if x.Reads(event) != want {
			t.Errorf("reads %s: %t", event, !want)
		}
	}
}
