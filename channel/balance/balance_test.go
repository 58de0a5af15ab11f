package balance_test

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"rapport"
	"rapport/channel/balance"
	"rapport/channel/capture"
	"rapport/channel/channeltest"
	"rapport/internal/clock"
)

var start = time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)

// server is a scripted one.
type server struct {
	name string

	mu    sync.Mutex
	down  bool
	slow  func()
	takes int // of a batch, before it takes no more; all of it if 0
	kinds map[rapport.MessageID]rapport.OutcomeKind
	calls []int // how many messages each call brought
	taken map[rapport.MessageID]int
}

func (s *server) Name() string { return s.name }

func (s *server) Close(context.Context) error { return nil }

func (s *server) Deliver(_ context.Context, batch []rapport.Delivery) []rapport.Outcome {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, len(batch))
	if s.slow != nil {
		s.slow()
	}
	outcomes := make([]rapport.Outcome, len(batch))
	for i, d := range batch {
		o := rapport.Outcome{Message: d.Message, Kind: rapport.Accepted, Provider: s.name}
		switch kind := s.kinds[d.Message]; {
		case s.down || s.takes > 0 && i >= s.takes:
			o.Kind, o.Down, o.Reason = rapport.Retry, true, s.name+" is down"
		case kind != 0:
			o.Kind, o.Reason = kind, "as it was told"
		}
		if o.Kind == rapport.Accepted || o.Kind == rapport.Vague { // what is unclear may be there
			s.taken[d.Message]++
		}
		outcomes[i] = o
	}
	return outcomes
}

// set changes how a server answers, and returns the calls since the last change.
func (s *server) set(down bool) (calls []int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	calls, s.calls, s.down = s.calls, nil, down
	return calls
}

// office is a balance over scripted servers.
type office struct {
	*balance.Balance
	servers []*server
	clock   *clock.Stepped
}

func newOffice(weights ...int) *office {
	o := &office{clock: clock.NewStepped(start)}
	var over []balance.Server
	for i, weight := range weights {
		s := &server{name: fmt.Sprintf("mail/%c", 'a'+i), taken: map[rapport.MessageID]int{}, kinds: map[rapport.MessageID]rapport.OutcomeKind{}}
		o.servers = append(o.servers, s)
		over = append(over, balance.Server{Provider: s, Weight: weight})
	}
	o.Balance = balance.New("mail", over, o.clock.Now)
	return o
}

func (o *office) pass(t interface{ Fatal(...any) }, d time.Duration) {
	if _, err := o.clock.Advance(d); err != nil {
		t.Fatal(err)
	}
}

// where returns the name of the server that took each message of a batch.
func where(outcomes []rapport.Outcome) (names []string) {
	for _, o := range outcomes {
		name := o.Provider
		if o.Kind != rapport.Accepted {
			name = "nobody"
		}
		names = append(names, name)
	}
	return names
}

func TestConformance(t *testing.T) {
	t.Parallel()
	channeltest.Run(t, func(t *testing.T) channeltest.Subject {
		var mu sync.Mutex
		var kept []string
		var captures []*capture.Provider
		c := clock.NewStepped(start)
		var over []balance.Server
		for _, name := range []string{"mail/a", "mail/b", "mail/c"} {
			p, err := capture.New(name, rapport.Sender{Name: "Shop", Address: "hello@shop.example"}, func(_ context.Context, batch []rapport.Delivery) error {
				mu.Lock()
				defer mu.Unlock()
				for _, d := range batch {
					kept = append(kept, d.To)
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			captures = append(captures, p)
			over = append(over, balance.Server{Provider: p, Weight: 1})
		}
		return channeltest.Subject{
			Provider: balance.New("mail", over, c.Now),
			Reached: func() []string {
				mu.Lock()
				defer mu.Unlock()
				return slices.Clone(kept)
			},
			Down: func(down bool) {
				var failure capture.Failure
				if down {
					failure = capture.Failure{Kind: rapport.Retry, Down: true}
				} else if _, err := c.Advance(time.Hour); err != nil {
					t.Error(err)
				}
				for _, p := range captures {
					p.Fail(failure)
				}
			},
		}
	})
}

// Shares are as the weights say; and when a server is left out, its share goes to the
// others as their weights say, and nobody else's messages move.
func TestShares(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		weights := rapid.SliceOfN(rapid.IntRange(1, 9), 2, 5).Draw(t, "weights")
		first := rapid.IntRange(0, 1<<20).Draw(t, "first")
		const n = 5000
		batch := channeltest.Batch(first, n)
		o := newOffice(weights...)
		before := where(o.Deliver(t.Context(), batch))
		fits(t, weights, before, -1)
		if again := where(o.Deliver(t.Context(), batch)); !slices.Equal(before, again) {
			t.Fatal("messages that are tried again go elsewhere")
		}
		out := rapid.IntRange(0, len(weights)-1).Draw(t, "left out")
		o.servers[out].set(true)
		after := where(o.Deliver(t.Context(), batch))
		fits(t, weights, after, out)
		for i := range before {
			if before[i] != o.servers[out].name && after[i] != before[i] {
				t.Fatalf("message %d went to %s and now goes to %s", i, before[i], after[i])
			}
		}
	})
}

// fits checks that shares are within five standard deviations of what they should be.
func fits(t *rapid.T, weights []int, names []string, out int) {
	all := 0
	for i, w := range weights {
		if i != out {
			all += w
		}
	}
	for i, w := range weights {
		got := 0
		for _, name := range names {
			if name == fmt.Sprintf("mail/%c", 'a'+i) {
				got++
			}
		}
		p := float64(w) / float64(all)
		if i == out {
			p = 0
		}
		n := float64(len(names))
		if math.Abs(float64(got)-n*p) > 5*math.Sqrt(n*p*(1-p)) {
			t.Fatalf("weights %v without %d: server %d got %d of %d, wanted about %.0f", weights, out, i, got, len(names), n*p)
		}
	}
}

// A server that is down is left out for 2 seconds, 4, 8 and so on, then one message tries
// it, and nobody notices.
func TestServerIsLeftOutAndComesBack(t *testing.T) {
	t.Parallel()
	o := newOffice(1, 1)
	a := o.servers[0]
	deliver := func() {
		t.Helper()
		for i, name := range where(o.Deliver(t.Context(), channeltest.Batch(0, 100))) {
			if name == "nobody" {
				t.Fatalf("message %d went nowhere", i)
			}
		}
	}
	a.set(true)
	deliver()
	if calls := a.set(true); len(calls) != 1 || calls[0] < 20 {
		t.Fatalf("at first it was called with %v", calls)
	}
	for _, rest := range []time.Duration{2, 4, 8, 16, 32, 64, 120, 120} {
		o.pass(t, rest*time.Second-1)
		deliver()
		if calls := a.set(true); len(calls) != 0 {
			t.Fatalf("while it was left out for %d s it was called with %v", rest, calls)
		}
		o.pass(t, 1)
		deliver()
		if calls := a.set(true); !slices.Equal(calls, []int{1}) {
			t.Fatalf("after %d s it was called with %v, wanted one message", rest, calls)
		}
	}
	a.set(false)
	o.pass(t, 2*time.Minute)
	deliver()
	deliver()
	if calls := a.set(false); len(calls) != 2 || calls[0] != 1 || calls[1] < 20 {
		t.Errorf("when it was back it was called with %v, wanted one message and then its share", calls)
	}
}

func TestNobodyThere(t *testing.T) {
	t.Parallel()
	o := newOffice(2, 1)
	for _, s := range o.servers {
		s.set(true)
	}
	outcomes := o.Deliver(t.Context(), channeltest.Batch(0, 50))
	for _, out := range slices.Concat(outcomes, o.Deliver(t.Context(), channeltest.Batch(50, 50))) {
		if out.Kind != rapport.Retry || !out.Down || !strings.Contains(out.Reason, "is down") || out.RetryAt != rapport.InstantOf(start.Add(2*time.Second))+1 {
			t.Fatalf("%+v", out)
		}
	}
	for _, s := range o.servers {
		if calls := s.set(false); len(calls) != 1 {
			t.Errorf("%s was called with %v", s.name, calls)
		}
	}
	o.pass(t, 2*time.Second)
	for i, name := range where(o.Deliver(t.Context(), channeltest.Batch(0, 50))) {
		if name == "nobody" {
			t.Errorf("message %d went nowhere when both were back", i)
		}
	}
}

// Each server is tried once with a message in one call, however long that takes.
func TestEachServerIsTriedOnce(t *testing.T) {
	t.Parallel()
	o := newOffice(1, 1, 1)
	tries := 0
	for _, s := range o.servers {
		s.down, s.slow = true, func() {
			if tries++; tries < 10 { // or it might go on for ever
				o.pass(t, time.Hour)
			}
		}
	}
	o.Deliver(t.Context(), channeltest.Batch(0, 1))
	for _, s := range o.servers {
		all := 0
		for _, n := range s.set(true) {
			all += n
		}
		if all != 1 {
			t.Errorf("%s was tried %d times with one message", s.name, all)
		}
	}
}

// What may have been taken, and what was answered for what it is, is not tried elsewhere.
func TestNothingElseGoesOn(t *testing.T) {
	t.Parallel()
	for _, kind := range []rapport.OutcomeKind{rapport.Vague, rapport.Refused, rapport.Retry} {
		o := newOffice(1, 1)
		batch := channeltest.Batch(0, 40)
		for _, s := range o.servers {
			s.kinds[batch[7].Message] = kind
		}
		if got := o.Deliver(t.Context(), batch)[7].Kind; got != kind {
			t.Errorf("%d became %d", kind, got)
		}
		if calls := slices.Concat(o.servers[0].set(false), o.servers[1].set(false)); len(calls) != 2 {
			t.Errorf("after %d the servers were called with %v", kind, calls)
		}
	}
}

// A server that makes all of its messages unclear is left out as one that is down.
func TestServerThatNeverAnswersIsLeftOut(t *testing.T) {
	t.Parallel()
	o := newOffice(1, 1)
	batch := channeltest.Batch(0, 200)
	for _, d := range batch[:100] {
		o.servers[0].kinds[d.Message] = rapport.Vague
	}
	o.Deliver(t.Context(), batch[:100])
	o.servers[0].set(false)
	o.Deliver(t.Context(), batch[100:])
	if calls := o.servers[0].set(false); len(calls) != 0 {
		t.Errorf("it was called with %v", calls)
	}
}

// Whatever goes down when, in the middle of a batch too, and whoever calls at once:
// every message is taken in the end, and none by two servers.
func TestNothingIsLostOrDoubled(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		o := newOffice(rapid.SliceOfN(rapid.IntRange(1, 5), 1, 4).Draw(rt, "weights")...)
		waiting := channeltest.Batch(0, rapid.IntRange(1, 200).Draw(rt, "messages"))
		all := slices.Clone(waiting)
		for range rapid.IntRange(1, 12).Draw(rt, "rounds") {
			for _, s := range o.servers {
				s.set(rapid.IntRange(0, 2).Draw(rt, "down") == 0)
				s.takes = rapid.SampledFrom([]int{0, 0, 1, 5}).Draw(rt, "takes")
			}
			o.pass(rt, time.Duration(rapid.IntRange(0, 10_000).Draw(rt, "ms"))*time.Millisecond)
			waiting = deliverAtOnce(rt, o, waiting)
		}
		for _, s := range o.servers {
			s.set(false)
			s.takes = 0
		}
		for range 3 { // one call's messages may have to wait for another that tries a server
			o.pass(rt, time.Hour)
			waiting = deliverAtOnce(rt, o, waiting)
		}
		if len(waiting) > 0 {
			rt.Fatalf("%d messages are left with every server up", len(waiting))
		}
		for _, d := range all {
			n := 0
			for _, s := range o.servers {
				n += s.taken[d.Message]
			}
			if n != 1 {
				rt.Fatalf("a message was taken %d times", n)
			}
		}
	})
}

// deliverAtOnce delivers the halves of a batch at once, and returns what nobody took.
func deliverAtOnce(t *rapid.T, o *office, batch []rapport.Delivery) (left []rapport.Delivery) {
	half := len(batch) / 2
	parts := [][]rapport.Delivery{batch[:half], batch[half:]}
	outcomes := make([][]rapport.Outcome, 2)
	var work sync.WaitGroup
	for i, part := range parts {
		work.Go(func() { outcomes[i] = o.Deliver(t.Context(), part) })
	}
	work.Wait()
	for i, out := range slices.Concat(outcomes...) {
		switch {
		case out.Message != batch[i].Message:
			t.Fatalf("outcome %d is of another message", i)
		case out.Kind == rapport.Retry && out.Down:
			left = append(left, batch[i])
		case out.Kind != rapport.Accepted:
			t.Fatalf("outcome %d: %+v", i, out)
		}
	}
	return left
}
