// Package channeltest checks that a provider keeps the promises of package
// channel. Every provider's tests run it.
//
// It judges by what reached the other side, which the provider's own tests find
// out; it does not look into a message's content.
package channeltest

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"rapport"
	"rapport/channel"
)

// Subject is a provider under test and its other side.
type Subject struct {
	Provider channel.Provider
	// Reached returns the address of every message that the other side has taken
	// for good so far, as often as it has taken it.
	Reached func() []string
	// Down makes the other side unreachable until it is called with false.
	Down func(bool)
	// Apart says that each message goes to another side of its own, so that one that is
	// down tells nothing of the next message.
	Apart bool
}

// Run checks the provider that open returns; it is opened afresh for each part.
func Run(t *testing.T, open func(t *testing.T) Subject) {
	t.Helper()
	for _, part := range []struct {
		name  string
		check func(*testing.T, Subject)
	}{
		{"answers in order", answersInOrder},
		{"takes nothing from nobody", emptyBatch},
		{"sends a repeated message again", repeats},
		{"keeps bad deliveries from the others", badDeliveries},
		{"begins nothing when the caller has left", callerHasLeft},
		{"tells the truth when the caller leaves", callerLeaves},
		{"may be called at once", atOnce},
		{"answers Retry while the other side is down", down},
		{"answers Retry after Close", closed},
		{"tells the truth when it is closed", closedMeanwhile},
	} {
		t.Run(part.name, func(t *testing.T) {
			t.Parallel()
			part.check(t, open(t))
		})
	}
}

// Batch returns n deliveries that any provider takes, to different customers.
// Different firsts give different messages.
func Batch(first, n int) []rapport.Delivery {
	batch := make([]rapport.Delivery, n)
	for i := range batch {
		number := first + i
		batch[i] = rapport.Delivery{
			Message: rapport.MessageID{0: byte(number >> 16), 1: byte(number >> 8), 2: byte(number), 15: 1},
			Channel: rapport.Email,
			Class:   rapport.Promotional,
			From:    rapport.Sender{Name: "Shop", Address: "hello@shop.example"},
			To:      fmt.Sprintf("customer%d@mail.example", number),
			Content: rapport.Content{Subject: fmt.Sprintf("Message %d", number), Text: "Hello\n.\n..\nBye\n", HTML: "<p>Hello</p>\n"},
			At:      1795000000000,
		}
	}
	return batch
}

// check returns the outcomes' kinds after checking what holds for all of them.
func check(t *testing.T, s Subject, batch []rapport.Delivery, outcomes []rapport.Outcome) []rapport.OutcomeKind {
	t.Helper()
	if len(outcomes) != len(batch) {
		t.Fatalf("%d outcomes for %d deliveries", len(outcomes), len(batch))
	}
	kinds := make([]rapport.OutcomeKind, len(batch))
	for i, o := range outcomes {
		kinds[i] = o.Kind
		switch {
		case o.Message != batch[i].Message:
			t.Errorf("outcome %d is for message %s, want %s", i, o.Message, batch[i].Message)
		case !names(s.Provider.Name(), o.Provider):
			t.Errorf("outcome %d names provider %q, want %q or a part of it", i, o.Provider, s.Provider.Name())
		case o.Kind < rapport.Accepted || o.Kind > rapport.Vague:
			t.Errorf("outcome %d has kind %d", i, o.Kind)
		case o.Bad && o.Kind != rapport.Refused:
			t.Errorf("outcome %d calls an address bad that is not refused", i)
		case o.Down && o.Kind != rapport.Retry:
			t.Errorf("outcome %d says that the other side is down, and is of kind %d", i, o.Kind)
		case o.Kind != rapport.Accepted && o.Reason == "":
			t.Errorf("outcome %d, of kind %d, has no reason", i, o.Kind)
		}
		if local, _, _ := strings.Cut(batch[i].To, "@"); local != "" && strings.Contains(o.Reason, local) {
			t.Errorf("the customer's address is in the reason %q", o.Reason)
		}
	}
	return kinds
}

// names reports whether an outcome names a provider, or one of the servers it has.
func names(provider, named string) bool {
	rest, ok := strings.CutPrefix(named, provider)
	return ok && named != "" && (rest == "" || rest[0] == '/')
}

// agrees compares outcomes with what reached the other side.
func agrees(t *testing.T, s Subject, batch []rapport.Delivery, kinds []rapport.OutcomeKind) {
	t.Helper()
	reached := map[string]int{}
	for _, address := range s.Reached() {
		reached[address]++
	}
	for i, d := range batch {
		n := reached[d.To]
		if n > 1 || kinds[i] == rapport.Accepted && n != 1 || (kinds[i] == rapport.Retry || kinds[i] == rapport.Refused) && n != 0 {
			t.Errorf("delivery %d has kind %d and was taken %d times", i, kinds[i], n)
		}
	}
}

func all(t *testing.T, kinds []rapport.OutcomeKind, want rapport.OutcomeKind) {
	t.Helper()
	if at := slices.IndexFunc(kinds, func(k rapport.OutcomeKind) bool { return k != want }); at >= 0 {
		t.Errorf("outcome %d is of kind %d, want %d", at, kinds[at], want)
	}
}

func answersInOrder(t *testing.T, s Subject) {
	batch := Batch(0, 57)
	for range 2 { // the second time over what is already open
		kinds := check(t, s, batch, s.Provider.Deliver(t.Context(), batch))
		all(t, kinds, rapport.Accepted)
		agrees(t, s, batch, kinds)
		batch = Batch(1000, 3)
	}
}

func emptyBatch(t *testing.T, s Subject) {
	check(t, s, nil, s.Provider.Deliver(t.Context(), nil))
	if n := len(s.Reached()); n != 0 {
		t.Errorf("%d messages out of nothing", n)
	}
}

func repeats(t *testing.T, s Subject) {
	batch := slices.Concat(Batch(0, 2), Batch(0, 2))
	all(t, check(t, s, batch, s.Provider.Deliver(t.Context(), batch)), rapport.Accepted)
	if n := len(s.Reached()); n != len(batch) {
		t.Errorf("%d messages were taken, want %d", n, len(batch))
	}
}

func badDeliveries(t *testing.T, s Subject) {
	batch := Batch(0, 30)
	batch[3].Content.Subject = "Hello\r\nBcc: everybody@mail.example"
	batch[7].To = "customer7@mail.example>\r\nRCPT TO:<everybody@mail.example"
	batch[11] = rapport.Delivery{Message: rapport.MessageID{99}}
	kinds := check(t, s, batch, s.Provider.Deliver(t.Context(), batch))
	for i, kind := range kinds {
		if bad := i == 3 || i == 7 || i == 11; !bad && kind != rapport.Accepted || bad && kind == rapport.Vague {
			t.Errorf("outcome %d is of kind %d", i, kind)
		}
	}
	if slices.Contains(s.Reached(), "everybody@mail.example") {
		t.Error("a subject or an address has reached somebody else")
	}
}

func callerHasLeft(t *testing.T, s Subject) {
	ctx, leave := context.WithCancel(t.Context())
	leave()
	batch := Batch(0, 20)
	kinds := check(t, s, batch, s.Provider.Deliver(ctx, batch))
	all(t, kinds, rapport.Retry)
	agrees(t, s, batch, kinds)
}

func callerLeaves(t *testing.T, s Subject) {
	ctx, leave := context.WithCancel(t.Context())
	var calls sync.WaitGroup
	calls.Go(func() {
		for len(s.Reached()) < 5 && ctx.Err() == nil {
			runtime.Gosched()
		}
		leave()
	})
	batch := Batch(0, 2000)
	kinds := check(t, s, batch, s.Provider.Deliver(ctx, batch))
	leave()
	calls.Wait()
	agrees(t, s, batch, kinds)
}

func atOnce(t *testing.T, s Subject) {
	var calls sync.WaitGroup
	for call := range 8 {
		calls.Go(func() {
			for part := range 3 {
				batch := Batch(call*1000+part*100, 25)
				kinds := check(t, s, batch, s.Provider.Deliver(t.Context(), batch))
				all(t, kinds, rapport.Accepted)
				agrees(t, s, batch, kinds)
			}
		})
	}
	calls.Wait()
	if n := len(s.Reached()); n != 8*3*25 {
		t.Errorf("%d messages were taken, want %d", n, 8*3*25)
	}
}

func down(t *testing.T, s Subject) {
	batch := Batch(0, 40)
	s.Down(true)
	outcomes := s.Provider.Deliver(t.Context(), batch)
	kinds := check(t, s, batch, outcomes)
	all(t, kinds, rapport.Retry)
	agrees(t, s, batch, kinds)
	if at := slices.IndexFunc(outcomes, func(o rapport.Outcome) bool { return o.Down == s.Apart }); at >= 0 {
		t.Errorf("outcome %d says Down: %v", at, s.Apart)
	}
	s.Down(false)
	kinds = check(t, s, batch, s.Provider.Deliver(t.Context(), batch))
	all(t, kinds, rapport.Accepted)
	agrees(t, s, batch, kinds)
}

func closed(t *testing.T, s Subject) {
	batch := Batch(0, 12)
	all(t, check(t, s, batch, s.Provider.Deliver(t.Context(), batch)), rapport.Accepted)
	for range 2 {
		if err := s.Provider.Close(t.Context()); err != nil {
			t.Errorf("Close: %v", err)
		}
	}
	late := Batch(100, 12)
	kinds := check(t, s, late, s.Provider.Deliver(t.Context(), late))
	all(t, kinds, rapport.Retry)
	agrees(t, s, late, kinds)
}

func closedMeanwhile(t *testing.T, s Subject) {
	var calls sync.WaitGroup
	for call := range 4 {
		calls.Go(func() {
			batch := Batch(call*1000, 200)
			kinds := check(t, s, batch, s.Provider.Deliver(t.Context(), batch))
			agrees(t, s, batch, kinds)
		})
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for range 2 {
		calls.Go(func() { s.Provider.Close(ended) })
	}
	calls.Wait()
}
