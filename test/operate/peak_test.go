package operate_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// More is sent at once than may wait: what is too much is refused with 429 and Retry-After
// and is accepted when it is sent again, each event is counted once, reading goes on
// meanwhile, mails for orders go out, and no more waits than may.
func TestMoreAtOnceThanMayWait(t *testing.T) {
	t.Parallel()
	s := newSink(t)
	p := serve(t, t.TempDir())
	p.apply(s)
	const requests, each, most = 300, 500, 100_000
	var refused, events atomic.Int64
	if !p.taken(`{"batch": [{"type": "identify", "userId": "buyer-0", "messageId": "first"}]}`, &refused) {
		t.Fatal("an idle program refuses an event")
	}
	var work sync.WaitGroup
	for i := range requests {
		work.Go(func() {
			body := crowded(i, each)
			for !p.taken(body, &refused) {
				time.Sleep(50 * time.Millisecond) // not Retry-After: the test is in a hurry
			}
			events.Add(each)
		})
	}
	done := make(chan struct{})
	go func() {
		work.Wait()
		close(done)
	}()
	for under := true; under; {
		select {
		case <-done:
			under = false
		default:
			p.must(http.MethodGet, "/v1/customers/buyer-0", "", nil)
		}
		if waiting := p.figure("rapport_events_waiting"); waiting > most {
			t.Errorf("%v events wait", waiting)
		}
		if n := p.figure("rapport_http_requests_under_way"); n > 2*requests {
			t.Errorf("%v requests are under way", n)
		}
	}
	if refused.Load() == 0 {
		t.Error("nothing was refused, so nothing was tried")
	}
	if counted := p.figure("rapport_events_total"); int64(counted) != events.Load()+1 {
		t.Errorf("%d events were acknowledged and %v counted", events.Load()+1, counted)
	}
	p.await("done with its mails", func() bool { return len(s.received()) == requests })
	p.stop()
}

// crowded is a request with many events, the first of which is an order.
func crowded(n, events int) string {
	var b strings.Builder
	fmt.Fprintf(&b, `{"batch": [{"type": "identify", "userId": "buyer-%d", "messageId": "who-%d", "traits": {"email": "buyer-%d@shop.example"}}`, n, n, n)
	fmt.Fprintf(&b, `,{"type": "track", "userId": "buyer-%d", "messageId": "order-%d", "event": "Order Completed", "properties": {"order_id": "order-%d"}}`, n, n, n)
	for i := range events - 2 {
		fmt.Fprintf(&b, `,{"type": "track", "userId": "looker-%d", "messageId": "look-%d-%d", "event": "Product Viewed"}`, i, n, i)
	}
	return b.String() + "]}"
}

// taken sends a body and reports whether it was accepted; else it must have been refused for
// the moment, as is told.
func (p *program) taken(body string, refused *atomic.Int64) bool {
	request, _ := http.NewRequest(http.MethodPost, p.url+"/v1/batch", strings.NewReader(body))
	request.SetBasicAuth(writeKey, "")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		p.Error(err)
		return true
	}
	defer response.Body.Close()
	switch response.StatusCode {
	case http.StatusOK:
		return true
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		refused.Add(1)
		if seconds, err := strconv.Atoi(response.Header.Get("Retry-After")); err != nil || seconds < 1 {
			p.Errorf("%s without Retry-After", response.Status)
		}
		return false
	}
	p.Error(response.Status)
	return true
}

// figure returns one figure.
func (p *program) figure(name string) float64 {
	p.Helper()
	_, text, err := p.ask(http.MethodGet, "/metrics", "")
	if err != nil {
		p.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			n, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			if err != nil {
				p.Fatal(err)
			}
			return n
		}
	}
	p.Fatalf("there is no figure %s", name)
	return 0
}
