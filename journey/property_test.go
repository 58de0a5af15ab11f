package journey_test

import (
	"cmp"
	"fmt"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"rapport"
	"rapport/journey"
)

const start = 1_790_000_000_000

// someFacts draws inputs that crowd together, so that things meet at the same
// instant, and come late.
func someFacts(t *rapid.T, names []string) []fact {
	var all []fact
	now := int64(start)
	for range rapid.IntRange(0, 30).Draw(t, "events") {
		now += rapid.Int64Range(0, 4).Draw(t, "step") * 60_000
		all = append(all, fact{
			now: now, at: now - rapid.Int64Range(0, 6).Draw(t, "late")*60_000,
			name: rapid.SampledFrom(names).Draw(t, "name"), key: rapid.SampledFrom([]string{"a", "b"}).Draw(t, "key"),
		})
	}
	return all
}

// play gives facts to a set, does what falls due between them, and returns all
// effects. between is called before each input at an instant at which nothing is
// due, and returns the state to go on with.
func play(t interface{ Fatal(...any) }, x *journey.Set, who *customer, facts []fact, between func(*journey.State, rapport.Instant) *journey.State) []journey.Effect {
	st := &journey.State{}
	var all []journey.Effect
	wakes := 0
	due := func(until rapport.Instant) {
		for st.Next() < until {
			if wakes++; wakes > 100_000 {
				t.Fatal("it never comes to rest")
			}
			now := st.Next()
			all = append(all, who.step(t, x, st, journey.Input{}, now)...)
			if st.Next() <= now {
				t.Fatal("something stays due")
			}
		}
	}
	for i, f := range facts {
		due(rapport.Instant(f.now))
		st = between(st, rapport.Instant(f.now))
		if f.name == "answer" {
			all = append(all, who.answer(t, x, st, all, f.key == "b", rapport.Instant(f.now))...)
			continue
		}
		e := newEvent(t, fmt.Sprint("m", i), f.name, rapport.Instant(f.at), fmt.Sprintf(`{"k":%q}`, f.key))
		who.fold(e, rapport.Instant(f.now))
		all = append(all, who.step(t, x, st, journey.Input{Event: e}, rapport.Instant(f.now))...)
	}
	due(start + 1<<40)
	return all
}

func TestRunsAreWhatTheOracleSays(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		minutes := func(name string, least, most int64) int64 {
			return rapid.Int64Range(least, most).Draw(t, name) * 60_000
		}
		o := &oracle{
			wait1: minutes("wait1", 1, 5), wait2: minutes("wait2", 1, 5), maxAge: minutes("max_age", 1, 7),
			restart: rapid.Bool().Draw(t, "restart"), never: rapid.IntRange(0, 4).Draw(t, "never") == 0,
			after: minutes("after", 0, 6), within: minutes("within", 1, 12), matchKey: rapid.Bool().Draw(t, "match"),
			inputs: someFacts(t, []string{"in", "in", "in", "out", "buy", "else"}),
		}
		j, problems := journey.Compile("simple", o.doc(), journey.Env{Version: 1})
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		got := map[string][]string{}
		keys := map[uint64]string{} // a goal that is reached after the run's end names the run only
		for _, f := range play(t, journey.NewSet([]*journey.Journey{j}), newCustomer(j), o.inputs, func(st *journey.State, _ rapport.Instant) *journey.State { return st }) {
			if text := inOracleWords(f); text != "" {
				if f.Key != "" {
					keys[f.Run] = f.Key
				}
				key := cmp.Or(f.Key, keys[f.Run])
				got[key] = append(got[key], fmt.Sprintf("%d %s", f.At, text))
			}
		}
		for _, key := range []string{"a", "b"} {
			if diff := gocmp.Diff(o.trace(key), got[key]); diff != "" {
				t.Fatalf("key %s of %+v (-oracle +journey):\n%s", key, *o, diff)
			}
		}
	})
}

// doc writes the oracle's journey as a document.
func (o *oracle) doc() journey.Doc {
	d := func(ms int64) string { return fmt.Sprintf("%ds", ms/1000) }
	doc := journey.Doc{
		Entry: journey.Entry{Event: []string{"in"}, MaxAge: d(o.maxAge)}, Key: "event.k",
		Reentry: journey.Reentry{After: d(o.after)},
		Exit:    []journey.Exit{{Event: []string{"out"}}},
		Goal:    &journey.Goal{Event: []string{"buy"}, Where: "event.k == entry.k", Within: d(o.within)},
	}
	if o.restart {
		doc.Reentry.Running = "restart"
	}
	if o.never {
		doc.Reentry.After = "never"
	}
	if o.matchKey {
		doc.Exit[0].Where = "event.k == entry.k"
	}
	send := func(name string) journey.Step {
		return journey.Step{Name: name, Send: &journey.Send{Template: "t", Channel: "email", Class: "content"}}
	}
	doc.Steps = []journey.Step{{Wait: journey.Wait{For: d(o.wait1)}}, send("first"), {Wait: journey.Wait{For: d(o.wait2)}}, send("second")}
	return doc
}

// inOracleWords puts an effect in the oracle's words.
func inOracleWords(f journey.Effect) string {
	switch {
	case f.Kind == journey.Moved:
		return ""
	case f.Kind == journey.Asked:
		return "passed " + f.Step
	case f.Kind == journey.Refused:
		return "refused " + string(f.Reason)
	case f.Kind == journey.Exited && f.Reason == journey.Finished:
		return "finished"
	}
	return f.Kind.String()
}

// deep is a journey with everything in it.
const deep = `
entry: { event: in, max_age: 5m }
key: event.k
reentry: { running: restart, after: 2m }
exit:
  - { event: out, where: event.k == entry.k }
  - { when: 'events("bad").within("4m").count() >= 2' }
goal: { event: buy, within: 9m }
steps:
  - { wait: 2m }
  - branch:
      - { when: 'events("buy").within("3m").exists()', steps: [ { send: { template: a, channel: email, class: content } } ] }
      - { when: 'entry.k == "b"', steps: [ { wait: 1m }, { stop: true } ] }
  - wait_until:
      when: '!events("else").within("2m").exists()'
      timeout: 3m
      otherwise: [ { send: { template: b, channel: email, class: content } } ]
  - wait_until:
      event: [buy, else]
      where: event.k == entry.k
      timeout: 4m
      then: [ { send: { template: c, channel: email, class: content, useful_for: 3m } } ]
  - send: { template: d, channel: sms, class: transactional }
`

// acting is a journey that changes the customer, calls outside and wants an offer; another
// is entered by what it changes, and sets it off again.
const acting = `
entry: { event: in, max_age: 5m }
key: event.k
reentry: { running: restart }
exit:
  - { when: customer.seen >= 6 }
  - { event: Seen, where: 'event.times >= 5 && event.k == entry.k' }
steps:
  - offer: { placeholder: TEN, text: ten, valid_for: 3m }
  - update: { traits: { seen: customer.seen + 1, last: entry.k, first: customer.nothing }, event: Seen, properties: { times: customer.seen + 1, k: entry.k } }
  - webhook:
      url: https://crm.example/score
      body: { seen: customer.seen, k: entry.k, deep: { all: ['"a"', customer.last] } }
      save: { name: crm, fields: [tier] }
      give_up: 4m
      otherwise: [ { update: { traits: { seen: 0 } } } ]
  - wait: 1m
  - branch:
      - { when: 'answers.crm.tier == "gold" && offer.expires > now', steps: [ { send: { template: gold, channel: email, class: content } } ] }
  - update: { traits: { last: null } }
`

const echoing = `
entry: { trait: [seen, last] }
reentry: { running: restart }
steps:
  - branch: [ { when: 'customer.seen > 3', steps: [ { update: { traits: { seen: customer.seen + 1 } } } ] } ]
`

// The same inputs give the same effects however they are grouped: whether the
// state is written and read between them, and how often somebody asks although
// nothing is due.
func TestBatchesDoNotMatter(t *testing.T) {
	t.Parallel()
	doc, _ := parseDoc(deep)
	j, problems := journey.Compile("deep", doc, journey.Env{Version: 1})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	other := mustCompile(t, "other", `
entry: { event: [else, in] }
exit: [ { event: buy } ]
steps: [ { wait: 1m }, { send: { template: e, channel: email, class: content } } ]`)
	acts, echoes := mustCompile(t, "acting", acting), mustCompile(t, "echoing", echoing)
	x := journey.NewSet([]*journey.Journey{j, other, acts, echoes})
	rapid.Check(t, func(t *rapid.T) {
		facts := someFacts(t, []string{"in", "in", "in", "out", "buy", "else", "bad", "answer"})
		want := play(t, x, newSeen(j, other, acts, echoes), facts, func(st *journey.State, _ rapport.Instant) *journey.State { return st })
		who := newSeen(j, other, acts, echoes)
		got := play(t, x, who, facts, func(st *journey.State, now rapport.Instant) *journey.State {
			if rapid.Bool().Draw(t, "ask") && st.Next() > now {
				if effects := x.Step(st, journey.Input{}, who, now); len(effects) > 0 {
					t.Fatalf("nothing happened, and yet: %v", effects)
				}
			}
			if rapid.Bool().Draw(t, "store") {
				read, err := journey.Decode(st.AppendBinary(nil))
				if err != nil {
					t.Fatal(err)
				}
				return read
			}
			return st
		})
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Fatalf("(-one batch +several):\n%s", diff)
		}
	})
}

// newSeen returns a customer who was never seen.
func newSeen(journeys ...*journey.Journey) *customer {
	c := newCustomer(journeys...)
	c.traits["seen"] = rapport.NumberOf(0)
	return c
}

// answer answers the last call.
func (c *customer) answer(t interface{ Fatal(...any) }, x *journey.Set, st *journey.State, so []journey.Effect, refused bool, now rapport.Instant) []journey.Effect {
	for _, f := range slices.Backward(so) {
		if f.Kind == journey.Called {
			body, _ := x.Keep(f.Journey, f.Version, f.Step, []byte(`{"tier":"gold","more":1}`))
			return c.step(t, x, st, journey.Input{Answer: &journey.Answer{Run: f.Run, Step: f.Step, Body: body, Refused: refused}}, now)
		}
	}
	return nil
}

// Every run that begins ends, once, and sends each step once at most.
func TestRunsEnd(t *testing.T) {
	t.Parallel()
	doc, _ := parseDoc(deep)
	j, _ := journey.Compile("deep", doc, journey.Env{Version: 1})
	acts, echoes := mustCompile(t, "acting", acting), mustCompile(t, "echoing", echoing)
	rapid.Check(t, func(t *rapid.T) {
		facts := someFacts(t, []string{"in", "in", "out", "buy", "else", "bad", "answer"})
		open := map[uint64]bool{}
		asked := map[string]bool{}
		for _, f := range play(t, journey.NewSet([]*journey.Journey{j, acts, echoes}), newSeen(j, acts, echoes), facts, func(st *journey.State, _ rapport.Instant) *journey.State { return st }) {
			switch f.Kind {
			case journey.Entered, journey.Restarted:
				if open[f.Run] || f.Kind == journey.Restarted && !open[f.Previous] {
					t.Fatalf("run %d begins twice, or takes the place of none", f.Run)
				}
				delete(open, f.Previous)
				open[f.Run] = true
			case journey.Exited:
				if !open[f.Run] {
					t.Fatalf("run %d ends and was not under way", f.Run)
				}
				delete(open, f.Run)
			case journey.Asked, journey.Updated, journey.Called:
				id := fmt.Sprint(f.Run, f.Step)
				if !open[f.Run] || asked[id] {
					t.Fatalf("run %d asks for %s twice, or after its end", f.Run, f.Step)
				}
				asked[id] = true
			}
		}
		if len(open) > 0 {
			t.Fatalf("%d runs never end", len(open))
		}
	})
}
