package balance_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"rapport"
	"rapport/channel/balance"
	"rapport/channel/channeltest"
	"rapport/internal/clock"
)

// moody is a server that answers as it likes, and tells what it said.
type moody struct {
	name    string
	answers []rapport.Outcome // by turns within a batch
	said    *sayings
}

// sayings are the answers that each message got, in their order.
type sayings struct {
	mu sync.Mutex
	of map[rapport.MessageID][]rapport.Outcome
}

func (m *moody) Name() string { return m.name }

func (m *moody) Close(context.Context) error { return nil }

func (m *moody) Deliver(_ context.Context, batch []rapport.Delivery) []rapport.Outcome {
	m.said.mu.Lock()
	defer m.said.mu.Unlock()
	outcomes := make([]rapport.Outcome, len(batch))
	for i, d := range batch {
		outcomes[i] = m.answers[i%len(m.answers)]
		outcomes[i].Message, outcomes[i].Provider = d.Message, m.name
		m.said.of[d.Message] = append(m.said.of[d.Message], outcomes[i])
	}
	return outcomes
}

func moods() []rapport.Outcome {
	return []rapport.Outcome{
		{Kind: rapport.Accepted},
		{Kind: rapport.Refused, Reason: "no such mailbox", Bad: true},
		{Kind: rapport.Retry, Reason: "come back later"},
		{Kind: rapport.Retry, Reason: "closed the connection", Down: true},
		{Kind: rapport.Vague, Reason: "closed the connection at the end"},
	}
}

// Whatever servers answer and whenever: each message has one outcome, which is the last
// answer that it got, with the name of who gave it; another server is offered it only after one that was down, each
// once at most; and it does not come back while a server is in use.
func TestTheWayOfEachMessage(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		c := clock.NewStepped(start)
		said := &sayings{of: map[rapport.MessageID][]rapport.Outcome{}}
		var servers []*moody
		var over []balance.Server
		for i, weight := range rapid.SliceOfN(rapid.IntRange(1, 9), 1, 4).Draw(rt, "weights") {
			s := &moody{name: "mail/" + string(rune('a'+i)), said: said}
			servers, over = append(servers, s), append(over, balance.Server{Provider: s, Weight: weight})
		}
		b := balance.New("mail", over, c.Now)
		for round := range rapid.IntRange(1, 8).Draw(rt, "rounds") {
			if _, err := c.Advance(rapid.SampledFrom([]time.Duration{0, time.Second, 2 * time.Second, time.Minute}).Draw(rt, "pause")); err != nil {
				rt.Fatal(err)
			}
			before := inUse(b, servers)
			for _, s := range servers {
				s.answers = rapid.SliceOfN(rapid.SampledFrom(moods()), 1, 3).Draw(rt, "answers")
			}
			batch := channeltest.Batch(round*100, rapid.IntRange(0, 60).Draw(rt, "messages"))
			outcomes := b.Deliver(t.Context(), batch)
			if len(outcomes) != len(batch) {
				rt.Fatalf("%d outcomes of %d messages", len(outcomes), len(batch))
			}
			all := false
			for name := range inUse(b, servers) {
				all = all || before[name]
			}
			for i, o := range outcomes {
				checkWay(rt, o, batch[i].Message, said.of[batch[i].Message])
				if o.Down && all {
					rt.Fatalf("it came back while a server was in use: %+v", o)
				}
			}
		}
	})
}

// inUse returns the names of the servers that are not left out.
func inUse(b *balance.Balance, servers []*moody) map[string]bool {
	names := map[string]bool{}
	for _, s := range servers {
		if _, resting := b.Resting(s.name); !resting {
			names[s.name] = true
		}
	}
	return names
}

// checkWay judges the way of one message by the answers that it got.
func checkWay(rt *rapid.T, got rapport.Outcome, id rapport.MessageID, answers []rapport.Outcome) {
	if got.Message != id || got.Kind == 0 {
		rt.Fatalf("no outcome of %s: %+v", id, got)
	}
	if len(answers) == 0 { // all were left out
		if got.Kind != rapport.Retry || got.Provider != "mail" {
			rt.Fatalf("nobody was asked, and the outcome is %+v", got)
		}
		return
	}
	got.RetryAt = 0
	last := answers[len(answers)-1]
	if last.Reason != "" {
		last.Reason = last.Provider + ": " + last.Reason
	}
	if got != last {
		rt.Fatalf("the outcome is %+v, the last answer %+v", got, last)
	}
	seen := map[string]bool{}
	for i, o := range answers {
		if seen[o.Provider] || i < len(answers)-1 && !o.Down {
			rt.Fatalf("the answers that one message got: %+v", answers)
		}
		seen[o.Provider] = true
	}
}

// It is told which server is left out, and until when; while one is tried, that is open.
func TestResting(t *testing.T) {
	t.Parallel()
	o := newOffice(1, 1)
	a := o.servers[0]
	check := func(want rapport.Instant, wantResting bool) {
		t.Helper()
		for name, resting := range map[string]bool{a.name: wantResting, o.servers[1].name: false} {
			until, got := o.Resting(name)
			if got != resting || resting && until != want || !resting && until != 0 {
				t.Errorf("%s is left out: %v, until %s", name, got, until)
			}
		}
	}
	check(0, false)
	a.set(true)
	o.Deliver(t.Context(), channeltest.Batch(0, 40))
	until := rapport.InstantOf(start.Add(2 * time.Second))
	check(until, true)
	o.pass(t, 3*time.Second)
	check(until, true)
	a.set(false)
	a.slow = func() { check(0, true) }
	o.Deliver(t.Context(), channeltest.Batch(0, 40))
	check(0, false)
}
