package journey_test

import (
	"fmt"
	"testing"

	"rapport"
	"rapport/journey"
)

// BenchmarkStep measures what one event costs, by what it does and by how many
// journeys there are.
func BenchmarkStep(b *testing.B) {
	for _, journeys := range []int{10, 200} {
		all := []*journey.Journey{mustCompile(b, "cart", cart)}
		for i := range journeys - 1 {
			all = append(all, mustCompile(b, fmt.Sprint("other", i), fmt.Sprintf(
				"entry: { event: journey.Event %d }\nexit: [ { event: journey.Exit %d } ]\nsteps: [ { wait: 1h } ]", i, i)))
		}
		x, who := journey.NewSet(all), newCustomer()
		b.Run(fmt.Sprintf("untouched/%d", journeys), func(b *testing.B) {
			st, e := running(b, x, who), newEvent(b, "1", "Page Viewed", start, "")
			b.ReportAllocs()
			for b.Loop() {
				x.Step(st, journey.Input{Event: e}, who, start)
			}
		})
		b.Run(fmt.Sprintf("restart/%d", journeys), func(b *testing.B) {
			st := running(b, x, who)
			e := newEvent(b, "1", "Cart Updated", start, `{"cart_id":"a","total":12.5,"currency":"SGD"}`)
			now := rapport.Instant(start)
			b.ReportAllocs()
			for b.Loop() {
				now++
				e.at = now
				x.Step(st, journey.Input{Event: e}, who, now)
			}
		})
		b.Run(fmt.Sprintf("due/%d", journeys), func(b *testing.B) {
			e := newEvent(b, "1", "Cart Updated", start, `{"cart_id":"a","total":12.5,"currency":"SGD"}`)
			b.ReportAllocs()
			for b.Loop() {
				st := &journey.State{}
				x.Step(st, journey.Input{Event: e}, who, start)
				x.Step(st, journey.Input{}, who, st.Next())
			}
		})
	}
}

func running(b *testing.B, x *journey.Set, who *customer) *journey.State {
	st := &journey.State{}
	x.Step(st, journey.Input{Event: newEvent(b, "0", "Cart Updated", start, `{"cart_id":"a"}`)}, who, start)
	return st
}

func BenchmarkState(b *testing.B) {
	x, who := journey.NewSet([]*journey.Journey{mustCompile(b, "cart", cart)}), newCustomer()
	st := running(b, x, who)
	x.Step(st, journey.Input{Event: newEvent(b, "9", "Order Completed", start, `{"cart_id":"z"}`)}, who, start)
	data := st.AppendBinary(nil)
	b.ReportMetric(float64(len(data)), "bytes")
	b.Run("decode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := journey.Decode(data); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("append", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			data = st.AppendBinary(data[:0])
		}
	})
}
