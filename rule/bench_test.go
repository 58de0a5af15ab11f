package rule

import (
	"fmt"
	"testing"
	"time"

	"rapport"
)

// fiveClauses is the rule of the benchmarks: two traits, a segment, and two
// selections of events.
const fiveClauses = `customer.country in ["SG", "TH"] && customer.age >= 18 && segment("loyal") &&
	events("Order Completed").within("30d").where(e, e.total >= 100).count() >= 3 &&
	events("Email Opened").within("72h").exists()`

func benchCustomer(b *testing.B, r *Rule, now rapport.Instant) *customer {
	c := newCustomer("Asia/Singapore", b)
	c.traits = object(b, `{"country": "SG", "age": 34}`)
	c.segments["loyal"] = Yes
	facts := NewFactSet(r.Facts()...)
	for i := range 6 {
		at := now.Add(-time.Duration(i) * 3 * 24 * time.Hour)
		c.observe(facts, happening{"Order Completed", at, object(b, fmt.Sprintf(`{"total": %d}`, 90+5*i))}, now)
		c.observe(facts, happening{"Email Opened", at, rapport.Value{}}, now)
	}
	return c
}

func BenchmarkEval(b *testing.B) {
	now := instant(b, "2026-11-22T10:00:00Z")
	r := mustCompile(b, fiveClauses, Env{})
	c := benchCustomer(b, r, now)
	if got := r.Eval(c, now); got != Yes {
		b.Fatal(got)
	}
	b.ReportAllocs()
	for b.Loop() {
		r.Eval(c, now)
	}
}

func BenchmarkNextFlip(b *testing.B) {
	now := instant(b, "2026-11-22T10:00:00Z")
	r := mustCompile(b, fiveClauses, Env{})
	c := benchCustomer(b, r, now)
	b.ReportAllocs()
	for b.Loop() {
		r.NextFlip(c, now)
	}
}

// BenchmarkSequence judges a sequence of a usual customer, and of a very busy one.
func BenchmarkSequence(b *testing.B) {
	const text = `events("Product Added").within("30d").not_followed_by(events("Order Completed"), "2h"%s).count() >= 3`
	for name, size := range map[string]struct {
		events int
		shared string
	}{"10": {10, ""}, "10 shared": {10, `, "cart_id"`}, "5000": {5000, ""}, "5000 shared": {5000, `, "cart_id"`}} {
		b.Run(name, func(b *testing.B) {
			now := instant(b, "2026-11-22T10:00:00Z")
			r := mustCompile(b, fmt.Sprintf(text, size.shared), Env{})
			c, facts := newCustomer("Asia/Singapore", b), NewFactSet(r.Facts()...)
			for i := range size.events {
				at := now.Add(-time.Duration(i+1) * 25 * 24 * time.Hour / time.Duration(size.events))
				properties := object(b, fmt.Sprintf(`{"cart_id": "cart %d"}`, i))
				c.observe(facts, happening{"Product Added", at, properties}, now)
				c.observe(facts, happening{"Order Completed", at + 60_000, properties}, now)
			}
			r.Judge(c, now)
			b.ReportAllocs()
			for b.Loop() {
				r.Judge(c, now)
			}
		})
	}
}

func BenchmarkObserve(b *testing.B) {
	r := mustCompile(b, fiveClauses, Env{})
	e := happening{"Order Completed", 1, object(b, `{"total": 120, "currency": "SGD"}`)}
	facts := NewFactSet(r.Facts()...).ByEvent("Order Completed")
	b.ReportAllocs()
	for b.Loop() {
		for _, f := range facts {
			f.Observe(e)
		}
	}
}

func BenchmarkExplain(b *testing.B) {
	now := instant(b, "2026-11-22T10:00:00Z")
	r := mustCompile(b, fiveClauses, Env{})
	c := benchCustomer(b, r, now)
	b.ReportAllocs()
	for b.Loop() {
		_ = r.Explain(c, now)
	}
}

func BenchmarkCompile(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Compile(fiveClauses, Env{Plan: shopPlan()}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkHistoryCodec(b *testing.B) {
	h := new(History)
	for i := range 10 {
		h.Add(Point{At: rapport.Instant(1_760_000_000_000 + i*86_400_000)}, Keep{Window: Forever}, 1_770_000_000_000)
	}
	var data []byte
	var back History
	b.ReportAllocs()
	for b.Loop() {
		data = h.AppendBinary(data[:0])
		if _, err := back.Decode(data); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(data)), "bytes")
}

func BenchmarkCart(b *testing.B) {
	r := mustCompile(b, `order.total >= 100 && order.items.exists(i, i.category == "hats" && i.quantity >= 2)`, everywhere())
	c := newCustomer("UTC", b)
	items := ""
	for i := range 10 {
		items += fmt.Sprintf(`{"category": "shoes", "price": %d, "quantity": 1},`, i)
	}
	c.roots["order"] = object(b, `{"total": 120, "items": [`+items[:len(items)-1]+`]}`)
	b.ReportAllocs()
	for b.Loop() {
		r.Eval(c, 0)
	}
}

// A sum in one currency over orders of a year in three, and its next flip.
func BenchmarkMoney(b *testing.B) {
	for _, orders := range []int{50, 5000} {
		b.Run(fmt.Sprint(orders), func(b *testing.B) { benchMoney(b, orders) })
	}
}

func benchMoney(b *testing.B, orders int) {
	now := instant(b, "2026-11-22T10:00:00Z")
	r := mustCompile(b, `events("Order Completed").within("365d").sum(e, e.total, "SGD") >= 500`, everywhere())
	c := newCustomer("Asia/Singapore", b)
	facts := NewFactSet(r.Facts()...)
	for i := range orders {
		paid := fmt.Sprintf(`{"total": %d.25, "currency": %q}`, 40+i%50, []string{"SGD", "USD", "THB"}[i%3])
		c.observe(facts, happening{"Order Completed", now.Add(-time.Duration(orders-i) * 300 * 24 * time.Hour / time.Duration(orders)), object(b, paid)}, now)
	}
	b.Run("eval", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			r.Eval(c, now)
		}
	})
	b.Run("flip", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			r.NextFlip(c, now)
		}
	})
	b.Run("observe", func(b *testing.B) {
		e := happening{"Order Completed", 1, object(b, `{"total": 120, "currency": "SGD"}`)}
		b.ReportAllocs()
		for b.Loop() {
			for _, f := range facts.ByEvent("Order Completed") {
				f.Observe(e)
			}
		}
	})
}
