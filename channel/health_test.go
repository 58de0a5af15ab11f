package channel

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rapport"
	"rapport/channel/balance"
	"rapport/internal/clock"
)

// answering is a server that gives each message the next of its answers.
type answering struct {
	name    string
	answers []rapport.Outcome
}

func (a *answering) Name() string { return a.name }

func (a *answering) Close(context.Context) error { return nil }

func (a *answering) Deliver(_ context.Context, batch []rapport.Delivery) []rapport.Outcome {
	return a.answers[:len(batch)]
}

// What a batch says of a server, alone and as one of two.
func TestHealth(t *testing.T) {
	t.Parallel()
	taken, later := rapport.Outcome{Kind: rapport.Accepted}, rapport.Outcome{Kind: rapport.Retry, Reason: "later"}
	down, vague := rapport.Outcome{Kind: rapport.Retry, Down: true, Reason: "gone"}, rapport.Outcome{Kind: rapport.Vague, Reason: "mute"}
	for _, c := range []struct {
		name    string
		answers []rapport.Outcome
		want    ServerHealth
	}{
		{"nothing yet", nil, ServerHealth{State: ServerOpen}},
		{"all is well", []rapport.Outcome{taken, taken}, ServerHealth{State: ServerOpen, Handed: 2}},
		{"messages are put off", []rapport.Outcome{later, later}, ServerHealth{State: ServerOpen, Failed: 2}},
		{"it goes down", []rapport.Outcome{taken, vague, down}, ServerHealth{State: ServerResting, Why: "gone", Handed: 1, Failed: 2}},
		{"it answers nothing", []rapport.Outcome{vague, vague}, ServerHealth{State: ServerResting, Why: "mute", Failed: 2}},
		{"one is unclear", []rapport.Outcome{vague, taken}, ServerHealth{State: ServerOpen, Handed: 1, Failed: 1}},
	} {
		now := clock.NewStepped(time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)).Now
		server := func(name string) *watched { return &watched{Provider: &answering{name, c.answers}} }
		alone, one := server("mail"), server("mail/east")
		for _, m := range []*mailProvider{
			{Provider: alone, servers: []*watched{alone}},
			{Provider: balance.New("mail", []balance.Server{{Provider: one, Weight: 1}}, now), servers: []*watched{one}},
		} {
			m.Deliver(t.Context(), make([]rapport.Delivery, len(c.answers)))
			var got ServerHealth
			m.tell(0, &got)
			if several := m.servers[0] == one; several && got.State == ServerResting && got.Until != rapport.InstantOf(now().Add(2*time.Second)) {
				t.Errorf("%s: it rests until %s", c.name, got.Until)
			}
			got.Until = 0
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("%s, by %s: %s", c.name, m.servers[0].Name(), diff)
			}
		}
	}
}
