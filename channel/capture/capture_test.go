package capture_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"rapport"
	"rapport/channel/capture"
	"rapport/channel/channeltest"
)

// drawer is where captured messages go.
type drawer struct {
	mu   sync.Mutex
	kept []rapport.Delivery
	down bool
}

func (d *drawer) take(_ context.Context, batch []rapport.Delivery) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.down {
		return errors.New("the drawer is stuck")
	}
	d.kept = append(d.kept, batch...)
	return nil
}

func (d *drawer) reached() (to []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, delivery := range d.kept {
		to = append(to, delivery.To)
	}
	return to
}

func open(t *testing.T) (*capture.Provider, *drawer) {
	d := new(drawer)
	p, err := capture.New("sandbox", rapport.Sender{Name: "Shop", Address: "hello@shop.example"}, d.take)
	if err != nil {
		t.Fatal(err)
	}
	return p, d
}

func TestConformance(t *testing.T) {
	t.Parallel()
	channeltest.Run(t, func(t *testing.T) channeltest.Subject {
		p, d := open(t)
		return channeltest.Subject{Provider: p, Reached: d.reached, Down: func(down bool) {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.down = down
		}}
	})
}

func TestFail(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		fail    capture.Failure
		want    string // one letter a message, of three batches of two
		reached int
	}{
		{"not at all", capture.Failure{}, "AA AA AA ", 6},
		{"the next three", capture.Failure{Kind: rapport.Retry, Count: 3}, "RR RA AA ", 3},
		{"all of them", capture.Failure{Kind: rapport.Refused, Bad: true}, "FF FF FF ", 0},
		{"unclear, lost", capture.Failure{Kind: rapport.Vague, Count: 1}, "VA AA AA ", 5},
		{"unclear, taken", capture.Failure{Kind: rapport.Vague, Count: 1, Taken: true}, "VA AA AA ", 6},
	} {
		p, d := open(t)
		p.Fail(c.fail)
		var got string
		for i := range 3 {
			for _, o := range p.Deliver(t.Context(), channeltest.Batch(i*10, 2)) {
				got += string(" ARFV"[o.Kind])
				if o.Bad != (c.fail.Bad && o.Kind == rapport.Refused) {
					t.Errorf("%s: Bad is %v", c.name, o.Bad)
				}
			}
			got += " "
		}
		if got != c.want || len(d.reached()) != c.reached {
			t.Errorf("%s: %q, %d reached the sink; want %q, %d", c.name, got, len(d.reached()), c.want, c.reached)
		}
	}
}

func TestSenderByDefault(t *testing.T) {
	t.Parallel()
	p, d := open(t)
	batch := channeltest.Batch(0, 2)
	batch[0].From = rapport.Sender{}
	p.Deliver(t.Context(), batch)
	if d.kept[0].From.Name != "Shop" || d.kept[0].From.Address != "hello@shop.example" || batch[0].From.Address != "" {
		t.Errorf("captured from %v, the caller's batch says %v", d.kept[0].From, batch[0].From)
	}
}

func TestNewNeedsSink(t *testing.T) {
	t.Parallel()
	if _, err := capture.New("sandbox", rapport.Sender{}, nil); rapport.KindOf(err) != rapport.Invalid || err == nil {
		t.Errorf("no sink: %v", err)
	}
}
