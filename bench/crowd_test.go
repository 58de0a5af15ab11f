package bench_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"rapport"
	"rapport/bench"
	"rapport/collect"
	"rapport/profile"
	"rapport/rule"
	"rapport/workspace"
)

// noon is when the crowds of the tests live.
func noon() time.Time { return time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) }

func crowdOf(t *testing.T, customers int) bench.LivelyCrowd {
	t.Helper()
	c, err := bench.NewCrowd(customers, noon())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestSameCrowdSameEvents(t *testing.T) {
	t.Parallel()
	a, b := crowdOf(t, 100).Live(3, 200), crowdOf(t, 100).Live(3, 200)
	if !slices.EqualFunc(a, b, bytes.Equal) {
		t.Error("the same crowd made other events")
	}
}

// parse takes events in as the server does.
func parse(t *testing.T, events [][]byte) (all []rapport.Event) {
	t.Helper()
	ids := map[string]bool{}
	for body := range bench.LazyBatches(slices.Values(events), 100) {
		result, err := collect.Parse(collect.Batch, body, collect.Meta{ReceivedAt: rapport.Instant(noon().UnixMilli()), RequestID: "r"})
		if err != nil || len(result.Refused) > 0 || len(result.Noted) > 0 {
			t.Fatalf("%v, refused %v, noted %v", err, result.Refused, result.Noted)
		}
		for _, e := range result.Events {
			ids[e.MessageID] = true
		}
		all = append(all, result.Events...)
	}
	if len(ids) != len(events) {
		t.Errorf("%d different events of %d", len(ids), len(events))
	}
	return all
}

// answers is what a plain reading of the events says of one customer.
type answers struct {
	country         string
	orders60        int
	orders90        int
	welcome, viewed bool
}

// read goes through the events without any rule or record.
func read(t *testing.T, events []rapport.Event) map[string]*answers {
	t.Helper()
	all := map[string]*answers{}
	for _, e := range events {
		a := all[e.UserID]
		if a == nil {
			a = new(answers)
			all[e.UserID] = a
		}
		var says struct {
			Country, Coupon string
			Price           float64
		}
		if err := json.Unmarshal(e.Properties, &says); err != nil {
			t.Fatal(err)
		}
		days := noon().Sub(time.UnixMilli(int64(e.Timestamp))).Hours() / 24
		switch e.Name {
		case "Order Completed":
			if days < 90 {
				a.orders90++
			}
			if days < 60 {
				a.orders60++
			}
			a.welcome = a.welcome || days < 120 && says.Coupon == "WELCOME"
		case "Product Viewed":
			a.viewed = a.viewed || days < 180 && says.Price >= 100
		}
		if e.Type == rapport.Identify {
			a.country = says.Country
		}
	}
	return all
}

func TestTheCrowdKnowsItself(t *testing.T) {
	t.Parallel()
	c := crowdOf(t, 500)
	people := read(t, parse(t, c.Live(4, 1000)))
	if len(people) != 500 {
		t.Errorf("%d customers of 500 have a past", len(people))
	}
	live, kept, notKept, built := bench.Questions()
	for _, test := range []struct {
		question bench.Question
		holds    func(*answers) bool
	}{
		{live, func(a *answers) bool { return a.country == "SG" && a.orders90 >= 2 }},
		{kept, func(a *answers) bool { return (a.country == "TH" || a.country == "KR") && a.orders60 >= 1 }},
		{notKept, func(a *answers) bool { return a.viewed }},
		{built, func(a *answers) bool { return a.welcome }},
	} {
		var want int64
		for _, a := range people {
			if test.holds(a) {
				want++
			}
		}
		if got := c.Answer(test.question); got != want || got == 0 || got == 500 {
			t.Errorf("%s: the crowd says %d, its events %d", test.question.Rule(), got, want)
		}
	}
}

// compiled returns a shop's documents as the server takes them.
func compiled(t *testing.T, segments, journeys int) *workspace.Compiled {
	t.Helper()
	docs, problems := workspace.Parse([]workspace.File{{Name: "bench.yaml", Body: []byte(bench.Documents(segments, journeys))}})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	c, problems := workspace.Compile(docs, 1)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return c
}

func TestDocumentsAreAsManyAsTheySay(t *testing.T) {
	t.Parallel()
	for _, size := range []struct{ segments, journeys int }{{1, 0}, {10, 10}, {1000, 200}} {
		c := compiled(t, size.segments, size.journeys)
		if s, j := len(c.Segments.Names()), len(c.Journeys.Journeys()); s != size.segments || j != size.journeys {
			t.Errorf("%d segments and %d journeys instead of %v", s, j, size)
		}
		rules := map[string]bool{}
		for _, name := range c.Segments.Names() {
			rules[c.Segments.Rule(name).Text()] = true
		}
		if len(rules) != size.segments {
			t.Errorf("%d different rules of %d", len(rules), size.segments)
		}
	}
}

// TestWatchersReadWhatTheySay holds the readers that a report counts against what
// the compiled rules read.
func TestWatchersReadWhatTheySay(t *testing.T) {
	t.Parallel()
	const segments = 300
	set := compiled(t, segments, 0).Segments
	c := crowdOf(t, 100)
	for range 500 {
		body, reads, naming, what := c.Draw(segments)
		e := parse(t, [][]byte{body})[0]
		event := profile.Read(&e)
		for name, got := range reads {
			r := set.Rule(name)
			want := e.Type == rapport.Identify && len(r.Reads().Traits) > 0
			for _, f := range r.Facts() {
				if _, ok := f.Observe(event); ok && f.Event == event.Name() {
					want = true
				}
			}
			if got != want {
				t.Fatalf("%s reads %s: %v by the generator, %v by the rule", r.Text(), what, got, want)
			}
			if got, want := naming[name], slices.Contains(r.Reads().Events, event.Name()); got != want {
				t.Fatalf("%s names %s: %v by the generator, %v by the rule", r.Text(), what, got, want)
			}
		}
	}
}

// TestNobodyKeepsTheFactsOfNewQuestions: else a preview or a new segment would have
// nothing to build.
func TestNobodyKeepsTheFactsOfNewQuestions(t *testing.T) {
	t.Parallel()
	facts := rule.NewFactSet(compiled(t, 1000, 0).Segments.Facts()...)
	live, kept, notKept, built := bench.Questions()
	for q, want := range map[string]bool{live.Rule(): true, kept.Rule(): true, notKept.Rule(): false, built.Rule(): false} {
		r, err := rule.Compile(q, rule.Env{})
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range r.Facts() {
			known := facts.Get(f.ID)
			if got := known != nil && known.Keep.Covers(f.Keep); got != want {
				t.Errorf("%s: %s is kept: %v", q, f.Key, got)
			}
		}
	}
}
