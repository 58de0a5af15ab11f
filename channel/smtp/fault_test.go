package smtp

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"rapport"
)

// letters are the outcomes' kinds in the tables below: Accepted, Retry, reFused,
// reFused for a Bad address, Vague; Down for a Retry by a server that takes none.
func letters(outcomes []rapport.Outcome) string {
	var b strings.Builder
	for _, o := range outcomes {
		switch {
		case o.Bad:
			b.WriteByte('B')
		case o.Down:
			b.WriteByte('D')
		default:
			b.WriteByte(" ARFV"[o.Kind])
		}
	}
	return b.String()
}

func batchOf(n int) []rapport.Delivery {
	batch := make([]rapport.Delivery, n)
	for i := range batch {
		batch[i] = rapport.Delivery{
			Message: rapport.MessageID{0: byte(i >> 8), 1: byte(i), 15: 1},
			To:      fmt.Sprintf("customer%d@mail.example", i),
			Content: rapport.Content{Subject: "Hello", Text: "first line\n.\n.dots\nlast line\n"},
		}
	}
	return batch
}

// Each row is one fault at one place, and what becomes of three messages sent over
// one connection at a time: with PIPELINING, and without.
func TestFaults(t *testing.T) {
	t.Parallel()
	hangUp := action{mute: true, hangUp: true}
	say := func(s string) action { return action{say: s + "\r\n"} }
	for _, c := range []struct {
		name string
		verb string // where it happens
		nth  int    // which time over all connections, from 1; 0 is every time
		act  action
		want string
		why  string // part of the reason of the first that was not accepted
	}{
		{"no fault", "", 0, action{}, "AAA", ""},
		{"hangs up at once", "hello", 0, hangUp, "DDD", "closed the connection"},
		{"refuses us", "hello", 0, say("554 5.7.1 not you"), "DDD", "554 5.7.1 not you"},
		{"too many of us", "hello", 0, action{say: "421 4.7.0 too many\r\n", hangUp: true}, "DDD", "421 4.7.0 too many"},
		{"speaks another language", "hello", 0, say("SSH-2.0-OpenSSH"), "DDD", "can't be understood"},
		{"endless greeting", "hello", 0, say("220 " + strings.Repeat("x", 5000)), "DDD", "can't be understood"},
		{"hangs up at EHLO", "EHLO", 0, hangUp, "DDD", "closed the connection"},
		{"knows no EHLO", "EHLO", 0, say("502 what?"), "AAA", ""},

		{"hangs up at the first MAIL", "MAIL", 1, hangUp, "AAA", ""},
		{"hangs up at every MAIL", "MAIL", 0, hangUp, "DDD", "closed the connection"},
		{"421 at the first MAIL", "MAIL", 1, action{say: "421 4.3.2 restarting\r\n", hangUp: true}, "AAA", ""},
		{"421 at every MAIL", "MAIL", 0, action{say: "421 4.3.2 restarting\r\n", hangUp: true}, "DDD", "421 4.3.2 restarting"},
		{"greylists the second MAIL", "MAIL", 2, say("450 4.7.1 later"), "ADA", "450 4.7.1 later"},
		{"refuses the sender", "MAIL", 1, say("550 5.1.8 who is that"), "FAA", "550 5.1.8"},
		{"wants a password", "MAIL", 0, say("530 5.7.0 Authentication required"), "DDD", "530 5.7.0"},
		{"is out of step", "MAIL", 1, say("503 5.5.1 bad sequence"), "RAA", "503"},
		{"garbage at the first MAIL", "MAIL", 1, say("what"), "AAA", ""},
		{"half a reply at every MAIL", "MAIL", 0, action{say: "25", hangUp: true}, "DDD", "closed the connection"},

		{"no such mailbox", "RCPT", 1, say("550 5.1.1 customer0@mail.example unknown"), "BAA", "550 5.1.1 [address] unknown"},
		{"no such mailbox, in many lines", "RCPT", 2, say("550-5.1.1 No such\r\n550-5.1.1 mailbox\r\n550 5.1.1 customer1 here"), "ABA", "550 5.1.1 [address] here"},
		{"a policy", "RCPT", 2, say("550 5.7.1 we don't like you"), "AFA", "550 5.7.1"},
		{"no status", "RCPT", 3, say("550 no"), "AAF", "550 no"},
		{"mailbox full", "RCPT", 2, say("452 4.2.2 full"), "ARA", "452 4.2.2"},
		{"greylists everybody", "RCPT", 0, say("451 4.7.1 come back later"), "RRR", "451 4.7.1"},
		{"hangs up at the second RCPT", "RCPT", 2, hangUp, "AAA", ""},
		{"hangs up at every RCPT", "RCPT", 0, hangUp, "DDD", "closed the connection"},

		{"refuses DATA", "DATA", 2, say("554 5.5.1 no"), "AFA", "554 5.5.1"},
		{"is busy at DATA", "DATA", 2, say("451 4.3.0 busy"), "ARA", "451 4.3.0"},
		{"hangs up at the second DATA", "DATA", 2, hangUp, "AAA", ""},
		{"hangs up at every DATA", "DATA", 0, hangUp, "DDD", "closed the connection"},

		{"spam, it says", ".", 2, say("554 5.7.1 spam"), "AFA", "554 5.7.1 spam"},
		{"no such mailbox after all", ".", 2, say("550 5.1.1 unknown"), "ABA", "550 5.1.1"},
		{"disk full", ".", 2, say("452 4.3.1 full"), "ADA", "452 4.3.1"},
		{"421 after the content", ".", 2, action{say: "421 4.3.2 restarting\r\n", hangUp: true}, "ADA", "421 4.3.2"},
		{"hangs up after the content", ".", 2, hangUp, "AVA", "after it had the whole message"},
		{"hangs up after every content", ".", 0, hangUp, "VVD", "closed the connection"},
		{"garbage after the content", ".", 2, say("what"), "AVA", "can't be understood"},
		{"half a reply after the content", ".", 2, action{say: "250 2.0", hangUp: true}, "AVA", "closed the connection"},
		{"a nonsense code after the content", ".", 2, say("354 go on"), "AVA", "said: 354"},
		{"endless line after the content", ".", 2, say("250 " + strings.Repeat("x", 5000)), "AVA", "can't be understood"},
		{"endless lines after the content", ".", 2, say(strings.Repeat("250-x\r\n", 500) + "250 x"), "AVA", "can't be understood"},
	} {
		for _, offers := range [][]string{{"PIPELINING", "SIZE 1000000"}, nil} {
			t.Run(fmt.Sprint(c.name, offers), func(t *testing.T) {
				t.Parallel()
				seen := newCounter()
				s := startScripted(t, func(connection, n int, verb string) action {
					if verb == c.verb && (c.nth == 0 || seen.nth(verb, connection, n) == c.nth) {
						return c.act
					}
					return action{}
				}, offers...)
				p := newProvider(t, s.config())
				outcomes := p.Deliver(t.Context(), batchOf(3))
				if got := letters(outcomes); got != c.want {
					t.Errorf("%s, want %s: %+v", got, c.want, outcomes)
				}
				checkTruth(t, s, batchOf(3), outcomes)
				for _, o := range outcomes {
					if o.Kind != rapport.Accepted && !strings.Contains(o.Reason, c.why) {
						t.Errorf("the reason is %q, want %q in it", o.Reason, c.why)
					}
				}
			})
		}
	}
}

// checkTruth compares outcomes with what the server knows. Nothing is ever handed
// over twice, by one call.
func checkTruth(t interface{ Errorf(string, ...any) }, s *scripted, batch []rapport.Delivery, outcomes []rapport.Outcome) {
	for i, o := range outcomes {
		asked, had, took := s.count(batch[i].To)
		switch {
		case o.Message != batch[i].Message || o.Provider != "scripted":
			t.Errorf("outcome %d is %+v", i, o)
		case had > 1:
			t.Errorf("message %d was handed over %d times", i, had)
		case o.Kind == rapport.Accepted && took != 1:
			t.Errorf("message %d is accepted but was not taken", i)
		case (o.Kind == rapport.Retry || o.Kind == rapport.Refused) && took != 0:
			t.Errorf("message %d has kind %d but was taken", i, o.Kind)
		case o.Kind == rapport.Vague && asked == 0:
			t.Errorf("message %d is unclear but the server never asked for it", i)
		case o.Kind < rapport.Accepted || o.Kind > rapport.Vague:
			t.Errorf("message %d has kind %d", i, o.Kind)
		}
		if strings.Contains(o.Reason, "customer") {
			t.Errorf("the address is in the reason %q", o.Reason)
		}
	}
}

// Whatever goes wrong, and however often, the outcomes tell the truth.
func TestFaultsAtRandom(t *testing.T) {
	t.Parallel()
	faults := []action{
		{mute: true, hangUp: true},
		{say: "421 4.3.2 customer3@mail.example restarting\r\n", hangUp: true},
		{say: "450 4.7.1 later\r\n"},
		{say: "550 5.1.1 unknown\r\n"},
		{say: "554 5.7.1 no\r\n"},
		{say: "503 5.5.1 what\r\n"},
		{say: "what\r\n"},
		{say: "25", hangUp: true},
		{say: "250 fine\r\n", hangUp: true},
		{say: "250-fine\r\n250 2.0.0 fine\r\n"},
		{say: "354 go on\r\n"},
	}
	rapid.Check(t, func(rt *rapid.T) {
		rate := rapid.IntRange(1, 12).Draw(rt, "one in")
		seed := rapid.Uint64().Draw(rt, "seed")
		offers := [][]string{nil, {"PIPELINING"}, {"PIPELINING", "SIZE 100000"}}[rapid.IntRange(0, 2).Draw(rt, "offers")]
		s := startScripted(t, func(connection, n int, verb string) action {
			dice := mix(seed, uint64(connection), uint64(n))
			if verb == "QUIT" || dice%uint64(rate) != 0 {
				return action{}
			}
			a := faults[dice/16%uint64(len(faults))]
			if strings.HasPrefix(a.say, "354") && verb != "." && verb != "DATA" || verb == "DATA" && strings.HasPrefix(a.say, "25") {
				return action{} // a server that changes its mind about what a content is can't be understood
			}
			return a
		}, offers...)
		p := newProvider(t, s.config(func(c *Config) {
			c.Connections = rapid.IntRange(1, 3).Draw(rt, "connections")
			c.PerConnection = rapid.IntRange(1, 20).Draw(rt, "per connection")
		}))
		batch := batchOf(rapid.IntRange(0, 40).Draw(rt, "messages"))
		checkTruth(rt, s, batch, p.Deliver(t.Context(), batch))
	})
}

// mix is a hash of numbers (splitmix64).
func mix(parts ...uint64) uint64 {
	h := uint64(0)
	for _, p := range parts {
		h += p + 0x9e3779b97f4a7c15
		h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
		h = (h ^ h>>27) * 0x94d049bb133111eb
		h ^= h >> 31
	}
	return h
}

// A server that says nothing is given up on: before the end of a content nothing
// is lost, after it the message is unclear; but no third one is risked.
func TestSilence(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ verb, want string }{
		{"hello", "DDDD"}, {"EHLO", "DDDD"}, {"MAIL", "DDDD"}, {"RCPT", "DDDD"}, {"DATA", "DDDD"}, {".", "VVDD"},
	} {
		t.Run(c.verb, func(t *testing.T) {
			t.Parallel()
			s := startScripted(t, func(_, _ int, verb string) action { return action{mute: verb == c.verb} }, "PIPELINING")
			p := newProvider(t, s.config(func(c *Config) {
				c.Timeouts = Timeouts{Connect: 50 * time.Millisecond, Reply: 50 * time.Millisecond, Accept: 50 * time.Millisecond}
			}))
			outcomes := p.Deliver(t.Context(), batchOf(4))
			if got := letters(outcomes); got != c.want || !strings.Contains(outcomes[0].Reason, "in time") {
				t.Errorf("%s, want %s: %+v", got, c.want, outcomes)
			}
			checkTruth(t, s, batchOf(4), outcomes)
		})
	}
}

// When the caller leaves, what was sent to its end gets a grace to be answered,
// and nothing new is begun.
func TestCallerLeavesAfterContent(t *testing.T) {
	t.Parallel()
	ctx, leave := context.WithCancel(t.Context())
	s := startScripted(t, func(_, _ int, verb string) action {
		if verb == "." {
			leave()
		}
		return action{}
	}, "PIPELINING")
	p := newProvider(t, s.config(func(c *Config) { c.Timeouts.Grace = time.Minute }))
	outcomes := p.Deliver(ctx, batchOf(5))
	if got := letters(outcomes); got != "ARRRR" {
		t.Errorf("%s, want ARRRR: %+v", got, outcomes)
	}
	checkTruth(t, s, batchOf(5), outcomes)
}

// A server that is slow to answer and a caller who leaves: the grace ends, too.
func TestGraceEnds(t *testing.T) {
	t.Parallel()
	ctx, leave := context.WithCancel(t.Context())
	s := startScripted(t, func(_, _ int, verb string) action {
		if verb == "." {
			leave()
			return action{mute: true}
		}
		return action{}
	})
	p := newProvider(t, s.config(func(c *Config) { c.Timeouts.Grace = 20 * time.Millisecond }))
	if got := letters(p.Deliver(ctx, batchOf(3))); got != "VRR" {
		t.Errorf("%s, want VRR", got)
	}
}

// Close that may not wait breaks off what is under way, also a connection that is
// only being made.
func TestCloseBreaksOff(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ verb, want string }{{".", "VR"}, {"hello", "RR"}} {
		reached := make(chan struct{})
		s := startScripted(t, func(_, _ int, verb string) action {
			if verb == c.verb {
				close(reached)
				return action{mute: true}
			}
			return action{}
		})
		p := newProvider(t, s.config())
		got := make(chan string)
		go func() { got <- letters(p.Deliver(t.Context(), batchOf(2))) }()
		<-reached
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if err := p.Close(ended); err == nil {
			t.Error("Close says that it has waited")
		}
		if got := <-got; got != c.want {
			t.Errorf("%s: %s, want %s", c.verb, got, c.want)
		}
	}
}

// A connection that the server closed while it was idle costs nothing.
func TestStaleConnections(t *testing.T) {
	t.Parallel()
	s := startScripted(t, nil, "PIPELINING")
	p := newProvider(t, s.config(func(c *Config) { c.Connections = 3 }))
	p.Deliver(t.Context(), batchOf(60))
	s.hangUp()
	outcomes := p.Deliver(t.Context(), batchOf(100)[60:])
	if got := letters(outcomes); got != strings.Repeat("A", 40) {
		t.Errorf("%s: %+v", got, outcomes[0])
	}
}

// counter tells which time a verb is heard, over all connections, and tells it
// again for the same command.
type counter struct {
	next map[string]int
	at   map[string]int
	lock chan struct{}
}

func newCounter() *counter {
	return &counter{next: map[string]int{}, at: map[string]int{}, lock: make(chan struct{}, 1)}
}

func (c *counter) nth(verb string, connection, n int) int {
	c.lock <- struct{}{}
	defer func() { <-c.lock }()
	key := fmt.Sprint(verb, connection, "/", n)
	if c.at[key] == 0 {
		c.next[verb]++
		c.at[key] = c.next[verb]
	}
	return c.at[key]
}
