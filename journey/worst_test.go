package journey_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"rapport"
	"rapport/journey"
)

// grid is how long a moment of the oracle is.
const grid = 12 * time.Hour

// someSteps draws steps, as a document and in the oracle's words. They go on with what is
// behind them.
func someSteps(t *rapid.T, p *plan, depth, behind int) (steps []journey.Step, first int) {
	first = behind
	for range rapid.IntRange(1, 3).Draw(t, "steps") {
		var s journey.Step
		s, first = someStep(t, p, depth, first)
		steps = append([]journey.Step{s}, steps...)
	}
	return steps, first
}

func someStep(t *rapid.T, p *plan, depth, behind int) (journey.Step, int) {
	add := func(o op) int {
		p.ops = append(p.ops, o)
		return len(p.ops) - 1
	}
	inner := func() ([]journey.Step, int) {
		if depth == 0 || rapid.Bool().Draw(t, "empty") {
			return nil, behind
		}
		return someSteps(t, p, depth-1, behind)
	}
	takes := rapid.IntRange(1, 6).Draw(t, "takes")
	span := fmt.Sprintf("%dh", 12*takes)
	switch kind := rapid.SampledFrom([]string{"send", "send", "wait", "wait", "clock", "until", "fork", "part"}).Draw(t, "kind"); kind {
	case "send":
		channel := rapid.SampledFrom([]string{"email", "sms"}).Draw(t, "channel")
		s := journey.Step{Send: &journey.Send{Template: "t", Channel: channel, Class: "content"}}
		return s, add(op{kind: kind, next: []int{behind}, countable: channel == "email"})
	case "wait":
		return journey.Step{Wait: journey.Wait{For: span}}, add(op{kind: kind, takes: takes, next: []int{behind}})
	case "clock":
		at := rapid.IntRange(0, 1).Draw(t, "at")
		return journey.Step{Wait: journey.Wait{At: fmt.Sprintf("%02d:00", 12*at)}}, add(op{kind: kind, at: at, next: []int{behind}})
	case "until":
		then, came := inner()
		otherwise, missed := inner()
		s := journey.Step{WaitUntil: &journey.WaitUntil{Event: []string{"seen"}, Timeout: span, Then: then, Otherwise: otherwise}}
		return s, add(op{kind: kind, takes: takes, next: []int{came, missed}})
	case "fork":
		steps, taken := inner()
		steps = append([]journey.Step{{Branch: []journey.Case{{Otherwise: true}}}}, steps...)
		s := journey.Step{Branch: []journey.Case{{When: `customer.a == "yes"`, Steps: steps}, {Otherwise: true}}}
		return s, add(op{kind: kind, next: []int{taken, behind}})
	default:
		steps, taken := inner()
		s := journey.Step{Split: []journey.Share{{Name: "a", Share: 50, Steps: steps}, {Name: "b", Share: 50}}}
		return s, add(op{kind: kind, next: []int{taken, behind}})
	}
}

// inOrder renumbers the oracle's steps such that the first is number 0.
func (p *plan) inOrder(first int) {
	swap := func(i int) int {
		switch i {
		case first:
			return 0
		case 0:
			return first
		}
		return i
	}
	p.ops[0], p.ops[first] = p.ops[first], p.ops[0]
	for i := range p.ops {
		for k, to := range p.ops[i].next {
			p.ops[i].next[k] = swap(to)
		}
	}
}

func someJourney(t *rapid.T) (journey.Doc, *plan) {
	p := &plan{perDay: int(24 * time.Hour / grid)}
	steps, first := someSteps(t, p, 2, -1)
	p.inOrder(first)
	doc := journey.Doc{Entry: journey.Entry{Event: []string{"in"}}, Steps: steps}
	switch rapid.IntRange(0, 3).Draw(t, "re-entry") {
	case 0:
		doc.Reentry.After, p.never = "never", true
	case 1, 2:
		p.after = rapid.IntRange(1, 4).Draw(t, "after")
		doc.Reentry.After = fmt.Sprintf("%dh", 12*p.after)
	}
	if rapid.IntRange(0, 2).Draw(t, "restarts") == 0 {
		doc.Reentry.Running, p.restart = "restart", true
	}
	if rapid.IntRange(0, 2).Draw(t, "exits") == 0 {
		doc.Exit, p.exits = []journey.Exit{{Event: []string{"out"}}}, true
	}
	return doc, p
}

func TestTheWorstCaseIsWhatTheOracleSays(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		doc, p := someJourney(t)
		j, problems := journey.Compile("some", doc, journey.Env{Version: 1})
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		got := emails(j.WorstCase())
		want := p.worst()
		switch {
		case got != want && (got < endless || want < endless):
			t.Fatalf("%d, the oracle says %d: %s\n%+v", got, want, said(t, doc), *p)
		case !j.WorstCase().Exact:
			t.Fatal("it does not know that it is exact")
		}
	})
}

// said writes a journey as JSON, without what it does not say.
func said(t *rapid.T, doc journey.Doc) string {
	text, err := json.Marshal(doc)
	var value any
	if err == nil {
		err = json.Unmarshal(text, &value)
	}
	if err != nil {
		t.Fatal(err)
	}
	text, _ = json.Marshal(without(value))
	return string(text)
}

// without returns a value of JSON without members that hold nothing.
func without(value any) any {
	switch v := value.(type) {
	case map[string]any:
		for name, inner := range v {
			if v[name] = without(inner); v[name] == nil {
				delete(v, name)
			}
		}
		if len(v) == 0 {
			return nil
		}
	case []any:
		for i := range v {
			v[i] = without(v[i])
		}
		if len(v) == 0 {
			return nil
		}
	case string:
		if v == "" {
			return nil
		}
	case bool:
		if !v {
			return nil
		}
	}
	return value
}

// emails returns how many e-mails there are at worst.
func emails(w journey.WorstCase) int {
	for _, part := range w.Of {
		if part.Channel == rapport.Email {
			if part.Unbounded {
				return endless
			}
			return part.Most
		}
	}
	return 0
}

// TestNoWeekIsWorse plays journeys, with whatever a customer might do and whenever she
// might do it, and looks at all their weeks.
func TestNoWeekIsWorse(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		doc, _ := someJourney(t)
		if doc.Reentry.After != "never" {
			doc.Reentry.OncePer = rapid.SampledFrom([]string{"", "", "day", "week", "month"}).Draw(t, "once_per")
		}
		j, problems := journey.Compile("some", doc, journey.Env{Version: 1})
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		worst := emails(j.WorstCase())
		sent := someMonth(t, j)
		for i := range sent {
			n := 0
			for n < len(sent)-i && sent[i+n] < sent[i].Add(7*24*time.Hour) {
				n++
			}
			if n > worst && worst < endless {
				t.Fatalf("%d in a week, where there should be %d at most: %s", n, worst, said(t, doc))
			}
		}
	})
}

// someMonth plays a journey for a month, and returns when it asked for e-mails.
func someMonth(t *rapid.T, j *journey.Journey) (sent []rapport.Instant) {
	x, who, st := journey.NewSet([]*journey.Journey{j}), newCustomer(j), &journey.State{}
	step := func(in journey.Input, at rapport.Instant) {
		for _, f := range x.Step(st, in, who, at) {
			if f.Kind == journey.Asked && f.Wish.Channel == rapport.Email {
				sent = append(sent, at)
			}
		}
	}
	begin := rapport.InstantOf(time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC))
	for k := range 60 {
		now := begin.Add(time.Duration(k) * grid)
		for st.Next() < now {
			step(journey.Input{}, st.Next())
		}
		for range rapid.IntRange(0, 4).Draw(t, "inputs") {
			name := rapid.SampledFrom([]string{"in", "in", "in", "out", "seen", "due", "a"}).Draw(t, "input")
			switch name {
			case "due":
				step(journey.Input{}, now)
			case "a":
				who.traits["a"] = rapport.TextOf(rapid.SampledFrom([]string{"yes", "no"}).Draw(t, "a"))
			default:
				step(journey.Input{Event: newEvent(t, fmt.Sprint(k), name, now, "")}, now)
			}
		}
	}
	return sent
}

func TestWorstCases(t *testing.T) {
	t.Parallel()
	const send = "send: { template: t, channel: email, class: promotional }"
	manyWays := ""
	for i := range 16 {
		manyWays += fmt.Sprintf("{ wait_until: { event: seen, timeout: %ds } }, ", 1<<i)
	}
	for _, c := range []struct{ about, doc, want string }{
		{"no messages", `{ entry: { event: in }, steps: [ { wait: 1h } ] }`, "0"},
		{"once", `{ entry: { event: in }, reentry: { after: never }, steps: [ { ` + send + ` }, { wait: 6d }, { ` + send + ` }, { wait: 1d }, { ` + send + ` } ] }`, "2"},
		{"as often as she comes", `{ entry: { event: in }, steps: [ { ` + send + ` } ] }`, "any number: a run may be over before it has waited for anything, and the next trigger starts another at once"},
		{"each time anew", `{ entry: { event: in }, reentry: { running: restart, after: never }, steps: [ { ` + send + ` }, { wait: 1h } ] }`, "any number: each trigger puts the run back to its first step, and it asks for a message before it waits for anything"},
		{"ended by what she does", `{ entry: { event: in }, exit: [ { event: out } ], steps: [ { ` + send + ` }, { wait: 1h } ] }`, "any number: a run may end before it has waited for anything, and the next trigger starts another at once"},
		{"ended, and not at once anew", `{ entry: { event: in }, reentry: { after: 2d }, exit: [ { event: out } ], steps: [ { ` + send + ` }, { wait: 1h } ] }`, "4"},
		{"each hour", `{ entry: { event: in }, steps: [ { wait: 1h }, { ` + send + ` } ] }`, "168"},
		{"each cart", `{ entry: { event: in }, key: event.cart_id, reentry: { running: restart }, steps: [ { wait: 1h }, { ` + send + ` }, { wait: 24h }, { ` + send + ` } ] }`, "168 for each cart_id"},
		{"at six", `{ entry: { event: in }, steps: [ { wait: { for: 1h, at: "18:00" } }, { ` + send + ` } ] }`, "7"},
		{"on two days", `{ entry: { event: in }, steps: [ { wait: { for: 1h, on: [monday, friday], at: "18:00" } }, { ` + send + ` } ] }`, "2"},
		{"from midnight on", `{ entry: { event: in }, steps: [ { wait: { for: 1d, on: monday } }, { ` + send + ` } ] }`, "at most 7"},
		{"once a day", `{ entry: { event: in }, reentry: { once_per: day }, steps: [ { ` + send + ` } ] }`, "8"},
		{"once a week", `{ entry: { event: in }, reentry: { once_per: week }, steps: [ { ` + send + ` } ] }`, "2"},
		{"once a month, later", `{ entry: { event: in }, reentry: { once_per: month }, steps: [ { wait: 1h }, { ` + send + ` } ] }`, "at most 3"},
		{"each second", `{ entry: { event: in }, steps: [ { wait: 7s }, { ` + send + ` } ] }`, "at most 86402"},
		{"one of two ways", `{ entry: { event: in }, steps: [ { split: [ { name: a, share: 50, steps: [ { wait: 1d } ] }, { name: b, share: 50, steps: [ { wait: 2d }, { ` + send + ` } ] } ] }, { ` + send + ` } ] }`, "8"},
		{"always the same way", `{ entry: { event: in }, steps: [ { split: [ { name: a, share: 50, steps: [ { wait: 4d }, { ` + send + ` }, { ` + send + ` }, { ` + send + ` } ] }, { name: b, share: 50, steps: [ { wait: 2d }, { ` + send + ` } ] } ] } ] }`, "6"},
		{"once, by hours and by evenings", `{ entry: { event: in }, reentry: { after: never }, exit: [ { event: out } ], steps: [ { wait_until: { event: seen, timeout: 1h } }, ` +
			`{ ` + send + ` }, { wait: { for: 4d, at: "18:00" } }, { ` + send + ` }, { wait_until: { event: seen, timeout: 9d } }, { wait: { at: "18:00" } }, { ` + send + ` } ] }`, "3"},
		{"once, in more ways than can be gone through", `{ entry: { event: in }, reentry: { after: never }, steps: [ { ` + send + ` }, ` + manyWays + `{ ` + send + ` } ] }`, "at most 2"},
		{"once a week, in more ways than can be gone through", `{ entry: { event: in }, reentry: { once_per: week }, steps: [ { ` + send + ` }, ` + manyWays + `{ ` + send + ` } ] }`, "at most 6"},
		{"a day of the schedule", `{ entry: { schedule: { on: 2026-11-11, at: "10:00" } }, steps: [ { ` + send + ` }, { wait: 1d }, { ` + send + ` } ] }`, "2 for each day"},
	} {
		if got := inWords(mustCompile(t, "x", c.doc).WorstCase()); got != c.want {
			t.Errorf("%s: %s, want %s", c.about, got, c.want)
		}
	}
}

func inWords(w journey.WorstCase) string {
	text := fmt.Sprint(w.Most)
	switch {
	case w.Unbounded != "":
		text = "any number: " + w.Unbounded
	case !w.Exact:
		text = "at most " + text
	}
	if w.PerKey != "" {
		text += " for each " + w.PerKey
	}
	return text
}

func TestTheWorstCaseIsToldByChannelAndClass(t *testing.T) {
	t.Parallel()
	w := mustCompile(t, "x", `
entry: { event: in }
reentry: { after: 7d }
steps:
  - send: { template: a, channel: sms, class: transactional }
  - send: { template: a, channel: email, class: content }
  - wait: 1d
  - send: { template: a, channel: email, class: promotional }
  - send: { template: a, channel: email, class: content }`).WorstCase()
	want := journey.WorstCase{Most: 4, Exact: true, Of: []journey.WorstPart{
		{Channel: rapport.Email, Class: rapport.Promotional, Most: 1},
		{Channel: rapport.Email, Class: rapport.ContentClass, Most: 2},
		{Channel: rapport.SMS, Class: rapport.Transactional, Most: 1},
	}}
	if diff := cmp.Diff(want, w); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
