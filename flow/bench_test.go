package flow_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"rapport"
	"rapport/flow"
	"rapport/journey"
	"rapport/store/sqlite"
)

// loadWorkspace is 50 segments and 10 journeys such as a shop would have.
func loadWorkspace(t testing.TB) *flow.Workspace {
	segments := map[string]string{}
	events := []string{"Product Viewed", "Product Added", "Order Completed", "Page Viewed", "Email Opened"}
	for i := range 50 {
		name, n := fmt.Sprintf("segment-%d", i), i/5+1
		switch i % 5 {
		case 0:
			segments[name] = fmt.Sprintf(`events(%q).within("%dd").count() >= %d`, events[i/5%5], 7*n, n)
		case 1:
			segments[name] = fmt.Sprintf(`events("Order Completed").within("%dd").where(e, e.total >= %d).count() >= 2`, 30*n, 20*n)
		case 2:
			segments[name] = fmt.Sprintf(`customer.country in ["SG", "TH"] && events("Order Completed").within("365d").sum(e, e.total) > %d`, 100*n)
		case 3:
			segments[name] = fmt.Sprintf(`events("Product Added").last() > ago("%dh") && !events("Order Completed").within("%dh").exists()`, n, n)
		case 4:
			segments[name] = fmt.Sprintf(`customer.tier == "t%d" || events(%q).count() > %d`, n, events[n%5], 5*n)
		}
	}
	journeys := map[string]journey.Doc{}
	for i := range 10 {
		journeys[fmt.Sprintf("journey-%d", i)] = journey.Doc{
			Entry:   journey.Entry{Event: []string{"Product Added"}, Where: fmt.Sprintf(`event.price > %d`, 20+8*i)},
			Key:     "event.cart_id",
			Reentry: journey.Reentry{Running: "restart"},
			Exit:    []journey.Exit{{Event: []string{"Order Completed"}}},
			Steps: []journey.Step{
				{Name: "quiet", Wait: journey.Wait{For: "1h"}},
				{Name: "remind", Send: &journey.Send{Template: "cart", Channel: "email", Class: "promotional"}},
			},
		}
	}
	w := build(t, 1, segments, journeys)
	w.Providers = map[rapport.Channel]flow.Provider{rapport.Email: &outbox{answer: rapport.Accepted}}
	return w
}

// shopEvents are n events of a shop, of customers who are many or few.
func shopEvents(n int, customer func(*rand.Rand) uint64) []rapport.Event {
	r := rand.New(rand.NewPCG(1, 2))
	events := make([]rapport.Event, n)
	for i := range events {
		c := customer(r)
		e := rapport.Event{
			Type: rapport.Track, MessageID: fmt.Sprintf("message-%d-%x", i, r.Uint64()), UserID: fmt.Sprintf("user-%d", c),
			AnonymousID: fmt.Sprintf("device-%d", c), Context: []byte(`{"library":{"name":"analytics-node","version":"3.1.0"},"ip":"203.0.113.7"}`),
		}
		product := fmt.Sprintf(`"product_id":"p%d","name":"Linen shirt %d","price":%d.5,"category":"shirts","url":"https://shop.example/p/%d"`, r.IntN(500), r.IntN(500), r.IntN(100), r.IntN(500))
		switch p := r.IntN(100); {
		case p < 55:
			e.Name, e.Properties = "Product Viewed", []byte(`{`+product+`}`)
		case p < 75:
			e.Type, e.Name, e.Properties = rapport.Page, "Home", []byte(`{"url":"https://shop.example/","title":"Shop"}`)
		case p < 88:
			e.Name, e.Properties = "Product Added", []byte(fmt.Sprintf(`{"cart_id":"cart-%d","quantity":1,%s}`, c, product))
		case p < 93:
			e.Name, e.Properties = "Order Completed", []byte(fmt.Sprintf(`{"order_id":"o%d","total":%d.25,"currency":"SGD","products":[{%s}]}`, i, r.IntN(200), product))
		default:
			e.Type, e.Properties = rapport.Identify, []byte(fmt.Sprintf(`{"email":"user%d@example.com","first_name":"U%d","country":"SG","tier":"t%d"}`, c, c, r.IntN(10)))
		}
		events[i] = e
	}
	return events
}

func zipf(n uint64) func(*rand.Rand) uint64 {
	var z *rand.Zipf
	return func(r *rand.Rand) uint64 {
		if z == nil {
			z = rand.NewZipf(r, 1.1, 1, n-1)
		}
		return z.Uint64()
	}
}

func uniform(n uint64) func(*rand.Rand) uint64 {
	return func(r *rand.Rand) uint64 { return r.Uint64N(n) }
}

// BenchmarkEngine takes events through all stages into SQLite, in batches of the
// size that a busy server forms, and reports CPU seconds per 100,000 events.
func BenchmarkEngine(b *testing.B) {
	for _, shape := range []struct {
		name     string
		customer func(*rand.Rand) uint64
	}{{"zipf", zipf(100_000)}, {"uniform", uniform(100_000)}} {
		for _, size := range []int{2_000, 10_000} {
			b.Run(fmt.Sprintf("%s/batch=%d", shape.name, size), func(b *testing.B) { benchEngine(b, shopEvents(100_000, shape.customer), size) })
		}
	}
}

func benchEngine(b *testing.B, events []rapport.Event, size int) {
	for b.Loop() {
		b.StopTimer()
		st, err := sqlite.Open(b.TempDir(), sqlite.Options{})
		if err != nil {
			b.Fatal(err)
		}
		engine, err := flow.Open(context.Background(), flow.Config{Key: rapport.Key{1}, Store: st, Workspace: loadWorkspace(b)}, start)
		if err != nil {
			b.Fatal(err)
		}
		before := cpu()
		b.StartTimer()
		for i := 0; i < len(events); i += size {
			chunk := events[i:min(i+size, len(events))]
			now := start.Add(time.Duration(i) * time.Millisecond / 10)
			for j := range chunk {
				chunk[j].Timestamp, chunk[j].ReceivedAt = now, now
			}
			if err := engine.Preload(context.Background(), chunk); err != nil {
				b.Fatal(err)
			}
			if _, err := engine.Run(context.Background(), now, flow.Admit(chunk)); err != nil {
				b.Fatal(err)
			}
		}
		b.StopTimer()
		if err := st.Close(); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric((cpu()-before)*100_000/float64(len(events)), "cpu-s/100k")
		b.StartTimer()
	}
}

// cpu returns the processor time that the program has used, in seconds.
func cpu() float64 {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return float64(u.Utime.Sec+u.Stime.Sec) + float64(u.Utime.Usec+u.Stime.Usec)/1e6
}
