package collect_test

import (
	"fmt"
	"strings"
	"testing"

	"rapport"
	"rapport/collect"
)

// batchOf writes a batch of n track calls of about 400 bytes, as a shop's server sends them.
func batchOf(n int) []byte {
	var b strings.Builder
	b.WriteString(`{"batch":[`)
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"timestamp":"2026-11-22T09:30:%02d.%03dZ","integrations":{},"type":"track","userId":"user-%05d",`+
			`"event":"Product Viewed","properties":{"product_id":"sku-%06d","name":"Linen shirt, long sleeves","price":%d.9,`+
			`"currency":"SGD","quantity":%d,"tags":["linen","summer"],"sale":false},"messageId":"node-next-1795340000%03d-%08x-1111-4222-8333-444455556666",`+
			`"context":{"library":{"name":"@segment/analytics-node","version":"3.1.0"}},"_metadata":{"nodeVersion":"20.20.2","jsRuntime":"node"}}`,
			i%60, i%1000, i%977, i*37%100000, 20+i%80, 1+i%4, i%1000, i*7919)
	}
	b.WriteString(`],"writeKey":"write-key","sentAt":"2026-11-22T09:31:00.000Z"}`)
	return []byte(b.String())
}

var now = func() rapport.Instant { at, _ := rapport.ParseInstant("2026-11-22T09:31:00.100Z"); return at }()

func BenchmarkParse(b *testing.B) {
	const events = 100
	body := batchOf(events)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		result, err := collect.Parse(collect.Batch, body, collect.Meta{ReceivedAt: now, RequestID: "r"})
		if err != nil || len(result.Events) != events {
			b.Fatal(err, result.Refused)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/events, "ns/event")
	b.ReportMetric(float64(len(body))/events, "B/event")
}
