package operate_test

import (
	"compress/gzip"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// collected is what a collector was told.
type collected struct {
	mu    sync.Mutex
	spans []*v1.Span
	raw   []byte
	sent  http.Header
}

// newCollector starts a collector that takes OTLP over HTTP.
func newCollector(t *testing.T) (c *collected, address string) {
	t.Helper()
	c = &collected{}
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var body io.Reader = r.Body
		if r.Header.Get("Content-Encoding") == "gzip" {
			body, _ = gzip.NewReader(r.Body)
		}
		data, err := io.ReadAll(body)
		var told collector.ExportTraceServiceRequest
		if err == nil {
			err = proto.Unmarshal(data, &told)
		}
		if err != nil || r.URL.Path != "/v1/traces" {
			t.Errorf("%s: %v", r.URL.Path, err)
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.raw, c.sent = append(c.raw, data...), r.Header.Clone()
		for _, resource := range told.ResourceSpans {
			for _, scope := range resource.ScopeSpans {
				c.spans = append(c.spans, scope.Spans...)
			}
		}
	}))
	t.Cleanup(server.Close)
	return c, server.URL
}

// of returns the spans of a trace by name.
func (c *collected) of(trace string) map[string][]*v1.Span {
	c.mu.Lock()
	defer c.mu.Unlock()
	found := map[string][]*v1.Span{}
	for _, s := range c.spans {
		if hex.EncodeToString(s.TraceId) == trace {
			found[s.Name] = append(found[s.Name], s)
		}
	}
	return found
}

// One trace leads from a shop's request to the mail server, part by part; what a batch has
// taken together is linked; and nothing of the customer is in it.
func TestTraceFromEventToMail(t *testing.T) {
	t.Parallel()
	c, address := newCollector(t)
	s := newSink(t)
	p := begin(t, t.TempDir(), []string{
		"OTEL_EXPORTER_OTLP_ENDPOINT=" + address, "OTEL_EXPORTER_OTLP_HEADERS=x-tenant=shop", "OTEL_EXPORTER_OTLP_COMPRESSION=gzip",
		"OTEL_SERVICE_NAME=rapport-east", "OTEL_TRACES_SAMPLER=parentbased_always_off", "OTEL_BSP_SCHEDULE_DELAY=20",
	})
	p.apply(s)
	const first, second = "4bf92f3577b34da6a3ce929d0e0e4736", "5cf92f3577b34da6a3ce929d0e0e4736"
	post := func(path, body, trace string) {
		t.Helper()
		r, _ := http.NewRequest(http.MethodPost, p.url+path, strings.NewReader(body))
		r.SetBasicAuth(writeKey, "")
		if trace != "" {
			r.Header.Set("traceparent", "00-"+trace+"-00f067aa0ba902b7-01")
		}
		response, err := http.DefaultClient.Do(r)
		if err != nil || response.StatusCode != http.StatusOK {
			t.Fatal(response, err)
		}
		response.Body.Close()
	}
	post("/v1/identify", `{"userId": "zq7mark", "traits": {"email": "zq7mark@shop.example", "name": "zq7mark"}}`, "")
	post("/v1/track", `{"userId": "zq7mark", "event": "Order Completed", "properties": {"order_id": "zq7mark-1"}}`, first)
	want := []string{"/v1/track", "batch", "commit", "decide", "hand over", "message", "queue", "read", "render"}
	p.await("traced", func() bool { return len(c.of(first)) >= len(want) })
	spans := c.of(first)
	var names []string
	for name := range spans {
		names = append(names, name)
	}
	slices.Sort(names)
	if !slices.Equal(names, want) {
		t.Errorf("the trace has %v", names)
	}
	for name, parent := range map[string]string{"queue": "/v1/track", "batch": "/v1/track", "read": "batch", "commit": "batch", "decide": "batch", "message": "batch", "render": "message", "hand over": "message"} {
		if got := spans[name][0]; hex.EncodeToString(got.ParentSpanId) != hex.EncodeToString(spans[parent][0].SpanId) || got.EndTimeUnixNano < got.StartTimeUnixNano {
			t.Errorf("%s is no part of %s", name, parent)
		}
	}
	if root := spans["/v1/track"][0]; hex.EncodeToString(root.ParentSpanId) != "00f067aa0ba902b7" || root.Kind != v1.Span_SPAN_KIND_SERVER {
		t.Errorf("the request is %v", root)
	}
	judgeLinks(p, c, post, first, second)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.sent.Get("X-Tenant") != "shop" || !strings.Contains(string(c.raw), "rapport-east") {
		t.Errorf("the collector was sent %v", c.sent)
	}
	judgeMark(t, "the traces", string(c.raw), mark)
	for _, span := range c.spans {
		if trace := hex.EncodeToString(span.TraceId); trace != first && trace != second {
			t.Errorf("a request that nobody samples is traced: %s", span.Name)
		}
	}
}

// judgeLinks sends two requests at once until a batch takes both, and sees that each is
// linked to the other.
func judgeLinks(p *program, c *collected, post func(path, body, trace string), first, second string) {
	p.Helper()
	p.await("taken together", func() bool {
		var both sync.WaitGroup
		for _, trace := range []string{first, second} {
			both.Go(func() { post("/v1/track", `{"userId": "zq7mark", "event": "Page Viewed"}`, trace) })
		}
		both.Wait()
		linked := func(in, to string) bool {
			for _, s := range c.of(in)["batch"] {
				for _, l := range s.Links {
					if hex.EncodeToString(l.TraceId) == to {
						return true
					}
				}
			}
			return false
		}
		return linked(first, second) && linked(second, first)
	})
}

// A collector that is not there costs a line in the log and nothing else.
func TestTracesWithoutACollector(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	p := begin(t, data, []string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://127.0.0.1:1/v1/traces", "OTEL_BSP_SCHEDULE_DELAY=20"})
	l := shop(p, 2)
	p.await("busy", func() bool { return l.count() > 20 })
	p.await("complaining", func() bool { return strings.Contains(p.log.String(), "traces could not be sent") })
	l.stop()
	p.stop()
}
