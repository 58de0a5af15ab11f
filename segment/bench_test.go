package segment_test

import (
	"fmt"
	"testing"

	"rapport"
	"rapport/segment"
)

// An event that three segments read, among ten and among a thousand.
func BenchmarkUpdate(b *testing.B) {
	for _, n := range []int{10, 1000} {
		b.Run(fmt.Sprintf("segments=%d", n), func(b *testing.B) {
			rules := make([]string, 0, 2*n)
			for i := range n {
				rules = append(rules, fmt.Sprintf("s%d", i),
					fmt.Sprintf(`events("E%d").within("720h").count() >= %d && customer.country == "SG"`, i/3, 2+i%3))
			}
			s := set(b, rules...)
			c, st := newCustomer(s.Facts()), new(segment.State)
			c.fold(happening{trait: "country", value: "SG"})
			touched := c.fold(happening{at: start, event: "E1", stamp: start})
			s.Update(st, c, touched, start)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				s.Update(st, c, touched, rapport.Instant(start+i))
			}
		})
	}
}

func BenchmarkEncode(b *testing.B) {
	s := many(b, 30)
	c, st := newCustomer(s.Facts()), new(segment.State)
	for i := range 30 {
		event := fmt.Sprintf("E%d", i)
		c.fold(happening{at: start, event: event, stamp: start, total: 5})
		s.Update(st, c, c.fold(happening{at: start, event: event, stamp: start, total: 5}), start)
	}
	var data []byte
	b.ReportAllocs()
	for b.Loop() {
		data = st.AppendBinary(data[:0])
		if _, err := segment.Decode(data); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(data)), "bytes")
}

// The first event of a new customer, among ten segments and among a thousand.
func BenchmarkNewcomer(b *testing.B) {
	for _, n := range []int{10, 1000} {
		b.Run(fmt.Sprintf("segments=%d", n), func(b *testing.B) {
			s := many(b, n)
			c := newCustomer(s.Facts())
			touched := c.fold(happening{at: start, event: "E3", stamp: start, total: 5})
			b.ReportAllocs()
			for b.Loop() {
				s.Update(new(segment.State), c, touched, start)
			}
		})
	}
}

func BenchmarkCompile(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		many(b, 1000)
	}
}
