//go:build unix

package api_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"

	"rapport"
	"rapport/api"
)

// nowhere is an Admitter that lets everything pass.
type nowhere struct{}

func (nowhere) Admit(context.Context, []rapport.Event) error { return nil }

const perBatch = 100

// batch writes a batch of track calls of about 400 bytes each.
func batch() string {
	var b strings.Builder
	b.WriteString(`{"batch":[`)
	for i := range perBatch {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"timestamp":"2026-11-22T09:30:%02d.%03dZ","type":"track","userId":"user-%05d",`+
			`"event":"Product Viewed","properties":{"product_id":"sku-%06d","name":"Linen shirt","price":%d.9,`+
			`"currency":"SGD","quantity":%d,"sale":false},"messageId":"node-next-1795340000%03d-%08x-1111-4222-8333-444455556666",`+
			`"context":{"library":{"name":"@segment/analytics-node","version":"3.1.0"}}}`,
			i%60, i, i*37%100000, 20+i, i, 1+i%4, i, i*7919)
	}
	b.WriteString(`],"writeKey":"write-key","sentAt":"2026-11-22T09:31:00.000Z"}`)
	return b.String()
}

// BenchmarkCollectHTTP is the handler alone: no network, no server.
func BenchmarkCollectHTTP(b *testing.B) {
	mux, body := newCollect(nowhere{}, io.Discard), batch()
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequest(http.MethodPost, "/v1/batch", strings.NewReader(body))
		r.Header.Set("Authorization", basic(writeKey))
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			b.Fatal(w.Body)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/perBatch, "ns/event")
}

// BenchmarkCollectFace is the handler behind all that the face puts before it:
// request ids, figures, the log, the way to the route.
func BenchmarkCollectFace(b *testing.B) {
	w := newWorld(b, options{})
	face := w.with(func(c *api.Config) {
		c.Collect = api.NewCollect(nowhere{}, []string{writeKey}, w.now, func() string { return "request" }, w.config.Log)
	})
	body := batch()
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequest(http.MethodPost, "/v1/batch", strings.NewReader(body))
		r.Header.Set("Authorization", basic(writeKey))
		w := httptest.NewRecorder()
		face.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			b.Fatal(w.Body)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/perBatch, "ns/event")
}

// BenchmarkCollectServer is a real server on the loopback. The CPU seconds are
// those of the whole process: server, kernel, and a client that does no more
// than write bytes it has ready and read the answer.
func BenchmarkCollectServer(b *testing.B) {
	server := httptest.NewServer(newCollect(nowhere{}, io.Discard))
	defer server.Close()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	body := batch()
	request := []byte("POST /v1/batch HTTP/1.1\r\nHost: x\r\nAuthorization: " + basic(writeKey) +
		fmt.Sprintf("\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", len(body)) + body)
	answers := bufio.NewReader(conn)
	before := cpu(b)
	for b.Loop() {
		if _, err := conn.Write(request); err != nil {
			b.Fatal(err)
		}
		answer, err := http.ReadResponse(answers, nil)
		if err != nil || answer.StatusCode != http.StatusOK {
			b.Fatal(answer, err)
		}
		if _, err := io.Copy(io.Discard, answer.Body); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric((cpu(b)-before).Seconds()/float64(b.N)/perBatch*100_000, "cpu-s/100k-events")
	b.ReportMetric(float64(len(body))/perBatch, "B/event")
}

// cpu returns the processor time that this process has used.
func cpu(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
