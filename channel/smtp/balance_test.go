package smtp_test

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"rapport"
	"rapport/channel/balance"
	"rapport/channel/channeltest"
	"rapport/channel/smtp"
)

// mortal starts a server that is closed, connections and all, as soon as it has taken so
// many mails.
func mortal(t *testing.T, mails int) *server {
	var closing sync.WaitGroup
	t.Cleanup(closing.Wait)
	return start(t, false, func(s *server) {
		s.password = ""
		s.onMail = func() {
			if len(s.mails) == mails {
				closing.Go(func() { s.Close() })
			}
		}
	})
}

// pair is two real servers behind one provider, on a clock that stands still.
type pair struct {
	*balance.Balance
	east, west *server
	leads      atomic.Pointer[string] // to which address east leads
	now        atomic.Int64           // in seconds
}

func newPair(t *testing.T, east *server, change func(*smtp.Config)) *pair {
	p := &pair{east: east, west: start(t, false, nil)}
	p.leads.Store(&east.address)
	toEast := east.config(func(c *smtp.Config) {
		c.Name, c.Security, c.Username, c.Password = "mail/east", smtp.NoTLS, "", ""
		c.Dial = func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, *p.leads.Load())
		}
	}, change)
	toWest := p.west.config(func(c *smtp.Config) { c.Name = "mail/west" })
	p.Balance = balance.New("mail", []balance.Server{{Provider: open(t, toEast), Weight: 1}, {Provider: open(t, toWest), Weight: 1}},
		func() time.Time { return time.Unix(p.now.Load(), 0) })
	return p
}

// eastRests reports whether east is left out.
func (p *pair) eastRests() bool {
	_, resting := p.Resting("mail/east")
	return resting
}

// count returns how often each address was reached.
func count(s *server) map[string]int {
	n := map[string]int{}
	for _, to := range s.reached() {
		n[to]++
	}
	return n
}

func welcoming(s *server) { s.password = "" }

// A server dies in the middle of a batch: what it had not begun goes by the other one,
// nothing is taken twice, and it is used again once it is back.
func TestAServerDiesAndComesBack(t *testing.T) {
	t.Parallel()
	p := newPair(t, mortal(t, 30), func(*smtp.Config) {})
	batch := channeltest.Batch(0, 400)
	outcomes := p.Deliver(t.Context(), batch)
	east, west := count(p.east), count(p.west)
	for i, o := range outcomes {
		here, there := east[batch[i].To], west[batch[i].To]
		switch {
		case o.Kind == rapport.Accepted && here+there != 1:
			t.Errorf("message %d was accepted and taken %d times", i, here+there)
		case o.Kind == rapport.Vague && (there > 0 || here > 1):
			t.Errorf("message %d is unclear and was taken by east %d times, by west %d times", i, here, there)
		case o.Kind != rapport.Accepted && o.Kind != rapport.Vague:
			t.Errorf("message %d: %+v", i, o)
		}
	}
	if len(east) < 30 || len(west) < 100 || !p.eastRests() {
		t.Errorf("east took %d, west %d, east is left out: %v", len(east), len(west), p.eastRests())
	}
	all(t, p.Deliver(t.Context(), channeltest.Batch(1000, 100)), rapport.Accepted)
	if n := len(p.west.reached()) - len(west); n != 100 {
		t.Errorf("west took %d of 100 while east rests", n)
	}
	again := start(t, false, welcoming)
	p.leads.Store(&again.address)
	p.now.Add(2)
	all(t, p.Deliver(t.Context(), channeltest.Batch(2000, 100)), rapport.Accepted)
	if n := len(again.reached()); n != 1 || p.eastRests() {
		t.Errorf("%d messages tried east, and it is left out: %v", n, p.eastRests())
	}
	all(t, p.Deliver(t.Context(), channeltest.Batch(3000, 100)), rapport.Accepted)
	if n := len(again.reached()); n < 30 {
		t.Errorf("east took %d of a hundred once it was back", n)
	}
}

func all(t *testing.T, outcomes []rapport.Outcome, want rapport.OutcomeKind) {
	t.Helper()
	for i, o := range outcomes {
		if o.Kind != want {
			t.Fatalf("%d: %+v", i, o)
		}
	}
}

// A server that does not let us in is left out like one that is down.
func TestAServerWithAnotherPassword(t *testing.T) {
	t.Parallel()
	p := newPair(t, start(t, false, nil), func(c *smtp.Config) { c.Security, c.Username, c.Password = smtp.StartTLS, "shop", "wrong" })
	all(t, p.Deliver(t.Context(), channeltest.Batch(0, 100)), rapport.Accepted)
	if !p.eastRests() || len(p.west.reached()) != 100 {
		t.Errorf("west took %d of 100, east is left out: %v", len(p.west.reached()), p.eastRests())
	}
}
